//! Commands are done once, by whoever gave them, and refused when they are not to be carried out.

use serde_json::{Value, json};

use crate::harness::repositories::shop;
use crate::harness::{App, succeed};

const HOUR: i64 = 3600;
const COMMANDS: &str = "/api/v1/repositories/acme/shop/commands";

async fn released() -> (App, String) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let token = app.github.user_token("alice", HOUR);
    (app, token)
}

async fn command(app: &App, token: &str, key: Option<&str>, body: Vec<u8>) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}{COMMANDS}", app.url));
    let request = request.bearer_auth(token).body(body);
    let request = match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(json!(text)))
}

async fn became(app: &App, token: &str, key: &str) -> (u16, Value) {
    let url = format!("{}{COMMANDS}/{key}", app.url);
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send();
    let answer = answer.await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn set(value: i64) -> Vec<u8> {
    let set = json!({ "state_set": { "reference": "@/custom/token", "value": value } });
    set.to_string().into_bytes()
}

#[tokio::test]
async fn a_command_that_is_repeated_is_done_once_though_the_server_is_killed_before() {
    let (mut app, token) = released().await;
    let force = json!({ "release_new": { "package": "api/release.ocu.star", "force": true,
        "commit": app.github.branch_tip("acme/shop", "main").unwrap() } });
    let force = force.to_string().into_bytes();
    for _ in 0..2 {
        assert_eq!(
            command(&app, &token, Some("k1"), force.clone()).await.0,
            202
        );
    }
    assert_eq!(became(&app, &token, "k1").await.1["state"], "waiting");
    app.crash().await;
    app.settle().await;
    assert_eq!(command(&app, &token, Some("k1"), force).await.0, 202);
    app.play(succeed).await;
    let (_, kept) = became(&app, &token, "k1").await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&kept).unwrap(), @r#"
    {
      "answer": {
        "diagnostics": [],
        "environments": [],
        "is_refused": false,
        "references": [],
        "releases": [
          "github.com/acme/shop/-/api/release.ocu.star/@r2"
        ],
        "results": [
          {
            "decision": "accepted",
            "reason_code": "released",
            "subject": "github.com/acme/shop/-/api/release.ocu.star/@r2"
          }
        ],
        "words": []
      },
      "state": "done"
    }
    "#);
    let checks = app.github.all_check_runs("acme/shop");
    let releases = checks.iter().filter(|check| check.name == "ocuroot / api");
    assert_eq!(releases.count(), 2, "r1 and r2, no r3");
    app.finish().await;
}

#[tokio::test]
async fn a_key_is_of_one_command_and_of_one_person() {
    let (app, token) = released().await;
    app.github
        .set_permission("acme/shop", "bob", "write")
        .unwrap();
    let bob = app.github.user_token("bob", HOUR);
    assert_eq!(command(&app, &token, Some("k"), set(1)).await.0, 202);
    let (status, words) = command(&app, &token, Some("k"), set(2)).await;
    assert_eq!(
        (status, words["error"].as_str().unwrap()),
        (409, "the key was used for another command: take a new one")
    );
    assert_eq!(became(&app, &bob, "k").await.0, 404);
    assert_eq!(command(&app, &bob, Some("k"), set(2)).await.0, 202);
    app.settle().await;
    assert_eq!(
        became(&app, &token, "k").await.1["answer"]["is_refused"],
        false
    );
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_at_the_door() {
    let (app, token) = released().await;
    app.github
        .set_permission("acme/shop", "rita", "read")
        .unwrap();
    let rita = app.github.user_token("rita", HOUR);
    let cases = [
        command(&app, &token, None, set(1)).await,
        command(&app, &token, Some("a/b"), set(1)).await,
        command(&app, &token, Some("k"), b"{\"state_set\": {}}".to_vec()).await,
        command(&app, &token, Some("k"), b"{\"drop\": {}}".to_vec()).await,
        command(&app, &rita, Some("k"), set(1)).await,
        command(&app, &token, Some("k"), vec![b' '; 2 * 1024 * 1024]).await,
    ];
    let statuses: Vec<u16> = cases.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 403, 413]);
    let words = cases
        .iter()
        .filter_map(|(_, words)| words["error"].as_str());
    insta::assert_snapshot!(words.collect::<Vec<_>>().join("\n"), @"
    send `Idempotency-Key: <key>` of up to 64 letters, digits, hyphens and underscores: a new one for each command, the same one when it is repeated
    send `Idempotency-Key: <key>` of up to 64 letters, digits, hyphens and underscores: a new one for each command, the same one when it is repeated
    the command cannot be read: missing field `reference` at line 1 column 16
    the command cannot be read: unknown variant `drop`, expected one of `release_new`, `release_retry`, `release_continue`, `state_set`, `state_delete`, `state_apply`, `work_any`, `push` at line 1 column 7
    this takes the permission to push to the repository
    ");
    app.finish().await;
}

#[tokio::test]
async fn whoever_loses_the_right_before_the_turn_comes_is_refused_then() {
    let (app, token) = released().await;
    assert_eq!(command(&app, &token, Some("k"), set(1)).await.0, 202);
    app.github
        .set_permission("acme/shop", "alice", "read")
        .unwrap();
    app.settle().await;
    let (_, kept) = became(&app, &token, "k").await;
    assert_eq!(kept["answer"]["is_refused"], true);
    assert_eq!(kept["answer"]["results"][0]["reason_code"], "not_allowed");
    insta::assert_snapshot!(app.record(2).await, @"
    alice | asked | acme/shop | Recorded | heard
    alice | decided | 1 | Refused | not_allowed
    ");
    app.finish().await;
}
