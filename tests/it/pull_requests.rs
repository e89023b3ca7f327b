//! What pull requests and merge groups show, and what becomes of them.

use ocuroot::simulator::NewPullRequest;

use crate::harness::repositories::{API, shop};
use crate::harness::{App, succeed};

async fn released() -> App {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    app
}

#[tokio::test]
async fn a_pull_request_shows_what_merging_it_would_release() {
    let app = released().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    assert!(app.queued().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn errors_in_the_configuration_are_annotated_on_their_lines() {
    let app = released().await;
    let broken = API.replace("host.shell(\"make\")", "host.shel(\"make\")");
    let broken = format!("{broken}\nphase(\"more\", tasks=[task(3, name=\"odd\")])\n");
    let number = app.propose(&[("api/release.ocu.star", &broken)]);
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn a_pull_request_that_changes_nothing_watched_concludes() {
    let app = released().await;
    let number = app.propose(&[("README.md", "# Shop\n")]);
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn a_draft_is_previewed_and_a_later_commit_at_its_own_head() {
    let app = released().await;
    let new = NewPullRequest {
        branch: "draft".to_owned(),
        files: vec![("api/main.txt".to_owned(), Some("two\n".to_owned()))],
        user: "alice".to_owned(),
        draft: true,
        ..NewPullRequest::default()
    };
    let number = app.github.open_pull_request("acme/shop", new).unwrap();
    app.settle().await;
    let first = app.head(number);
    assert_eq!(
        app.checks(&first),
        "ocuroot | success | would release api\n"
    );
    let files = [("README.md", Some("# Shop\n"))];
    app.github
        .push_to_pull_request("acme/shop", number, &files, "More", "alice")
        .unwrap();
    app.github
        .ready_for_review("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    let second = app.head(number);
    assert_ne!(first, second);
    assert_eq!(
        app.checks(&second),
        "ocuroot | success | would release api\n"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_merge_group_concludes_on_its_own_commit_and_its_merge_is_released() {
    let app = released().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    let group = app
        .github
        .enqueue_merge_group("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    assert_eq!(
        app.checks(&group),
        "ocuroot | success | would release api\n"
    );
    let merged = app.merge(number);
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&merged));
    app.finish().await;
}

#[tokio::test]
async fn a_merge_group_with_a_broken_file_fails() {
    let app = released().await;
    let number = app.propose(&[("api/release.ocu.star", "ocuroot(\"0.3.0\")\nphase(\n")]);
    let group = app
        .github
        .enqueue_merge_group("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    assert_eq!(
        app.check(&group, "ocuroot").conclusion.as_deref(),
        Some("failure")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_force_push_to_the_default_branch_releases_what_is_there_now() {
    let app = released().await;
    app.push(&[("api/main.txt", Some("two\n"))], "Change the API");
    app.play(succeed).await;
    let files = [("api/main.txt", Some("three\n"))];
    let commit = app
        .github
        .force_push("acme/shop", "main", &files, "Change it otherwise", "alice")
        .unwrap();
    app.play(succeed).await;
    insta::assert_snapshot!(app.checks(&commit));
    app.finish().await;
}

#[tokio::test]
async fn a_repository_without_settings_is_left_alone() {
    let app = App::with_shop().await;
    let commit = app.push(&[("README.md", Some("# Shop\n"))], "Begin");
    let number = app.propose(&[("api/release.ocu.star", API)]);
    app.settle().await;
    assert_eq!(app.checks(&commit) + &app.checks(&app.head(number)), "");
    app.finish().await;
}

#[tokio::test]
async fn a_check_that_is_asked_for_again_is_worked_out_again_with_each_remark_once() {
    let app = released().await;
    let broken = API.replace("host.shell(\"make\")", "host.shel(\"make\")");
    let number = app.propose(&[("api/release.ocu.star", &format!("{broken}\nodd(1)\n"))]);
    app.settle().await;
    let head = app.head(number);
    let before = app.check(&head, "ocuroot");
    app.github
        .rerequest_check_run("acme/shop", before.id, "alice")
        .unwrap();
    app.settle().await;
    let after = app.check(&head, "ocuroot");
    assert!(after.writes > before.writes, "it is written again");
    assert_eq!(after.annotations, before.annotations);
    app.finish().await;
}

#[tokio::test]
async fn all_checks_that_are_asked_for_again_are_written_again() {
    let app = released().await;
    let commit = app.github.branch_tip("acme/shop", "main").unwrap();
    let before = app.github.check_runs("acme/shop", &commit);
    app.github
        .rerequest_check_suite("acme/shop", before[0].suite, "alice")
        .unwrap();
    app.settle().await;
    let after = app.github.check_runs("acme/shop", &commit);
    let not_written: Vec<&str> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| after.writes == before.writes)
        .map(|(before, _)| before.name.as_str())
        .collect();
    assert_eq!(not_written, Vec::<&str>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_step_whose_check_is_asked_for_again_says_again_how_it_stands() {
    let app = released().await;
    let commit = app.github.branch_tip("acme/shop", "main").unwrap();
    let before = app.check(&commit, "ocuroot / api / build");
    app.github
        .rerequest_check_run("acme/shop", before.id, "alice")
        .unwrap();
    app.settle().await;
    let after = app.check(&commit, "ocuroot / api / build");
    assert!(after.writes > before.writes, "GitHub has reset it");
    app.finish().await;
}

#[tokio::test]
async fn a_preview_that_says_nothing_new_is_not_written_again() {
    let app = released().await;
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    let before = app.check(&app.head(number), "ocuroot").writes;
    app.github
        .close_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.github
        .reopen_pull_request("acme/shop", number, "alice")
        .unwrap();
    app.settle().await;
    let after = app.check(&app.head(number), "ocuroot").writes;
    assert_eq!(before, after, "it says the same, so nothing is written");
    app.finish().await;
}
