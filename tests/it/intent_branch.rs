//! What should be, said by pushing files to a branch: `store.set(intent = store.git(…))`.

mod pushes;

use ocuroot::model::Outcome;
use ocuroot::simulator::{MergeMethod, NewPullRequest};

use ocuroot::store::Documents;
use serde_json::{Value, json};

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done};

const FOLLOWS: &str = r#"
ocuroot("0.3.0")
store.set(store.fs(".ocuroot"), intent = store.git("https://github.com/acme/shop.git", branch = "intent"))
"#;

const ENVIRONMENTS: &str = r#"
ocuroot("0.3.0")
register_environment(environment("staging", {"type": "staging"}))
"#;

/// Deployed to every environment, with a color that anybody may want another.
const WEB: &str = r#"
ocuroot("0.3.0")

def up(environment, color):
    host.shell("paint " + color)
    return done(outputs = {"color": color})

def down(environment, color):
    host.shell("wash")
    return done()

phase("everywhere", tasks = [
    deploy(e, up = up, down = down, inputs = {"color": input(ref = "./@/custom/color", default = "white")})
    for e in environments()
])
"#;

const COLOR: &str = "web/release.ocu.star/@/custom/color.json";

/// A job that does what it is told.
fn painted(_: &str, inputs: &Value) -> Outcome {
    done(json!({ "color": inputs["color"] }))
}

/// `acme/shop` follows its branch `intent`, and is live in staging.
async fn live() -> App {
    let app = App::with_shop().await;
    app.push(
        &[
            ("repo.ocu.star", Some(FOLLOWS)),
            ("environments.ocu.star", Some(ENVIRONMENTS)),
            ("web/release.ocu.star", Some(WEB)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ],
        "All of it",
    );
    app.play(painted).await;
    app
}

impl App {
    /// Somebody pushes files to the branch `intent`; answers the commit.
    async fn want(&self, user: &str, files: &[(&str, Option<&str>)]) -> String {
        let pushed = self
            .github
            .push("acme/shop", "intent", files, "What should be", user);
        self.play(painted).await;
        pushed.expect("a commit")
    }

    /// What is recorded at a ref.
    async fn value(&self, reference: &str) -> String {
        let reference = reference.parse().expect("a ref");
        let workspace = self.workspace();
        let store = &self.worker.store;
        let found = store.record(workspace, &reference, Documents::State).await;
        let found = found.expect("the record");
        found.map_or("nothing".to_owned(), |record| record.value.to_string())
    }

    fn workspace(&self) -> i64 {
        let id = self.github.installation_id("acme/shop");
        i64::try_from(id.expect("an installation")).expect("a small number")
    }
}

const WEB_COLOR: &str = "github.com/acme/shop/-/web/release.ocu.star/@/deploy/staging#output/color";

#[tokio::test]
async fn a_value_that_is_pushed_is_wanted_and_made_so() {
    let app = live().await;
    assert_eq!(app.value(WEB_COLOR).await, "\"white\"");
    let commit = app.want("alice", &[(COLOR, Some("\"red\""))]).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    app.want("alice", &[(COLOR, None)]).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"white\"");
    app.finish().await;
}

#[tokio::test]
async fn one_wrong_file_stops_no_other() {
    let app = live().await;
    let files = [
        (COLOR, Some("\"red\"")),
        (
            "@/environment/qa.json",
            Some("{\"attributes\": {\"type\": 1}}"),
        ),
        ("@/environment/uat.json", Some("{\n  \"attributes\": \n}\n")),
        (
            "web/release.ocu.star/@/deploy/staging.json",
            Some("{\"release\": \"r7\"}"),
        ),
        (
            "github.com/acme/other/-/a.ocu.star/@/custom/x.json",
            Some("1"),
        ),
        ("@/tasks/x.json", Some("1")),
        ("README.md", Some("What should be.")),
    ];
    let commit = app.want("alice", &files).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    let mended = (
        "@/environment/uat.json",
        Some("{\"attributes\": {\"type\": \"uat\"}}"),
    );
    let commit = app.want("alice", &[mended]).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    assert!(app.deployments().contains("uat web r1 success"));
    app.finish().await;
}

#[tokio::test]
async fn an_environment_comes_with_its_file_and_goes_with_it() {
    let app = live().await;
    let file = "@/environment/qa.json";
    app.want(
        "alice",
        &[(file, Some("{\"attributes\": {\"type\": \"qa\"}}"))],
    )
    .await;
    assert!(app.deployments().contains("qa web r1 success"));
    let commit = app.want("alice", &[(file, None)]).await;
    assert!(app.deployments().contains("qa web r1 inactive"));
    assert_eq!(app.value("@/environment/qa").await, "nothing");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    app.finish().await;
}

#[tokio::test]
async fn an_earlier_release_that_is_wanted_comes_back_and_stays() {
    let app = live().await;
    app.push(
        &[("web/release.ocu.star", Some(&WEB.replace("paint", "brush")))],
        "Brush",
    );
    app.play(painted).await;
    assert!(app.deployments().contains("staging web r2 success"));
    let file = "web/release.ocu.star/@/deploy/staging.json";
    let commit = app
        .want("alice", &[(file, Some("{\"release\": \"@r1\"}"))])
        .await;
    assert!(app.deployments().contains("staging web r1 success"));
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    app.push(
        &[("web/release.ocu.star", Some(&WEB.replace("paint", "spray")))],
        "Spray",
    );
    app.play(painted).await;
    assert!(
        app.deployments().contains("staging web r1 success"),
        "it is pinned"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_pull_request_into_the_branch_shows_what_merging_it_would_want() {
    let app = live().await;
    // The branch begins with what is on the default branch.
    app.push(&[(COLOR, Some("\"red\""))], "A color");
    app.want("alice", &[("README.md", Some("What should be."))])
        .await;
    let new = NewPullRequest {
        title: "Blue".to_owned(),
        branch: "blue".to_owned(),
        base: "intent".to_owned(),
        files: vec![
            (COLOR.to_owned(), Some("\"blue\"".to_owned())),
            ("@/environment/qa.json".to_owned(), Some("{}".to_owned())),
        ],
        user: "alice".to_owned(),
        ..NewPullRequest::default()
    };
    let number = app
        .github
        .open_pull_request("acme/shop", new)
        .expect("a pull request");
    app.settle().await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot / intent"));
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"", "nothing is done yet");
    let merged = app
        .github
        .merge_pull_request("acme/shop", number, MergeMethod::Squash, "alice");
    merged.expect("a commit");
    app.play(painted).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"blue\"");
    app.finish().await;
}

#[tokio::test]
async fn what_was_decided_by_command_since_is_shown_and_not_undone() {
    let app = live().await;
    app.want("alice", &[(COLOR, Some("\"red\""))]).await;
    let number = app.propose(&[("web/other.txt", "x")]);
    app.settle().await;
    let words = "/ocuroot set web/release.ocu.star/@/custom/color=\"green\"";
    app.say(number, "alice", words).await;
    app.play(painted).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"green\"");
    let other = ("@/custom/other.json", Some("1"));
    let commit = app.want("alice", &[other]).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"green\"");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    app.finish().await;
}

#[tokio::test]
async fn a_repository_of_its_own_says_what_several_want() {
    let app = App::with_shop().await;
    for repository in ["acme/intent", "acme/site"] {
        app.github
            .create_repository(repository, true)
            .expect("a repository");
        app.github
            .set_permission(repository, "alice", "write")
            .expect("a permission");
    }
    let follows = FOLLOWS.replace("acme/shop.git\", branch = \"intent\"", "acme/intent\"");
    for repository in ["acme/site", "acme/shop"] {
        let files = [
            ("repo.ocu.star", Some(follows.as_str())),
            ("environments.ocu.star", Some(ENVIRONMENTS)),
            ("web/release.ocu.star", Some(WEB)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ];
        app.github
            .push(repository, "main", &files, "All of it", "alice")
            .expect("a commit");
    }
    app.play(painted).await;
    let files = [
        (
            "github.com/acme/site/-/web/release.ocu.star/@/custom/color.json",
            Some("\"red\""),
        ),
        (
            "github.com/acme/shop/-/web/release.ocu.star/@/custom/color.json",
            Some("\"blue\""),
        ),
        (
            "web/release.ocu.star/@/custom/color.json",
            Some("\"black\""),
        ),
    ];
    let commit = app
        .github
        .push("acme/intent", "main", &files, "Colors", "alice")
        .expect("a commit");
    app.play(painted).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"blue\"");
    assert_eq!(
        app.value(&WEB_COLOR.replace("shop", "site")).await,
        "\"red\""
    );
    let checks = app.github.check_runs("acme/intent", &commit);
    let summary = checks[0].summary.clone().expect("a summary");
    insta::assert_snapshot!(summary);
    app.finish().await;
}

#[tokio::test]
async fn a_repository_that_the_app_does_not_see_is_told_of() {
    let app = App::with_shop().await;
    let follows = FOLLOWS.replace("acme/shop.git", "other/intent");
    let commit = app.push(&[("repo.ocu.star", Some(&follows))], "Follow");
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot"));
    app.finish().await;
}
