//! Pain 13: the code changes between "deploy" and the run.

use ocuroot::simulator::DeliveryFault;

use super::{proposed, shop, sneak};
use crate::harness::{App, succeed};

/// The commits that jobs have been given to deploy.
fn deployed(app: &App) -> String {
    app.deployments()
}

/// Nothing of the pull request has reached staging, and the reader is told where the new plan is.
async fn nothing_ran(app: App, number: u64) {
    app.play(succeed).await;
    assert_eq!(
        deployed(&app).matches("staging api").count(),
        1,
        "{}",
        deployed(&app)
    );
    let told = app.conversation(number);
    assert!(told.contains("has moved"), "{told}");
    app.finish().await;
}

#[tokio::test]
async fn pain_13_a_push_between_the_comment_and_its_reading_stops_it() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    sneak(&app, number);
    nothing_ran(app, number).await;
}

#[tokio::test]
async fn pain_13_a_push_while_the_command_is_planned_stops_it() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    app.github.deliver_all().await;
    app.worker.intake().await.expect("the command is planned");
    sneak(&app, number);
    nothing_ran(app, number).await;
}

#[tokio::test]
async fn pain_13_a_push_between_the_approval_and_the_dispatch_stops_it() {
    let app = shop(r#"protect(["staging"], approvals=1, pull_requests=True)"#).await;
    // The first release of the shop waits for its approval, too, and is nobody's concern here.
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.github
        .comment("acme/shop", number, "bob", "/ocuroot approve staging")
        .unwrap();
    app.github.deliver_all().await;
    app.worker.intake().await.expect("the approval is heard");
    sneak(&app, number);
    app.play(succeed).await;
    assert_eq!(deployed(&app).matches("staging api").count(), 0);
    let told = app.conversation(number);
    assert!(told.contains("has moved"), "{told}");
    app.finish().await;
}

#[tokio::test]
async fn pain_13_a_push_between_the_plan_and_the_dispatch_stops_it_though_its_event_is_late() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    app.github.deliver_all().await;
    app.worker.intake().await.expect("the command is planned");
    app.github
        .faults()
        .deliveries(Some("pull_request"), 1, DeliveryFault::Hold);
    sneak(&app, number);
    app.play(succeed).await;
    app.github.faults().release_held_deliveries();
    nothing_ran(app, number).await;
}

#[tokio::test]
async fn pain_13_a_push_between_the_dispatch_and_the_first_step_stops_it() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    let queued = app.queued();
    assert_eq!(queued.len(), 1, "the build has been asked for");
    sneak(&app, number);
    let run = &queued[0];
    app.github.start_workflow_run(run.id).unwrap();
    let runs: Vec<serde_json::Value> = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    let (status, body) = app.claim(run, 0, &runs[0], "a nonce").await;
    assert_eq!(status, 409, "{body}");
    app.github.complete_workflow_run(run.id, "failure").unwrap();
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}
