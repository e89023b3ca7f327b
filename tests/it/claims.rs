//! Who may have a run, and what late or doubled news of it do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use ocuroot::simulator::{Signer, WorkflowRun};

use crate::harness::repositories::{shop, with};
use crate::harness::{App, done, failed, succeed};

/// A build that waits in its job's hands.
async fn dispatched() -> (App, String, WorkflowRun, Value) {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let runs: Value = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    (app, commit, run, runs[0].clone())
}

#[tokio::test]
async fn a_run_is_handed_out_once() {
    let (app, _, run, entry) = dispatched().await;
    let (status, first) = app.claim(&run, 0, &entry, "one").await;
    assert_eq!(status, 200, "{first}");
    let (status, second) = app.claim(&run, 0, &entry, "two").await;
    assert_eq!(
        (status, second),
        (409, json!({"error": "another job has this run"}))
    );
    let (status, again) = app.claim(&run, 0, &entry, "one").await;
    assert_eq!(status, 200, "its answer was lost: {again}");
    for field in ["run", "commit", "function", "inputs", "environments"] {
        assert_eq!(again[field], first[field], "{field}");
    }
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn a_start_that_is_not_wanted_any_more_is_not_handed_out() {
    let (app, _, run, mut entry) = dispatched().await;
    entry["fence"] = json!(1);
    let (status, answer) = app.claim(&run, 0, &entry, "one").await;
    assert_eq!(
        (status, answer),
        (
            409,
            json!({"error": "this start of the run is not wanted any more"})
        )
    );
    app.finish().await;
}

#[tokio::test]
async fn a_token_that_does_not_prove_the_job_is_refused() {
    let (app, _, run, entry) = dispatched().await;
    let path = format!("/api/v1/runs/{}/claim", entry["id"]);
    let body = json!({"fence": entry["fence"], "nonce": "n", "job_url": null});
    let ours = app.settings.public_url.clone();
    let hour = 3600 * 1000;
    let past = json!((ocuroot::clock::Clock::System.now().0 - hour) / 1000);
    type Case<'a> = (&'a str, &'a str, Vec<(&'a str, Value)>, Signer, u16);
    let cases: [Case; 6] = [
        (
            "wrong audience",
            "https://else.example",
            vec![],
            Signer::Issuer,
            401,
        ),
        ("signed by a stranger", &ours, vec![], Signer::Stranger, 401),
        ("expired", &ours, vec![("exp", past)], Signer::Issuer, 401),
        (
            "no repository",
            &ours,
            vec![("repository_id", Value::Null)],
            Signer::Issuer,
            401,
        ),
        (
            "another repository",
            &ours,
            vec![("repository_id", json!("77"))],
            Signer::Issuer,
            403,
        ),
        (
            "another event",
            &ours,
            vec![("event_name", json!("pull_request"))],
            Signer::Issuer,
            403,
        ),
    ];
    for (what, audience, altered, signer, expected) in cases {
        let token = app
            .github
            .identity_token(run.id, 0, audience, &altered, signer);
        let (status, answer) = app.post(&path, &token.unwrap(), &body).await;
        assert_eq!(status, expected, "{what}: {answer}");
    }
    let (status, _) = app.post(&path, "nonsense", &body).await;
    assert_eq!(status, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_job_of_another_workflow_run_gets_nothing() {
    let (app, _, _, entry) = dispatched().await;
    let inputs = [
        ("ocuroot_wave", "x"),
        ("ocuroot_server", "x"),
        ("ocuroot_runs", "[{\"name\": \"x\", \"environment\": \"\"}]"),
    ];
    let other = app
        .github
        .dispatch_workflow("acme/shop", "ocuroot.yml", "main", &inputs, "alice")
        .unwrap();
    app.github.start_workflow_run(other).unwrap();
    let other = app.github.workflow_run(other).unwrap();
    let (status, answer) = app.claim(&other, 0, &entry, "one").await;
    assert_eq!(status, 403, "{answer}");
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn an_identity_token_is_good_for_one_claim() {
    let two = "ocuroot(\"0.3.0\")\ndef f():\n    host.shell(\"x\")\n    return done()\n\
               phase(\"p\", tasks=[task(f, name=\"a\"), task(f, name=\"b\")])\n";
    let app = App::with_shop().await;
    app.push(&with(&[("api/release.ocu.star", two)]), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let runs: Value = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    let token = app
        .github
        .identity_token(run.id, 0, &app.settings.public_url, &[], Signer::Issuer)
        .unwrap();
    let mut answers = Vec::new();
    for entry in [&runs[0], &runs[1]] {
        let path = format!("/api/v1/runs/{}/claim", entry["id"]);
        let body = json!({"fence": entry["fence"], "nonce": "n", "job_url": null});
        answers.push(app.post(&path, &token, &body).await.0);
    }
    assert_eq!(answers, [200, 409]);
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn the_token_of_a_sibling_run_reports_nothing() {
    let two = "ocuroot(\"0.3.0\")\ndef f():\n    host.shell(\"x\")\n    return done()\n\
               phase(\"p\", tasks=[task(f, name=\"a\"), task(f, name=\"b\")])\n";
    let app = App::with_shop().await;
    let commit = app.push(&with(&[("api/release.ocu.star", two)]), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let mut jobs = app.claim_all(&run).await;
    let of_sibling = jobs[1].token.clone();
    let own = std::mem::replace(&mut jobs[0].token, of_sibling);
    assert_eq!(app.report(&jobs[0], &failed("sabotage")).await, 401);
    let logs = json!({"fence": jobs[0].fence, "first": 0, "lines": ["sabotage"]});
    let path = format!("/api/v1/runs/{}/logs", jobs[0].id);
    assert_eq!(app.post(&path, &jobs[0].token, &logs).await.0, 401);
    jobs[0].token = own;
    for job in &jobs {
        assert_eq!(app.report(job, &done(json!({}))).await, 202);
    }
    app.settle().await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 is complete")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_report_sent_twice_counts_once() {
    let (app, commit, run, _) = dispatched().await;
    let job = app.claim_all(&run).await.remove(0);
    let end = done(json!({"image": "api:1"}));
    assert_eq!(app.report(&job, &end).await, 202);
    app.settle().await;
    assert_eq!(app.report(&job, &end).await, 202, "the same answer");
    assert_eq!(app.report(&job, &failed("changed its mind")).await, 202);
    app.github.complete_workflow_run(run.id, "failure").unwrap();
    app.settle().await;
    assert_eq!(app.queued().len(), 1, "staging, once");
    let build = app.check(&commit, "ocuroot / api / build");
    assert_eq!(build.conclusion.as_deref(), Some("success"));
    app.finish().await;
}

/// Found by killing a server twice over one report: the run was failed as one that ended without a word.
#[tokio::test]
async fn the_end_of_the_workflow_run_does_not_overtake_a_report_that_waits() {
    let (mut app, commit, run, _) = dispatched().await;
    let job = app.claim_all(&run).await.remove(0);
    app.settle().await;
    assert_eq!(app.report(&job, &done(json!({"image": "a"}))).await, 202);
    let (now, store) = (app.worker.clock.now(), &app.worker.store);
    let taken = store.claim_delivery(now, 60, &BTreeSet::new()).await;
    assert_eq!(taken.unwrap().unwrap().event, "ocuroot.ended");
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.settle().await;
    app.crash().await;
    app.settle().await;
    let build = app.check(&commit, "ocuroot / api / build");
    assert_eq!(build.conclusion.as_deref(), Some("success"));
    app.finish().await;
}

#[tokio::test]
async fn the_report_of_a_start_that_was_given_up_overwrites_nothing() {
    let (app, commit, run, _) = dispatched().await;
    let job = app.claim_all(&run).await.remove(0);
    app.settle().await;
    app.github
        .complete_workflow_run(run.id, "cancelled")
        .unwrap();
    app.settle().await;
    app.press(&commit, "ocuroot / api", "retry", "alice").await;
    assert_eq!(app.report(&job, &done(json!({"image": "late"}))).await, 202);
    app.settle().await;
    let queued = app.queued();
    assert_eq!(queued.len(), 1, "the second attempt of the build");
    app.play(succeed).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"));
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_reports_the_start_before_is_told_so() {
    let (app, _, run, _) = dispatched().await;
    let mut job = app.claim_all(&run).await.remove(0);
    job.fence -= 1;
    assert_eq!(app.report(&job, &done(json!({}))).await, 409);
    app.settle().await;
    app.finish().await;
}
