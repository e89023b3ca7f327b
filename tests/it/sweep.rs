//! What no webhook has told.

use ocuroot::simulator::{DeliveryFault, NewPullRequest};
use ocuroot::store::Confirmation;
use serde_json::json;

use crate::harness::App;
use crate::harness::done;
use crate::harness::repositories::shop;

const HALF_AN_HOUR: i64 = 1800;

#[tokio::test]
async fn a_push_that_could_not_be_delivered_is_asked_for_again() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Fail);
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    assert_eq!(app.checks(&commit), "");
    app.worker.sweep().await.unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.checks(&commit));
    app.worker.sweep().await.unwrap();
    assert_eq!(
        app.github.pending_deliveries(),
        0,
        "it arrived: no need to ask again"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_push_that_github_forgot_is_released_by_the_sweep() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(|_, _| done(json!({"image": "api:1"}))).await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    let commit = app.push(&[("api/main.rs", Some("fn main() {}"))], "Change the API");
    app.settle().await;
    app.pass(HALF_AN_HOUR);
    app.worker.sweep().await.unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_pull_request_that_github_forgot_is_looked_at_by_the_sweep() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(|_, _| done(json!({"image": "api:1"}))).await;
    let faults = app.github.faults();
    faults.deliveries(Some("pull_request"), 1, DeliveryFault::Vanish);
    let new = NewPullRequest {
        title: "Change the API".to_owned(),
        branch: "change".to_owned(),
        files: vec![("api/main.rs".to_owned(), Some("fn main() {}".to_owned()))],
        user: "alice".to_owned(),
        ..NewPullRequest::default()
    };
    app.github.open_pull_request("acme/shop", new).unwrap();
    app.settle().await;
    app.pass(HALF_AN_HOUR);
    app.worker.sweep().await.unwrap();
    app.settle().await;
    let head = app.github.branch_tip("acme/shop", "change").unwrap();
    insta::assert_snapshot!(app.checks(&head));
    app.finish().await;
}

#[tokio::test]
async fn a_workflow_run_whose_end_was_lost_is_asked_about() {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    let faults = app.github.faults();
    faults.deliveries(Some("workflow_run"), 5, DeliveryFault::Vanish);
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    app.github
        .complete_workflow_run(run.id, "cancelled")
        .unwrap();
    app.settle().await;
    app.pass(601);
    app.worker.sweep().await.unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn what_has_ended_by_itself_is_cleared_away() {
    let app = App::with_shop().await;
    let now = app.worker.clock.now();
    let waits_until = |login: &str, seconds| Confirmation {
        repository_id: 1,
        pull_request: 1,
        login: login.to_owned(),
        line: "/ocuroot deploy production".to_owned(),
        head: "a".repeat(40).parse().expect("a commit"),
        expires_at: now.plus_seconds(seconds),
    };
    let store = &app.worker.store;
    for (login, seconds) in [("alice", 60), ("bob", 61)] {
        let waiting = waits_until(login, seconds);
        store.put_confirmation(&waiting).await.unwrap();
    }
    app.pass(60);
    app.worker.sweep().await.unwrap();
    // Asked as of a time at which both counted.
    let of_alice = store.confirmation(1, 1, "alice", now).await.unwrap();
    let of_bob = store.confirmation(1, 1, "bob", now).await.unwrap();
    assert_eq!((of_alice, of_bob), (None, Some(waits_until("bob", 61))));
    app.finish().await;
}
