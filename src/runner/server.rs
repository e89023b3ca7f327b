//! The calls to the server. Each is safe to make again, and is made again until it is answered.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::header::RETRY_AFTER;
use serde::Serialize;

use super::address;
use super::error::RunnerError;
use super::identity::{Identity, IdentityError, job_url};
use super::protocol::{
    Assignment, ClaimRequest, LogsRequest, OutputsRequest, Refusal, ReportRequest,
};
use super::stop::Stop;

/// One request may take this long.
const TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(15);
/// A server that asks for more patience than this is asked again anyway.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The server this job works for.
#[derive(Clone)]
pub(super) struct Server {
    /// As it was given, without a slash at the end: also the audience of identity tokens, which is compared as text.
    base: String,
    client: Client,
}

/// What became of a claim.
pub(super) enum Claim {
    /// The run is this job's.
    Granted(Box<Assignment>),
    /// It belongs to another job, or was started anew.
    NotOurs(String),
}

/// What became of a message about a claimed run.
pub(super) enum Receipt {
    Accepted,
    /// The server does not want it any more.
    NotWanted(String),
    /// The server, or a proxy before it, takes no message of this size.
    TooLarge,
}

/// How long to go on asking, and who may end it.
pub(super) struct Patience<'a> {
    pub(super) total: Duration,
    pub(super) stop: Option<&'a Stop>,
}

/// Asking again may help.
struct Again {
    reason: String,
    after: Option<Duration>,
}

enum GaveUp {
    Stopped,
    Exhausted(String),
}

struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Server {
    pub(super) fn new(address: &str) -> Result<Server, RunnerError> {
        let url = address::parse(address)?;
        Ok(Server {
            base: address.trim_end_matches('/').to_owned(),
            client: address::client(&url, TIMEOUT)?,
        })
    }

    /// The server's address as it goes into identity tokens.
    pub(super) fn audience(&self) -> &str {
        &self.base
    }

    /// Takes a start of a run: the run's number and the start's fence. The nonce makes an answer that was lost come
    /// again. Every token that is used goes to `hide` first.
    pub(super) fn claim(
        &self,
        (run, fence): (i64, i64),
        identity: &Identity,
        environment: &BTreeMap<String, String>,
        patience: &Patience<'_>,
        hide: &dyn Fn(&str),
    ) -> Result<Claim, RunnerError> {
        let doing = "claim the run";
        let nonce = nonce()?;
        let path = format!("/api/v1/runs/{run}/claim");
        let reply = self.persist(doing, patience, || {
            let token = match identity.token() {
                Ok(token) => token,
                Err(IdentityError::Final(error)) => return Ok(Err(error)),
                Err(IdentityError::Transient(reason)) => {
                    let reason = format!("GitHub gave no identity token: {reason}");
                    return Err(Again {
                        reason,
                        after: None,
                    });
                }
            };
            hide(&token);
            let job_url = job_url(environment, &token);
            let request = ClaimRequest {
                fence,
                nonce: &nonce,
                job_url,
            };
            let reply = self.post(&path, &token, &request)?;
            if reply.status != 200 {
                return Ok(Ok((reply, None)));
            }
            // Half an answer is no answer.
            match serde_json::from_slice::<Assignment>(&reply.body) {
                Ok(assignment) => Ok(Ok((reply, Some(assignment)))),
                Err(error) => Err(Again {
                    reason: format!("its answer cannot be read: {error}"),
                    after: None,
                }),
            }
        })??;
        match reply {
            (_, Some(assignment)) => Ok(Claim::Granted(Box::new(assignment))),
            (reply, None) if reply.status == 409 => Ok(Claim::NotOurs(words(&reply))),
            (reply, None) => Err(self.refused(doing, &reply)),
        }
    }

    /// Sends lines of the log once; says whether they were wanted. `Err` says why that should be tried again.
    pub(super) fn send_logs(
        &self,
        run: i64,
        token: &str,
        request: &LogsRequest<'_>,
    ) -> Result<bool, String> {
        let path = format!("/api/v1/runs/{run}/logs");
        let reply = self
            .post(&path, token, request)
            .map_err(|again| again.reason)?;
        Ok(matches!(reply.status, 200..300))
    }

    /// Reports how the run ended.
    pub(super) fn report(
        &self,
        run: i64,
        token: &str,
        request: &ReportRequest<'_>,
        patience: &Patience<'_>,
    ) -> Result<Receipt, RunnerError> {
        let path = format!("/api/v1/runs/{run}/report");
        self.tell("take the run's result", &path, token, request, patience)
    }

    /// Sends the outputs of a native workflow.
    pub(super) fn send_outputs(
        &self,
        identity: &Identity,
        request: &OutputsRequest<'_>,
        patience: &Patience<'_>,
    ) -> Result<(), RunnerError> {
        let doing = "take the outputs";
        let reply = self.persist(doing, patience, || match identity.token() {
            Ok(token) => self.post("/api/v1/outputs", &token, request).map(Ok),
            Err(IdentityError::Final(error)) => Ok(Err(error)),
            Err(IdentityError::Transient(reason)) => Err(Again {
                reason: format!("GitHub gave no identity token: {reason}"),
                after: None,
            }),
        })??;
        match reply.status {
            200..300 => Ok(()),
            _ => Err(self.refused(doing, &reply)),
        }
    }

    fn tell(
        &self,
        doing: &'static str,
        path: &str,
        token: &str,
        body: &impl Serialize,
        patience: &Patience<'_>,
    ) -> Result<Receipt, RunnerError> {
        let reply = self.persist(doing, patience, || self.post(path, token, body))?;
        match reply.status {
            200..300 => Ok(Receipt::Accepted),
            409 => Ok(Receipt::NotWanted(words(&reply))),
            413 => Ok(Receipt::TooLarge),
            _ => Err(self.refused(doing, &reply)),
        }
    }

    fn refused(&self, doing: &'static str, reply: &Reply) -> RunnerError {
        RunnerError::Refused {
            server: self.base.clone(),
            doing,
            reason: words(reply),
        }
    }

    fn post(&self, path: &str, token: &str, body: &impl Serialize) -> Result<Reply, Again> {
        let again = |error: reqwest::Error| Again {
            reason: address::reason(&error),
            after: None,
        };
        let request = self.client.post(format!("{}{path}", self.base));
        let response = request
            .bearer_auth(token)
            .json(body)
            .send()
            .map_err(again)?;
        let status = response.status();
        let after = response.headers().get(RETRY_AFTER);
        let after = after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let body = response.bytes().map_err(again)?.to_vec();
        let reply = Reply {
            status: status.as_u16(),
            body,
        };
        if status.is_server_error() || matches!(reply.status, 408 | 425 | 429) {
            return Err(Again {
                reason: words(&reply),
                after: after.map(Duration::from_secs),
            });
        }
        Ok(reply)
    }

    /// Asks until there is an answer or patience ends.
    fn persist<T>(
        &self,
        doing: &'static str,
        patience: &Patience<'_>,
        attempt: impl FnMut() -> Result<T, Again>,
    ) -> Result<T, RunnerError> {
        persist(patience, attempt).map_err(|gave_up| match gave_up {
            GaveUp::Stopped => RunnerError::Cancelled,
            GaveUp::Exhausted(reason) => RunnerError::Unreachable {
                server: self.base.clone(),
                doing,
                reason,
            },
        })
    }
}

fn persist<T>(
    patience: &Patience<'_>,
    mut attempt: impl FnMut() -> Result<T, Again>,
) -> Result<T, GaveUp> {
    let until = Instant::now() + patience.total;
    let mut delay = FIRST_DELAY;
    loop {
        let again = match attempt() {
            Ok(answer) => return Ok(answer),
            Err(again) => again,
        };
        let wait = match again.after {
            Some(after) => after.min(LONGEST_RETRY_AFTER),
            None => spread(delay),
        };
        if Instant::now() + wait >= until {
            return Err(GaveUp::Exhausted(again.reason));
        }
        match patience.stop {
            Some(stop) if stop.wait(wait) => return Err(GaveUp::Stopped),
            Some(_) => {}
            None => std::thread::sleep(wait),
        }
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}

/// Between half of the delay and all of it: the jobs of a wave must not all knock at the same moment.
fn spread(delay: Duration) -> Duration {
    let random = std::hash::RandomState::new().hash_one(0) % 512;
    delay.mul_f64(0.5 + random as f64 / 1024.0)
}

fn nonce() -> Result<String, RunnerError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| RunnerError::NoClient("it has no random numbers".to_owned()))?;
    Ok(hex::encode(bytes))
}

/// What the server says about a refusal; a proxy in between may answer something else.
fn words(reply: &Reply) -> String {
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(refusal) => refusal.error,
        Err(_) => format!("it answered {}", reply.status),
    }
}
