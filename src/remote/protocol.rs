//! What the server says, as docs/api.md has it.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::{CommitSha, ReleaseName, RunKind, RunName, RunState};

#[derive(Deserialize)]
pub(super) struct Facts {
    pub(super) reference_name: String,
}

#[derive(Deserialize)]
pub(super) struct OneRecord {
    pub(super) value: Value,
}

#[derive(Deserialize)]
pub(super) struct References {
    pub(super) references: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Drifts {
    pub(super) drift: Vec<Drift>,
}

/// Something that is not as it should be.
#[derive(Deserialize)]
pub struct Drift {
    /// Its ref.
    pub reference: String,
    /// `create`, `update` or `delete`.
    pub step: String,
}

#[derive(Deserialize)]
pub(super) struct Work {
    pub(super) items: Vec<WorkItem>,
}

/// Something that is not done.
#[derive(Deserialize, Serialize)]
pub struct WorkItem {
    /// What it is done to.
    #[serde(rename = "ref")]
    pub reference: String,
    /// `create`, `update`, `delete`, `op` or `run`.
    pub work_type: String,
    /// The commit it is done at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Why it is not done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Deployments {
    pub(super) deployments: Vec<Deployment>,
}

/// What is live.
#[derive(Deserialize)]
pub struct Deployment {
    /// Its ref.
    pub reference: String,
    /// What its release was made from.
    pub commit: Option<CommitSha>,
}

#[derive(Deserialize)]
pub(super) struct Kept {
    pub(super) state: String,
    pub(super) answer: Option<Answer>,
}

/// What a command came to.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// Whether something of it was not carried out.
    pub is_refused: bool,
    /// What there is to say.
    pub words: Vec<String>,
    /// The same for programs.
    pub results: Vec<Outcome>,
    /// The releases it is about.
    #[serde(deserialize_with = "texts")]
    pub releases: Vec<ReleaseName>,
    /// The refs it is about.
    pub references: Vec<String>,
    /// The environments that are new or changed.
    pub environments: Vec<String>,
    /// What was found in config files.
    pub diagnostics: Vec<Diagnostic>,
}

impl Answer {
    /// Whether one of the results has this reason.
    pub fn has_reason(&self, code: &str) -> bool {
        let mut results = self.results.iter();
        results.any(|result| result.reason_code == code)
    }
}

/// One result.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// Why, in a word that does not change.
    pub reason_code: String,
}

/// Something in a config file.
#[derive(Debug, Deserialize)]
pub struct Diagnostic {
    /// Where and what.
    pub message: String,
    /// Whether the file cannot be used because of it.
    pub is_error: bool,
}

/// How a release stands.
#[derive(Debug, Deserialize)]
pub struct ReleaseView {
    /// Which.
    #[serde(deserialize_with = "text")]
    pub release: ReleaseName,
    /// `running` while something runs or is about to; else `complete`, `failed`, `blocked`, `waiting`, `cancelled` or
    /// `superseded`.
    pub status: String,
    /// For people.
    pub text: String,
    pub(super) runs: Vec<RunView>,
}

impl ReleaseView {
    /// Whether it came, or may still come, to where it was to go.
    pub fn is_good(&self) -> bool {
        !matches!(self.status.as_str(), "failed" | "cancelled" | "superseded")
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunView {
    #[serde(deserialize_with = "text")]
    pub(super) run: RunName,
    pub(super) kind: RunKind,
    pub(super) state: RunState,
    pub(super) error: Option<String>,
    /// Milliseconds since the Unix epoch.
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl RunView {
    /// How long it took, once it is over.
    pub(super) fn took(&self) -> Option<Duration> {
        let milliseconds = self.finished_at?.checked_sub(self.started_at?)?;
        Some(Duration::from_millis(u64::try_from(milliseconds).ok()?))
    }
}

#[derive(Deserialize)]
pub(super) struct Log {
    pub(super) fence: i64,
    pub(super) lines: Vec<LogLine>,
}

#[derive(Deserialize)]
pub(super) struct LogLine {
    pub(super) number: i64,
    pub(super) text: String,
}

/// What a refusal says.
#[derive(Deserialize)]
pub(super) struct Refusal {
    pub(super) error: String,
}

/// A name that is written as text.
fn text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(D::Error::custom)
}

fn texts<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let names = texts.iter().map(|text| text.parse());
    names.collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// A text without what would steer a terminal.
pub(super) fn plain(text: &str) -> String {
    let is_plain = |character: &char| !character.is_control() || matches!(character, '\n' | '\t');
    text.chars().filter(is_plain).collect()
}
