//! Ways around what people may do, each shown to be closed.

use ocuroot::simulator::{MergeMethod, NewPullRequest};

use crate::harness::repositories::ENVIRONMENTS;
use crate::harness::{App, succeed};
use crate::pains::{PACKAGE, proposed, shop};

const SHOP: &str = "acme/shop";

/// Says it, and answers the reply.
async fn reply(app: &App, number: u64, person: &str, command: &str) -> String {
    app.say(number, person, command).await;
    app.last_words(number)
}

#[tokio::test]
async fn what_a_closed_pull_request_proposed_goes_nowhere_by_its_number() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.github
        .close_pull_request(SHOP, number, "alice")
        .unwrap();
    app.play(succeed).await;
    let before = app.deployments();
    let other = app.propose_on("other", &[("api/main.txt", "three\n")]);
    app.settle().await;
    for place in [number, other] {
        let words = reply(
            &app,
            place,
            "bob",
            "/ocuroot deploy production --release r2 --package api",
        );
        let words = words.await;
        assert!(words.contains("is over"), "{words}");
    }
    app.play(succeed).await;
    assert_eq!(app.deployments(), before);
    assert_eq!(app.holder("api", "production").await, None);
    app.finish().await;
}

#[tokio::test]
async fn what_a_merged_pull_request_left_somewhere_is_not_promoted() {
    let app = shop("protect([\"staging\"], queue=\"manual\", pull_requests=True)").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let squash = MergeMethod::Squash;
    app.github
        .merge_pull_request(SHOP, number, squash, "bob")
        .unwrap();
    app.play(succeed).await;
    let words = reply(
        &app,
        number,
        "bob",
        "/ocuroot promote staging production api",
    )
    .await;
    assert!(words.contains("is over"), "{words}");
    assert_eq!(app.holder("api", "production").await, None);
    app.finish().await;
}

#[tokio::test]
async fn an_older_head_goes_nowhere_by_its_number() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let files = [("api/main.txt", Some("three\n"))];
    app.github
        .push_to_pull_request(SHOP, number, &files, "More", "alice")
        .unwrap();
    app.settle().await;
    let words = reply(
        &app,
        number,
        "bob",
        "/ocuroot promote staging production api",
    )
    .await;
    assert!(words.contains("has moved"), "{words}");
    app.finish().await;
}

#[tokio::test]
async fn a_merge_into_another_branch_gives_back_what_was_held() {
    let app = shop("").await;
    app.github
        .push(
            SHOP,
            "next",
            &[("next.txt", Some("next\n"))],
            "Begin",
            "alice",
        )
        .unwrap();
    let new = NewPullRequest {
        title: "Change the API".to_owned(),
        branch: "change".to_owned(),
        base: "next".to_owned(),
        files: vec![("api/main.txt".to_owned(), Some("two\n".to_owned()))],
        user: "alice".to_owned(),
        ..NewPullRequest::default()
    };
    let number = app.github.open_pull_request(SHOP, new).unwrap();
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    let merge = MergeMethod::Merge;
    app.github
        .merge_pull_request(SHOP, number, merge, "bob")
        .unwrap();
    app.play(succeed).await;
    assert_eq!(app.holder("api", "staging").await, None);
    let live = app.deployments();
    let live: Vec<&str> = live
        .lines()
        .filter(|line| line.starts_with("staging api") && line.ends_with("success"))
        .collect();
    assert_eq!(live, ["staging api r1 success"]);
    app.finish().await;
}

/// Rules whose people stand in a file of their own.
const LOADING: &str = r#"
load("people.star", "APPROVERS")
protect(["production"], approve=APPROVERS, approvals=1)
"#;

#[tokio::test]
async fn what_a_fork_says_of_a_rules_file_changes_nothing_of_what_is_looked_at() {
    let app = shop("").await;
    let rules = format!("{ENVIRONMENTS}\n{LOADING}");
    let people = |names: &str| format!("APPROVERS = [{names}]\n");
    app.push(
        &[
            ("people.star", Some(people("\"@bob\"").as_str())),
            ("environments.ocu.star", Some(rules.as_str())),
        ],
        "Have bob approve",
    );
    app.play(succeed).await;
    // A stranger proposes that the file loads nothing.
    app.propose_as(&[("environments.ocu.star", ENVIRONMENTS)], "mallory", true);
    app.settle().await;
    let only_carol = people("\"@carol\"");
    app.push(
        &[("people.star", Some(only_carol.as_str()))],
        "Have carol approve",
    );
    app.push(&[("api/main.txt", Some("two\n"))], "Change the API");
    app.play(succeed).await;
    let number = proposed(&app).await;
    let words = reply(&app, number, "bob", "/ocuroot why production api").await;
    assert!(
        words.contains("@carol") && !words.contains("@bob\n"),
        "{words}"
    );
    app.finish().await;
}

#[tokio::test]
async fn what_a_pull_request_watches_changes_nothing_of_what_pushes_release() {
    let app = shop("").await;
    let watching = format!("{PACKAGE}\nwatch([\"nothing.txt\"])\n");
    let number = app.propose(&[("api/release.ocu.star", watching.as_str())]);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    app.github
        .close_pull_request(SHOP, number, "alice")
        .unwrap();
    app.play(succeed).await;
    app.push(&[("api/main.txt", Some("two\n"))], "Change the API");
    app.play(succeed).await;
    let live = app.deployments();
    assert!(live.contains("production api r3 success"), "{live}");
    app.finish().await;
}

#[tokio::test]
async fn a_repository_in_another_workspace_keeps_its_rules() {
    let app = shop("protect([\"production\"], approvals=2)").await;
    let store = &app.worker.store;
    let id = i64::try_from(app.github.repository_id(SHOP).unwrap()).unwrap();
    let known = store.repository(id).await.unwrap().unwrap();
    assert!(known.released_commit.is_some());
    let moved = store
        .put_repository(77, id, &known.name, &known.reference_name, "main")
        .await
        .unwrap();
    assert_eq!(moved.released_commit, None, "everything is looked at again");
    app.finish().await;
}

#[tokio::test]
async fn a_second_word_in_the_same_breath_is_none() {
    let app = shop("protect([\"staging\"], confirm=True, pull_requests=True)").await;
    let number = proposed(&app).await;
    let both = "/ocuroot deploy staging\n/ocuroot confirm";
    let words = reply(&app, number, "alice", both).await;
    assert!(words.contains("want a second word"), "{words}");
    assert!(app.queued().is_empty(), "{words}");
    app.play(succeed).await;
    assert_eq!(app.holder("api", "staging").await, None);
    // What it came to is there to be read now.
    app.say(number, "alice", "/ocuroot confirm").await;
    app.play(succeed).await;
    assert_eq!(app.holder("api", "staging").await, Some(number));
    app.finish().await;
}

#[tokio::test]
async fn ending_all_locks_of_a_repository_wants_a_second_word_too() {
    let app = shop("protect([\"staging\"], confirm=True)").await;
    let number = proposed(&app).await;
    let lock = "/ocuroot lock staging --reason \"a test\"";
    for command in [lock, "/ocuroot confirm"] {
        app.say(number, "alice", command).await;
    }
    let words = reply(&app, number, "alice", "/ocuroot unlock staging").await;
    assert!(words.contains("want a second word"), "{words}");
    app.finish().await;
}

#[tokio::test]
async fn paths_that_github_does_not_list_have_owners_all_the_same() {
    let app = shop("protect([\"production\"], approve=[\"codeowners\"], approvals=1)").await;
    let owners = "/api/ @bob\n/api/zz.txt @carol\n";
    app.push(&[("CODEOWNERS", Some(owners))], "Say who owns what");
    app.play(succeed).await;
    let names: Vec<String> = (0..300)
        .map(|index| format!("api/many/{index:03}.txt"))
        .collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x\n")).collect();
    files.push(("api/zz.txt", "carol's\n"));
    let number = app.propose(&files);
    app.settle().await;
    app.merge(number);
    app.play(succeed).await;
    let words = reply(&app, number, "bob", "/ocuroot approve").await;
    assert!(words.contains("for the code owners"), "{words}");
    app.finish().await;
}
