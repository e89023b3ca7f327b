//! What is recorded, by refs and globs.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::People;
use super::visitor::{Place, absolute};
use crate::api::error::Refusal;
use crate::engine::intent::drift;
use crate::model::Glob;
use crate::store::{Documents, MatchOptions};

/// Who asks, and how the server calls the repository.
pub(super) async fn repository(
    State(people): State<People>,
    Path(place): Path<Place>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    Ok(Json(json!({
        "name": visitor.repository.name,
        "reference_name": visitor.repository.reference_name,
        "default_branch": visitor.repository.default_branch,
        "login": visitor.person.login,
        "permission": visitor.permission.to_string(),
    })))
}

#[derive(Deserialize)]
pub(super) struct OneRecord {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    intent: bool,
}

/// A record.
pub(super) async fn state(
    State(people): State<People>,
    Path(place): Path<Place>,
    Query(query): Query<OneRecord>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let reference = absolute(&query.reference)?;
    const NONE: Refusal = Refusal::NoSuch("there is no such record, or you may not read it");
    if !people.may_see(&visitor, &reference).await? {
        return Err(NONE);
    }
    let installation_id = visitor.repository.installation_id;
    let store = &people.worker.store;
    let record = store
        .record(installation_id, &reference, of(query.intent))
        .await?;
    let record = record.ok_or(NONE)?;
    Ok(Json(json!({ "value": record.value })))
}

#[derive(Deserialize)]
pub(super) struct Matching {
    glob: String,
    #[serde(default)]
    intent: bool,
    #[serde(default)]
    no_links: bool,
}

/// The refs of records that a glob means.
pub(super) async fn matching(
    State(people): State<People>,
    Path(place): Path<Place>,
    Query(query): Query<Matching>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let glob: Glob = query
        .glob
        .parse()
        .map_err(|error| Refusal::Malformed(format!("{error}")))?;
    let options = MatchOptions {
        of: of(query.intent),
        without_links: query.no_links,
        ..MatchOptions::default()
    };
    let store = &people.worker.store;
    let found = store
        .matching(visitor.repository.installation_id, &glob, &options)
        .await?;
    let visible = people.visible(&visitor, found.iter()).await?;
    let found = found.iter().map(ToString::to_string);
    let found: Vec<String> = found.filter(|text| visible.contains(text)).collect();
    Ok(Json(json!({ "references": found })))
}

/// What is not as it should be.
pub(super) async fn diff(
    State(people): State<People>,
    Path(place): Path<Place>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let installation_id = visitor.repository.installation_id;
    let store = &people.worker.store;
    let intents = store.intents(installation_id).await?;
    let states = store.states(installation_id).await?;
    let mut drift = drift(&intents, &states);
    let references = drift.iter().map(|drift| &drift.reference);
    let visible = people.visible(&visitor, references).await?;
    drift.retain(|drift| visible.contains(&drift.reference.to_string()));
    Ok(Json(json!({ "drift": drift })))
}

#[derive(Deserialize)]
pub(super) struct OfOne {
    #[serde(rename = "ref")]
    pub(super) reference: String,
}

/// What is deployed again if something changes.
pub(super) async fn impact(
    State(people): State<People>,
    Path(place): Path<Place>,
    Query(query): Query<OfOne>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let reference = absolute(&query.reference)?;
    if !people.may_see(&visitor, &reference).await? {
        return Err(Refusal::NoSuch(
            "there is no such record, or you may not read it",
        ));
    }
    let installation_id = visitor.repository.installation_id;
    let dependents = people
        .worker
        .store
        .impact(installation_id, &reference)
        .await?;
    let references: Vec<_> = dependents
        .iter()
        .map(|dependent| dependent.deployment.document())
        .collect();
    let visible = people.visible(&visitor, references.iter()).await?;
    let shown = dependents.iter().zip(&references);
    let shown = shown.filter(|(_, reference)| visible.contains(&reference.to_string()));
    let shown: Vec<String> = shown
        .map(|(dependent, _)| dependent.deployment.to_string())
        .collect();
    Ok(Json(json!({ "references": shown })))
}

fn of(is_intent: bool) -> Documents {
    match is_intent {
        true => Documents::Intent,
        false => Documents::State,
    }
}
