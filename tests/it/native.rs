//! Steps that are workflows of the repository's own.

use serde_json::json;

use ocuroot::simulator::{DeliveryFault, RequestFault, RunFault, Signer, WorkflowRun};

use crate::harness::App;
use crate::harness::repositories::with;

const BUILD: &str = "
name: Build
run-name: ocuroot ${{ inputs.ocuroot_run }}
on:
  workflow_dispatch:
    inputs:
      ocuroot_run: {required: true}
      ocuroot_commit: {required: true}
permissions: {contents: read, id-token: write}
jobs: {build: {runs-on: ubuntu-latest, steps: [{run: make}]}}
";

const DEPLOY: &str = "
name: Deploy
on:
  workflow_dispatch:
    inputs:
      image: {required: true}
      mode: {required: true}
      ocuroot_environment: {required: true}
      ocuroot_release: {required: true}
jobs: {deploy: {runs-on: ubuntu-latest, steps: [{run: make deploy}]}}
";

const NATIVE: &str = r#"ocuroot("0.3.0")
phase("build", tasks=[task(workflow("build.yml"), name="build")])
phase("staging", tasks=[
    deploy(
        e,
        up=workflow("deploy.yml", inputs={"mode": "full"}),
        down=workflow("deploy.yml", inputs={"mode": "gone"}),
        inputs={"image": ref("./task/build#output/image")},
    )
    for e in environments() if e.attributes["type"] == "staging"
])
"#;

async fn started() -> (App, String, WorkflowRun) {
    let app = App::with_shop().await;
    let commit = push(&app, NATIVE);
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    (app, commit, run)
}

fn push(app: &App, release: &str) -> String {
    push_with(app, release, BUILD)
}

fn push_with(app: &App, release: &str, build: &str) -> String {
    let files = with(&[
        ("api/release.ocu.star", release),
        (".github/workflows/build.yml", build),
        (".github/workflows/deploy.yml", DEPLOY),
    ]);
    app.push(&files, "Begin")
}

#[tokio::test]
async fn a_workflow_is_given_the_inputs_it_declares_and_its_artifact_holds_the_outputs() {
    let (app, commit, build) = started().await;
    assert_eq!(build.path, ".github/workflows/build.yml");
    assert_eq!(build.inputs["ocuroot_commit"], commit);
    app.github
        .upload_artifact(build.id, "ocuroot-outputs", &[("image", b"api:7\n")])
        .unwrap();
    app.github
        .complete_workflow_run(build.id, "success")
        .unwrap();
    app.settle().await;
    let deploy = app.queued().remove(0);
    let expected = json!({
        "image": "api:7", "mode": "full", "ocuroot_environment": "staging", "ocuroot_release": "r1",
    });
    assert_eq!(json!(deploy.inputs), expected);
    app.github.start_workflow_run(deploy.id).unwrap();
    app.github
        .complete_workflow_run(deploy.id, "success")
        .unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.checks(&commit));
    insta::assert_snapshot!(app.deployments(), @"staging api r1 success");
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_hands_its_outputs_over_while_it_runs() {
    let (app, _, build) = started().await;
    let identity = app
        .github
        .identity_token(build.id, 0, &app.settings.public_url, &[], Signer::Issuer)
        .unwrap();
    for outputs in [
        json!({"image": "api:1"}),
        json!({"image": "api:8", "size": 3}),
    ] {
        let body = json!({ "outputs": outputs });
        let (status, answer) = app.post("/api/v1/outputs", &identity, &body).await;
        assert_eq!(status, 204, "{answer}");
    }
    app.github
        .complete_workflow_run(build.id, "success")
        .unwrap();
    app.settle().await;
    assert_eq!(app.queued()[0].inputs["image"], "api:8");
    let late = json!({"outputs": {"image": "late"}});
    let (status, answer) = app.post("/api/v1/outputs", &identity, &late).await;
    assert_eq!(
        (status, answer["error"].as_str()),
        (409, Some("the run has ended already"))
    );
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_without_the_output_that_is_read_leaves_the_next_step_waiting_for_it() {
    let (app, commit, build) = started().await;
    app.github
        .complete_workflow_run(build.id, "success")
        .unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_that_fails_or_is_cancelled_says_how_it_ended() {
    let (app, commit, build) = started().await;
    app.github
        .complete_workflow_run(build.id, "failure")
        .unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    let again = app.queued().remove(0);
    app.github
        .complete_workflow_run(again.id, "cancelled")
        .unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_that_cannot_start_fails_its_step() {
    let app = App::with_shop().await;
    app.github.faults().next_run(RunFault::StartupFailure);
    let commit = push(&app, NATIVE);
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_re_run_on_github_of_a_finished_step_changes_nothing() {
    let (app, commit, build) = started().await;
    app.github
        .complete_workflow_run(build.id, "failure")
        .unwrap();
    app.settle().await;
    app.github.rerun_workflow_run(build.id).unwrap();
    app.github.start_workflow_run(build.id).unwrap();
    app.github
        .complete_workflow_run(build.id, "success")
        .unwrap();
    app.settle().await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 failed: build")
    );
    app.finish().await;
}

#[tokio::test]
async fn inputs_that_do_not_fit_are_errors_on_the_line_of_the_config() {
    let app = App::with_shop().await;
    let wrong = NATIVE
        .replace("\"mode\": \"full\"", "\"colour\": \"red\"")
        .replace("build.yml", "bild.yml");
    let commit = push(&app, &wrong);
    app.settle().await;
    assert!(app.queued().is_empty());
    insta::assert_snapshot!(app.page(&commit, "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_that_is_disabled_fails_its_step_with_words_for_its_owner() {
    let app = App::with_shop().await;
    push(&app, NATIVE);
    app.github
        .disable_workflow("acme/shop", "build.yml", true)
        .unwrap();
    app.settle().await;
    let commit = app.github.branch_tip("acme/shop", "main").unwrap();
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api / build"));
    app.finish().await;
}

/// A start that GitHub did not confirm, and the time in which it would have listed the run.
async fn unconfirmed(build: &str) -> (App, String) {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests("POST", "*/dispatches", 1, RequestFault::BadGateway);
    let commit = push_with(&app, NATIVE, build);
    app.settle().await;
    for _ in 0..10 {
        app.pass(5);
        app.settle().await;
    }
    (app, commit)
}

#[tokio::test]
async fn a_workflow_whose_start_was_never_confirmed_is_left_to_a_person() {
    let nameless = BUILD.replace("run-name:", "# run-name:");
    let (app, commit) = unconfirmed(&nameless).await;
    assert!(app.github.workflow_runs().is_empty(), "it might run unseen");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api / build"));
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    assert_eq!(app.queued().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_that_was_not_started_is_started_again_if_its_runs_show_their_name() {
    let (app, _) = unconfirmed(BUILD).await;
    assert_eq!(app.github.workflow_runs().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_whose_start_was_answered_to_nobody_is_found_by_its_name() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests("POST", "*/dispatches", 1, RequestFault::LoseAnswer);
    faults.deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Vanish);
    let commit = push(&app, NATIVE);
    app.settle().await;
    app.pass(90);
    app.settle().await;
    app.github.faults().clear();
    let build = app.queued().remove(0);
    app.github
        .complete_workflow_run(build.id, "failure")
        .unwrap();
    app.settle().await;
    assert_eq!(app.github.workflow_runs().len(), 1);
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 failed: build")
    );
    app.finish().await;
}
