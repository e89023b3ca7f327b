//! Who a person is, by a token of theirs: asked from GitHub, remembered for a minute by the token's fingerprint.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How long an answer counts.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Tokens that are remembered at the same time.
const MOST_KNOWN: usize = 10_000;
/// Unknown tokens that are asked about within [`REMEMBERED`]: whoever tries tokens out must not have GitHub block this server.
const MOST_QUESTIONS: usize = 600;
/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
const LONGEST_TOKEN: usize = 1024;

/// Somebody with an account on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// GitHub's id; stays when the account is renamed.
    pub id: i64,
    /// The account's name at this moment.
    pub login: String,
}

/// Why nobody is known by a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// It is nobody's. Safe to send to whoever asked.
    #[error("{0}")]
    Refused(&'static str),
    /// GitHub cannot be asked at the moment; ask again later.
    #[error("GitHub cannot be asked at the moment whose token it is")]
    Unavailable,
}

/// Asks whose tokens are. The tokens themselves are kept nowhere.
#[derive(Clone)]
pub(super) struct People {
    url: String,
    http: reqwest::Client,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    answers: HashMap<[u8; 32], Remembered>,
    questions: Vec<Instant>,
}

/// What GitHub said, and when.
type Remembered = (Instant, Result<Person, PersonError>);

#[derive(Deserialize)]
struct Account {
    id: i64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl People {
    pub(super) fn new(api_url: &str, http: reqwest::Client) -> People {
        People {
            url: format!("{api_url}/user"),
            http,
            known: Arc::default(),
        }
    }

    /// Whose token it is.
    pub(super) async fn whose(&self, token: &str) -> Result<Person, PersonError> {
        let is_token = token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token || token.is_empty() || token.len() > LONGEST_TOKEN {
            return Err(PersonError::Refused("the token is none of GitHub's"));
        }
        let fingerprint: [u8; 32] = Sha256::digest(token).into();
        let known = self.remembered(&fingerprint);
        if let Some((at, answer)) = &known
            && at.elapsed() < REMEMBERED
        {
            return answer.clone();
        }
        // Whoever tries tokens out must not keep those away who are known.
        let is_known = matches!(known, Some((_, Ok(_))));
        if !is_known && !self.may_ask() {
            tracing::warn!("too many unknown tokens: GitHub is not asked about more of them");
            return Err(PersonError::Unavailable);
        }
        let answer = self.ask(token).await;
        if answer != Err(PersonError::Unavailable) {
            self.remember(fingerprint, answer.clone());
        }
        answer
    }

    fn remembered(&self, fingerprint: &[u8; 32]) -> Option<Remembered> {
        self.known().answers.get(fingerprint).cloned()
    }

    fn may_ask(&self) -> bool {
        let mut known = self.known();
        known.questions.retain(|at| at.elapsed() < REMEMBERED);
        let may = known.questions.len() < MOST_QUESTIONS;
        if may {
            known.questions.push(Instant::now());
        }
        may
    }

    fn remember(&self, fingerprint: [u8; 32], answer: Result<Person, PersonError>) {
        let mut known = self.known();
        if known.answers.len() >= MOST_KNOWN {
            known.answers.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        }
        if known.answers.len() < MOST_KNOWN {
            known.answers.insert(fingerprint, (Instant::now(), answer));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, token: &str) -> Result<Person, PersonError> {
        let request = self.http.get(&self.url).bearer_auth(token);
        let request = request
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", super::client::API_VERSION)
            .header("user-agent", concat!("ocuroot/", env!("CARGO_PKG_VERSION")));
        let Ok(mut response) = request.send().await else {
            tracing::warn!("GitHub did not say whose a token is");
            return Err(PersonError::Unavailable);
        };
        let status = response.status();
        let is_limited = response.headers().contains_key("retry-after")
            || response
                .headers()
                .get("x-ratelimit-remaining")
                .is_some_and(|left| left == "0");
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|_| PersonError::Unavailable)?
        {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_LIMIT {
                return Err(PersonError::Unavailable);
            }
        }
        match status {
            StatusCode::OK => person(&body),
            StatusCode::UNAUTHORIZED => Err(PersonError::Refused(
                "GitHub does not know the token: it is wrong, has expired or was revoked",
            )),
            StatusCode::FORBIDDEN if !is_limited => Err(PersonError::Refused(
                "the token belongs to no person: the token of a workflow or of an App does not do",
            )),
            status => {
                let status = status.as_u16();
                tracing::warn!(status, "GitHub did not say whose a token is");
                Err(PersonError::Unavailable)
            }
        }
    }
}

fn person(body: &[u8]) -> Result<Person, PersonError> {
    let account: Account = serde_json::from_slice(body).map_err(|_| PersonError::Unavailable)?;
    match account.kind.as_str() {
        "User" => Ok(Person {
            id: account.id,
            login: account.login,
        }),
        _ => Err(PersonError::Refused("the token belongs to no person")),
    }
}

impl super::GitHub {
    /// Whose token it is. GitHub is asked at most once a minute, and the token is not kept.
    ///
    /// # Errors
    /// `Refused` when it is no person's; `Unavailable` when GitHub cannot be asked now.
    pub async fn whose(&self, token: &str) -> Result<Person, PersonError> {
        self.people().whose(token).await
    }
}
