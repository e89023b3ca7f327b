//! Values that builtins hand out and take back: each carries its meaning, so that no plain dict is mistaken for one.

mod environment;
mod handles;
mod structure;

pub(super) use environment::{EnvironmentValue, environment_from_json};
pub(super) use handles::{InputValue, OutcomeValue, TaskHandle, WorkflowValue};
pub(super) use structure::Structure;
