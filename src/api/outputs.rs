//! `ocuroot output`: values that a native workflow leaves for others, handed over while it runs.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::error::{Refusal, identify};
use crate::worker::Worker;

#[derive(Deserialize)]
pub(super) struct Outputs {
    outputs: BTreeMap<String, Value>,
}

/// Keeps outputs for the run that the job's workflow run belongs to.
pub(super) async fn add(
    State(worker): State<Worker>,
    headers: HeaderMap,
    Json(request): Json<Outputs>,
) -> Result<StatusCode, Refusal> {
    let claims = identify(&worker, &headers).await?;
    let store = &worker.store;
    let Some(wave) = store.wave_of_workflow_run(claims.run_id).await? else {
        // The job may be faster than GitHub's answer to its start, or outlive a server that never got it.
        let is_early = store
            .has_unconfirmed_native_wave(claims.repository_id)
            .await?;
        return Err(if is_early {
            Refusal::Unavailable
        } else {
            Refusal::NotFound
        });
    };
    if wave.repository_id != claims.repository_id {
        return Err(Refusal::NotYours("the job is not of this run's repository"));
    }
    if !wave.is_native {
        return Err(Refusal::Conflict(
            "a function returns its outputs with done(outputs=...)",
        ));
    }
    let active = worker.store.active_runs_of_wave(&wave.key).await?;
    let Some(run) = active.into_iter().next() else {
        return Err(Refusal::Conflict("the run has ended already"));
    };
    let row = worker
        .store
        .run_by_name(wave.installation_id, &run.name)
        .await?
        .ok_or(Refusal::NotFound)?;
    worker
        .store
        .add_outputs(row.id, run.fence, &request.outputs)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
