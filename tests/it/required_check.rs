//! `ocuroot` as a required check: it concludes on every head, and says what is so now.

use ocuroot::simulator::NewPullRequest;

use crate::harness::repositories::{API, ENVIRONMENTS, shop};
use crate::harness::{App, succeed};

const SHOP: &str = "acme/shop";

async fn released() -> App {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    app
}

/// A branch with these texts, and a pull request of it.
fn proposal(branch: &str, files: &[(&str, &str)]) -> NewPullRequest {
    let files = files.iter();
    NewPullRequest {
        title: format!("From {branch}"),
        branch: branch.to_owned(),
        files: files
            .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())))
            .collect(),
        user: "alice".to_owned(),
        ..NewPullRequest::default()
    }
}

fn open(app: &App, new: NewPullRequest) -> u64 {
    let number = app.github.open_pull_request(SHOP, new);
    number.expect("a pull request")
}

/// Conclusion and title of the check of a commit.
fn said(app: &App, commit: &str) -> String {
    let check = app.check(commit, "ocuroot");
    let end = check.conclusion.unwrap_or(check.status);
    format!("{end}: {}", check.title.unwrap_or_default())
}

fn protected(rule: &str) -> String {
    format!("{ENVIRONMENTS}{rule}\n")
}

const TWO_MUST_APPROVE: &str = "protect(environments=[\"production\"], approvals=2)";

#[tokio::test]
async fn pain_19_a_pull_request_that_affects_nothing_and_one_without_a_difference_conclude() {
    let app = released().await;
    let nothing = open(&app, proposal("docs", &[("README.md", "# Shop\n")]));
    let back = open(&app, proposal("back", &[("api/main.txt", "two\n")]));
    let same = [("api/main.txt", Some("one\n"))];
    app.github
        .push_to_pull_request(SHOP, back, &same, "Take it back", "alice")
        .expect("a commit");
    app.settle().await;
    for number in [nothing, back] {
        assert_eq!(said(&app, &app.head(number)), "success: nothing to release");
    }
    app.finish().await;
}

#[tokio::test]
async fn pain_19_a_draft_a_fork_and_a_bot_get_a_conclusion() {
    let app = released().await;
    let files = [("api/main.txt", "two\n")];
    let draft = NewPullRequest {
        draft: true,
        ..proposal("draft", &files)
    };
    let fork = NewPullRequest {
        fork: true,
        user: "mallory".to_owned(),
        ..proposal("fork", &files)
    };
    let bot = NewPullRequest {
        user: "dependabot[bot]".to_owned(),
        ..proposal("bot", &files)
    };
    let numbers = [draft, fork, bot].map(|new| open(&app, new));
    app.settle().await;
    for number in numbers {
        assert_eq!(said(&app, &app.head(number)), "success: would release api");
    }
    app.finish().await;
}

#[tokio::test]
async fn pain_19_a_force_push_concludes_at_the_new_head() {
    let app = released().await;
    let number = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    app.settle().await;
    let first = app.head(number);
    let files = [
        ("api/main.txt", Some("one\n")),
        ("README.md", Some("# Shop\n")),
    ];
    app.github
        .force_push(SHOP, "change", &files, "Otherwise", "alice")
        .expect("a commit");
    app.settle().await;
    assert_ne!(app.head(number), first);
    assert_eq!(said(&app, &app.head(number)), "success: nothing to release");
    assert_eq!(said(&app, &first), "success: would release api");
    app.finish().await;
}

#[tokio::test]
async fn a_reopened_pull_request_is_looked_at_again() {
    let app = released().await;
    let number = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    app.settle().await;
    let head = app.head(number);
    let close = app.github.close_pull_request(SHOP, number, "alice");
    close.expect("it is open");
    app.settle().await;
    assert_eq!(said(&app, &head), "success: would release api");
    // Meanwhile somebody protects production.
    let rules = protected(TWO_MUST_APPROVE);
    app.push(&[("environments.ocu.star", Some(&rules))], "Protect it");
    app.play(succeed).await;
    let before = app.page(&head, "ocuroot");
    assert!(!before.contains("approve"), "{before}");
    let reopen = app.github.reopen_pull_request(SHOP, number, "alice");
    reopen.expect("it is closed");
    app.settle().await;
    let after = app.page(&head, "ocuroot");
    assert!(
        after.contains("after 2 of those who can push approve"),
        "{after}"
    );
    app.finish().await;
}

#[tokio::test]
async fn pain_19_a_head_of_two_pull_requests_says_what_it_is_for_each() {
    let app = released().await;
    app.github
        .push(
            SHOP,
            "stable",
            &[("NOTES", Some("old\n"))],
            "Branch",
            "alice",
        )
        .expect("a branch");
    let first = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    app.settle().await;
    let head = app.head(first);
    let alone = app.page(&head, "ocuroot");
    let second = NewPullRequest {
        base: "stable".to_owned(),
        ..proposal("change", &[])
    };
    let second = open(&app, second);
    assert_eq!(app.head(second), head);
    app.settle().await;
    insta::assert_snapshot!(app.page(&head, "ocuroot"));
    let close = app.github.close_pull_request(SHOP, second, "alice");
    close.expect("it is open");
    app.settle().await;
    assert_eq!(app.page(&head, "ocuroot"), alone);
    let check = app.check(&head, "ocuroot");
    assert_eq!(app.github.check_runs(SHOP, &head).len(), 1, "{check:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_head_of_two_pull_requests_that_is_asked_for_again_is_worked_out_for_both() {
    let app = released().await;
    app.github
        .push(
            SHOP,
            "stable",
            &[("api/main.txt", Some("two\n"))],
            "Branch",
            "alice",
        )
        .expect("a branch");
    let broken = format!("{API}\nphase(\n");
    let first = open(
        &app,
        proposal("change", &[("api/release.ocu.star", &broken)]),
    );
    let second = NewPullRequest {
        base: "stable".to_owned(),
        ..proposal("change", &[])
    };
    open(&app, second);
    app.settle().await;
    let head = app.head(first);
    let before = app.check(&head, "ocuroot");
    assert_eq!(
        before.annotations.len(),
        1,
        "the same mistake is shown once"
    );
    app.github
        .rerequest_check_run(SHOP, before.id, "alice")
        .expect("a check");
    app.settle().await;
    let after = app.check(&head, "ocuroot");
    assert!(after.writes > before.writes);
    assert_eq!(after.summary, before.summary);
    assert_eq!(after.conclusion.as_deref(), Some("failure"));
    app.finish().await;
}

#[tokio::test]
async fn another_base_is_another_preview() {
    let app = released().await;
    let files = [
        ("api/main.txt", Some("two\n")),
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
    ];
    app.github
        .push(SHOP, "stable", &files, "Branch", "alice")
        .expect("a branch");
    let on_stable = [("README.md", Some("# Shop\n"))];
    app.github
        .push(
            SHOP,
            "change",
            &[("api/main.txt", Some("two\n"))],
            "Change",
            "alice",
        )
        .expect("a branch");
    app.github
        .push(SHOP, "change", &on_stable, "Read", "alice")
        .expect("a commit");
    let number = open(&app, proposal("change", &[]));
    app.settle().await;
    let head = app.head(number);
    let before = app.page(&head, "ocuroot");
    app.github
        .edit_base(SHOP, number, "stable", "alice")
        .expect("there is such a branch");
    app.settle().await;
    let after = app.page(&head, "ocuroot");
    assert_ne!(before, after);
    assert!(after.contains("This goes into `stable`"), "{after}");
    app.finish().await;
}

#[tokio::test]
async fn pain_21_a_merge_group_of_two_pull_requests_is_evaluated_as_what_they_are_together() {
    let app = released().await;
    let library = "def image():\n    return \"api:1\"\n";
    app.push(&[("lib/image.star", Some(library))], "Share");
    let user = API.replace(
        "ocuroot(\"0.3.0\")",
        "ocuroot(\"0.3.0\")\nload(\"//lib/image.star\", \"image\")",
    );
    app.settle().await;
    // Each is right by itself: one uses the function, the other one renames it.
    let first = open(&app, proposal("use", &[("api/release.ocu.star", &user)]));
    let renamed = library.replace("image", "picture");
    let second = open(&app, proposal("rename", &[("lib/image.star", &renamed)]));
    app.settle().await;
    assert_eq!(said(&app, &app.head(first)), "success: would release api");
    assert!(said(&app, &app.head(second)).starts_with("success"));
    let group = |number| {
        let group = app.github.enqueue_merge_group(SHOP, number, "alice");
        group.expect("it can be merged")
    };
    let alone = group(first);
    app.settle().await;
    assert_eq!(said(&app, &alone), "success: would release api");
    app.merge(first);
    app.play(succeed).await;
    let both = group(second);
    app.settle().await;
    assert_eq!(said(&app, &both), "failure: 1 error in the configuration");
    app.finish().await;
}

#[tokio::test]
async fn pain_18_a_pull_request_that_weakens_protection_says_so_in_its_title() {
    let app = released().await;
    let rules = protected(TWO_MUST_APPROVE);
    app.push(&[("environments.ocu.star", Some(&rules))], "Protect it");
    app.play(succeed).await;
    let number = open(
        &app,
        proposal(
            "free",
            &[
                ("environments.ocu.star", ENVIRONMENTS),
                ("api/main.txt", "two\n"),
            ],
        ),
    );
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn deploying_the_head_does_not_hide_what_merging_it_would_do() {
    let app = released().await;
    let rules =
        protected("protect(environments=[\"production\"], approvals=1, pull_requests=True)");
    app.push(&[("environments.ocu.star", Some(&rules))], "Protect it");
    app.play(succeed).await;
    let files = [
        ("environments.ocu.star", ENVIRONMENTS),
        ("api/main.txt", "two\n"),
    ];
    let number = open(&app, proposal("free", &files));
    app.settle().await;
    let head = app.head(number);
    let before = said(&app, &head);
    assert!(
        before.ends_with("; weakens protection of production"),
        "{before}"
    );
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(succeed).await;
    assert!(app.deployments().contains("staging"));
    assert_eq!(said(&app, &head), before);
    app.finish().await;
}

#[tokio::test]
async fn pain_18_taking_a_file_with_rules_away_is_weaker_and_not_having_it_yet_is_not() {
    let app = released().await;
    let late = open(&app, proposal("late", &[("api/main.txt", "two\n")]));
    let rules = format!("ocuroot(\"0.3.0\")\n{TWO_MUST_APPROVE}\n");
    app.push(&[("rules.ocu.star", Some(&rules))], "Protect it");
    app.play(succeed).await;
    assert_eq!(said(&app, &app.head(late)), "success: would release api");
    let gone = NewPullRequest {
        files: vec![("rules.ocu.star".to_owned(), None)],
        ..proposal("gone", &[])
    };
    let gone = open(&app, gone);
    app.settle().await;
    assert_eq!(
        said(&app, &app.head(gone)),
        "success: weakens protection of production"
    );
    app.finish().await;
}

#[tokio::test]
async fn open_pull_requests_are_looked_at_again_when_the_configuration_of_the_base_changes() {
    let app = released().await;
    let number = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    let closed = open(&app, proposal("closed", &[("api/main.txt", "three\n")]));
    let close = app.github.close_pull_request(SHOP, closed, "alice");
    close.expect("it is open");
    app.settle().await;
    let writes = |number| app.check(&app.head(number), "ocuroot").writes;
    let before = (writes(number), writes(closed));
    app.push(&[("README.md", Some("# Shop\n"))], "Write");
    app.play(succeed).await;
    assert_eq!((writes(number), writes(closed)), before, "nothing is new");
    let more = format!(
        "{ENVIRONMENTS}register_environment(environment(\"canary\", {{\"type\": \"staging\"}}))\n"
    );
    app.push(&[("environments.ocu.star", Some(&more))], "Add one");
    app.play(succeed).await;
    let page = app.page(&app.head(number), "ocuroot");
    assert!(page.contains("deploy to `canary`"), "{page}");
    assert_eq!(writes(closed), before.1);
    app.finish().await;
}

#[tokio::test]
async fn a_lock_is_shown_by_the_open_pull_requests_that_it_concerns() {
    let app = released().await;
    let number = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    let other = open(&app, proposal("docs", &[("README.md", "# Shop\n")]));
    app.settle().await;
    let head = app.head(number);
    let before = app.page(&head, "ocuroot");
    let untouched = app.check(&app.head(other), "ocuroot").writes;
    app.say(
        other,
        "alice",
        "/ocuroot lock production --for 2h --reason \"the database moves\"",
    )
    .await;
    let locked = app.page(&head, "ocuroot");
    insta::assert_snapshot!(locked);
    assert_eq!(app.check(&app.head(other), "ocuroot").writes, untouched);
    app.say(other, "alice", "/ocuroot unlock production").await;
    assert_eq!(app.page(&head, "ocuroot"), before);
    app.finish().await;
}

#[tokio::test]
async fn readers_in_other_repositories_are_named() {
    let app = released().await;
    app.github
        .create_repository("acme/web", true)
        .expect("a repository");
    let reader = r#"
ocuroot("0.3.0")
def build(url):
    return done()
phase("build", tasks=[task(build, name="build", inputs={
    "url": ref("github.com/acme/shop/-/api/release.ocu.star/@/deploy/production#output/url"),
})])
"#;
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("frontend/release.ocu.star", Some(reader)),
    ];
    app.github
        .push("acme/web", "main", &files, "Begin", "alice")
        .expect("a commit");
    app.settle().await;
    let number = open(&app, proposal("change", &[("api/main.txt", "two\n")]));
    app.settle().await;
    let page = app.page(&app.head(number), "ocuroot");
    let line = "- `frontend` (`acme/web`) reads `url` of `api` in `production`.";
    assert!(page.contains(line), "{page}");
    app.finish().await;
}
