//! Pains 1, 2, 7, 11 and 25: webhooks that never come or come twice, checks that stay in progress, servers that were down,
//! answers that lag behind.

use ocuroot::simulator::{CheckApp, DeliveryFault, RequestClass, RequestFault};
use serde_json::json;

use super::{PACKAGE, proposed, shop};
use crate::harness::repositories::shop as files;
use crate::harness::{App, done, succeed};

const HALF_AN_HOUR: i64 = 1801;

/// Requests to GitHub that ask for a redelivery, and those that list deliveries.
fn asked(app: &App) -> (usize, usize) {
    let requests = app.github.requests();
    let of = |method: &str, part: &str| {
        let fits = |path: &str| path.starts_with("/app/hook/deliveries") && path.contains(part);
        let requests = requests.iter();
        requests
            .filter(|request| request.method == method && fits(&request.path))
            .count()
    };
    (of("POST", "attempts"), of("GET", ""))
}

/// Webhooks that reached nobody: a comment each fourth, a push each fourth, else what Actions tells of its jobs.
async fn outage(app: &App, number: u64, count: usize) {
    app.say(number, "alice", "nothing to do").await;
    let sent = app.github.deliveries();
    let comment = sent.iter().rfind(|record| record.event == "issue_comment");
    let comment = comment.expect("a comment").payload();
    let event = |index: usize| match index % 4 {
        0 => ("issue_comment", Some("created")),
        1 => ("push", None),
        2 => ("workflow_job", Some("queued")),
        _ => ("check_run", Some("completed")),
    };
    let events = (0..count).map(|index| {
        let (event, action) = event(index);
        (event.to_owned(), action.map(str::to_owned), comment.clone())
    });
    let logged = app
        .github
        .log_failed_deliveries("acme/shop", events.collect());
    logged.expect("the repository is there");
}

/// An hour in which so many webhooks reached nobody, a quarter of them people's words. Answers the sweeps (one a minute)
/// until all of those are asked for, the redeliveries and the pages of GitHub's list.
async fn made_up_for(count: usize) -> (usize, usize, usize) {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.sweep().await;
    app.pass(3600);
    outage(&app, number, count).await;
    let before = asked(&app);
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    let commit = app.push(&[("web/main.txt", Some("two\n"))], "During the outage");
    app.sweep().await;
    let checks = app.checks(&commit);
    assert!(
        checks.contains("ocuroot / web"),
        "it was looked at: {checks}"
    );
    let mut sweeps = 1;
    while asked(&app).0 - before.0 < count / 4 {
        app.pass(60);
        app.sweep().await;
        sweeps += 1;
        assert!(sweeps < 100, "the words of people are not all asked for");
    }
    let pages = asked(&app).1 - before.1;
    app.pass(3600);
    app.sweep().await;
    assert_eq!(
        asked(&app).0 - before.0,
        count / 4,
        "nothing else, and each once"
    );
    assert_eq!(app.worker.recovery.now().deliveries_given_up, 0);
    app.play(succeed).await;
    app.finish().await;
    (sweeps, count / 4, pages)
}

#[tokio::test]
async fn pain_1_an_outage_is_made_up_for_with_what_nobody_else_can_tell_and_one_look_at_the_rest() {
    let (sweeps, _, pages) = made_up_for(2400).await;
    assert!(sweeps <= 5, "{sweeps} minutes");
    assert!(pages <= 6 * 24, "{pages} pages");
}

#[tokio::test]
#[ignore = "ten thousand webhooks take a while; docs/performance.md has the numbers"]
async fn ten_thousand_missed_webhooks() {
    let start = std::time::Instant::now();
    let (sweeps, redeliveries, pages) = made_up_for(10_000).await;
    println!(
        "{sweeps} sweeps, {redeliveries} redeliveries, {pages} pages, {} s",
        start.elapsed().as_secs()
    );
}

#[tokio::test]
async fn pain_1_a_sweep_stays_within_what_github_grants_an_app_and_goes_on_where_it_stopped() {
    let app = shop("").await;
    let number = proposed(&app).await;
    outage(&app, number, 1200).await;
    // The list cannot be read to its end at once.
    let faults = app.github.faults();
    for _ in 0..3 {
        faults.requests(
            "GET",
            "/app/hook/deliveries",
            1,
            RequestFault::SecondaryLimit(60),
        );
        app.sweep().await;
        app.pass(60);
    }
    let before = asked(&app).0;
    app.sweep().await;
    let most = asked(&app).0 - before;
    assert!(
        (100..=160).contains(&most),
        "{most} redeliveries in one sweep"
    );
    for _ in 0..5 {
        app.pass(60);
        app.sweep().await;
    }
    assert_eq!(asked(&app).0 - before, 300, "each once");
    app.finish().await;
}

#[tokio::test]
async fn pain_1_what_github_cannot_deliver_again_is_given_up_visibly_and_looked_at_instead() {
    let app = shop("").await;
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Fail);
    let commit = app.push(&[("api/main.txt", Some("two\n"))], "Lost");
    app.settle().await;
    faults.requests(
        "POST",
        "/app/hook/deliveries/*/attempts",
        9,
        RequestFault::NotFound,
    );
    app.sweep().await;
    let counts = app.worker.recovery.now();
    assert_eq!(
        (counts.deliveries_asked_again, counts.deliveries_given_up),
        (0, 1)
    );
    app.pass(60);
    app.sweep().await;
    assert_eq!(app.worker.recovery.now().deliveries_given_up, 1, "once");
    app.play(succeed).await;
    assert!(app.checks(&commit).contains("ocuroot / api | success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_1_a_redelivery_that_does_not_come_is_asked_for_again_after_a_while_not_every_minute()
{
    let app = shop("").await;
    let number = proposed(&app).await;
    app.github
        .faults()
        .deliveries(Some("issue_comment"), 1, DeliveryFault::Fail);
    app.github
        .comment("acme/shop", number, "alice", "/ocuroot status")
        .unwrap();
    app.github.deliver_all().await;
    for _ in 0..15 {
        app.worker.sweep().await.unwrap();
        app.github.faults().discard_pending_deliveries();
        app.pass(60);
    }
    assert_eq!(asked(&app).0, 2, "at once, and after ten minutes");
    app.pass(3600);
    app.sweep().await;
    assert!(
        app.last_words(number)
            .contains("Nothing of this pull request")
    );
    app.finish().await;
}

#[tokio::test]
async fn pain_1_a_person_can_have_everything_looked_at_now() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.sweep().await;
    app.say(number, "alice", "/ocuroot sync").await;
    let nothing = app.last_words(number);
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    faults.deliveries(Some("pull_request"), 1, DeliveryFault::Vanish);
    app.push(&[("web/main.txt", Some("two\n"))], "Forgotten");
    let other = app.propose_on("other", &[("api/main.txt", "three\n")]);
    faults.deliveries(Some("issue_comment"), 1, DeliveryFault::Fail);
    app.github
        .comment("acme/shop", other, "bob", "/ocuroot status")
        .unwrap();
    app.settle().await;
    app.say(number, "alice", "/ocuroot sync").await;
    let found = app.last_words(number);
    assert!(
        app.last_words(other)
            .contains("Nothing of this pull request")
    );
    app.say(number, "rita", "/ocuroot sync").await;
    let refused = app.last_words(number);
    insta::assert_snapshot!([nothing, found, refused].join("\n---\n"));
    app.play(succeed).await;
    app.finish().await;
}

#[tokio::test]
async fn pain_2_everything_that_arrives_twice_changes_nothing() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let (end, writes) = (app.end(), app.writes());
    let keys: Vec<String> = app
        .github
        .deliveries()
        .iter()
        .map(|it| it.guid.clone())
        .collect();
    for key in keys.iter().rev() {
        app.github.redeliver(key);
    }
    app.settle().await;
    assert_eq!((app.end(), app.writes()), (end, writes));
    app.finish().await;
}

#[tokio::test]
async fn pain_7_a_check_that_github_shows_in_progress_though_its_release_is_over_is_written_again()
{
    let app = App::with_shop().await;
    let mut files = files();
    files.retain(|(path, _)| *path != "api/release.ocu.star");
    files.push(("api/release.ocu.star", Some(PACKAGE)));
    let commit = app.push(&files, "Release");
    app.play(succeed).await;
    let check = app.check(&commit, "ocuroot / api");
    // As if our last write had been lost behind GitHub's back.
    app.github.reopen_check_run("acme/shop", check.id).unwrap();
    assert!(app.checks(&commit).contains("ocuroot / api | in_progress"));
    app.pass(HALF_AN_HOUR);
    app.sweep().await;
    assert!(app.checks(&commit).contains("ocuroot / api | success"));
    assert_eq!(app.worker.recovery.now().checks_rewritten, 1);
    // Once it is right it is not asked about again.
    let reads = |app: &App| {
        let requests = app.github.requests();
        let requests = requests.iter();
        requests
            .filter(|request| {
                request.class == RequestClass::Read && request.path.ends_with("/check-runs")
            })
            .count()
    };
    app.pass(HALF_AN_HOUR);
    app.sweep().await;
    let before = reads(&app);
    app.pass(HALF_AN_HOUR);
    app.sweep().await;
    assert_eq!(reads(&app), before);
    app.finish().await;
}

#[tokio::test]
async fn pain_7_every_check_says_the_truth_in_the_end_though_half_of_all_writes_fail() {
    let app = App::with_shop().await;
    let faults = app.github.faults();
    for _ in 0..20 {
        faults.requests("POST", "*/check-runs", 1, RequestFault::ServerError);
        faults.requests("PATCH", "*/check-runs/*", 1, RequestFault::LoseAnswer);
    }
    let commit = app.push(&files(), "Begin");
    for _ in 0..60 {
        app.play(succeed).await;
        app.pass(300);
    }
    let checks = app.github.check_runs("acme/shop", &commit);
    let ours = checks.iter().filter(|check| check.app == CheckApp::Ours);
    assert!(ours.clone().all(|check| check.status == "completed"));
    let mut names: Vec<&String> = ours.map(|check| &check.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "none is there twice");
    app.finish().await;
}

#[tokio::test]
async fn pain_11_what_ended_while_nobody_was_here_is_recorded_within_one_sweep() {
    let mut app = App::with_shop().await;
    let commit = app.push(&files(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let job = app.claim_all(&run).await.remove(0);
    app.settle().await;
    app.sweep().await;
    // Four days: longer than GitHub keeps what it could not deliver.
    let faults = app.github.faults();
    faults.deliveries(None, 99, DeliveryFault::Vanish);
    app.pass(4 * 24 * 3600);
    app.github.complete_workflow_run(run.id, "failure").unwrap();
    let missed = app.push(&[("api/main.txt", Some("two\n"))], "Nobody was here");
    let number = app.propose(&[("api/main.txt", "three\n")]);
    let said = app
        .github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging");
    let said = said.unwrap();
    faults.clear();
    app.crash().await;
    app.sweep().await;
    assert!(
        app.checks(&commit).contains("r1 failed"),
        "{}",
        app.checks(&commit)
    );
    assert!(app.checks(&missed).contains("r2 is running"));
    assert!(app.checks(&app.head(number)).contains("ocuroot"));
    // What was asked for so long ago is not done unasked, but not passed over in silence either.
    assert_eq!(app.reactions(said), "confused");
    let comments = app.github.comments("acme/shop", number);
    let is_told = |words: &str| words.contains("say it again if you still want it");
    assert!(comments.iter().any(|comment| is_told(&comment.body)));
    assert_eq!(
        app.report(&job, &done(json!({}))).await,
        202,
        "accepted, and too late"
    );
    app.play(succeed).await;
    app.finish().await;
}
