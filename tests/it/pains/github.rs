//! GitHub's surface: merging and deploying that wait for each other, and noise.

use ocuroot::simulator::MergeMethod;

use super::{proposed, shop};
use crate::harness::succeed;

#[tokio::test]
async fn pain_20_what_cannot_be_merged_yet_can_be_deployed() {
    let app = shop("").await;
    let number = proposed(&app).await;
    // It conflicts with what was pushed since, so GitHub would not merge it; deploying asks for nothing of the kind.
    app.push(&[("api/main.txt", Some("other\n"))], "Meanwhile");
    app.play(succeed).await;
    let merged = app
        .github
        .merge_pull_request("acme/shop", number, MergeMethod::Merge, "alice");
    assert!(merged.is_err());
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("staging api r3 success"));
    app.finish().await;
}

#[tokio::test]
async fn pain_22_one_comment_is_kept_up_to_date_and_the_rest_are_answers() {
    let app = shop("").await;
    let number = proposed(&app).await;
    for index in 0..5 {
        let text = format!("{index}\n");
        let files = [("api/main.txt", Some(text.as_str()))];
        app.github
            .push_to_pull_request("acme/shop", number, &files, "Try again", "alice")
            .unwrap();
        app.settle().await;
    }
    assert_eq!(app.github.comments("acme/shop", number).len(), 1);
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.merge(number);
    app.play(succeed).await;
    let comments = app.github.comments("acme/shop", number);
    let ours = comments.iter().filter(|comment| comment.user != "alice");
    assert_eq!(ours.count(), 2, "the overview, and how `deploy` ended");
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn pain_22_the_comment_is_found_again_though_we_have_lost_it_or_somebody_deleted_it() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let ours = app.github.comments("acme/shop", number)[0].id;
    app.github
        .delete_comment("acme/shop", ours, "alice")
        .unwrap();
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let comments = app.github.comments("acme/shop", number);
    let overviews = comments
        .iter()
        .filter(|comment| comment.body.contains("ocuroot:pull-request"));
    assert_eq!(overviews.count(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_merged_change_is_followed_to_wherever_a_later_release_carries_it() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let lock = "/ocuroot lock production --reason \"a launch\"";
    app.say(number, "bob", lock).await;
    app.merge(number);
    app.play(succeed).await;
    app.push(&[("api/main.txt", Some("three\n"))], "Go on");
    app.play(succeed).await;
    app.pass(60);
    app.say(number, "bob", "/ocuroot unlock production").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.first_words(number));
    app.finish().await;
}
