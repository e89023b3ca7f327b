//! `ocuroot output` in a repository's own workflow.

use ocuroot::simulator::{RequestFault, Signer, WorkflowRun};
use serde_json::json;

use crate::harness::App;

const PACKAGE: &str = r#"
ocuroot("0.3.0")
phase("build", tasks=[task(workflow("build.yml"), name="build")])
"#;

const BUILD: &str = r#"
name: Build
run-name: "build ${{ inputs.ocuroot_run }}"
on:
  workflow_dispatch:
    inputs:
      ocuroot_run: {}
permissions: {contents: read, id-token: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: ocuroot output version=1
"#;

async fn say(app: &App, run: &WorkflowRun) -> u16 {
    let audience = &app.settings.public_url;
    let token = app
        .github
        .identity_token(run.id, 0, audience, &[], Signer::Issuer)
        .expect("an identity token");
    let outputs = json!({"outputs": {"version": "1"}});
    app.post("/api/v1/outputs", &token, &outputs).await.0
}

#[tokio::test]
async fn a_job_faster_than_the_answer_to_its_start_is_asked_to_try_again() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests("POST", "/repos/*/dispatches", 1, RequestFault::LoseAnswer);
    let commit = app.push(
        &[
            ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
            ("api/release.ocu.star", Some(PACKAGE)),
            (".github/workflows/build.yml", Some(BUILD)),
        ],
        "Begin",
    );
    // Deliveries of the workflow run would tell its id, too; they are late.
    app.github.deliver_all().await;
    app.worker.settle().await.expect("the worker works");
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).expect("it starts");
    assert_eq!(say(&app, &run).await, 503, "nobody knows yet whose it is");
    app.pass(60);
    app.settle().await;
    assert_eq!(say(&app, &run).await, 204);
    app.github
        .complete_workflow_run(run.id, "success")
        .expect("it completes");
    app.settle().await;
    assert_eq!(app.github.workflow_runs().len(), 1, "it was started once");
    let checks = app.checks(&commit);
    assert!(checks.contains("ocuroot / api | success"), "{checks}");
    assert_eq!(say(&app, &run).await, 409, "it has ended");
    app.finish().await;
}
