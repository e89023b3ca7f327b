//! Identity tokens that are not the job's: each claim altered by itself, at the door of the API.

use ocuroot::simulator::{Signer, WorkflowRun};
use serde_json::{Value, json};

use crate::harness::repositories::shop;
use crate::harness::{App, done, succeed};

/// A build that waits in its job's hands.
async fn dispatched() -> (App, WorkflowRun, Value) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let runs: Value = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    (app, run, runs[0].clone())
}

async fn claim_with(app: &App, entry: &Value, token: &str) -> (u16, String) {
    let path = format!("/api/v1/runs/{}/claim", entry["id"]);
    let body = json!({"fence": entry["fence"], "nonce": "n", "job_url": null});
    let (status, answer) = app.post(&path, token, &body).await;
    let words = answer["error"].as_str().unwrap_or("handed out");
    (status, words.to_owned())
}

fn altered(app: &App, run: &WorkflowRun, claims: &[(&str, Value)]) -> String {
    let audience = &app.settings.public_url;
    let token = app
        .github
        .identity_token(run.id, 0, audience, claims, Signer::Issuer);
    token.expect("a token")
}

#[tokio::test]
async fn each_claim_that_is_not_the_jobs_is_refused_and_hands_out_nothing() {
    let (app, run, entry) = dispatched().await;
    let now = ocuroot::clock::Clock::System.now().0 / 1000;
    let cases: Vec<(&str, Value)> = vec![
        (
            "iss",
            json!("https://token.actions.githubusercontent.example"),
        ),
        ("iss", Value::Null),
        ("aud", json!("https://github.com/acme")),
        (
            "aud",
            json!([app.settings.public_url, "https://github.com/acme"]),
        ),
        ("aud", json!(format!("{}/", app.settings.public_url))),
        ("aud", Value::Null),
        ("exp", json!(now - 3600)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(now + 3600)),
        ("nbf", Value::Null),
        ("jti", Value::Null),
        ("repository_id", json!("77")),
        ("repository_id", json!(11)),
        ("repository_id", Value::Null),
        ("run_id", json!("1")),
        ("run_id", json!("-1")),
        ("run_id", Value::Null),
        ("run_attempt", json!("0")),
        ("run_attempt", Value::Null),
        ("check_run_id", json!("x")),
        ("event_name", json!("push")),
        ("event_name", json!("pull_request_target")),
        ("event_name", Value::Null),
    ];
    let mut table = String::new();
    for (claim, value) in cases {
        let token = altered(&app, &run, &[(claim, value.clone())]);
        let (status, words) = claim_with(&app, &entry, &token).await;
        assert!(
            matches!(status, 401 | 403),
            "{claim} {value}: {status} {words}"
        );
        let value = value.to_string().replace(&app.settings.public_url, "<us>");
        let value = value.replace(&(now - 3600).to_string(), "<an hour ago>");
        let value = value.replace(&(now + 3600).to_string(), "<in an hour>");
        table.push_str(&format!("{claim}={value}: {status} {words}\n"));
    }
    insta::assert_snapshot!(table);
    assert_eq!(
        app.worker
            .store
            .run(id(&entry))
            .await
            .unwrap()
            .unwrap()
            .report_token,
        None
    );
    let (status, words) = claim_with(&app, &entry, &altered(&app, &run, &[])).await;
    assert_eq!(status, 200, "the run is still to be had: {words}");
    app.settle().await;
    app.finish().await;
}

fn id(entry: &Value) -> i64 {
    entry["id"].as_i64().expect("an id")
}

#[tokio::test]
async fn a_job_of_another_installation_gets_and_gives_nothing() {
    let (app, _, entry) = dispatched().await;
    app.github.create_repository("globex/site", true).unwrap();
    app.github
        .set_permission("globex/site", "mallory", "admin")
        .unwrap();
    let files = shop();
    app.github
        .push("globex/site", "main", &files, "Begin", "mallory")
        .unwrap();
    app.settle().await;
    let queued = app.queued().into_iter();
    let theirs = queued.filter(|run| run.inputs["ocuroot_runs"] != Value::Null);
    let theirs: Vec<WorkflowRun> = theirs.collect();
    let foreign = theirs.last().expect("their build");
    app.github.start_workflow_run(foreign.id).unwrap();
    let (status, words) = claim_with(&app, &entry, &altered(&app, foreign, &[])).await;
    assert_eq!(
        (status, words.as_str()),
        (403, "the job is not of this run's repository")
    );
    let own: Value = serde_json::from_str(&foreign.inputs["ocuroot_runs"]).unwrap();
    let job = app.claim_all(foreign).await.remove(0);
    for path in ["logs", "report"] {
        let path = format!("/api/v1/runs/{}/{path}", entry["id"]);
        let body = json!({
            "fence": entry["fence"], "first": 0, "lines": ["x"], "outcome": done(json!({})),
        });
        assert_eq!(app.post(&path, &job.token, &body).await.0, 401, "{path}");
    }
    assert_ne!(own[0]["id"], entry["id"]);
    app.finish().await;
}

#[tokio::test]
async fn the_token_of_an_earlier_start_opens_nothing_of_the_next() {
    let (app, run, entry) = dispatched().await;
    let old = app.claim_all(&run).await.remove(0);
    app.settle().await;
    app.github
        .complete_workflow_run(run.id, "cancelled")
        .unwrap();
    app.settle().await;
    let commit = app.github.all_check_runs("acme/shop").remove(0).head_sha;
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    let next = app.queued().remove(0);
    app.github.start_workflow_run(next.id).unwrap();
    let again = app.claim_all(&next).await.remove(0);
    let report = json!({"fence": again.fence, "outcome": done(json!({"image": "evil"}))});
    let path = format!("/api/v1/runs/{}/report", again.id);
    assert_eq!(app.post(&path, &old.token, &report).await.0, 401);
    let logs = json!({"fence": again.fence, "first": 0, "lines": ["evil"]});
    let path = format!("/api/v1/runs/{}/logs", again.id);
    assert_eq!(app.post(&path, &old.token, &logs).await.0, 401);
    let (status, _) = claim_with(&app, &entry, &altered(&app, &run, &[])).await;
    assert_eq!(status, 409, "the old workflow run asks for its old start");
    assert_eq!(
        app.report(&again, &done(json!({"image": "api:1"}))).await,
        202
    );
    app.github
        .complete_workflow_run(next.id, "success")
        .unwrap();
    app.play(succeed).await;
    app.finish().await;
}
