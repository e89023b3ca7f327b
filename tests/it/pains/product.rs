//! What people ask other tools for: freezes, rollbacks that stay, independent promotions, plans that are never stale,
//! environments that are never orphaned, a history, and several environments in one comment.

use super::{PACKAGE, proposed, shop};
use crate::harness::{App, failed, succeed};

/// What is deployed of the API, one environment a line.
fn api(app: &App) -> String {
    let deployments = app.deployments();
    let lines = deployments.lines().filter(|line| line.contains(" api "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn pain_26_a_freeze_in_code_holds_what_has_not_begun_until_its_end() {
    // The story begins on Monday, 2026-11-23, at 09:00 UTC.
    let freeze = r#"freeze([{"type": "prod"}], ["2026-11-23..2026-11-24 UTC"], "the launch")"#;
    let app = shop(freeze).await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot why production").await;
    insta::assert_snapshot!(app.last_words(number));
    assert!(!app.deployments().contains("production"));
    app.pass(2 * 24 * 3600);
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r1 success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_26_stopping_the_line_needs_a_reason_and_a_fire_goes_past_it() {
    let app = shop(r#"protect(["production"])"#).await;
    let number = proposed(&app).await;
    app.say(number, "bob", "/ocuroot freeze production").await;
    app.say(
        number,
        "bob",
        "/ocuroot freeze production --reason incident",
    )
    .await;
    app.merge(number);
    app.play(succeed).await;
    assert!(!app.deployments().contains("production api r2"));
    let fire = "/ocuroot deploy production --break-glass --reason \"the fix\"";
    app.say(number, "bob", fire).await;
    app.say(number, "root", fire).await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r2 success"));
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn pain_27_a_rollback_stays_whatever_is_pushed_until_it_is_lifted() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    app.say(
        number,
        "bob",
        "/ocuroot rollback production api --reason \"it is slow\"",
    )
    .await;
    app.play(succeed).await;
    app.push(&[("api/main.txt", Some("three\n"))], "Go on");
    app.play(succeed).await;
    insta::assert_snapshot!(api(&app), @"
    staging api r1 inactive
    production api r1 inactive
    staging api r2 inactive
    production api r2 inactive
    production api r1 success
    staging api r3 success
    ");
    app.say(number, "bob", "/ocuroot why production api").await;
    insta::assert_snapshot!(app.last_words(number));
    app.say(number, "bob", "/ocuroot unpin production api")
        .await;
    app.play(succeed).await;
    assert!(api(&app).contains("production api r3 success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_27_a_rollback_repeats_what_was_done_with_the_inputs_it_had() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    app.say(
        number,
        "bob",
        "/ocuroot rollback production api --reason slow",
    )
    .await;
    let run = app.queued().into_iter().next().expect("a job");
    app.github.start_workflow_run(run.id).unwrap();
    let job = app.claim_all(&run).await.remove(0);
    assert_eq!(
        job.run.rsplit_once("/@").unwrap().1,
        "r1/deploy/production/2"
    );
    assert_eq!(job.assignment["inputs"]["image"], "api:1");
    app.report(&job, &succeed(&job.run, &job.assignment)).await;
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.finish().await;
}

#[tokio::test]
async fn pain_28_one_package_that_fails_stops_no_other() {
    let app = shop("").await;
    let files = [
        ("api/main.txt", Some("two\n")),
        ("web/main.txt", Some("two\n")),
    ];
    app.push(&files, "Change both");
    app.play(|run, inputs| match run {
        run if run.contains("api") && run.contains("@r2/deploy/staging") => failed("no space"),
        run => succeed(run, inputs),
    })
    .await;
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn pain_29_an_approval_of_a_plan_that_changed_since_does_not_count() {
    let rules = r#"protect(["production"], approvals=1)"#;
    let app = shop(rules).await;
    let number = proposed(&app).await;
    app.merge(number);
    let lock = "/ocuroot lock production --reason \"not yet\"";
    app.say(number, "bob", lock).await;
    app.play(succeed).await;
    app.say(number, "bob", "/ocuroot approve production").await;
    let environments = format!(
        "{}\nprotect([\"production\"], approvals=1, soak=\"1m\")\n",
        crate::harness::repositories::ENVIRONMENTS
    );
    app.push(
        &[("environments.ocu.star", Some(environments.as_str()))],
        "Soak",
    );
    app.settle().await;
    app.say(number, "bob", "/ocuroot unlock production").await;
    app.pass(120);
    app.play(succeed).await;
    assert!(!app.deployments().contains("production api r2"));
    app.say(number, "bob", "/ocuroot approve production").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r2 success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_30_a_deployment_that_ends_after_the_pull_request_is_taken_back() {
    let app = shop("").await;
    let files = [
        ("batch/release.ocu.star", PACKAGE),
        ("batch/main.txt", "one\n"),
    ];
    let number = app.propose(&files);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    let build = app.queued().into_iter().next().expect("the build");
    app.github.start_workflow_run(build.id).unwrap();
    app.execute(&build, succeed).await;
    app.settle().await;
    let deploy = app.queued().into_iter().next().expect("the deployment");
    app.github.start_workflow_run(deploy.id).unwrap();
    let jobs = app.claim_all(&deploy).await;
    app.github
        .close_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    for job in jobs {
        app.report(&job, &succeed(&job.run, &job.assignment)).await;
    }
    app.github
        .complete_workflow_run(deploy.id, "success")
        .unwrap();
    app.play(succeed).await;
    let all = app.deployments();
    let of_batch: Vec<&str> = all.lines().filter(|line| line.contains("batch")).collect();
    assert_eq!(of_batch, ["staging batch r1 inactive"]);
    app.finish().await;
}

#[tokio::test]
async fn pain_31_who_did_what_and_why_is_on_record() {
    let app = shop(r#"protect(["production"], approvals=1)"#).await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot approve production")
        .await;
    app.say(number, "bob", "/ocuroot approve production").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.record(40).await);
    app.finish().await;
}

#[tokio::test]
async fn pain_35_several_environments_in_one_comment_are_held_all_or_none() {
    let app = shop("").await;
    let first = proposed(&app).await;
    let second = app.propose_on("other", &[("api/main.txt", "three\n")]);
    app.settle().await;
    app.say(first, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.say(second, "bob", "/ocuroot deploy staging,type=prod")
        .await;
    app.play(succeed).await;
    assert_eq!(
        app.holder("api", "production").await,
        None,
        "not without staging"
    );
    app.say(first, "alice", "/ocuroot undeploy staging").await;
    app.play(succeed).await;
    assert_eq!(app.holder("api", "production").await, Some(second));
    insta::assert_snapshot!(api(&app), @"
    staging api r1 inactive
    production api r1 inactive
    staging api r2 inactive
    staging api r3 success
    production api r3 success
    ");
    app.finish().await;
}
