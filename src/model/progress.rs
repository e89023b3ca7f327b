//! What is known of a release's runs besides what is decided on.

use std::collections::BTreeMap;

use super::{Diagnosis, RunName, TaskKey, Timestamp};

/// Where the runs of a release can be watched, and how long they usually take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The page of each run's job or workflow run.
    pub links: BTreeMap<RunName, String>,
    /// How long the package's last successes of each unfinished task took on average, in milliseconds.
    pub usual: BTreeMap<TaskKey, i64>,
    /// What keeps runs from going on on GitHub, each with the file of the workflow.
    pub troubles: BTreeMap<RunName, (Diagnosis, String)>,
    /// What of it GitHub keeps from being started.
    pub limited: Option<Limited>,
}

/// Steps that are ready and wait because GitHub lets us send no more for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// When they go on.
    pub until: Timestamp,
    /// How many.
    pub steps: usize,
}
