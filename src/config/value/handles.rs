//! Opaque results of builtins. Config files pass them on; only builtins look inside.

use std::fmt;

use allocative::Allocative;
use starlark::any::ProvidesStaticType;
use starlark::starlark_simple_value;
use starlark::values::{NoSerialize, StarlarkPagablePanic, StarlarkValue, starlark_value};

use crate::model::{Input, Outcome, WorkflowCall};

/// What `input(...)` and `ref(...)` return.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(in crate::config) struct InputValue {
    #[allocative(skip)]
    pub(in crate::config) input: Input,
}

starlark_simple_value!(InputValue);

impl fmt::Display for InputValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.input {
            Input::Value { value } => write!(formatter, "input(default = {value})"),
            Input::Reference { reference, .. } => write!(formatter, "ref(\"{reference}\")"),
        }
    }
}

#[starlark_value(type = "input")]
impl<'v> StarlarkValue<'v> for InputValue {}

/// What `workflow(...)` returns.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(in crate::config) struct WorkflowValue {
    #[allocative(skip)]
    pub(in crate::config) call: WorkflowCall,
}

starlark_simple_value!(WorkflowValue);

impl fmt::Display for WorkflowValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "workflow(\"{}\")", self.call.file)
    }
}

#[starlark_value(type = "workflow")]
impl<'v> StarlarkValue<'v> for WorkflowValue {}

/// What `task(...)` and `deploy(...)` return: which one it was, in order of declaration.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(in crate::config) struct TaskHandle {
    pub(in crate::config) index: usize,
    /// The file whose evaluation declared it: a handle loaded from another file names nothing here.
    pub(in crate::config) path: String,
}

starlark_simple_value!(TaskHandle);

impl fmt::Display for TaskHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "task #{}", self.index + 1)
    }
}

#[starlark_value(type = "task")]
impl<'v> StarlarkValue<'v> for TaskHandle {}

/// What `done(...)` and `next(...)` return.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(in crate::config) struct OutcomeValue {
    #[allocative(skip)]
    pub(in crate::config) outcome: Outcome,
}

starlark_simple_value!(OutcomeValue);

impl fmt::Display for OutcomeValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Done { .. } => formatter.write_str("done(...)"),
            Outcome::Next { function, .. } => write!(formatter, "next({})", function.name),
            Outcome::Failed { .. } => formatter.write_str("failed"),
        }
    }
}

#[starlark_value(type = "outcome")]
impl<'v> StarlarkValue<'v> for OutcomeValue {}
