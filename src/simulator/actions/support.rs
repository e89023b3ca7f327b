//! What of a workflow file the laptop can run. Anything else is named, never skipped silently.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::workflow::{Workflow, WorkflowError};

const WORKFLOW_KEYS: [&str; 7] = [
    "name",
    "run-name",
    "on",
    "permissions",
    "env",
    "defaults",
    "jobs",
];
const JOB_KEYS: [&str; 13] = [
    "name",
    "needs",
    "if",
    "runs-on",
    "permissions",
    "timeout-minutes",
    "environment",
    "strategy",
    "env",
    "outputs",
    "defaults",
    "steps",
    "continue-on-error",
];
const STEP_KEYS: [&str; 11] = [
    "name",
    "id",
    "if",
    "env",
    "working-directory",
    "shell",
    "run",
    "uses",
    "with",
    "continue-on-error",
    "timeout-minutes",
];
const STRATEGY_KEYS: [&str; 3] = ["matrix", "fail-fast", "max-parallel"];
const ENVIRONMENT_KEYS: [&str; 3] = ["name", "url", "deployment"];
const CHECKOUT_INPUTS: [&str; 10] = [
    "ref",
    "path",
    "repository",
    "token",
    "fetch-depth",
    "fetch-tags",
    "persist-credentials",
    "clean",
    "show-progress",
    "set-safe-directory",
];
const UPLOAD_INPUTS: [&str; 6] = [
    "name",
    "path",
    "if-no-files-found",
    "retention-days",
    "compression-level",
    "overwrite",
];

/// Refuses a workflow that has anything the laptop cannot run.
pub(super) fn check(
    workflow: &Workflow,
    actions: &BTreeMap<String, PathBuf>,
) -> Result<(), WorkflowError> {
    let document = &workflow.document;
    known_keys(document, &WORKFLOW_KEYS, "in the workflow")?;
    defaults(document, "in the workflow")?;
    for key in workflow.job_keys() {
        let job = &document["jobs"][&key];
        let place = format!("in job `{key}`");
        known_keys(job, &JOB_KEYS, &place)?;
        known_keys(
            &job["strategy"],
            &STRATEGY_KEYS,
            &format!("in `strategy` of job `{key}`"),
        )?;
        known_keys(
            &job["environment"],
            &ENVIRONMENT_KEYS,
            &format!("in `environment` of job `{key}`"),
        )?;
        defaults(job, &place)?;
        for need in workflow.needs(&key) {
            if !workflow.job_keys().contains(&need) {
                return Err(WorkflowError(format!(
                    "job `{key}` needs the job `{need}`, which does not exist"
                )));
            }
        }
        steps(&job["steps"], &place, actions)?;
    }
    Ok(())
}

/// Refuses steps that the laptop cannot run.
pub(super) fn steps(
    steps: &Value,
    place: &str,
    actions: &BTreeMap<String, PathBuf>,
) -> Result<(), WorkflowError> {
    let Some(steps) = steps.as_array().filter(|steps| !steps.is_empty()) else {
        return Err(WorkflowError(format!("there are no `steps` {place}")));
    };
    for (position, step) in steps.iter().enumerate() {
        let place = format!("in step {} {place}", position + 1);
        known_keys(step, &STEP_KEYS, &place)?;
        match (step["run"].as_str(), step["uses"].as_str()) {
            (Some(_), None) => shell(step, &place)?,
            (None, Some(uses)) => check_uses(uses, &step["with"], &place, actions)?,
            _ => {
                return Err(WorkflowError(format!(
                    "either `run` or `uses` is needed {place}"
                )));
            }
        }
    }
    Ok(())
}

fn check_uses(
    uses: &str,
    with: &Value,
    place: &str,
    actions: &BTreeMap<String, PathBuf>,
) -> Result<(), WorkflowError> {
    let name = action_name(uses);
    let (outer, place) = (place, format!("in `{name}` {place}"));
    match name {
        "actions/checkout" => known_keys(with, &CHECKOUT_INPUTS, &place),
        "actions/upload-artifact" => known_keys(with, &UPLOAD_INPUTS, &place),
        _ if uses.starts_with("./") || actions.contains_key(name) => Ok(()),
        _ => {
            let known: Vec<&str> = actions.keys().map(String::as_str).collect();
            Err(WorkflowError(format!(
                "the simulator does not support the action `{uses}` {outer}; it has actions/checkout, \
                 actions/upload-artifact, local composite actions and [{}]",
                known.join(", ")
            )))
        }
    }
}

/// `owner/name` of `owner/name@ref`.
pub(super) fn action_name(uses: &str) -> &str {
    uses.split('@').next().unwrap_or(uses)
}

fn defaults(holder: &Value, place: &str) -> Result<(), WorkflowError> {
    known_keys(
        &holder["defaults"],
        &["run"],
        &format!("in `defaults` {place}"),
    )?;
    let run = &holder["defaults"]["run"];
    known_keys(
        run,
        &["shell", "working-directory"],
        &format!("in `defaults.run` {place}"),
    )?;
    shell(run, place)
}

fn shell(holder: &Value, place: &str) -> Result<(), WorkflowError> {
    match holder["shell"].as_str() {
        None | Some("bash" | "sh") => Ok(()),
        Some(other) => Err(WorkflowError(format!(
            "the simulator does not support the shell `{other}` {place}"
        ))),
    }
}

fn known_keys(holder: &Value, known: &[&str], place: &str) -> Result<(), WorkflowError> {
    let mut keys = holder.as_object().into_iter().flatten().map(|(key, _)| key);
    match keys.find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err(WorkflowError(format!(
            "the simulator does not support `{unknown}` {place}"
        ))),
        None => Ok(()),
    }
}
