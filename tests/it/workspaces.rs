//! What one repository of a workspace has to do with another.

use serde_json::{Value, json};

use ocuroot::model::Outcome;

use crate::harness::repositories::{API, ENVIRONMENTS, shop, with};
use crate::harness::{App, done, succeed};

/// `acme/platform` provides a network in production.
const NETWORK: &str = r#"
ocuroot("0.3.0")

def up(environment):
    host.shell("make network")
    return done(outputs={"network": "n1"})

def down(environment):
    return done()

phase("production", tasks=[
    deploy(e, up=up, down=down) for e in environments() if e.attributes["type"] == "prod"
])
"#;

/// `acme/shop` needs it.
const WEB: &str = r#"
ocuroot("0.3.0")

def up(environment, network):
    host.shell("deploy into " + network)
    return done()

def down(environment, network):
    return done()

network = ref("github.com/acme/platform/-/network/release.ocu.star/@/deploy/production#output/network")
phase("production", tasks=[
    deploy(e, up=up, down=down, inputs={"network": network})
    for e in environments() if e.attributes["type"] == "prod"
])
"#;

async fn two_repositories() -> App {
    let app = App::with_shop().await;
    app.github.create_repository("acme/platform", true).unwrap();
    app
}

fn push_platform(app: &App) {
    let files = with(&[("network/release.ocu.star", NETWORK)]);
    app.github
        .push("acme/platform", "main", &files, "Begin", "bob")
        .unwrap();
}

fn provide(_: &str, inputs: &Value) -> Outcome {
    match inputs.get("network") {
        Some(network) => {
            assert_eq!(network, "n1");
            done(json!({}))
        }
        None => done(json!({"network": "n1"})),
    }
}

#[tokio::test]
async fn a_step_waits_for_the_output_of_another_repository_and_says_who_provides_it() {
    let app = two_repositories().await;
    let commit = app.push(&with(&[("web/release.ocu.star", WEB)]), "Begin");
    app.play(provide).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / web"));
    push_platform(&app);
    app.play(provide).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_first_step_that_reads_what_is_there_already_starts_at_once() {
    let app = two_repositories().await;
    push_platform(&app);
    app.play(provide).await;
    let commit = app.push(&with(&[("web/release.ocu.star", WEB)]), "Begin");
    app.play(provide).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn every_package_is_deployed_to_an_environment_that_is_added_elsewhere_later() {
    let app = two_repositories().await;
    let commit = app.push(&shop(), "Begin");
    app.play(succeed).await;
    let more = format!(
        "{ENVIRONMENTS}register_environment(environment(\"staging-eu\", {{\"type\": \"staging\"}}))\n"
    );
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(more.as_str())),
    ];
    let elsewhere = app
        .github
        .push("acme/platform", "main", &files, "Go to Europe", "bob")
        .unwrap();
    app.play(succeed).await;
    let check = app.github.check_runs("acme/platform", &elsewhere).remove(0);
    assert_eq!(check.title.as_deref(), Some("changes 1 environment"));
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn what_one_account_deploys_is_not_seen_by_another() {
    let app = App::with_shop().await;
    app.github.create_repository("other/shop", true).unwrap();
    app.push(&shop(), "Begin");
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("api/release.ocu.star", Some(API)),
    ];
    let commit = app
        .github
        .push("other/shop", "main", &files, "Begin", "eve")
        .unwrap();
    app.settle().await;
    let checks = app.github.check_runs("other/shop", &commit);
    let summary = checks[0].summary.as_deref().unwrap();
    assert!(
        summary.contains("`staging`: no environment yet"),
        "{summary}"
    );
    app.finish().await;
}
