//! A push becomes a release.

use ocuroot::simulator::DeliveryFault;

use crate::harness::repositories::shop;
use crate::harness::{App, failed, succeed};

#[tokio::test]
async fn a_push_becomes_a_release_that_waits_for_its_approval() {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_push_delivered_twice_is_one_release() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Duplicate);
    let commit = app.push(&shop(), "Begin");
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), 2, "build and staging");
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_lost_push_is_made_up_for_by_the_next() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    app.push(&[("api/main.rs", Some("fn main() {}"))], "Change the API");
    app.settle().await;
    let commit = app.push(&[("README.md", Some("# Shop"))], "Say what this is");
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_server_killed_while_a_step_runs_hears_of_its_end() {
    let mut app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let jobs = app.claim_all(&run).await;
    app.crash().await;
    assert_eq!(app.report(&jobs[0], &failed("no compiler")).await, 202);
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}
