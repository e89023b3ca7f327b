//! The check run `ocuroot / <package> / <step>` of one step of a small release.

use std::collections::BTreeMap;

use super::release_check::step_name;
use super::{CheckText, Conclusion, markdown};
use crate::engine::{Release, Run};
use crate::model::{RunName, RunState, TaskKey};

/// What the step's check run says now; `None` for a step that has not begun. `logs` are its last lines.
pub fn run_check(
    release: &Release,
    name: &RunName,
    links: &BTreeMap<RunName, String>,
    logs: &[String],
) -> Option<CheckText> {
    let run = release.runs.get(&(name.key.clone(), name.number))?;
    let conclusion = match run.state {
        RunState::Pending => return None,
        RunState::Starting | RunState::Running | RunState::Paused => None,
        RunState::Complete => Some(Conclusion::Success),
        RunState::Failed => Some(Conclusion::Failure),
        RunState::Cancelled => Some(Conclusion::Cancelled),
        RunState::Superseded => Some(Conclusion::Neutral),
    };
    let step = match &name.key {
        TaskKey::Task(task) => task.clone(),
        TaskKey::Deploy(environment) => environment.to_string(),
    };
    let title = match run.state {
        RunState::Complete => format!("{} is done", step_name(&name.key, run)),
        RunState::Failed => format!("{} failed", step_name(&name.key, run)),
        RunState::Cancelled => format!("{} was cancelled", step_name(&name.key, run)),
        RunState::Superseded => format!("{} is not needed any more", step_name(&name.key, run)),
        RunState::Paused => format!("{} waits for input", step_name(&name.key, run)),
        RunState::Pending | RunState::Starting | RunState::Running => {
            format!("{} is running", step_name(&name.key, run))
        }
    };
    Some(CheckText {
        name: format!("ocuroot / {} / {step}", release.name.package.short()),
        conclusion,
        title,
        summary: markdown::fit(summary(release, name, run, links, logs)),
        annotations: Vec::new(),
        buttons: Vec::new(),
    })
}

fn summary(
    release: &Release,
    name: &RunName,
    run: &Run,
    links: &BTreeMap<RunName, String>,
    logs: &[String],
) -> String {
    let mut parts = vec![format!(
        "Attempt {} of {} in release **{}**.",
        name.number,
        markdown::code(&name.key.to_string()),
        release.name.number
    )];
    if let Some(url) = links.get(name) {
        parts.push(markdown::link("Watch it where it runs", Some(url)));
    }
    if let Some(error) = &run.error {
        parts.push(markdown::block(error));
    }
    if !run.outputs.is_empty() {
        let outputs: Vec<String> = run
            .outputs
            .iter()
            .map(|(key, value)| {
                format!(
                    "| {} | {} |",
                    markdown::code(key),
                    markdown::code(&value.to_string())
                )
            })
            .collect();
        parts.push(format!(
            "| output | value |\n| --- | --- |\n{}",
            outputs.join("\n")
        ));
    }
    if !logs.is_empty() {
        parts.push(format!(
            "<details><summary>Last lines of the log</summary>\n\n{}\n\n</details>",
            markdown::block(&logs.join("\n"))
        ));
    }
    parts.join("\n\n")
}
