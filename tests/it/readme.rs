//! README.md: its first five minutes, with the files of `ocuroot init`.

use std::path::Path;

use ocuroot::model::Outcome;
use serde_json::{Value, json};

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done};

const ENVIRONMENTS: &str = include_str!("../../templates/environments.ocu.star");
const RELEASE: &str = include_str!("../../templates/release.ocu.star");
const REPOSITORY: &str = include_str!("../../templates/repo.ocu.star");

/// Every function of the starter files ends well.
fn built(_run: &str, _inputs: &Value) -> Outcome {
    done(json!({"version": "7fd1a60"}))
}

/// What the page shows of GitHub.
fn shown() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(path).expect("README.md");
    let blocks = page.split("```markdown\n").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap_or(block).to_owned())
        .collect()
}

#[tokio::test]
async fn the_first_five_minutes_are_as_the_page_tells_them() {
    let app = App::with_shop().await;
    let files = [
        ("repo.ocu.star", Some(REPOSITORY)),
        ("environments.ocu.star", Some(ENVIRONMENTS)),
        ("api/release.ocu.star", Some(RELEASE)),
        ("api/main.rs", Some("one\n")),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ];
    let first = app.push(&files, "Begin");
    app.play(built).await;
    assert_eq!(
        app.check(&first, "ocuroot / api").conclusion.as_deref(),
        Some("action_required")
    );
    app.press(&first, "ocuroot / api", "approve", "alice").await;
    app.play(built).await;
    assert!(app.deployments().contains("production api r1 success"));

    let number = app.propose(&[("api/main.rs", "two\n")]);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    app.play(built).await;
    let preview = app.page(&app.head(number), "ocuroot");
    let comment = app.first_words(number);
    let [preview_shown, comment_shown] = shown().try_into().expect("two blocks");
    assert!(preview.contains(&preview_shown), "{preview}");
    assert!(comment.contains(&comment_shown), "{comment}");

    app.merge(number);
    app.play(built).await;
    app.say(number, "alice", "/ocuroot approve").await;
    app.play(built).await;
    assert!(app.deployments().contains("production api r3 success"));
    app.finish().await;
}
