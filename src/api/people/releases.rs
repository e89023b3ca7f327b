//! How releases stand, what waits, and what is deployed.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::People;
use super::reads::OfOne;
use super::visitor::{Place, Visitor, absolute};
use crate::api::error::Refusal;
use crate::engine::intent::drift;
use crate::engine::{Release, Snapshot, status};
use crate::model::{RunName, TaskKey, Timestamp, latest_document};
use crate::report;
use crate::store::Scope;
use crate::worker::release_meant;

/// The most lines of a log that are answered at once.
const MOST_LINES: i64 = 1000;

/// How a release stands. With the `ETag` of the answer before, 304 as long as nothing is new.
pub(super) async fn release(
    State(people): State<People>,
    Path(place): Path<Place>,
    Query(query): Query<OfOne>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let reference = absolute(&query.reference)?;
    const NONE: Refusal = Refusal::NoSuch("there is no such release, or you may not read it");
    if !people.may_see(&visitor, &reference).await? {
        return Err(NONE);
    }
    let installation_id = visitor.repository.installation_id;
    let store = &people.worker.store;
    let meant = release_meant(store, installation_id, &reference).await?;
    let name = meant.map_err(Refusal::Absent)?;
    let (snapshot, _) = store
        .snapshot(&Scope::of_release(installation_id, &name))
        .await?;
    let release = snapshot.releases.get(&name).ok_or(NONE)?;
    let body = shown(release, &snapshot, people.worker.clock.now()).to_string();
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let known = headers.get(header::IF_NONE_MATCH);
    let (status, body) = match known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        true => (StatusCode::NOT_MODIFIED, String::new()),
        false => (StatusCode::OK, body),
    };
    let headers = [
        (header::ETAG, tag),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    Ok((status, headers, body).into_response())
}

fn shown(release: &Release, snapshot: &Snapshot, now: Timestamp) -> Value {
    let status = status::of_release(release, snapshot, now);
    let runs = release.runs.iter().map(|((key, number), run)| {
        json!({
            "run": release.run_name(key, *number).to_string(),
            "kind": run.kind,
            "state": run.state,
            "fence": run.fence,
            "error": run.error,
            "started_at": run.started_at.map(|at| at.0),
            "finished_at": run.finished_at.map(|at| at.0),
        })
    });
    json!({
        "release": release.name.to_string(),
        "commit": release.commit,
        "status": report::status_name(status),
        "text": report::terminal_release(release, snapshot, now),
        "runs": runs.collect::<Vec<Value>>(),
    })
}

#[derive(Deserialize)]
pub(super) struct LogQuery {
    run: String,
    #[serde(default)]
    first: i64,
}

/// Lines of the log of a run's latest start.
pub(super) async fn logs(
    State(people): State<People>,
    Path(place): Path<Place>,
    Query(query): Query<LogQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let run: RunName = query
        .run
        .parse()
        .map_err(|error| Refusal::Malformed(format!("{error}")))?;
    const NONE: Refusal = Refusal::NoSuch("there is no such run, or you may not read it");
    let document = run.release.document(&run.key);
    if !people.may_see(&visitor, &document).await? {
        return Err(NONE);
    }
    let store = &people.worker.store;
    let installation_id = visitor.repository.installation_id;
    let row = store.run_by_name(installation_id, &run).await?;
    let row = row.ok_or(NONE)?;
    let lines = store
        .logs_from(row.id, row.fence, query.first, MOST_LINES)
        .await?;
    let lines: Vec<Value> = lines
        .into_iter()
        .map(|(number, text)| json!({ "number": number, "text": text }))
        .collect();
    Ok(Json(json!({ "fence": row.fence, "lines": lines })))
}

/// What is not done: what is not as it should be, packages that are to be evaluated again, runs that have not ended.
pub(super) async fn work(
    State(people): State<People>,
    Path(place): Path<Place>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let mut items = people.drift_items(&visitor).await?;
    let (repository, worker) = (&visitor.repository, &people.worker);
    let now = worker.clock.now();
    let packages = worker.store.released_packages_of(repository.id).await?;
    let due = worker
        .store
        .due_deliveries(repository.installation_id, now)
        .await?;
    let replans = due.iter().filter(|due| due.event == "ocuroot.replan");
    for package in replans.filter_map(|due| serde_json::from_slice(&due.body).ok()) {
        if packages.contains(&package) {
            items.push(json!({ "ref": format!("{package}/@/op/check_envs"), "work_type": "op" }));
        }
    }
    let scope = Scope {
        installation_id: repository.installation_id,
        repositories: BTreeSet::from([repository.reference_name.clone()]),
        packages,
        ..Scope::default()
    };
    let (snapshot, _) = worker.store.snapshot(&scope).await?;
    let own = snapshot.releases.values();
    let own = own.filter(|release| release.name.package.repository == repository.reference_name);
    for release in own {
        for (key, (number, run)) in release.latest_runs() {
            let is_undone = !run.state.is_finished();
            let why = report::terminal_waiting(release, key, run, &snapshot, now);
            if is_undone {
                items.push(json!({
                    "ref": release.run_name(key, number).to_string(),
                    "work_type": "run",
                    "commit": release.commit,
                    "why": why,
                }));
            }
        }
    }
    Ok(Json(json!({ "items": items })))
}

impl People {
    async fn drift_items(&self, visitor: &Visitor) -> Result<Vec<Value>, Refusal> {
        let installation_id = visitor.repository.installation_id;
        let intents = self.worker.store.intents(installation_id).await?;
        let states = self.worker.store.states(installation_id).await?;
        let own = &visitor.repository.reference_name;
        let found = drift(&intents, &states).into_iter();
        let found =
            found.filter(|drift| drift.reference.global || drift.reference.repository == *own);
        Ok(found
            .map(|drift| json!({ "ref": drift.reference, "work_type": drift.step }))
            .collect())
    }
}

/// The live deployments of the repository, each with the commit its release was made from.
pub(super) async fn deployments(
    State(people): State<People>,
    Path(place): Path<Place>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let (repository, store) = (&visitor.repository, &people.worker.store);
    let live = store
        .deployments_of_repository(repository.installation_id, &repository.reference_name)
        .await?;
    let scope = Scope {
        installation_id: repository.installation_id,
        releases: live.iter().map(|place| place.release.clone()).collect(),
        ..Scope::default()
    };
    let (snapshot, _) = store.snapshot(&scope).await?;
    let shown = live.iter().map(|place| {
        let key = TaskKey::Deploy(place.environment.clone());
        let release = snapshot.releases.get(&place.release);
        json!({
            "reference": latest_document(&place.package, &key),
            "release": place.release.to_string(),
            "commit": release.map(|release| &release.commit),
        })
    });
    Ok(Json(
        json!({ "deployments": shown.collect::<Vec<Value>>() }),
    ))
}
