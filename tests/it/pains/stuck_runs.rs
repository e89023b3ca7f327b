//! Pains 5, 6 and 10: runs that never start or never die, and results that come too late.

use ocuroot::simulator::{DeliveryFault, RequestFault, RunFault};
use serde_json::json;

use super::shop;
use crate::harness::repositories::shop as files;
use crate::harness::{App, done, succeed};

const FIVE_MINUTES: i64 = 301;

/// The shop's release has asked for its first job, and that meets this fault.
async fn stuck(fault: RunFault) -> (App, String) {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    faults.next_run(fault);
    // For some of these GitHub sends no webhook: none is relied on.
    faults.deliveries(Some("workflow_run"), 5, DeliveryFault::Vanish);
    let commit = app.push(&files(), "Begin");
    app.settle().await;
    (app, commit)
}

#[tokio::test]
async fn pain_5_what_keeps_a_run_from_starting_is_told_on_the_release_within_minutes() {
    let mut pages = String::new();
    for fault in [
        RunFault::Zombie,
        RunFault::StartupFailure,
        RunFault::Waiting,
        RunFault::Pending,
        RunFault::Replaced,
        RunFault::Unpaid,
    ] {
        let (app, commit) = stuck(fault).await;
        app.pass(FIVE_MINUTES);
        app.sweep().await;
        let page = app.page(&commit, "ocuroot / api");
        pages.push_str(&format!("{fault:?}\n{page}\n\n"));
        app.finish().await;
    }
    insta::assert_snapshot!(pages);
}

#[tokio::test]
async fn pain_5_a_label_that_no_runner_has_is_named() {
    let app = App::with_shop().await;
    let workflow = crate::harness::repositories::RUNNER_WORKFLOW;
    let workflow = workflow.replace("ubuntu-latest", "[self-hosted, gpu]");
    let mut files = files();
    files.retain(|(path, _)| !path.starts_with(".github"));
    files.push((".github/workflows/ocuroot.yml", Some(workflow.as_str())));
    let commit = app.push(&files, "Begin");
    app.settle().await;
    app.pass(FIVE_MINUTES);
    app.sweep().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    // A runner has come: the job goes on as if nothing had been.
    app.play(succeed).await;
    assert!(!app.page(&commit, "ocuroot / api").contains("gpu"));
    app.finish().await;
}

#[tokio::test]
async fn pain_5_a_workflow_that_is_missing_or_disabled_is_told_at_once() {
    let app = App::with_shop().await;
    app.push(&files(), "Begin");
    app.settle().await;
    app.github
        .disable_workflow("acme/shop", "ocuroot.yml", true)
        .unwrap();
    let disabled = app.push(&[("api/main.txt", Some("two\n"))], "Disabled");
    app.settle().await;
    let gone = [
        (".github/workflows/ocuroot.yml", None),
        ("api/main.txt", Some("three\n")),
    ];
    let missing = app.push(&gone, "Missing");
    app.settle().await;
    let pages = [disabled, missing].map(|commit| app.page(&commit, "ocuroot / api"));
    insta::assert_snapshot!(pages.join("\n\n"));
    app.finish().await;
}

#[tokio::test]
async fn pain_5_what_cannot_be_stopped_is_given_up_and_the_next_attempt_succeeds() {
    let (app, commit) = stuck(RunFault::Undead).await;
    app.sweep().await;
    for (what, seconds) in [("cancel", 25 * 3600), ("force", 300), ("give up", 300)] {
        app.pass(seconds + 1);
        app.sweep().await;
        let checks = app.checks(&commit);
        let is_over = checks.contains("r1 failed");
        assert_eq!(is_over, what == "give up", "{what}: {checks}");
    }
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    let undead = app.queued().remove(0).id;
    app.github.remove_workflow_run(undead).unwrap();
    app.play(succeed).await;
    assert!(app.checks(&commit).contains("r1 waits for approval"));
    app.finish().await;
}

#[tokio::test]
async fn pain_6_a_job_that_reports_after_it_was_given_up_changes_nothing_but_is_noted() {
    let app = App::with_shop().await;
    let commit = app.push(&files(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let job = app.claim_all(&run).await.remove(0);
    app.settle().await;
    app.sweep().await;
    // GitHub takes the wish to stop, and nothing comes of it: the job is cut off from it.
    for seconds in [6 * 3600 + 900, 300] {
        app.pass(seconds + 1);
        app.github
            .faults()
            .requests("POST", "*cancel", 1, RequestFault::NotFound);
        app.sweep().await;
    }
    app.pass(301);
    app.sweep().await;
    let before = app.checks(&commit);
    let outcome = done(json!({"image": "api:1"}));
    assert_eq!(app.report(&job, &outcome).await, 409);
    assert_eq!(app.report(&job, &outcome).await, 409);
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.settle().await;
    assert_eq!(app.checks(&commit), before);
    let record = app.record(100).await;
    let overdue: Vec<&str> = record
        .lines()
        .filter(|line| line.contains("overdue") || line.contains("late"))
        .collect();
    insta::assert_snapshot!(format!("{before}{}", overdue.join("\n")));
    app.finish().await;
}

#[tokio::test]
async fn pain_5_the_wish_to_stop_survives_lost_answers_and_crashes() {
    let mut app = App::with_shop().await;
    let commit = app.push(&files(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    app.claim_all(&run).await;
    app.settle().await;
    app.sweep().await;
    app.pass(6 * 3600 + 901);
    app.github
        .faults()
        .requests("POST", "*cancel", 1, RequestFault::LoseAnswer);
    app.worker.sweep().await.unwrap();
    app.crash().await;
    app.settle().await;
    assert!(app.github.workflow_run(run.id).unwrap().cancel_requested);
    app.pass(301);
    app.sweep().await;
    // Made to stop, it has stopped; nothing is tried again by itself.
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn pain_5_a_run_that_is_cancelled_in_vain_does_not_take_down_those_it_travels_with() {
    let app = shop("").await;
    let files = [
        ("api/main.txt", Some("two\n")),
        ("web/main.txt", Some("two\n")),
    ];
    let commit = app.push(&files, "Two packages");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let jobs = app.claim_all(&run).await;
    assert_eq!(jobs.len(), 2, "they travel together");
    app.press(&commit, "ocuroot / api", "cancel", "alice").await;
    for _ in 0..3 {
        app.sweep().await;
        app.pass(FIVE_MINUTES);
    }
    assert!(!app.github.workflow_run(run.id).unwrap().cancel_requested);
    assert!(
        app.checks(&commit).contains("r2 was cancelled"),
        "api is given up"
    );
    for job in &jobs {
        app.report(job, &done(json!({"image": "2"}))).await;
    }
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn pain_10_a_run_that_github_drops_for_another_says_why_and_how_to_keep_it_from_happening() {
    let (app, commit) = stuck(RunFault::Replaced).await;
    app.pass(FIVE_MINUTES);
    app.sweep().await;
    let page = app.page(&commit, "ocuroot / api");
    assert!(
        page.contains("take `concurrency` out of the workflow"),
        "{page}"
    );
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    app.play(succeed).await;
    assert!(app.checks(&commit).contains("r1 waits for approval"));
    app.finish().await;
}
