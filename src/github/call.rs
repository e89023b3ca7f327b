//! One call: its address, its bytes, its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::{OctoBody, Octocrab};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

use super::address::climbs;
use super::error::{self, GitHubError};
use super::tally::{Tally, refusal};
use super::validators::{Kept, Validators, may_change};
use crate::budget;

pub(super) use super::address::{segment, segments};

/// The largest answer that is read. A recursive tree has at most 7 MB (reference/github.md §5).
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;

/// How often a call follows GitHub to where a renamed repository is now.
const REDIRECT_LIMIT: usize = 3;

/// The most pages one listing reads, 100 items each.
const PAGE_LIMIT: usize = 100;

/// How long a call waits for another one that is getting the token for both.
const MINTING_TIMEOUT: Duration = Duration::from_secs(20);

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";

/// What GitHub last said about how many requests are left in the current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per window.
    pub limit: u64,
    /// Requests left.
    pub remaining: u64,
    /// When the window ends, in seconds since the Unix epoch.
    pub resets_at: u64,
}

/// A request that is not sent yet.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<Value>,
}

/// A successful answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    name: String,
}

/// On whose behalf calls are made: the App's, or one installation's.
#[derive(Clone)]
pub(super) struct Caller {
    /// Shared, never cloned: a clone of octocrab has a token cache of its own.
    pub(super) octocrab: Arc<Octocrab>,
    pub(super) installation: Option<i64>,
    pub(super) origin: Arc<str>,
    /// Held while a token is looked up, so that an expired one is replaced once.
    pub(super) minting: Arc<tokio::sync::Mutex<()>>,
    pub(super) rate_limit: Arc<Mutex<Option<RateLimit>>>,
    pub(super) tally: Arc<Tally>,
    pub(super) validators: Arc<Validators>,
}

impl Call {
    pub(super) fn get(path: String) -> Call {
        Call::new(Method::GET, path, None)
    }

    pub(super) fn post(path: String, body: Value) -> Call {
        Call::new(Method::POST, path, Some(body))
    }

    pub(super) fn patch(path: String, body: Value) -> Call {
        Call::new(Method::PATCH, path, Some(body))
    }

    fn new(method: Method, path: String, body: Option<Value>) -> Call {
        Call {
            method,
            path,
            accept: JSON,
            body,
        }
    }

    /// A POST without a body.
    pub(super) fn post_nothing(path: String) -> Call {
        Call::new(Method::POST, path, None)
    }

    /// Asks for a file's bytes instead of its description.
    pub(super) fn raw(mut self) -> Call {
        self.accept = RAW;
        self
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Call {
        self.path
            .push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(name);
        self.path.push('=');
        self.path.push_str(&segment(value));
        self
    }

    /// What makes it the same question as another; `None` for what is no question, or has one answer for ever.
    fn question(&self) -> Option<String> {
        let is_asked_again = self.method == Method::GET && may_change(&self.path);
        is_asked_again.then(|| format!("{} {}", self.accept, self.path))
    }

    /// How people name this call: no query, for it may hold what people typed.
    pub(super) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl Answer {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error.to_string()))
    }

    pub(super) fn unreadable(&self, reason: &str) -> GitHubError {
        GitHubError::Unreadable {
            call: self.name.clone(),
            reason: reason.to_owned(),
        }
    }

    /// The address of the page that `rel` names in the `Link` header.
    fn link(&self, rel: &str) -> Option<&str> {
        let links = error::text(&self.headers, "link")?;
        links.split(',').find_map(|link| {
            let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            parameters
                .split(';')
                .any(|parameter| parameter.trim() == format!("rel=\"{rel}\""))
                .then_some(address)
        })
    }
}

impl Caller {
    /// Makes `call`, following GitHub on its own host, and answers its successful response.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, GitHubError> {
        let answer = self.send_anywhere(call).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            let (status, headers) = (answer.status, &answer.headers);
            Err(error::refused(&answer.name, status, headers, &answer.body))
        }
    }

    /// Makes `call` and reads its JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, GitHubError> {
        self.send(call).await?.json()
    }

    /// Makes `call` and answers success or a redirect to another host. A redirect on GitHub's
    /// own host is followed with the same method and body: it means nothing was done yet.
    pub(super) async fn send_anywhere(&self, mut call: Call) -> Result<Answer, GitHubError> {
        for _ in 0..REDIRECT_LIMIT {
            let name = call.name();
            let span =
                tracing::debug_span!("github", call = %name, installation = self.installation);
            let answer = self.send_once(&call, name).instrument(span).await?;
            let target = error::text(&answer.headers, "location");
            let target = target.filter(|_| answer.status.is_redirection());
            match target.and_then(|target| self.path_of(target)) {
                Some(path) => call.path = path,
                None if answer.status.is_success() || target.is_some() => return Ok(answer),
                None => {
                    let (status, headers) = (answer.status, &answer.headers);
                    return Err(error::refused(&answer.name, status, headers, &answer.body));
                }
            }
        }
        Err(GitHubError::Rejected {
            call: call.name(),
            status: StatusCode::LOOP_DETECTED.as_u16(),
            message: String::from("GitHub redirects in a circle"),
        })
    }

    /// Reads all pages of a listing; `items` takes the items out of one page.
    pub(super) async fn pages<Page: DeserializeOwned, Item>(
        &self,
        call: Call,
        items: impl Fn(Page) -> Vec<Item>,
    ) -> Result<Vec<Item>, GitHubError> {
        let mut all = Vec::new();
        let mut call = call.query("per_page", "100");
        for _ in 0..PAGE_LIMIT {
            let answer = self.send(call.clone()).await?;
            all.extend(items(answer.json()?));
            match self.next_page(&call, &answer) {
                Some(next) => call = next,
                None => return Ok(all),
            }
        }
        tracing::warn!(call = %call.name(), "a listing has more pages than are read");
        Ok(all)
    }

    /// `call` for the page after `answer`; `None` when that was the last one.
    pub(super) fn next_page(&self, call: &Call, answer: &Answer) -> Option<Call> {
        let path = self.path_of(answer.link("next")?)?;
        Some(Call {
            path,
            ..call.clone()
        })
    }

    /// The query parameter `name` of the next page's address.
    pub(super) fn next_parameter(answer: &Answer, name: &str) -> Option<String> {
        let next = reqwest::Url::parse(answer.link("next")?).ok()?;
        let mut pairs = next.query_pairs();
        let (_, value) = pairs.find(|(key, _)| key == name)?;
        Some(value.into_owned())
    }

    /// The path and query of an address on GitHub's API host; `None` for any other host.
    fn path_of(&self, address: &str) -> Option<String> {
        if address.starts_with('/') && !address.starts_with("//") {
            return Some(address.to_owned());
        }
        let path = address.strip_prefix(&*self.origin)?;
        path.starts_with('/').then(|| path.to_owned())
    }

    async fn send_once(&self, call: &Call, name: String) -> Result<Answer, GitHubError> {
        let unsendable = |reason: &str| GitHubError::Rejected {
            call: name.clone(),
            status: StatusCode::BAD_REQUEST.as_u16(),
            message: reason.to_owned(),
        };
        if climbs(&call.path) {
            return Err(unsendable("a name in the address is `.` or `..`"));
        }
        self.ensure_token(&name).await?;
        let class = budget::class(call.method.as_str(), &call.path);
        self.tally.admit(class, &name)?;
        let question = call.question();
        let known = question.as_deref();
        let known = known.and_then(|question| self.validators.known(question));
        let request = request(call, known.as_ref());
        let request = request.map_err(|error| unsendable(&error.to_string()))?;
        let response = self.octocrab.execute(request).await;
        let response = response.map_err(|error| error::unanswered(&name, &error))?;
        let (parts, body) = response.into_parts();
        self.remember_rate_limit(&parts.headers);
        tracing::debug!(status = parts.status.as_u16(), "GitHub answered");
        let body = read(body, &name).await?;
        let refused = refusal(&name, parts.status, &parts.headers, &body);
        self.tally.answered(class, refused.as_ref(), &parts.headers);
        let (status, headers, body) = match known {
            Some(known) if parts.status == StatusCode::NOT_MODIFIED => {
                (StatusCode::OK, known.headers, known.body)
            }
            _ => (parts.status, parts.headers, body),
        };
        if let (Some(question), StatusCode::OK) = (question, status) {
            self.validators.keep(&question, &headers, &body);
        }
        Ok(Answer {
            status,
            headers,
            body,
            name,
        })
    }

    /// Gets the installation's token first, so that its failure is known not to be the call's.
    async fn ensure_token(&self, name: &str) -> Result<(), GitHubError> {
        let Some(installation) = self.installation else {
            return Ok(());
        };
        let alone = tokio::time::timeout(MINTING_TIMEOUT, self.minting.lock()).await;
        let _alone = alone.map_err(|_| GitHubError::NotSent {
            call: name.to_owned(),
            reason: format!("no token for installation {installation} in time"),
        })?;
        let token = self.octocrab.installation_token().await;
        token.map(|_| ()).map_err(|error| {
            let call = format!("POST /app/installations/{installation}/access_tokens");
            let error = match error {
                octocrab::Error::GitHub { source, .. } => {
                    let headers = source.headers.unwrap_or_default();
                    let body = serde_json::json!({"message": source.message}).to_string();
                    error::refused(&call, source.status_code, &headers, body.as_bytes())
                }
                other => error::unanswered(&call, &other),
            };
            error.before(name, installation)
        })
    }

    fn remember_rate_limit(&self, headers: &HeaderMap) {
        let number = |name| error::text(headers, name).and_then(|text| text.parse().ok());
        let seen = || {
            Some(RateLimit {
                limit: number("x-ratelimit-limit")?,
                remaining: number("x-ratelimit-remaining")?,
                resets_at: number("x-ratelimit-reset")?,
            })
        };
        if let Some(seen) = seen() {
            let mut known = self
                .rate_limit
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *known = Some(seen);
        }
    }
}

/// Not octocrab's own builder, which names an older API version (its build script's).
fn request(call: &Call, known: Option<&Kept>) -> http::Result<Request<OctoBody>> {
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(&call.path)
        .header(ACCEPT, call.accept);
    if let Some(known) = known {
        request = request.header(IF_NONE_MATCH, &known.tag);
    }
    match &call.body {
        Some(body) => request
            .header(CONTENT_TYPE, "application/json")
            .body(OctoBody::from(body.to_string())),
        None => request.header(CONTENT_LENGTH, "0").body(OctoBody::empty()),
    }
}

/// Reads an answer to its end, unless it is too long.
async fn read<Body>(body: Body, call: &str) -> Result<Vec<u8>, GitHubError>
where
    Body: BodyExt,
    Body::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = Limited::new(body, ANSWER_LIMIT).collect().await;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            GitHubError::Unreadable {
                call: call.to_owned(),
                reason: format!("it is larger than {ANSWER_LIMIT} bytes"),
            }
        } else {
            error::unanswered(call, error.as_ref())
        }
    })?;
    Ok(body.to_bytes().to_vec())
}
