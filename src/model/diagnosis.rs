//! What GitHub shows of a workflow run, and what is wrong with it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A workflow run as GitHub shows it: facts, nothing concluded from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowRunFacts {
    /// GitHub's status, such as `queued` or `completed`.
    pub status: String,
    /// GitHub's conclusion, once there is one.
    pub conclusion: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// Whether we have asked GitHub to stop it.
    pub is_stopped_by_us: bool,
    /// Its jobs, of the latest attempt.
    pub jobs: Vec<JobFacts>,
}

/// A job of a workflow run as GitHub shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// GitHub's status, such as `queued` or `completed`.
    pub status: String,
    /// GitHub's conclusion, once there is one.
    pub conclusion: Option<String>,
    /// What `runs-on` asks for.
    pub labels: BTreeSet<String>,
    /// Whether a machine has taken it.
    pub has_machine: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What GitHub has noted on it, such as why it was not started. Only asked for where nothing else explains its end.
    pub notes: Vec<String>,
}

/// Why a workflow run does not go on, or how it ended without its job telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diagnosis {
    /// A job waits, and no machine of the repository's own takes jobs with these labels.
    NoRunner {
        /// What its `runs-on` asks for.
        labels: BTreeSet<String>,
    },
    /// A job waits for one of GitHub's machines.
    NoMachine {
        /// What its `runs-on` asks for.
        labels: BTreeSet<String>,
    },
    /// A rule of the repository's environment on GitHub wants somebody to approve the job there.
    WaitsForApproval,
    /// Another run of the workflow's `concurrency` group is at work.
    WaitsInLine,
    /// GitHub says it goes on, but nothing of it is alive.
    Zombie,
    /// GitHub could not make jobs of the workflow file.
    StartupFailure,
    /// GitHub dropped it for a newer run of its `concurrency` group.
    ReplacedInLine,
    /// The account may not use GitHub's machines now.
    Billing,
    /// It ran into GitHub's own limit.
    TimedOut,
    /// Nobody approved it on GitHub in time.
    NeverApproved,
    /// No machine took any of its jobs, until GitHub or somebody there cancelled it.
    NeverStarted {
        /// What the jobs asked for.
        labels: BTreeSet<String>,
    },
    /// Somebody cancelled it on GitHub, or we did because its time was over.
    Cancelled {
        /// Whether we did.
        is_by_us: bool,
    },
    /// It is not there any more.
    Deleted,
    /// It ended well, but its job never told how its step went.
    SaidNothing,
    /// It ended otherwise.
    Ended {
        /// GitHub's conclusion.
        conclusion: String,
    },
}

impl Diagnosis {
    /// Whether it is about all of the workflow run, however far a job of it has come.
    pub fn is_of_all(&self) -> bool {
        matches!(self, Diagnosis::Zombie)
    }
}
