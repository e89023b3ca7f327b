//! Who this job is, in GitHub's words: its OIDC token.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use reqwest::blocking::Client;
use serde::Deserialize;

use super::address;
use super::error::RunnerError;

/// With these a process of the job could claim and report in its name; no command gets them.
pub(super) const REQUEST_VARIABLES: [&str; 2] = [
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

const TIMEOUT: Duration = Duration::from_secs(20);

/// Asks GitHub for tokens that name this job.
pub(super) struct Identity {
    client: Client,
    url: Url,
    request_token: String,
}

/// Why there is no token.
pub(super) enum IdentityError {
    /// Asking again may help.
    Transient(String),
    /// It will not.
    Final(RunnerError),
}

#[derive(Deserialize)]
struct Answer {
    value: String,
}

impl Identity {
    /// From the variables that GitHub sets in a job with `id-token: write`.
    pub(super) fn new(
        environment: &BTreeMap<String, String>,
        audience: &str,
    ) -> Result<Identity, RunnerError> {
        let [url, token] = REQUEST_VARIABLES.map(|name| {
            let value = environment.get(name);
            value.filter(|value| !value.is_empty())
        });
        let (Some(url), Some(token)) = (url, token) else {
            return Err(RunnerError::NoIdentity);
        };
        let mut url = Url::parse(url).map_err(|_| {
            RunnerError::IdentityRefused("ACTIONS_ID_TOKEN_REQUEST_URL is no address".to_owned())
        })?;
        url.query_pairs_mut().append_pair("audience", audience);
        Ok(Identity {
            client: address::client(&url, TIMEOUT)?,
            url,
            request_token: token.clone(),
        })
    }

    /// The secret that asks for tokens.
    pub(super) fn request_token(&self) -> &str {
        &self.request_token
    }

    /// A fresh token: servers accept each only once, and it is good for minutes only.
    pub(super) fn token(&self) -> Result<String, IdentityError> {
        let request = self
            .client
            .get(self.url.clone())
            .bearer_auth(&self.request_token);
        let response = request
            .send()
            .map_err(|error| IdentityError::Transient(address::reason(&error)))?;
        let status = response.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(IdentityError::Transient(format!("it answered {status}")));
        }
        if !status.is_success() {
            let reason = format!("it answered {status}");
            return Err(IdentityError::Final(RunnerError::IdentityRefused(reason)));
        }
        let answer: Answer = response
            .json()
            .map_err(|error| IdentityError::Transient(address::reason(&error)))?;
        Ok(answer.value)
    }
}

/// Where people see this job. The token knows the job's number, the variables only know the workflow run.
pub(super) fn job_url(environment: &BTreeMap<String, String>, token: &str) -> Option<String> {
    let server = environment.get("GITHUB_SERVER_URL")?;
    let repository = environment.get("GITHUB_REPOSITORY")?;
    let run = environment.get("GITHUB_RUN_ID")?;
    let url = format!("{server}/{repository}/actions/runs/{run}");
    match job_number(token) {
        Some(job) => Some(format!("{url}/job/{job}")),
        None => Some(url),
    }
}

fn job_number(token: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Claims {
        check_run_id: String,
    }
    let payload = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    claims.check_run_id.parse().ok()
}
