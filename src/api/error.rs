//! Refusals, in words for whoever reads the job's log. What went wrong inside stays in our own log.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::github::{OidcError, RunnerClaims};
use crate::store::StoreError;
use crate::worker::{Problem, Worker};

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Who asks did not prove who it is.
    Unknown(String),
    /// Who asks is somebody else.
    NotYours(&'static str),
    /// There is no such run.
    NotFound,
    /// There is nothing of the kind, or whoever asks may not know.
    NoSuch(&'static str),
    /// The same, in words of the moment.
    Absent(String),
    /// The request cannot be understood.
    Malformed(String),
    /// The run is not wanted from this job (any more).
    Conflict(&'static str),
    /// It cannot be done right now.
    Unavailable,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Refusal::Unknown(words) => (StatusCode::UNAUTHORIZED, words),
            Refusal::NotYours(words) => (StatusCode::FORBIDDEN, words.to_owned()),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "there is no such run".to_owned()),
            Refusal::NoSuch(words) => (StatusCode::NOT_FOUND, words.to_owned()),
            Refusal::Absent(words) => (StatusCode::NOT_FOUND, words),
            Refusal::Malformed(words) => (StatusCode::UNPROCESSABLE_ENTITY, words),
            Refusal::Conflict(words) => (StatusCode::CONFLICT, words.to_owned()),
            Refusal::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the server cannot do this at the moment; try again".to_owned(),
            ),
        };
        let mut response = (status, Json(json!({ "error": words }))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = header::HeaderValue::from_static("2");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        tracing::error!(%error, "a request could not be recorded or read");
        Refusal::Unavailable
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        tracing::error!(%problem, "a request could not be decided on");
        Refusal::Unavailable
    }
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or_else(|| Refusal::Unknown("send `Authorization: Bearer <token>`".to_owned()))
}

/// Who the job is, by the token GitHub signed for it.
pub(super) async fn identify(
    worker: &Worker,
    headers: &HeaderMap,
) -> Result<RunnerClaims, Refusal> {
    match worker.github.oidc().verify(bearer(headers)?).await {
        Ok(claims) => Ok(claims),
        Err(OidcError::Unavailable) => Err(Refusal::Unavailable),
        Err(OidcError::Refused(why)) => Err(Refusal::Unknown(format!(
            "the identity token is not accepted: {why}"
        ))),
    }
}
