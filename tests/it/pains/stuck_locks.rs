//! Pain 8: locks that stay. Pain 9: being refused instead of queued.

use ocuroot::simulator::{DeliveryFault, MergeMethod};

use super::{proposed, shop};
use crate::harness::succeed;

#[tokio::test]
async fn pain_08_a_merged_pull_request_holds_nothing() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.github
        .merge_pull_request("acme/shop", number, MergeMethod::Squash, "bob")
        .unwrap();
    app.play(succeed).await;
    app.say(number, "bob", "/ocuroot why staging api").await;
    insta::assert_snapshot!(app.last_words(number));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn pain_08_unlock_frees_whatever_blocks_and_says_what_that_was() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let words = "/ocuroot lock staging --reason \"a load test\" --for 2h\n/ocuroot unlock staging";
    app.say(number, "bob", words).await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.last_words(number));
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn pain_08_a_lock_ends_by_itself_and_what_waited_goes_on() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let lock = "/ocuroot lock staging --reason \"a load test\" --for 2h";
    app.say(number, "bob", lock).await;
    app.push(&[("api/main.txt", Some("three\n"))], "Go on");
    app.play(succeed).await;
    assert!(!app.deployments().contains("staging api r2"));
    app.say(number, "bob", "/ocuroot why staging api").await;
    insta::assert_snapshot!(app.last_words(number));
    app.pass(2 * 3600);
    app.play(succeed).await;
    assert!(app.deployments().contains("staging api r2 success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_08_a_pull_request_whose_closing_nobody_told_gives_back_all_the_same() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.github
        .faults()
        .deliveries(Some("pull_request"), 1, DeliveryFault::Vanish);
    app.github
        .close_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    app.pass(3600);
    app.sweep().await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn pain_09_who_comes_second_waits_in_line_and_is_told_for_whom() {
    let app = shop("").await;
    let first = proposed(&app).await;
    let second = app.propose_on("other", &[("api/main.txt", "three\n")]);
    app.say(first, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.pass(240);
    app.say(second, "bob", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(second));
    app.github
        .close_pull_request("acme/shop", first, "alice")
        .unwrap();
    app.play(succeed).await;
    insta::assert_snapshot!(app.deployments());
    app.finish().await;
}

#[tokio::test]
async fn pain_09_twelve_wait_and_each_has_its_turn_in_the_order_of_asking() {
    let app = shop("").await;
    let mut numbers = Vec::new();
    for index in 0..12 {
        let text = format!("{index}\n");
        let branch = format!("change-{index}");
        let number = app.propose_on(&branch, &[("api/main.txt", text.as_str())]);
        app.settle().await;
        app.pass(1);
        app.say(number, "alice", "/ocuroot deploy staging").await;
        numbers.push(number);
    }
    let mut turns = Vec::new();
    for number in &numbers {
        app.play(succeed).await;
        turns.push(app.holder("api", "staging").await);
        app.github
            .close_pull_request("acme/shop", *number, "alice")
            .unwrap();
    }
    app.play(succeed).await;
    assert_eq!(
        turns,
        numbers
            .iter()
            .map(|number| Some(*number))
            .collect::<Vec<_>>()
    );
    assert_eq!(app.holder("api", "staging").await, None);
    app.finish().await;
}

#[tokio::test]
async fn a_lock_that_is_given_an_end_later_lets_go_then() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let lock = "/ocuroot lock staging --reason \"a test\"";
    app.say(number, "alice", lock).await;
    app.push(&[("api/main.txt", Some("two\n"))], "Change the API");
    app.play(succeed).await;
    app.say(number, "alice", &format!("{lock} --for 5m")).await;
    app.pass(301);
    app.play(succeed).await;
    let live = app.deployments();
    assert!(live.contains("production api r2 success"), "{live}");
    app.finish().await;
}
