//! `/ocuroot …` in comments.

use crate::harness::repositories::{API, shop};
use crate::harness::{App, failed, succeed};

const HEAD: &[(&str, &str)] = &[("api/main.txt", "two\n")];

/// `acme/shop` with a first release that waits for its approval, and a pull request that changes the package.
async fn proposed() -> (App, u64) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose(HEAD);
    app.settle().await;
    (app, number)
}

#[tokio::test]
async fn help_is_shown_to_whoever_can_read() {
    let (app, number) = proposed().await;
    app.github
        .set_permission("acme/shop", "rita", "read")
        .unwrap();
    app.say(number, "rita", "/ocuroot help").await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn status_tells_how_the_releases_of_the_pull_request_stand() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot status").await;
    app.merge(number);
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot status").await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn deploy_releases_the_head_of_the_pull_request_up_to_the_environment() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.checks(&app.head(number)));
    insta::assert_snapshot!(app.deployments(), @r"
    staging api r1 inactive
    staging api r2 success
    ");
    app.finish().await;
}

#[tokio::test]
async fn deploy_to_production_goes_through_the_approval() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot deploy production").await;
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.checks(&app.head(number)));
    app.finish().await;
}

#[tokio::test]
async fn a_second_deploy_of_the_same_head_goes_farther_with_the_same_release() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let before = app.github.workflow_runs().len();
    app.say(
        number,
        "alice",
        "/ocuroot deploy production\n/ocuroot approve",
    )
    .await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), before + 1, "production");
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_only_read_runs_nothing() {
    let (app, number) = proposed().await;
    app.github
        .set_permission("acme/shop", "rita", "read")
        .unwrap();
    let before = app.github.workflow_runs().len();
    let words = "/ocuroot deploy staging\n/ocuroot approve\n/ocuroot retry";
    let comment = app.say(number, "rita", words).await;
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), before);
    assert_eq!(app.reactions(comment), "confused");
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn a_right_that_was_taken_away_before_the_command_is_heard_is_gone() {
    let (app, number) = proposed().await;
    let comment = app
        .github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    app.github
        .set_permission("acme/shop", "alice", "triage")
        .unwrap();
    app.settle().await;
    assert_eq!(app.reactions(comment), "confused");
    assert!(app.queued().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn talk_about_commands_is_no_command() {
    let (app, number) = proposed().await;
    let talk = [
        "> /ocuroot deploy staging",
        "```\n/ocuroot deploy staging\n```",
        "try `/ocuroot deploy staging`",
        "<!--\n/ocuroot deploy staging\n-->",
    ];
    for words in talk {
        app.say(number, "alice", words).await;
    }
    let comment = app.say(number, "alice", "Looks good").await;
    let edited = "/ocuroot deploy staging";
    app.github
        .edit_comment("acme/shop", comment, "alice", edited)
        .unwrap();
    app.settle().await;
    assert!(app.queued().is_empty());
    let comments = app.github.comments("acme/shop", number);
    let people = comments.iter().filter(|comment| comment.user == "alice");
    assert_eq!(people.count(), talk.len() + 1);
    assert_eq!(
        comments.len(),
        talk.len() + 2,
        "nothing is answered; one comment shows how things stand"
    );
    assert!(comments.iter().all(|comment| comment.reactions.is_empty()));
    app.finish().await;
}

#[tokio::test]
async fn bots_and_the_app_itself_give_no_commands() {
    let (app, number) = proposed().await;
    app.github
        .set_permission("acme/shop", "renovate[bot]", "admin")
        .unwrap();
    app.say(number, "renovate[bot]", "/ocuroot deploy staging")
        .await;
    let id = app.github.installation_id("acme/shop").unwrap();
    let ourselves = app.worker.github.installation(id as i64);
    ourselves
        .create_comment(
            &"acme/shop".parse().unwrap(),
            number as i64,
            "/ocuroot deploy staging",
        )
        .await
        .unwrap();
    app.settle().await;
    assert!(app.queued().is_empty());
    let comments = app.github.comments("acme/shop", number);
    assert!(comments.iter().all(|comment| comment.reactions.is_empty()));
    app.finish().await;
}

#[tokio::test]
async fn an_issue_is_no_place_for_commands() {
    let (app, _) = proposed().await;
    let issue = app
        .github
        .open_issue("acme/shop", "Broken", "alice")
        .unwrap();
    app.say(issue, "alice", "/ocuroot help").await;
    insta::assert_snapshot!(app.conversation(issue), @r"
    @alice
    /ocuroot help
    ---
    ");
    app.finish().await;
}

#[tokio::test]
async fn every_command_of_a_comment_is_carried_out_though_one_is_mistyped() {
    let (app, number) = proposed().await;
    let words =
        "Let's see.\n/ocuroot depoly production\n/ocuroot deploy staging\n/ocuroot frobnicate";
    let comment = app.say(number, "alice", words).await;
    assert_eq!(app.queued().len(), 1, "the build of staging");
    assert_eq!(app.reactions(comment), "confused");
    app.play(succeed).await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_environment_or_package_is_answered_with_those_there_are() {
    let (app, number) = proposed().await;
    let words = "/ocuroot deploy staging web\n/ocuroot deploy prod\n/ocuroot approve --package web\n/ocuroot deploy";
    app.say(number, "alice", words).await;
    assert!(app.queued().is_empty());
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn a_package_that_is_named_where_an_environment_belongs_is_called_one() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let words = "/ocuroot approve api\n/ocuroot deploy api\n/ocuroot promote api staging\n/ocuroot reject web --reason x";
    app.say(number, "alice", words).await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    There is no environment `api`: `api` is a package. To name a package without an environment, write `--package api`.

    There is no environment `api`: `api` is a package. Environments come before packages: `/ocuroot deploy <environments> [package…]`.

    There is no environment `api`: `api` is a package. Environments come before packages: `/ocuroot promote <from> <to-environments> [package…]`.

    There is no environment `web`. There are: `production`, `staging`.
    ");
    app.finish().await;
}

#[tokio::test]
async fn values_are_set_for_the_packages_that_are_named() {
    let app = App::with_shop().await;
    let mut files = shop();
    files.push(("web/release.ocu.star", Some(API)));
    files.push(("web/main.txt", Some("one\n")));
    app.push(&files, "Begin");
    app.play(succeed).await;
    let number = app.propose(&[("api/main.txt", "two\n"), ("web/main.txt", "two\n")]);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot set size=1 --package web")
        .await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    Set: `github.com/acme/shop/-/web/release.ocu.star/@r2/custom/size`.
    ");
    app.say(
        number,
        "alice",
        "/ocuroot unset size --package web --release r1",
    )
    .await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    Taken away: `github.com/acme/shop/-/web/release.ocu.star/@r1/custom/size`.
    ");
    app.say(number, "alice", "/ocuroot set size=1 --release r1")
        .await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    Which package's r1? Name one, such as `--package api`: releases are numbered by package.
    ");
    app.finish().await;
}

#[tokio::test]
async fn a_failed_step_is_tried_again_on_demand() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(|run, inputs| match run {
        run if run.ends_with("task/build/1") => failed("no compiler"),
        run => succeed(run, inputs),
    })
    .await;
    app.say(number, "alice", "/ocuroot retry api").await;
    app.play(succeed).await;
    app.say(number, "alice", "/ocuroot retry").await;
    insta::assert_snapshot!(app.conversation(number));
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn there_is_nothing_to_approve_or_retry_before_a_release() {
    let (app, number) = proposed().await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.say(number, "alice", "/ocuroot retry").await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_deployed_from_a_closed_pull_request_or_a_broken_file() {
    let (app, number) = proposed().await;
    let broken = API.replace("def down", "def donw");
    let files = [("api/release.ocu.star", Some(broken.as_str()))];
    app.github
        .push_to_pull_request("acme/shop", number, &files, "Break it", "alice")
        .unwrap();
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.github
        .close_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.say(number, "alice", "/ocuroot deploy staging").await;
    assert!(app.queued().is_empty());
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn a_pull_request_that_no_package_watches_deploys_nothing() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose(&[("README.md", "# Shop\n")]);
    app.say(number, "alice", "/ocuroot deploy staging").await;
    assert!(app.queued().is_empty());
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn a_command_whose_comment_was_deleted_meanwhile_is_carried_out_quietly() {
    let (app, number) = proposed().await;
    let comment = app
        .github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    app.github
        .delete_comment("acme/shop", comment, "alice")
        .unwrap();
    app.settle().await;
    assert_eq!(app.queued().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_head_that_moved_after_the_command_was_given_is_not_deployed_unseen() {
    let (app, number) = proposed().await;
    app.github
        .comment("acme/shop", number, "alice", "/ocuroot deploy staging")
        .unwrap();
    let evil = [("api/main.txt", Some("evil\n"))];
    app.github
        .push_to_pull_request("acme/shop", number, &evil, "Sneak in", "mallory")
        .unwrap();
    app.settle().await;
    assert!(app.queued().is_empty());
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn where_tells_what_is_deployed_where() {
    let (app, number) = proposed().await;
    app.pass(3 * 3600);
    app.say(number, "alice", "/ocuroot where").await;
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}
