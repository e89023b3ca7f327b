//! What went wrong with a call, in the one respect that matters for repeating it: did it happen?

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

/// How long to wait when GitHub says "secondary rate limit" and nothing more, in seconds
/// (reference/github.md §9).
const SECONDARY_LIMIT_SECONDS: u64 = 60;

/// Longest message of GitHub's that is kept.
const MESSAGE_LIMIT: usize = 500;

/// Why a call has no answer to use. `call` is its method and path, such as
/// `POST /repos/acme/api/check-runs`; no variant ever holds a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// It never reached GitHub: certainly not done.
    #[error("{call}: GitHub could not be reached: {reason}")]
    NotSent {
        /// The call.
        call: String,
        /// What failed.
        reason: String,
    },
    /// It was sent and the outcome is unknown: it may have been done.
    #[error(
        "{call}: no usable answer from GitHub, the call may or may not have happened: {reason}"
    )]
    Unknown {
        /// The call.
        call: String,
        /// What failed.
        reason: String,
    },
    /// GitHub asks to slow down; certainly not done.
    #[error("{call}: GitHub's rate limit is used up, try again in {retry_after_seconds} s")]
    RateLimited {
        /// The call.
        call: String,
        /// How long to wait.
        retry_after_seconds: u64,
    },
    /// There is no such thing, or it is not visible to the App; certainly not done.
    #[error("{call}: not found")]
    NotFound {
        /// The call.
        call: String,
    },
    /// The App may not do this; certainly not done.
    #[error("{call}: not permitted: {message}{}", needed_text(.needed.as_deref()))]
    Forbidden {
        /// The call.
        call: String,
        /// The permissions GitHub says it takes, such as `checks=write`.
        needed: Option<String>,
        /// GitHub's words.
        message: String,
    },
    /// GitHub refused the request as it is; certainly not done.
    #[error("{call}: refused with status {status}: {message}")]
    Rejected {
        /// The call.
        call: String,
        /// The HTTP status.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// It was done, but the answer is not what GitHub documents.
    #[error("{call}: the answer cannot be read: {reason}")]
    Unreadable {
        /// The call.
        call: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn needed_text(needed: Option<&str>) -> String {
    needed.map_or_else(String::new, |needed| {
        format!(" (the App needs the permission {needed})")
    })
}

impl GitHubError {
    /// Whether repeating the call cannot do its work twice.
    pub fn is_certainly_not_done(&self) -> bool {
        !matches!(
            self,
            GitHubError::Unknown { .. } | GitHubError::Unreadable { .. }
        )
    }

    /// Whether the same call may succeed later without anybody changing anything. A 401 counts:
    /// fresh tokens are refused for some seconds until they are replicated.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            GitHubError::NotSent { .. }
                | GitHubError::Unknown { .. }
                | GitHubError::RateLimited { .. }
                | GitHubError::Rejected { status: 401, .. }
        )
    }

    /// How long GitHub asked to wait, in seconds.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            GitHubError::RateLimited {
                retry_after_seconds,
                ..
            } => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// The same trouble, seen from `call`, which it kept from being sent.
    pub(super) fn before(self, call: &str, installation: i64) -> GitHubError {
        let call = call.to_owned();
        match self {
            GitHubError::Unknown { reason, .. } | GitHubError::Unreadable { reason, .. } => {
                let reason = format!("no token for installation {installation}: {reason}");
                GitHubError::NotSent { call, reason }
            }
            GitHubError::NotFound { .. } => GitHubError::Forbidden {
                call,
                needed: None,
                message: format!("the App is not installed any more (installation {installation})"),
            },
            other => other,
        }
    }
}

/// Classifies a call that got no answer at all.
pub(super) fn unanswered(call: &str, error: &(dyn Error + 'static)) -> GitHubError {
    let call = call.to_owned();
    let mut causes = std::iter::successors(Some(error), |&cause| cause.source());
    let http = causes.find_map(|cause| cause.downcast_ref::<reqwest::Error>());
    match http {
        Some(error) => {
            let reason = http_reason(error);
            if error.is_connect() {
                GitHubError::NotSent { call, reason }
            } else {
                GitHubError::Unknown { call, reason }
            }
        }
        None => GitHubError::Unknown {
            call,
            reason: deepest(error),
        },
    }
}

/// What an HTTP error says, without the address: signed download links carry credentials.
pub(super) fn http_reason(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    match error.source() {
        Some(source) => format!("{what} ({})", deepest(source)),
        None => String::from(what),
    }
}

fn deepest(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&cause| cause.source())
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// Classifies an answer whose status is not a success.
pub(super) fn refused(
    call: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> GitHubError {
    let message = message(status, body);
    let call = call.to_owned();
    if let Some(retry_after_seconds) = rate_limit(status, headers, &message) {
        return GitHubError::RateLimited {
            call,
            retry_after_seconds,
        };
    }
    match status.as_u16() {
        404 => GitHubError::NotFound { call },
        403 => GitHubError::Forbidden {
            call,
            needed: text(headers, "x-accepted-github-permissions")
                .filter(|needed| !needed.is_empty())
                .map(str::to_owned),
            message,
        },
        408 | 500.. => GitHubError::Unknown {
            call,
            reason: format!("status {}: {message}", status.as_u16()),
        },
        status => GitHubError::Rejected {
            call,
            status,
            message,
        },
    }
}

fn rate_limit(status: StatusCode, headers: &HeaderMap, message: &str) -> Option<u64> {
    if status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    if let Some(seconds) = text(headers, "retry-after").and_then(|value| value.parse().ok()) {
        return Some(seconds);
    }
    if text(headers, "x-ratelimit-remaining") == Some("0") {
        let reset: Option<u64> =
            text(headers, "x-ratelimit-reset").and_then(|value| value.parse().ok());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs());
        // One more second, because both clocks count whole ones.
        return Some(reset.map_or(SECONDARY_LIMIT_SECONDS, |reset| {
            reset.saturating_sub(now) + 1
        }));
    }
    let is_limit = status == StatusCode::TOO_MANY_REQUESTS
        || message.to_ascii_lowercase().contains("rate limit");
    is_limit.then_some(SECONDARY_LIMIT_SECONDS)
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    errors: Option<Value>,
}

/// GitHub's words for a refusal: its message and the single errors, in one line.
fn message(status: StatusCode, body: &[u8]) -> String {
    let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let mut message = parsed
        .as_ref()
        .and_then(|body| body.message.clone())
        .unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason").to_owned());
    if let Some(errors) = parsed.and_then(|body| body.errors) {
        message.push_str(&format!("; {errors}"));
    }
    if message.len() > MESSAGE_LIMIT {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT));
        message.push('…');
    }
    message
}

pub(super) fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
