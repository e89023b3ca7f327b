//! The route GitHub posts to: check, record, acknowledge. Nothing is decided here.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;

use super::signature::Secrets;
use crate::model::DeliveryId;

/// The largest body in bytes: GitHub sends nothing above 25 MB (reference/github.md §2).
pub const BODY_LIMIT: usize = 25 * 1024 * 1024;

/// Longest accepted event name or delivery id; GitHub's are far shorter.
const HEADER_LIMIT: usize = 128;

/// A delivery whose signature was right, as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingDelivery {
    /// GitHub's id of it; a redelivery has the same one.
    pub id: DeliveryId,
    /// The event's name, `X-GitHub-Event`.
    pub event: String,
    /// The payload's `action`, when it has one.
    pub action: Option<String>,
    /// The installation it is for; absent for a few events such as `ping`.
    pub installation_id: Option<i64>,
    /// The repository it is about, when it is about one.
    pub repository_id: Option<i64>,
    /// The payload exactly as it arrived: a JSON object.
    pub body: Bytes,
}

/// What recording a delivery came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is recorded now.
    New,
    /// It was recorded before.
    Duplicate,
}

/// Why a delivery could not be recorded. GitHub can be asked for it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// More deliveries are waiting to be recorded than the server holds in memory.
    #[error("too many deliveries are waiting to be recorded")]
    Full,
    /// The record could not be written.
    #[error("deliveries cannot be recorded at the moment")]
    Unavailable,
}

/// Where deliveries are recorded.
pub trait DeliveryLog: Send + Sync + 'static {
    /// Records `delivery` durably: once this returned, it survives a crash.
    ///
    /// # Errors
    /// When it is not, or perhaps not, recorded.
    fn append(
        &self,
        delivery: IncomingDelivery,
    ) -> impl Future<Output = Result<Appended, LogError>> + Send;
}

/// What the route needs: the secrets to believe and the log to write.
#[derive(Clone, Debug)]
pub struct Intake<Log> {
    /// The secrets GitHub may have signed with.
    pub secrets: Secrets,
    /// Where deliveries go.
    pub log: Log,
}

/// `POST /webhooks/github`: answers 202 only once the delivery is recorded.
pub fn routes<Log: DeliveryLog>(intake: Intake<Log>) -> Router {
    Router::new()
        .route("/webhooks/github", post(receive::<Log>))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(intake))
}

async fn receive<Log: DeliveryLog>(
    State(intake): State<Arc<Intake<Log>>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let delivery = match read(&intake.secrets, &headers, body) {
        Ok(delivery) => delivery,
        Err(refusal) => {
            tracing::warn!(status = refusal.0.as_u16(), reason = %refusal.1, "webhook refused");
            return refusal.into_response();
        }
    };
    let (id, event) = (delivery.id.clone(), delivery.event.clone());
    match intake.log.append(delivery).await {
        Ok(appended) => {
            tracing::debug!(delivery = %id, %event, ?appended, "webhook recorded");
            StatusCode::ACCEPTED.into_response()
        }
        Err(error) => {
            tracing::error!(delivery = %id, %event, %error, "webhook not recorded");
            let retry = [(RETRY_AFTER, "30")];
            (StatusCode::SERVICE_UNAVAILABLE, retry, error.to_string()).into_response()
        }
    }
}

type Refusal = (StatusCode, String);

fn read(
    secrets: &Secrets,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<IncomingDelivery, Refusal> {
    refuse_form(headers)?;
    let body = body.map_err(|rejection| unread(&rejection))?;
    let signature = headers.get("X-Hub-Signature-256").ok_or_else(|| {
        let text = "the X-Hub-Signature-256 header is missing; \
                    set the webhook secret in the GitHub App's settings";
        (StatusCode::UNAUTHORIZED, String::from(text))
    })?;
    secrets
        .verify(signature.as_bytes(), &body)
        .map_err(|error| (StatusCode::UNAUTHORIZED, error.to_string()))?;
    let id = DeliveryId::new(header(headers, "X-GitHub-Delivery")?);
    let event = header(headers, "X-GitHub-Event")?.to_owned();
    // Our own messages are in the same inbox; nobody sends them from outside, and no header is signed.
    if event.starts_with("ocuroot.") {
        let text = String::from("this is no event of GitHub's");
        return Err((StatusCode::BAD_REQUEST, text));
    }
    let peek = Peek::read(&body).ok_or_else(|| {
        let text = String::from("the body is not a JSON object");
        (StatusCode::BAD_REQUEST, text)
    })?;
    Ok(IncomingDelivery {
        id,
        event,
        action: peek.action,
        installation_id: peek.installation.and_then(|installation| installation.id),
        repository_id: peek.repository.and_then(|repository| repository.id),
        body,
    })
}

/// GitHub can wrap the payload in a form; its signature covers the form then.
fn refuse_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if is_form {
        let text = "this server reads JSON; set the webhook's content type to \
                    `application/json` in the GitHub App's settings";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, String::from(text)));
    }
    Ok(())
}

fn unread(rejection: &BytesRejection) -> Refusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let text = "a webhook may have at most 25 MiB";
        (StatusCode::PAYLOAD_TOO_LARGE, String::from(text))
    } else {
        let text = "the body ended before it was complete";
        (StatusCode::BAD_REQUEST, String::from(text))
    }
}

fn header<'headers>(headers: &'headers HeaderMap, name: &str) -> Result<&'headers str, Refusal> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| !text.is_empty() && text.len() <= HEADER_LIMIT)
        .ok_or_else(|| {
            let text = format!("the {name} header is missing or not usable");
            (StatusCode::BAD_REQUEST, text)
        })
}

/// The few facts deliveries are sorted by. Everything else is parsed later, from the record.
#[derive(Default, Deserialize)]
struct Peek {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    installation: Option<Identified>,
    #[serde(default)]
    repository: Option<Identified>,
}

#[derive(Deserialize)]
struct Identified {
    #[serde(default)]
    id: Option<i64>,
}

impl Peek {
    /// Reads a JSON object; a field of an unexpected type counts as absent, because a delivery
    /// that GitHub signed must not get lost over a field nobody needs.
    fn read(body: &[u8]) -> Option<Peek> {
        if !body.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        if let Ok(peek) = serde_json::from_slice(body) {
            return Some(peek);
        }
        let value: Value = serde_json::from_slice(body).ok()?;
        let identified = |name: &str| {
            let id = value[name]["id"].as_i64();
            Some(Identified { id })
        };
        Some(Peek {
            action: value["action"].as_str().map(str::to_owned),
            installation: identified("installation"),
            repository: identified("repository"),
        })
    }
}

#[cfg(test)]
mod tests;
