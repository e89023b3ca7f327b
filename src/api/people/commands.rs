//! What people want done: into the inbox, acknowledged, carried out in its turn, answered when somebody asks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::People;
use super::visitor::{Place, Visitor};
use crate::api::error::Refusal;
use crate::command::Request;
use crate::worker::Asked;

const KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 64;

/// Takes a request on. The same key again with the same request is the same request.
pub(super) async fn ask(
    State(people): State<People>,
    Path(place): Path<Place>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let visitor = people.visitor(&headers, &place).await?;
    let key = headers.get(KEY).and_then(|key| key.to_str().ok());
    let key = key.filter(|key| is_key(key)).ok_or_else(|| {
        Refusal::Malformed(
            "send `Idempotency-Key: <key>` of up to 64 letters, digits, hyphens and underscores: a new one for each \
             command, the same one when it is repeated"
                .to_owned(),
        )
    })?;
    let request: Request = serde_json::from_slice(&body)
        .map_err(|error| Refusal::Malformed(format!("the command cannot be read: {error}")))?;
    if visitor.permission < request.verb().needed_permission() {
        return Err(Refusal::NotYours(
            "this takes the permission to push to the repository",
        ));
    }
    let asked = Asked {
        login: visitor.person.login.clone(),
        repository_id: visitor.repository.id,
        request,
    };
    let id = Asked::key(visitor.repository.id, visitor.person.id, key);
    let message = asked.message(id.clone(), visitor.repository.installation_id);
    let store = &people.worker.store;
    let now = people.worker.clock.now();
    let new = store.append_deliveries(&[message], now).await?;
    if new != [true] {
        let kept = store.kept_delivery(&id).await?;
        let kept = kept.and_then(|kept| serde_json::from_slice::<Asked>(&kept.body).ok());
        if kept.is_none_or(|kept| kept.request != asked.request) {
            return Err(Refusal::Conflict(
                "the key was used for another command: take a new one",
            ));
        }
    }
    people.worker.wake.notify_waiters();
    Ok((StatusCode::ACCEPTED, Json(json!({ "key": key }))))
}

/// `{owner}`, `{name}` and `{key}` of a path.
#[derive(Deserialize)]
pub(super) struct AnswerPlace {
    owner: String,
    name: String,
    key: String,
}

/// What became of a request of the person's own.
pub(super) async fn answer(
    State(people): State<People>,
    Path(AnswerPlace { owner, name, key }): Path<AnswerPlace>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let place = Place { owner, name };
    let Visitor {
        person, repository, ..
    } = people.visitor(&headers, &place).await?;
    const NONE: Refusal = Refusal::NoSuch("there is no such command of yours");
    if !is_key(&key) {
        return Err(NONE);
    }
    let id = Asked::key(repository.id, person.id, &key);
    let kept = people.worker.store.kept_delivery(&id).await?;
    let kept = kept.ok_or(NONE)?;
    let state = match kept.state.as_str() {
        "pending" => "waiting",
        "failed" => "failed",
        _ => "done",
    };
    let answer = kept.answer.as_deref().map(serde_json::from_str::<Value>);
    let answer = answer.and_then(Result::ok);
    Ok(Json(json!({ "state": state, "answer": answer })))
}

fn is_key(key: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(is_allowed)
}
