//! A push becomes a release.

use serde_json::json;

use crate::harness::repositories::shop;
use crate::harness::{App, done};

#[tokio::test]
async fn a_push_becomes_a_release_that_waits_for_its_approval() {
    let app = App::start().await;
    app.github.create_repository("acme/shop", false).unwrap();
    let commit = app
        .github
        .push("acme/shop", "main", &shop(), "Begin", "alice")
        .unwrap();
    app.play(|run, _| {
        if run.contains("deploy") {
            done(json!({"url": "https://api.staging.example"}))
        } else {
            done(json!({"image": "api:1"}))
        }
    })
    .await;
    let checks: Vec<String> = app
        .github
        .check_runs("acme/shop", &commit)
        .iter()
        .map(|check| format!("{} | {:?} | {:?}", check.name, check.conclusion, check.title))
        .collect();
    insta::assert_snapshot!(checks.join("\n"));
    app.finish().await;
}
