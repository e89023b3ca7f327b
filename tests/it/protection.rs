//! `protect(...)` and `freeze(...)`: who brings what where, and when.

use ocuroot::simulator::MergeMethod;

use crate::harness::repositories::{API, RUNNER_WORKFLOW};
use crate::harness::{App, succeed};

/// Environments with rules about production below them.
fn guarded(rules: &str) -> String {
    format!("{}\n{rules}\n", crate::harness::repositories::ENVIRONMENTS)
}

/// The shop without its own approval step, under these rules.
async fn shop_with(rules: &str) -> App {
    let app = App::with_shop().await;
    for (person, permission) in [("bob", "write"), ("carol", "write"), ("root", "admin")] {
        app.github
            .set_permission("acme/shop", person, permission)
            .unwrap();
    }
    let environments = guarded(rules);
    let api = API.replace(
        "phase(\"approval\", tasks=[task(approve, name=\"approval\", inputs={\"approval\": ref(\"./custom/approval\")})])\n",
        "",
    );
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(environments.as_str())),
        ("api/release.ocu.star", Some(api.as_str())),
        ("api/main.txt", Some("one\n")),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ];
    app.push(&files, "Begin");
    app.play(succeed).await;
    app
}

#[tokio::test]
async fn a_release_waits_for_as_many_people_as_the_rule_says() {
    let app = shop_with(r#"protect(["production"], approvals=2)"#).await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    app.github
        .merge_pull_request("acme/shop", number, MergeMethod::Merge, "bob")
        .unwrap();
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.say(number, "bob", "/ocuroot approve").await;
    app.play(succeed).await;
    app.say(number, "carol", "/ocuroot approve production")
        .await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn an_open_pull_request_holds_its_environment_until_it_is_closed() {
    let app = shop_with("").await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot why staging").await;
    app.push(&[("api/main.txt", Some("three\n"))], "Go on");
    app.play(succeed).await;
    insta::assert_snapshot!(app.deployments());
    app.say(number, "alice", "/ocuroot why staging").await;
    app.github
        .close_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn a_rule_that_is_made_for_each_environment_guards_one_that_is_registered_later() {
    let app = App::with_shop().await;
    app.github.create_repository("acme/platform", true).unwrap();
    let guard =
        "protect([e for e in environments() if e.attributes[\"type\"] == \"prod\"], approvals=1)";
    let api = format!("{}\n{guard}\n", crate::pains::PACKAGE);
    let mut files = crate::harness::repositories::shop();
    files.retain(|(path, _)| *path != "api/release.ocu.star");
    files.push(("api/release.ocu.star", Some(api.as_str())));
    app.push(&files, "Begin");
    app.play(succeed).await;
    assert!(app.deployments().contains("staging api r1 success"));
    let environments =
        "ocuroot(\"0.3.0\")\nregister_environment(environment(\"eu\", {\"type\": \"prod\"}))\n";
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(environments)),
    ];
    app.github
        .push("acme/platform", "main", &files, "Add eu", "alice")
        .unwrap();
    app.play(succeed).await;
    assert!(
        !app.deployments().contains("eu api"),
        "{}",
        app.deployments()
    );
    assert!(!app.deployments().contains("production api"));
    app.finish().await;
}
