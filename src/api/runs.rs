//! One run in a job's hands: claimed once, its log and its end reported.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::error::{Refusal, bearer, identify};
use crate::engine::deadline::DEFAULT_TIMEOUT;
use crate::github::RunnerClaims;
use crate::model::{Action, DeliveryId, Environment, FunctionName, Outcome, RunState, Timestamp};
use crate::store::{Claim, RunRow, Scope};
use crate::webhook::IncomingDelivery;
use crate::worker::Worker;

/// The most bytes of the address of a job's page.
const LONGEST_URL: usize = 500;

#[derive(Deserialize)]
pub(super) struct ClaimRequest {
    fence: i64,
    nonce: String,
    job_url: Option<String>,
}

/// Everything a job needs to execute one function.
#[derive(Serialize)]
pub(super) struct Assignment {
    token: String,
    run: String,
    repository: String,
    commit: String,
    entry: String,
    function: FunctionName,
    inputs: Map<String, Value>,
    environments: Vec<Environment>,
    timeout_seconds: i64,
}

/// Hands the run to the job that was dispatched for it, once. The same job may ask again: its answer may be lost.
pub(super) async fn claim(
    State(worker): State<Worker>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(request): Json<ClaimRequest>,
) -> Result<Json<Assignment>, Refusal> {
    let claims = identify(&worker, &headers).await?;
    let row = worker.store.run(id).await?.ok_or(Refusal::NotFound)?;
    check_job(&worker, &row, &claims).await?;
    let is_wanted = matches!(row.state, RunState::Starting | RunState::Running);
    if row.fence != request.fence || !is_wanted {
        return Err(Refusal::Conflict(
            "this start of the run is not wanted any more",
        ));
    }
    if row.state == RunState::Starting && !worker.may_be_claimed(&row).await? {
        return Err(Refusal::Conflict(
            "the head of the pull request has moved since this was asked for",
        ));
    }
    let token = report_token()?;
    let claim = Claim {
        run_id: id,
        fence: request.fence,
        nonce: &request.nonce,
        report_token: &fingerprint(&token),
        job_url: request
            .job_url
            .as_deref()
            .filter(|url| is_on(&worker.web_url, url)),
        token_id: &claims.jti,
        token_expires: Timestamp(claims.exp.saturating_mul(1000)),
    };
    if !worker
        .store
        .claim_run(&row, &claim, worker.clock.now())
        .await?
    {
        return Err(Refusal::Conflict("another job has this run"));
    }
    worker.wake.notify_waiters();
    assignment(&worker, &row, token).await.map(Json)
}

/// The token must come from a job of the very workflow run this run was dispatched in.
async fn check_job(worker: &Worker, row: &RunRow, claims: &RunnerClaims) -> Result<(), Refusal> {
    if claims.repository_id != row.repository_id || claims.event_name != "workflow_dispatch" {
        return Err(Refusal::NotYours("the job is not of this run's repository"));
    }
    let wave = match &row.wave {
        Some(key) => worker.store.wave(key).await?,
        None => None,
    };
    let Some(wave) = wave else {
        return Err(Refusal::NotYours("no job was started for this run"));
    };
    match wave.workflow_run_id {
        Some(id) if id == claims.run_id => Ok(()),
        // The answer to the dispatch was lost; GitHub vouches that this workflow run exists, and the run is handed out
        // only once whichever workflow run asks.
        None => Ok(worker
            .store
            .wave_started(&wave.key, claims.run_id, None)
            .await?),
        Some(_) => Err(Refusal::NotYours(
            "the job is not of the workflow run this run was started in",
        )),
    }
}

/// What the job proves itself with from now on: 32 random bytes, of which only the fingerprint is kept.
fn report_token() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Refusal::Unavailable)?;
    Ok(hex::encode(bytes))
}

fn fingerprint(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// Whether the page is one of GitHub's: people follow the link from a check run, and the job's code chose it.
fn is_on(web_url: &str, url: &str) -> bool {
    let path = url.strip_prefix(web_url).unwrap_or_default();
    path.starts_with('/') && url.len() <= LONGEST_URL
}

async fn assignment(worker: &Worker, row: &RunRow, token: String) -> Result<Assignment, Refusal> {
    let scope = Scope::of_release(row.installation_id, &row.name.release);
    let (snapshot, _) = worker.store.snapshot(&scope).await?;
    let repository = worker.store.repository(row.repository_id).await?;
    let release = snapshot.releases.get(&row.name.release);
    let run = snapshot.run(&row.name);
    let (Some(repository), Some(release), Some(run)) = (repository, release, run) else {
        return Err(Refusal::NotFound);
    };
    let call = run.current();
    let Action::Function(function) = &call.action else {
        return Err(Refusal::Conflict("this run is a workflow of its own"));
    };
    let task = release.package.task(&row.name.key);
    Ok(Assignment {
        token,
        run: row.name.to_string(),
        repository: repository.name.to_string(),
        commit: release.commit.to_string(),
        entry: row.name.release.package.path.clone(),
        function: function.clone(),
        inputs: call.values.clone().into_iter().collect(),
        environments: snapshot.environments.values().cloned().collect(),
        timeout_seconds: task
            .and_then(|task| task.timeout_seconds)
            .unwrap_or(DEFAULT_TIMEOUT),
    })
}

/// The run, if `headers` carry the token its job was given and it is still that start.
async fn own_run(
    worker: &Worker,
    id: i64,
    fence: i64,
    headers: &HeaderMap,
) -> Result<RunRow, Refusal> {
    let row = worker.store.run(id).await?.ok_or(Refusal::NotFound)?;
    let given = fingerprint(bearer(headers)?);
    if row.fence != fence {
        return Err(Refusal::Conflict("the run was started anew or given up"));
    }
    if row.report_token.as_deref() != Some(given.as_str()) {
        return Err(Refusal::Unknown("the token is not this run's".to_owned()));
    }
    Ok(row)
}

#[derive(Deserialize)]
pub(super) struct LogLines {
    fence: i64,
    first: i64,
    lines: Vec<String>,
}

/// Keeps lines of the run's log.
pub(super) async fn logs(
    State(worker): State<Worker>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(request): Json<LogLines>,
) -> Result<StatusCode, Refusal> {
    let row = own_run(&worker, id, request.fence, &headers).await?;
    let now = worker.clock.now();
    worker
        .store
        .append_logs(row.id, request.fence, request.first, &request.lines, now)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has it noted that a start which nobody waits for any more has ended, if it is that job who says so.
async fn note_late(
    worker: &Worker,
    id: i64,
    report: &Report,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let row = worker.store.run(id).await?.ok_or(Refusal::NotFound)?;
    let given = fingerprint(bearer(headers)?);
    let store = &worker.store;
    if !store.is_given_up(id, report.fence, &given).await? {
        return Ok(());
    }
    let result = match &report.outcome {
        Outcome::Done { .. } => "done",
        Outcome::Next { .. } => "next",
        Outcome::Failed { .. } => "failed",
    };
    let body = json!({ "run": row.name, "fence": report.fence, "result": result });
    let delivery = IncomingDelivery {
        id: DeliveryId::new(format!("late {id} {}", report.fence)),
        event: "ocuroot.late".to_owned(),
        action: None,
        installation_id: Some(row.installation_id),
        repository_id: Some(row.repository_id),
        body: Bytes::from(body.to_string()),
    };
    let now = worker.clock.now();
    worker.store.append_deliveries(&[delivery], now).await?;
    worker.wake.notify_waiters();
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Report {
    fence: i64,
    outcome: Outcome,
}

/// Takes the end of a run: into the inbox, like everything else that happens, before it is acknowledged.
pub(super) async fn report(
    State(worker): State<Worker>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(request): Json<Report>,
) -> Result<StatusCode, Refusal> {
    let row = match own_run(&worker, id, request.fence, &headers).await {
        Err(Refusal::Conflict(why)) => {
            note_late(&worker, id, &request, &headers).await?;
            return Err(Refusal::Conflict(why));
        }
        row => row?,
    };
    if matches!(row.state, RunState::Cancelled | RunState::Superseded) {
        return Err(Refusal::Conflict("the run was given up"));
    }
    let body = json!({ "run": row.name, "fence": request.fence, "outcome": request.outcome });
    let delivery = IncomingDelivery {
        id: DeliveryId::new(format!("ended {id} {}", request.fence)),
        event: "ocuroot.ended".to_owned(),
        action: None,
        installation_id: Some(row.installation_id),
        repository_id: Some(row.repository_id),
        body: Bytes::from(body.to_string()),
    };
    worker
        .store
        .append_deliveries(&[delivery], worker.clock.now())
        .await?;
    worker.wake.notify_waiters();
    Ok(StatusCode::ACCEPTED)
}
