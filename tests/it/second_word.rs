//! Commands that are only looked at, or that want a second word.

use crate::harness::succeed;
use crate::pains::{proposed, shop, sneak};

const CONFIRM: &str = r#"protect(["production"], confirm=True, pull_requests=True)"#;

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let dry = "/ocuroot deploy staging --dry-run";
    app.say(number, "alice", dry).await;
    insta::assert_snapshot!(app.last_words(number));
    assert!(app.queued().is_empty());
    assert_eq!(app.holder("api", "staging").await, None);
    app.say(number, "rita", dry).await;
    assert!(app.last_words(number).contains("needs write permission"));
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_of_a_rollback_names_the_release_that_would_come_back() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    let dry = "/ocuroot rollback production api --dry-run --reason \"is it r1?\"";
    app.say(number, "bob", dry).await;
    insta::assert_snapshot!(app.last_words(number));
    assert!(app.queued().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn where_it_is_asked_for_a_command_is_done_after_its_second_word() {
    let app = shop(CONFIRM).await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy production").await;
    insta::assert_snapshot!(app.last_words(number));
    assert!(app.queued().is_empty());
    app.say(number, "bob", "/ocuroot confirm").await;
    assert!(
        app.queued().is_empty(),
        "another person's word is no second one"
    );
    app.say(number, "alice", "/ocuroot confirm").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r2 success"));
    app.say(number, "alice", "/ocuroot confirm").await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    @alice, no command of yours waits to be confirmed here. A command waits for ten minutes; give it again.
    ");
    app.finish().await;
}

#[tokio::test]
async fn a_second_word_comes_too_late_after_ten_minutes_or_a_push() {
    let app = shop(CONFIRM).await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy production").await;
    app.pass(601);
    app.say(number, "alice", "/ocuroot confirm").await;
    app.say(number, "alice", "/ocuroot deploy production").await;
    sneak(&app, number);
    app.say(number, "alice", "/ocuroot confirm").await;
    app.play(succeed).await;
    assert!(!app.deployments().contains("production api r2"));
    app.finish().await;
}

#[tokio::test]
async fn promote_brings_exactly_what_is_live() {
    let app = shop(r#"protect(["production"], queue="manual")"#).await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    assert!(!app.deployments().contains("production"));
    app.say(number, "bob", "/ocuroot promote staging production api")
        .await;
    app.play(succeed).await;
    assert!(app.deployments().contains("production api r2 success"));
    assert!(!app.deployments().contains("production web"));
    app.say(number, "bob", "/ocuroot promote staging production")
        .await;
    insta::assert_snapshot!(app.last_words(number));
    app.finish().await;
}

#[tokio::test]
async fn a_rejected_release_goes_no_farther() {
    let app = shop(r#"protect(["production"], approvals=1)"#).await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    let words = "/ocuroot reject production --reason \"the numbers look wrong\"";
    app.say(number, "bob", words).await;
    app.say(number, "carol", "/ocuroot approve production")
        .await;
    app.play(succeed).await;
    assert!(!app.deployments().contains("production api r2"));
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn values_are_set_for_the_releases_of_the_pull_request() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.merge(number);
    app.play(succeed).await;
    let words = "/ocuroot set region=\"eu-1\" replicas=3\n/ocuroot unset region";
    app.say(number, "bob", words).await;
    insta::assert_snapshot!(app.last_words(number));
    app.finish().await;
}
