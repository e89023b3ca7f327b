//! Reasons to plan.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{
    CommitSha, Diagnostic, Environment, EnvironmentName, Outcome, Package, PackageName, Reference,
    ReleaseName, RunName, TaskKey,
};

/// Why something may have to be done now.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Commits arrived, or a person asks to release one: make releases.
    Release(NewReleases),
    /// A commit's config was evaluated only to be shown.
    Preview(NewReleases),
    /// The environments changed and a release's config was evaluated again with them.
    Replanned {
        /// The release.
        release: ReleaseName,
        /// What its file says now.
        package: Package,
    },
    /// The server tried a function and it wants the machine of a job.
    NeedsRunner {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// A job took the run.
    Claimed {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// A function ended, on the server or in a job.
    Ended {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
        /// How.
        outcome: Outcome,
    },
    /// A value was set (`Some`) or removed (`None`).
    SetCustom {
        /// Absolute ref of the value.
        reference: Reference,
        /// The value.
        value: Option<Value>,
    },
    /// A person provides every approval that a release waits for.
    Approve(Command),
    /// A person wants the failed runs again.
    Retry(Command),
    /// A person stops what is not finished.
    Cancel(Command),
    /// A person wants a deployment gone.
    Undeploy {
        /// Whose.
        package: PackageName,
        /// Where.
        environment: EnvironmentName,
    },
}

/// A person's wish about one release.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The release meant.
    pub release: ReleaseName,
    /// One task of it; `None` means all that apply.
    pub task: Option<TaskKey>,
    /// Who wants it (a GitHub login).
    pub by: String,
    /// The pull request to answer in.
    pub reply_to: Option<i64>,
}

/// Packages of one commit that are to be released or previewed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReleases {
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// The commit.
    pub commit: CommitSha,
    /// What was found in it, in the order of paths.
    pub packages: Vec<Candidate>,
    /// Environments that files of the commit register.
    pub environments: Vec<Environment>,
    /// Everything the evaluation has to say.
    pub diagnostics: Vec<Diagnostic>,
    /// Stop after this environment's phase.
    pub until: Option<EnvironmentName>,
    /// The pull request the commit belongs to.
    pub pull_request: Option<i64>,
    /// The pull request to answer in when a release settles.
    pub reply_to: Option<i64>,
    /// Packages elsewhere in the workspace that have releases: they are evaluated again when environments change.
    pub others: BTreeSet<PackageName>,
}

/// One package of a commit, with why it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The package.
    pub name: PackageName,
    /// What its file says at the commit.
    pub package: Package,
    /// The changed path that selected it, or a sentence when no path did.
    pub reason: String,
}
