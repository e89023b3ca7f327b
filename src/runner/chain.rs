//! Calling a run's function, and the ones it hands over to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::console::Console;
use super::host::HostCapabilities;
use super::masks::Masks;
use super::stop::Stop;
use crate::config::{Limits, SourceTree, invoke};
use crate::model::{Environment, FunctionName, Input, Invocation, Outcome};

/// A chain that is longer than this goes in circles.
const LONGEST: usize = 1000;

/// A failure's message is for people; whoever fails with a command's whole output finds that in the log.
const LONGEST_MESSAGE: usize = 16 << 10;

/// Everything a call needs.
pub(super) struct Chain {
    pub(super) tree: SourceTree,
    pub(super) entry: String,
    pub(super) environments: Vec<Environment>,
    pub(super) host: HostCapabilities,
    pub(super) console: Arc<Console>,
    pub(super) masks: Masks,
    pub(super) stop: Stop,
}

impl Chain {
    /// Calls `function` and goes on with `next` while all its inputs are values.
    pub(super) fn run(
        &self,
        mut function: FunctionName,
        mut inputs: BTreeMap<String, Value>,
    ) -> Outcome {
        for _ in 0..LONGEST {
            if let Some(reason) = self.stop.reason() {
                let message = reason.message();
                return Outcome::Failed { message };
            }
            let next = match self.call(&function, &inputs) {
                Outcome::Next { function, inputs } => (function, inputs),
                ended => return self.masked(ended),
            };
            match values(&next.1) {
                Some(values) => (function, inputs) = (next.0, values),
                None => return self.hand_over(next.0, next.1),
            }
        }
        let message = format!("more than {LONGEST} functions called next, the last one {function}");
        Outcome::Failed { message }
    }

    fn call(&self, function: &FunctionName, inputs: &BTreeMap<String, Value>) -> Outcome {
        self.console.group(&function.to_string());
        let invocation = invoke(
            &self.tree,
            &self.entry,
            function,
            inputs,
            &self.environments,
            &self.host,
            &limits(),
        );
        self.console.end_group();
        match (invocation, self.stop.reason()) {
            // What the function makes of being stopped is not why it failed.
            (
                Invocation::Finished {
                    outcome: Outcome::Failed { .. },
                    ..
                },
                Some(reason),
            ) => Outcome::Failed {
                message: reason.message(),
            },
            (Invocation::Finished { outcome, .. }, _) => outcome,
            (Invocation::NeedsHost { capability }, _) => Outcome::Failed {
                message: format!("{capability} is not available in a job"),
            },
        }
    }

    /// The rest of the chain waits for other runs, so the server keeps it meanwhile. Secrets it must not keep.
    fn hand_over(&self, function: FunctionName, inputs: BTreeMap<String, Input>) -> Outcome {
        for (name, input) in &inputs {
            let (Input::Value { value }
            | Input::Reference {
                default: Some(value),
                ..
            }) = input
            else {
                continue;
            };
            if self.masks.applied_to_value(value.clone()) != *value {
                let message = format!(
                    "input '{name}' of next({}) holds a secret, and the run has to wait for other inputs: the \
                     server would have to keep the secret until then. Read it again in `{}` instead",
                    function.name, function.name
                );
                return Outcome::Failed { message };
            }
        }
        Outcome::Next { function, inputs }
    }

    /// Secrets of earlier functions and of the job are unknown to the function that ended.
    fn masked(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Done {
                outputs,
                tags,
                watch,
            } => Outcome::Done {
                outputs: outputs
                    .into_iter()
                    .map(|(name, value)| (name, self.masks.applied_to_value(value)))
                    .collect(),
                tags,
                watch,
            },
            Outcome::Failed { message } => Outcome::Failed {
                message: cut(self.masks.applied(&message)),
            },
            next @ Outcome::Next { .. } => next,
        }
    }
}

/// The inputs, if none has to be read first.
fn values(inputs: &BTreeMap<String, Input>) -> Option<BTreeMap<String, Value>> {
    let value = |(name, input): (&String, &Input)| match input {
        Input::Value { value } => Some((name.clone(), value.clone())),
        Input::Reference { .. } => None,
    };
    inputs.iter().map(value).collect()
}

fn cut(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push_str("… (cut; the rest is left out)");
    }
    message
}

/// A job has minutes and a machine of its own; what ends it is the run's timeout.
fn limits() -> Limits {
    Limits {
        ticks: 1_000_000_000,
        heap_bytes: 1 << 30,
        print_bytes: 16 << 20,
        ..Limits::default()
    }
}
