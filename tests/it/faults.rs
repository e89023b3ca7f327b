//! What goes wrong between two machines changes nothing in the end.

use ocuroot::simulator::{DeliveryFault, RequestFault};

use crate::harness::repositories::shop;
use crate::harness::{App, succeed};

const CHECKS: &str = "/repos/acme/shop/check-runs";
const DISPATCHES: &str = "*/dispatches";

/// The shop's release up to production: pushed, built, staged, approved, deployed. Answers how it ended.
async fn story(app: &App) -> String {
    let commit = app.push(&shop(), "Begin");
    app.play(succeed).await;
    app.press(&commit, "ocuroot / api", "approve", "alice")
        .await;
    app.play(succeed).await;
    app.end()
}

/// How the story ends when nothing goes wrong.
pub async fn undisturbed() -> String {
    let app = App::with_shop().await;
    let end = story(&app).await;
    app.finish().await;
    end
}

#[tokio::test]
async fn the_story_of_a_release_as_it_ends_when_nothing_goes_wrong() {
    insta::assert_snapshot!(undisturbed().await);
}

#[tokio::test]
async fn every_delivery_doubled_changes_nothing() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.deliveries(None, usize::MAX, DeliveryFault::Duplicate);
    assert_eq!(story(&app).await, undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn deliveries_that_arrive_in_reverse_change_nothing() {
    let app = App::with_shop().await;
    app.settle().await;
    let commit = app.push(&shop(), "Begin");
    let mut is_approved = false;
    loop {
        app.github.faults().reverse_pending_deliveries();
        app.settle().await;
        let queued = app.queued();
        if queued.is_empty() && is_approved {
            break;
        }
        for run in queued {
            app.github.start_workflow_run(run.id).unwrap();
            app.execute(&run, succeed).await;
        }
        let checks = app.github.check_runs("acme/shop", &commit);
        let mut buttons = checks.iter().flat_map(|check| &check.actions);
        if buttons.any(|button| button.identifier == "approve") {
            app.press(&commit, "ocuroot / api", "approve", "alice")
                .await;
            is_approved = true;
        }
    }
    assert_eq!(app.end(), undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn pushes_that_arrive_in_the_wrong_order_release_the_newest_once() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let older = app.push(&[("api/main.txt", Some("two\n"))], "Two");
    let newer = app.push(&[("api/main.txt", Some("three\n"))], "Three");
    app.github.faults().reverse_pending_deliveries();
    app.play(succeed).await;
    assert_eq!(
        app.checks(&older),
        "ocuroot | success | nothing to release\n"
    );
    assert_eq!(
        app.check(&newer, "ocuroot / api").title.as_deref(),
        Some("r2 waits for approval")
    );
    app.finish().await;
}

#[tokio::test]
async fn news_of_workflow_runs_that_come_very_late_change_nothing() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Hold);
    let end = story(&app).await;
    app.github.faults().release_held_deliveries();
    app.settle().await;
    assert_eq!(app.end(), end);
    assert_eq!(end, undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn a_delivery_that_failed_is_asked_for_again() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Fail);
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    assert_eq!(app.checks(&commit), "");
    app.sweep().await;
    app.play(succeed).await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 waits for approval")
    );
    let before = app.github.deliveries().len();
    app.sweep().await;
    assert_eq!(
        app.github.deliveries().len(),
        before,
        "nothing is asked for twice"
    );
    app.finish().await;
}

#[tokio::test]
async fn heads_that_no_webhook_has_told_of_are_found_by_looking() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let faults = app.github.faults();
    faults.deliveries(None, usize::MAX, DeliveryFault::Vanish);
    let commit = app.push(&[("api/main.txt", Some("two\n"))], "Two");
    let number = app.propose(&[("api/main.txt", "three\n")]);
    app.github.faults().clear();
    app.pass(3600);
    app.sweep().await;
    app.settle().await;
    let build = app.check(&commit, "ocuroot / api / build");
    assert_eq!(build.status, "in_progress");
    assert_eq!(
        app.checks(&app.head(number)),
        "ocuroot | success | would release api\n"
    );
    app.play(succeed).await;
    app.finish().await;
}

#[tokio::test]
async fn the_end_of_a_workflow_run_that_nobody_told_of_is_asked_for() {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github
        .faults()
        .deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Vanish);
    app.github.complete_workflow_run(run.id, "failure").unwrap();
    app.settle().await;
    app.sweep().await;
    assert_eq!(
        app.check(&commit, "ocuroot / api / build").status,
        "in_progress",
        "it may still tell"
    );
    app.pass(601);
    app.sweep().await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 failed: build")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_not_made_again() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests("POST", DISPATCHES, 1, RequestFault::LoseAnswer);
    faults.deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Vanish);
    app.push(&shop(), "Begin");
    app.settle().await;
    assert_eq!(app.github.workflow_runs().len(), 1);
    app.pass(90);
    app.settle().await;
    assert_eq!(app.github.workflow_runs().len(), 1, "it was found");
    app.github.faults().clear();
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), 2, "build and staging");
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_comes_before_the_answer_to_its_start_gets_its_run() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests("POST", DISPATCHES, 1, RequestFault::LoseAnswer);
    faults.deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Hold);
    app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    app.execute(&run, succeed).await;
    app.pass(90);
    app.play(succeed).await;
    app.github.faults().release_held_deliveries();
    app.settle().await;
    assert_eq!(app.github.workflow_runs().len(), 2, "build and staging");
    app.finish().await;
}

#[tokio::test]
async fn a_start_that_github_never_made_is_made_again() {
    for fault in [
        RequestFault::ServerError,
        RequestFault::BadGateway,
        RequestFault::Reset,
    ] {
        let app = App::with_shop().await;
        app.github.faults().requests("POST", DISPATCHES, 1, fault);
        app.push(&shop(), "Begin");
        app.settle().await;
        for _ in 0..30 {
            app.pass(5);
            app.settle().await;
        }
        assert_eq!(app.github.workflow_runs().len(), 1, "{fault:?}");
        app.play(succeed).await;
        assert_eq!(app.github.workflow_runs().len(), 2, "{fault:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn calls_wait_as_long_as_github_asks_and_are_made_then() {
    for fault in [
        RequestFault::SecondaryLimit(120),
        RequestFault::TooManyRequests(120),
    ] {
        let app = App::with_shop().await;
        app.github.faults().requests("POST", DISPATCHES, 1, fault);
        app.push(&shop(), "Begin");
        app.settle().await;
        let before = app.writes();
        app.pass(119);
        app.settle().await;
        assert_eq!(app.writes(), before, "nothing is written meanwhile");
        app.pass(1);
        app.settle().await;
        assert_eq!(app.github.workflow_runs().len(), 1, "{fault:?}");
        app.play(succeed).await;
        app.finish().await;
    }
}

#[tokio::test]
async fn a_check_run_whose_creation_is_in_doubt_is_not_created_twice() {
    let faults = [
        RequestFault::LoseAnswer,
        RequestFault::ServerError,
        RequestFault::BadGateway,
        RequestFault::Reset,
        RequestFault::SecondaryLimit(30),
        RequestFault::Unauthorized,
    ];
    let expected = undisturbed().await;
    for fault in faults {
        let app = App::with_shop().await;
        app.github.faults().requests("POST", CHECKS, 2, fault);
        let commit = app.push(&shop(), "Begin");
        app.settle().await;
        for _ in 0..5 {
            app.pass(30);
            app.settle().await;
        }
        app.play(succeed).await;
        app.press(&commit, "ocuroot / api", "approve", "alice")
            .await;
        app.play(succeed).await;
        assert_eq!(app.end(), expected, "{fault:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_reply_whose_answer_is_lost_is_not_given_twice() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    let faults = app.github.faults();
    faults.requests("POST", "*/comments", 1, RequestFault::LoseAnswer);
    faults.requests("POST", "*/reactions", 1, RequestFault::LoseAnswer);
    app.say(number, "alice", "/ocuroot help").await;
    app.pass(10);
    app.settle().await;
    let comments = app.github.comments("acme/shop", number);
    assert_eq!(
        comments.len(),
        3,
        "the overview, the command and its answer"
    );
    let said = comments.iter().find(|comment| comment.user == "alice");
    assert_eq!(said.unwrap().reactions.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_command_is_heard_though_github_cannot_be_asked_at_first() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    let faults = app.github.faults();
    faults.requests("GET", "*/permission", 2, RequestFault::BadGateway);
    let comment = app.say(number, "alice", "/ocuroot deploy staging").await;
    assert_eq!(app.reactions(comment), "");
    for _ in 0..3 {
        app.pass(5);
        app.settle().await;
    }
    assert_eq!(app.reactions(comment), "eyes");
    assert_eq!(app.queued().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_push_is_evaluated_though_its_files_cannot_be_read_at_first() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.requests(
        "GET",
        "/repos/acme/shop/git/*",
        2,
        RequestFault::ServerError,
    );
    let commit = app.push(&shop(), "Begin");
    for _ in 0..4 {
        app.settle().await;
        app.pass(5);
    }
    app.play(succeed).await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 waits for approval")
    );
    app.finish().await;
}
