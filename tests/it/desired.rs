//! What should be, said by people: environments that come and go, deployments that should be others.

use serde_json::json;

use crate::harness::repositories::{API, ENVIRONMENTS, RUNNER_WORKFLOW};
use crate::harness::{App, succeed};

const ALONE: &str = r#"
ocuroot("0.3.0")
register_environment(environment("staging", {"type": "staging"}))
"#;

/// The file without the wait for a person.
fn without_approval(file: &str) -> String {
    file.replace(r#"inputs={"approval": ref("./custom/approval")}"#, "")
        .replace("def approve(approval):", "def approve():")
        .replace(r#"approval["approved_by"]"#, r#""nobody""#)
}

/// `acme/shop` without an approval, live everywhere.
async fn live() -> App {
    let app = App::with_shop().await;
    let api = without_approval(API);
    app.push(
        &[
            ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
            ("environments.ocu.star", Some(ENVIRONMENTS)),
            ("api/release.ocu.star", Some(&api)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ],
        "All of it",
    );
    app.play(succeed).await;
    app
}

#[tokio::test]
async fn an_environment_that_no_file_registers_goes_once_somebody_says_so() {
    let app = live().await;
    let commit = app.push(&[("environments.ocu.star", Some(ALONE))], "No production");
    app.play(succeed).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot"));
    assert!(app.deployments().contains("production api r1 success"));
    app.press(&commit, "ocuroot", "remove", "rita").await;
    assert!(app.queued().is_empty(), "rita may only read");
    app.press(&commit, "ocuroot", "remove", "alice").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r1 inactive"));
    insta::assert_snapshot!(app.page(&commit, "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn an_environment_that_is_registered_again_stays() {
    let app = live().await;
    let commit = app.push(&[("environments.ocu.star", Some(ALONE))], "No production");
    app.play(succeed).await;
    app.push(&[("environments.ocu.star", Some(ENVIRONMENTS))], "Sorry");
    app.play(succeed).await;
    app.press(&commit, "ocuroot", "remove", "alice").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r1 success"));
    app.finish().await;
}

#[tokio::test]
async fn a_command_takes_an_environment_away_after_its_second_word() {
    let app = live().await;
    let number = app.propose(&[("environments.ocu.star", ALONE)]);
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.say(number, "alice", "/ocuroot unset @/environment/production")
        .await;
    insta::assert_snapshot!(app.last_words(number));
    assert!(app.queued().is_empty());
    app.say(number, "alice", "/ocuroot confirm").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r1 inactive"));
    app.finish().await;
}

#[tokio::test]
async fn what_a_file_does_not_deploy_to_any_more_stays_until_it_is_taken_down() {
    let app = live().await;
    let end = API.find("phase(\"production\"").expect("the last phase");
    let shorter = without_approval(&API[..end]);
    let commit = app.push(&[("api/release.ocu.star", Some(&shorter))], "No production");
    app.play(succeed).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot"));
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    app.say(number, "alice", "/ocuroot undeploy production api")
        .await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r1 inactive"));
    app.finish().await;
}

#[tokio::test]
async fn a_deployment_gets_the_inputs_it_should_have() {
    let app = live().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    let wish = json!({ "release": "r1", "input": { "image": "api:hotfix" } });
    let command = format!("/ocuroot set api/release.ocu.star/@/deploy/production='{wish}'");
    app.say(number, "alice", &command).await;
    let seen = std::sync::Mutex::new(Vec::new());
    app.play(|run, inputs| {
        let line = format!("{run} {}", inputs["image"]);
        seen.lock().expect("no panic").push(line);
        succeed(run, inputs)
    })
    .await;
    insta::assert_snapshot!(seen.into_inner().expect("no panic").join("\n"), @r#"github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/production/2 "api:hotfix""#);
    app.finish().await;
}

#[tokio::test]
async fn what_follows_a_change_is_told_before_it_is_made() {
    let app = live().await;
    let web = API.replace(
        r#"ref("./task/build#output/image")"#,
        r#"ref("./-/api/release.ocu.star/@/deploy/staging#output/url")"#,
    );
    let end = web.find("phase(\"approval\"").expect("a phase");
    app.push(
        &[("web/release.ocu.star", Some(&web[..end]))],
        "Reads the api",
    );
    app.play(succeed).await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    for name in [
        "@/environment/staging",
        "api/release.ocu.star/@/deploy/staging",
        "@/custom/nobody",
    ] {
        app.say(number, "alice", &format!("/ocuroot impact {name}"))
            .await;
        insta::assert_snapshot!(app.last_words(number));
    }
    app.finish().await;
}

#[tokio::test]
async fn why_something_is_what_it_is_is_told_from_what_was_read() {
    let app = live().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    for name in [
        "api/release.ocu.star/@/deploy/staging",
        "@/environment/staging",
        "@/custom/nobody",
    ] {
        app.say(number, "alice", &format!("/ocuroot why {name}"))
            .await;
        insta::assert_snapshot!(app.last_words(number));
    }
    app.say(
        number,
        "alice",
        "/ocuroot why github.com/acme/else/-/x.ocu.star/@/deploy/production",
    )
    .await;
    assert!(app.last_words(number).contains("belongs to"));
    app.finish().await;
}

#[tokio::test]
async fn what_belongs_to_another_repository_is_said_there() {
    let app = live().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    let other = "github.com/acme/else/-/x.ocu.star/@/deploy/production";
    app.say(number, "alice", &format!("/ocuroot unset {other}"))
        .await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    `github.com/acme/else/-/x.ocu.star/@/deploy/production` belongs to `github.com/acme/else`: who may change it is known there, so say it on a pull request of that repository.
    ");
    app.finish().await;
}
