//! Who may start, and that only one does.

use ocuroot::runner::{Ended, RunnerError};
use serde_json::json;

use super::bench::{Bench, ENTRY, github};
use super::server::{FENCE, Fault};

const COUNT: &str = "def f():\n  shell('echo ran >> count')\n  return done()\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_shows_who_it_is_and_gets_its_run_once() {
    let bench = Bench::new(COUNT, "f").await;
    assert_eq!(bench.run().await["kind"], "done");
    assert_eq!(bench.file("api/count"), "ran\n");
    let seen = bench.server.seen();
    assert_eq!(seen.claims.len(), 1);
    let claim = &seen.claims[0];
    let claims = claim.claims();
    assert_eq!(claims["aud"], bench.server.url.as_str());
    assert_eq!(claims["run_id"], bench.workflow_run.to_string());
    assert_eq!(claim.body["fence"], FENCE);
    let nonce = claim.body["nonce"].as_str().expect("a text");
    assert!(nonce.len() == 32 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let job = claims["check_run_id"].as_str().expect("a text");
    let url = claim.body["job_url"].as_str().expect("a text");
    assert!(
        url.ends_with(&format!(
            "/acme/shop/actions/runs/{}/job/{job}",
            bench.workflow_run
        )),
        "{url}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_answer_is_lost_is_asked_again_in_the_same_name() {
    let bench = Bench::new(COUNT, "f").await;
    bench.server.seen().claim_faults.extend([
        Fault::LoseAnswer,
        Fault::Unavailable,
        Fault::LoseAnswer,
    ]);
    assert_eq!(bench.run().await["kind"], "done");
    assert_eq!(bench.file("api/count"), "ran\n");
    let seen = bench.server.seen();
    assert_eq!(seen.claims.len(), 3);
    let mut tokens: Vec<String> = seen
        .claims
        .iter()
        .map(|claim| claim.claims()["jti"].to_string())
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 3, "a server accepts each token once");
    assert!(
        seen.claims
            .iter()
            .all(|claim| claim.body["nonce"] == seen.claims[0].body["nonce"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_another_job_has_is_left_alone() {
    let bench = Bench::new(COUNT, "f").await;
    bench
        .server
        .seen()
        .claim_faults
        .push_back(Fault::Refuse(409));
    let ended = bench.try_run().await.expect("no error");
    assert_eq!(ended, Ended::NotClaimed("words about 409".to_owned()));
    assert!(ended.is_success());
    assert_eq!(bench.file("api/count"), "");
    assert!(
        bench
            .console()
            .contains("::warning title=ocuroot::nothing is done here: words about 409")
    );
    let seen = bench.server.seen();
    assert!(seen.claims.len() == 1 && seen.reports.is_empty() && seen.logs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_the_servers_words_and_not_asked_again() {
    for status in [401, 403, 404] {
        let bench = Bench::new(COUNT, "f").await;
        bench
            .server
            .seen()
            .claim_faults
            .push_back(Fault::Refuse(status));
        let error = bench
            .try_run()
            .await
            .expect_err("it is refused")
            .to_string();
        assert!(
            error.contains(&format!("refused to claim the run: words about {status}")),
            "{error}"
        );
        assert_eq!(bench.server.seen().claims.len(), 1);
        assert_eq!(bench.file("api/count"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_without_the_permission_is_told_the_lines_to_add() {
    let mut bench = Bench::new(COUNT, "f").await;
    let other = tempfile::tempdir().expect("a directory");
    let silent = github(
        other.path(),
        &super::bench::TEMPLATE.replace("id-token: write", "actions: read"),
    )
    .await;
    let run = super::bench::dispatched(&silent, &bench.server.url, &bench.commit);
    bench.environment = silent.job_environment(run, 0).expect("variables");
    let error = bench.try_run().await.expect_err("it cannot say who it is");
    assert!(matches!(error, RunnerError::NoIdentity));
    assert!(
        error
            .to_string()
            .ends_with("permissions:\n  contents: read\n  id-token: write"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_commit_than_the_runs_is_not_executed() {
    let bench = Bench::new(COUNT, "f").await;
    bench.server.seen().assignment["commit"] = json!("0123456789012345678901234567890123456789");
    let message = bench.failure().await;
    let found = &bench.commit[..7];
    assert!(
        message.starts_with(&format!(
            "the job checked out commit {found}, but this run is about 0123456."
        )),
        "{message}"
    );
    assert!(
        message.contains("ref: ${{ matrix.run.commit }}"),
        "{message}"
    );
    assert_eq!(bench.file("api/count"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_checks_nothing_out_is_told_so() {
    let bench = Bench::new(COUNT, "f").await;
    std::fs::remove_dir_all(bench.checkout.join(".git")).expect("removed");
    let message = bench.failure().await;
    assert!(
        message.starts_with("there is no checkout of this run's commit"),
        "{message}"
    );
    assert!(message.contains("uses: actions/checkout@v4"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_cancelled_while_it_claims_ends() {
    let bench = Bench::with(&[(ENTRY, COUNT)], "f", json!({})).await;
    bench
        .server
        .seen()
        .claim_faults
        .extend([Fault::Unavailable; 1000]);
    bench.stop.cancel();
    let error = bench.try_run().await.expect_err("it is cancelled");
    assert!(matches!(error, RunnerError::Cancelled), "{error}");
}
