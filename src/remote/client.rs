//! Questions to the server, asked again until they are answered: a server that is restarted is there again in a moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::protocol::{Answer, Kept, Refusal, plain};
use super::token::Token;
use crate::command::Request;
use crate::runner::{is_loopback, request_problem, server_address};

const TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// While a command has not been carried out, and while a release stays as it is.
const LONGEST_LOOK: Duration = Duration::from_secs(2);
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
/// How long a server is asked that has never answered; one that has may be restarting.
const PATIENCE_WITH_STRANGERS: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(600);
/// Silence that people are told of.
const TELLING: Duration = Duration::from_secs(3);
/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server will say the same again.
    #[error("{words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// It did not answer for as long as it was asked.
    #[error("{server} does not answer: {reason}. Is it running, and can this machine reach it?")]
    Silent {
        /// Who.
        server: String,
        /// What happened the last time.
        reason: String,
    },
    /// What it said cannot be understood.
    #[error(
        "the answer of {server} cannot be read ({problem}): is it an Ocuroot server of this version?"
    )]
    Unreadable {
        /// Who.
        server: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// One repository at one server.
pub(super) struct Client {
    /// The server's address without a slash at the end.
    server: String,
    /// Everything about the repository is below this.
    base: String,
    http: reqwest::Client,
    token: Token,
    has_answered: AtomicBool,
}

/// What is asked.
#[derive(Clone, Copy)]
struct Question<'a> {
    method: &'a Method,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    /// A header and its value.
    header: Option<(&'a str, &'a str)>,
    body: Option<&'a str>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Asking again may help.
struct Again {
    reason: String,
    after: Option<Duration>,
}

impl Client {
    pub(super) fn new(address: &str, repository: &str, token: Token) -> anyhow::Result<Client> {
        let url = server_address(address)?;
        let builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .user_agent(concat!("ocuroot/", env!("CARGO_PKG_VERSION")));
        let builder = match is_loopback(&url) {
            true => builder.no_proxy(),
            false => builder,
        };
        let server = address.trim_end_matches('/').to_owned();
        Ok(Client {
            base: format!("{server}/api/v1/repositories/{repository}"),
            server,
            http: builder
                .build()
                .context("this machine cannot make HTTP requests")?,
            token,
            has_answered: AtomicBool::new(false),
        })
    }

    /// The answer to a question.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let reply = self
            .persist(Question {
                method: &Method::GET,
                path,
                query,
                header: None,
                body: None,
            })
            .await?;
        self.read(&reply)
    }

    /// The same, unless it is still the answer with this tag.
    pub(super) async fn get_news<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        tag: &mut Option<String>,
    ) -> Result<Option<T>, Failure> {
        let reply = self
            .persist(Question {
                method: &Method::GET,
                path,
                query,
                header: tag.as_deref().map(|tag| (IF_NONE_MATCH.as_str(), tag)),
                body: None,
            })
            .await?;
        if reply.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let new = reply.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        *tag = new.map(str::to_owned);
        self.read(&reply).map(Some)
    }

    /// Has something done, and waits for what it comes to. The key stays the same however often it has to be said.
    pub(super) async fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        let key = key()?;
        let body = serde_json::to_string(request)?;
        self.persist(Question {
            method: &Method::POST,
            path: "/commands",
            query: &[],
            header: Some(("idempotency-key", &key)),
            body: Some(&body),
        })
        .await?;
        let path = format!("/commands/{key}");
        let (since, mut is_told, mut delay) = (Instant::now(), false, FIRST_DELAY);
        loop {
            let kept: Kept = self.get(&path, &[]).await?;
            match (kept.state.as_str(), kept.answer) {
                ("waiting", _) => {}
                ("failed", _) => {
                    anyhow::bail!("{} could not carry it out; its log says why", self.server)
                }
                (_, answer) => return Ok(answer.unwrap_or_default().cleaned()),
            }
            if since.elapsed() > TELLING && !is_told {
                eprintln!("{} has taken it on, and will get to it", self.server);
                is_told = true;
            }
            sleep(delay).await;
            delay = (delay * 2).min(LONGEST_LOOK);
        }
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, Failure> {
        serde_json::from_slice(&reply.body).map_err(|error| Failure::Unreadable {
            server: self.server.clone(),
            problem: error.to_string(),
        })
    }

    async fn persist(&self, question: Question<'_>) -> Result<Reply, Failure> {
        let since = Instant::now();
        let (mut delay, mut is_told) = (FIRST_DELAY, false);
        loop {
            let again = match self.once(question).await {
                Ok(reply) => {
                    self.has_answered.store(true, Ordering::Relaxed);
                    let is_good =
                        reply.status.is_success() || reply.status == StatusCode::NOT_MODIFIED;
                    return if is_good {
                        Ok(reply)
                    } else {
                        Err(self.refused(&reply))
                    };
                }
                Err(again) => again,
            };
            let patience = match self.has_answered.load(Ordering::Relaxed) {
                true => PATIENCE,
                false => PATIENCE_WITH_STRANGERS,
            };
            let wait = again
                .after
                .map_or(delay, |after| after.min(LONGEST_RETRY_AFTER));
            if since.elapsed() + wait > patience {
                return Err(Failure::Silent {
                    server: self.server.clone(),
                    reason: again.reason,
                });
            }
            if since.elapsed() > TELLING && !is_told {
                eprintln!(
                    "{} does not answer ({}); asking on",
                    self.server, again.reason
                );
                is_told = true;
            }
            sleep(wait).await;
            delay = (delay * 2).min(LONGEST_DELAY);
        }
    }

    async fn once(&self, question: Question<'_>) -> Result<Reply, Again> {
        let again = |error: &reqwest::Error| Again {
            reason: request_problem(error),
            after: None,
        };
        let url = format!("{}{}", self.base, question.path);
        let mut request = self
            .http
            .request(question.method.clone(), url)
            .bearer_auth(self.token.text());
        if !question.query.is_empty() {
            request = request.query(question.query);
        }
        if let Some((name, value)) = question.header {
            request = request.header(name, value);
        }
        if let Some(body) = question.body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        let mut response = request.send().await.map_err(|error| again(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| again(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_LIMIT {
                break;
            }
        }
        let reply = Reply {
            status,
            headers,
            body,
        };
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            let after = reply.headers.get(RETRY_AFTER);
            let after = after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            return Err(Again {
                reason: words(&reply),
                after: after.map(Duration::from_secs),
            });
        }
        Ok(reply)
    }

    fn refused(&self, reply: &Reply) -> Failure {
        Failure::Refused {
            status: reply.status.as_u16(),
            words: format!("{}: {}", self.server, words(reply)),
        }
    }
}

impl Answer {
    fn cleaned(mut self) -> Answer {
        let texts = self.words.iter_mut().chain(&mut self.references);
        let texts = texts.chain(&mut self.environments);
        let texts = texts.chain(self.diagnostics.iter_mut().map(|found| &mut found.message));
        for text in texts {
            *text = plain(text);
        }
        self
    }
}

/// What the server says about a refusal; a proxy in between may answer something else.
fn words(reply: &Reply) -> String {
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(refusal) => plain(&refusal.error),
        Err(_) => format!("it answered {}", reply.status.as_u16()),
    }
}

/// A new name for a command.
fn key() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("this machine has no random numbers"))?;
    Ok(hex::encode(bytes))
}
