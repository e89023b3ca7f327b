//! What calling a task's function came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FunctionName, Input};

/// How one function of a run's chain ended (reference/ocuroot.md §3.2, §3.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// `done(...)`: the run is complete.
    Done {
        /// Values other tasks read as `#output/<name>`.
        #[serde(default)]
        outputs: BTreeMap<String, Value>,
        /// Names for the release, linked as `P/@<tag>`.
        #[serde(default)]
        tags: Vec<String>,
        /// Further paths whose change releases the package again.
        #[serde(default)]
        watch: Vec<String>,
    },
    /// `next(...)`: the run goes on with another function once its inputs are there.
    Next {
        /// What to call next.
        function: FunctionName,
        /// Its inputs, resolved like a task's.
        #[serde(default)]
        inputs: BTreeMap<String, Input>,
    },
    /// `fail(...)`, an error, or a command that exited non-zero.
    Failed {
        /// The error with its place in the config file, secrets masked.
        message: String,
    },
}

/// What one attempt to call a function came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Invocation {
    /// The function ended by itself.
    Finished {
        /// How.
        outcome: Outcome,
        /// The lines it printed, secrets masked.
        logs: Vec<String>,
    },
    /// The function touched a capability that was not granted; whatever it did before counts for nothing.
    NeedsHost {
        /// Which builtin it called first, such as `host.shell`.
        capability: String,
    },
}
