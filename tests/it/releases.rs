//! Releases on their way through phases, approvals and failures.

use serde_json::json;

use ocuroot::model::Outcome;

use crate::harness::repositories::{shop, with};
use crate::harness::{App, done, failed, succeed};

async fn waiting() -> (App, String) {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.play(succeed).await;
    (app, commit)
}

#[tokio::test]
async fn a_merged_pull_request_reaches_production_when_somebody_approves_it_there() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    let commit = app.merge(number);
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn a_release_reaches_production_when_somebody_presses_approve() {
    let (app, commit) = waiting().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.press(&commit, "ocuroot / api", "approve", "alice")
        .await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    assert_eq!(
        app.github.workflow_runs().len(),
        3,
        "build, staging, production"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_button_does_nothing_for_whoever_may_only_read() {
    let (app, commit) = waiting().await;
    app.github
        .set_permission("acme/shop", "rita", "read")
        .unwrap();
    app.press(&commit, "ocuroot / api", "approve", "rita").await;
    app.play(succeed).await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 waits for approval")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_button_pressed_twice_is_pressed_once() {
    let (app, commit) = waiting().await;
    let check = app.check(&commit, "ocuroot / api").id;
    for _ in 0..2 {
        app.github
            .press_button("acme/shop", check, "approve", "alice")
            .unwrap();
    }
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_failed_step_holds_back_what_follows_until_it_is_tried_again() {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.play(|run, inputs| match run {
        run if run.contains("deploy/staging") => failed("the cluster is full"),
        run => succeed(run, inputs),
    })
    .await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_newer_release_takes_the_place_of_one_that_waits() {
    let (app, first) = waiting().await;
    let second = app.push(&[("api/main.txt", Some("two\n"))], "Change the API");
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&first));
    insta::assert_snapshot!(app.checks(&second));
    app.finish().await;
}

const PURE: &str = r#"
ocuroot("0.3.0")

def number():
    return done(outputs={"version": ".".join([str(n) for n in [1, 2, 3]])})

def up(environment, version):
    print("nothing to do for " + version)
    return done(outputs={"version": version})

def down(environment, version):
    return done()

phase("number", tasks=[task(number, name="number")])
phase("everywhere", tasks=[
    deploy(e, up=up, down=down, inputs={"version": ref("./task/number#output/version")})
    for e in environments()
])
"#;

#[tokio::test]
async fn steps_that_touch_no_machine_finish_on_the_server() {
    let app = App::with_shop().await;
    let commit = app.push(&with(&[("pure/release.ocu.star", PURE)]), "Begin");
    app.settle().await;
    assert!(app.github.workflow_runs().is_empty());
    insta::assert_snapshot!(app.checks(&commit));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

const CHAIN: &str = r#"
ocuroot("0.3.0")

def build():
    host.shell("make")
    return next(publish, inputs={"image": "api:1"})

def publish(image):
    host.shell("push " + image)
    return done(outputs={"image": image})

phase("build", tasks=[task(build, name="build")])
"#;

/// The first function goes on in the second, which is done.
fn chained(_: &str, inputs: &serde_json::Value) -> Outcome {
    match inputs.get("image") {
        Some(image) => done(json!({ "image": image })),
        None => serde_json::from_value(json!({
            "kind": "next",
            "function": {"file": "api/release.ocu.star", "name": "publish"},
            "inputs": {"image": {"value": "api:1"}},
        }))
        .unwrap(),
    }
}

#[tokio::test]
async fn the_end_of_a_job_that_went_on_elsewhere_is_not_the_end_of_the_step() {
    let app = App::with_shop().await;
    let commit = app.push(&with(&[("api/release.ocu.star", CHAIN)]), "Begin");
    app.play(chained).await;
    assert_eq!(app.github.workflow_runs().len(), 2);
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_step_that_is_cancelled_keeps_its_environment_until_its_job_has_ended() {
    let app = App::with_shop().await;
    let first = app.push(&shop(), "Begin");
    app.settle().await;
    let build = app.queued().remove(0);
    app.github.start_workflow_run(build.id).unwrap();
    app.execute(&build, succeed).await;
    app.settle().await;
    let staging = app.queued().remove(0);
    app.github.start_workflow_run(staging.id).unwrap();
    app.claim_all(&staging).await;
    app.settle().await;
    app.press(&first, "ocuroot / api", "cancel", "alice").await;
    insta::assert_snapshot!(app.checks(&first));
    let asked = app.github.workflow_run(staging.id).unwrap();
    assert!(asked.cancel_requested, "GitHub is asked to stop it");
    app.github
        .complete_workflow_run(staging.id, "cancelled")
        .unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.checks(&first));
    app.finish().await;
}
