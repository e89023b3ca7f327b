//! What documents look like (reference/ocuroot.md §2.2; functions are named by file and name, Q-S3).

use serde_json::{Map, Value, json};

use crate::engine::snapshot::Call;
use crate::model::{Action, Input, Package, RunState, Task, TaskKey, Timestamp};

/// Something that is there since a time, and says no more.
pub(super) fn marker(since: Timestamp) -> Value {
    json!({ "time": since.rfc3339() })
}

/// A line of a log. Where in the file it was printed is not kept, nor on which stream: those fields are the original's.
pub(super) fn log(message: &str, at: Timestamp) -> Value {
    json!({ "timestamp": at.rfc3339(), "message": message, "attributes": {}, "stream": 0 })
}

/// What a run has left; nothing until it has succeeded.
pub(super) fn output(state: RunState, outputs: Value) -> Value {
    match state {
        RunState::Complete => outputs,
        _ => Value::Null,
    }
}

/// One function of a run's chain, with its inputs as they were declared and what they were when it was called.
pub(super) fn call(call: &Call) -> Value {
    let mut document = action(&call.action);
    document["inputs"] = Value::Object(call.described());
    document
}

fn descriptor(input: &Input) -> Value {
    serde_json::to_value(input).unwrap_or(Value::Null)
}

/// `{"fn": …}` or `{"workflow": …}`.
fn action(action: &Action) -> Value {
    match action {
        Action::Function(function) => json!({ "fn": function }),
        Action::Workflow(workflow) => json!({ "workflow": workflow }),
    }
}

/// A package as a release's document has it: each task has exactly one of `task` and `deploy`.
pub(super) fn package(package: &Package) -> Value {
    let phases = package.phases.iter().map(|phase| {
        let tasks: Vec<Value> = phase.tasks.iter().map(task).collect();
        json!({ "name": phase.name, "tasks": tasks })
    });
    json!({ "phases": phases.collect::<Vec<_>>() })
}

fn task(task: &Task) -> Value {
    let inputs = task.inputs.iter();
    let inputs: Map<String, Value> = inputs
        .map(|(name, input)| (name.clone(), descriptor(input)))
        .collect();
    match &task.key {
        TaskKey::Task(name) => {
            let mut document = action(&task.action);
            document["name"] = json!(name);
            document["inputs"] = Value::Object(inputs);
            json!({ "task": document })
        }
        TaskKey::Deploy(environment) => json!({ "deploy": {
            "environment": environment,
            "up": callee(&task.action),
            "down": task.down.as_ref().map(callee),
            "inputs": inputs,
        } }),
    }
}

fn callee(action: &Action) -> Value {
    match action {
        Action::Function(function) => json!(function),
        Action::Workflow(workflow) => json!({ "workflow": workflow }),
    }
}
