//! What a config file says a package's release consists of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::id::NameError;
use super::{EnvironmentName, Reference};

/// A package: ordered phases of tasks, and which changed paths release it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Phases in the order they run. A phase may be empty (no environment of that kind yet).
    pub phases: Vec<Phase>,
    /// Globs of `watch(...)`, from the repository's root; `None` means the package file's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Vec<String>>,
    /// The workflow that executes Starlark functions, from `runner(...)`; `None` means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// How many runs one dispatch of that workflow may carry, from `runner(wave=...)`; `None` means no own bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<u32>,
    /// Every file that was loaded to evaluate this one, from the repository's root.
    #[serde(default)]
    pub loads: BTreeSet<String>,
}

impl Package {
    /// All tasks, in phase order.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.phases.iter().flat_map(|phase| phase.tasks.iter())
    }

    /// The task called `key`.
    pub fn task(&self, key: &TaskKey) -> Option<&Task> {
        self.tasks().find(|task| task.key == *key)
    }

    /// The index of the phase that holds `key`.
    pub fn phase_of(&self, key: &TaskKey) -> Option<usize> {
        self.phases
            .iter()
            .position(|phase| phase.tasks.iter().any(|task| task.key == *key))
    }
}

/// An ordered group of tasks that run in parallel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name; empty for a task declared outside any phase.
    pub name: String,
    /// Its tasks, in the order the file declares them.
    pub tasks: Vec<Task>,
}

/// `task(...)` or `deploy(...)`: something a release does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Which task of the package this is.
    pub key: TaskKey,
    /// What it needs before it can run.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
    /// What it does (a deployment's `up`).
    pub action: Action,
    /// How a deployment is taken down again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Action>,
    /// How long one run may take, in seconds; `None` means the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i64>,
    /// How often a failed run is retried by itself.
    #[serde(default)]
    pub retries: i64,
    /// Where the file declares it, from 1.
    #[serde(default)]
    pub line: u32,
}

/// A task's name within its package; printed as the ref's tail: `task/build`, `deploy/production`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKey {
    /// `task(fn, name=...)`.
    Task(String),
    /// `deploy(environment=...)`.
    Deploy(EnvironmentName),
}

impl TaskKey {
    /// The task's own name, or its environment's.
    pub fn name(&self) -> &str {
        match self {
            TaskKey::Task(name) => name,
            TaskKey::Deploy(environment) => environment.as_str(),
        }
    }

    /// The environment a deployment goes to.
    pub fn environment(&self) -> Option<&EnvironmentName> {
        match self {
            TaskKey::Task(_) => None,
            TaskKey::Deploy(environment) => Some(environment),
        }
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskKey::Task(name) => write!(formatter, "task/{name}"),
            TaskKey::Deploy(environment) => write!(formatter, "deploy/{environment}"),
        }
    }
}

impl FromStr for TaskKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<TaskKey, NameError> {
        match text.split_once('/') {
            Some(("task", name)) if !name.is_empty() => Ok(TaskKey::Task(name.to_owned())),
            Some(("deploy", name)) => Ok(TaskKey::Deploy(name.parse()?)),
            _ => Err(NameError(format!(
                "`{text}` is neither task/<name> nor deploy/<environment>"
            ))),
        }
    }
}

impl Serialize for TaskKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaskKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What performs a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A Starlark function, called on the server when it is pure, else by the runner.
    Function(FunctionName),
    /// `workflow(file, inputs)`: the repository's own GitHub Actions workflow.
    Workflow(WorkflowCall),
}

/// A function by where it is a global: identity survives moving lines (reference/ocuroot.md Q-S3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionName {
    /// The file that defines it, from the repository's root.
    pub file: String,
    /// The name of the global.
    pub name: String,
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.name)
    }
}

/// A call of the repository's own workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowCall {
    /// The workflow's file name below `.github/workflows/`.
    pub file: String,
    /// Fixed inputs to pass besides the task's own.
    #[serde(default)]
    pub inputs: BTreeMap<String, Value>,
    /// Where the config file calls `workflow(...)`, from 1.
    #[serde(default)]
    pub line: u32,
}

/// One input of a task or of a `next`: a fixed value, or a reference with an optional default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// Known now; `null` is a value.
    Value {
        /// The value.
        #[serde(deserialize_with = "present")]
        value: Value,
    },
    /// Read when the run starts.
    Reference {
        /// What to read, relative to the release that reads it.
        #[serde(rename = "ref")]
        reference: Reference,
        /// Used when there is nothing to read. `Some(null)` is a default of null.
        #[serde(
            default,
            deserialize_with = "present_option",
            skip_serializing_if = "Option::is_none"
        )]
        default: Option<Value>,
    },
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// Serde reads `null` into an `Option` as `None`; here a default of null differs from no default.
fn present_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn a_null_default_survives_storage() {
        for text in [
            r#"{"value":null}"#,
            r#"{"ref":"./custom/approval"}"#,
            r#"{"ref":"./custom/approval","default":null}"#,
        ] {
            let input: Input = serde_json::from_str(text).expect("an input");
            assert_eq!(serde_json::to_string(&input).expect("JSON"), text);
        }
    }
}
