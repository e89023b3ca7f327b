//! What travels between a job and the server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{CommitSha, Environment, FunctionName, Outcome};

/// "This job wants to execute its run."
#[derive(Serialize)]
pub(super) struct ClaimRequest<'a> {
    pub(super) fence: i64,
    /// Chosen once per process: with it a claim whose answer was lost can be asked again.
    pub(super) nonce: &'a str,
    pub(super) job_url: Option<String>,
}

/// What the run consists of. Holds the report token, hence no `Debug`.
#[derive(Deserialize)]
pub(super) struct Assignment {
    pub(super) token: String,
    /// The run's ref.
    pub(super) run: String,
    pub(super) commit: CommitSha,
    /// The package's file.
    pub(super) entry: String,
    pub(super) function: FunctionName,
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) environments: Vec<Environment>,
    pub(super) timeout_seconds: i64,
}

/// Lines of the run's log; `first` is the number of the first one, from 0.
#[derive(Serialize)]
pub(super) struct LogsRequest<'a> {
    pub(super) fence: i64,
    pub(super) first: i64,
    pub(super) lines: &'a [String],
}

/// How the run ended.
#[derive(Serialize)]
pub(super) struct ReportRequest<'a> {
    pub(super) fence: i64,
    pub(super) outcome: &'a Outcome,
}

/// Outputs of a native workflow's run.
#[derive(Serialize)]
pub(super) struct OutputsRequest<'a> {
    pub(super) outputs: &'a BTreeMap<String, Value>,
}

/// Every refusal.
#[derive(Deserialize)]
pub(super) struct Refusal {
    /// Words for a person.
    pub(super) error: String,
}
