//! The check run `ocuroot / <package> / <step>` of one step of a small release.

use super::diagnosis::{diagnosis, trouble};
use super::release_check::{attempt, step_name};
use super::waiting::command_or_button;
use super::{Button, CheckText, Conclusion, check_name, markdown};
use crate::engine::{Release, Run};
use crate::model::{Progress, RunName, RunState, TaskKey};

/// The most characters of an output's value that are shown.
const LONGEST_VALUE: usize = 500;

/// What the step's check run says now; `None` for a step that has not begun. `logs` are its last lines.
pub fn run_check(
    release: &Release,
    name: &RunName,
    progress: &Progress,
    logs: &[String],
) -> Option<CheckText> {
    let run = release.runs.get(&(name.key.clone(), name.number))?;
    let conclusion = match run.state {
        RunState::Pending => return None,
        RunState::Starting | RunState::Running | RunState::Cancelling | RunState::Paused => None,
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
        RunState::Cancelling => format!("{} is being cancelled", step_name(&name.key, run)),
        RunState::Superseded => format!("{} is not needed any more", step_name(&name.key, run)),
        RunState::Paused => format!("{} waits for input", step_name(&name.key, run)),
        RunState::Pending | RunState::Starting | RunState::Running => {
            format!("{} is running", step_name(&name.key, run))
        }
    };
    Some(CheckText {
        name: format!("{} / {step}", check_name(&release.name.package)),
        conclusion,
        title,
        summary: markdown::fit(summary(release, name, run, progress, logs)),
        annotations: Vec::new(),
        buttons: Vec::new(),
    })
}

fn summary(
    release: &Release,
    name: &RunName,
    run: &Run,
    progress: &Progress,
    logs: &[String],
) -> String {
    let mut parts = vec![format!(
        "{}, attempt {}, in release **{}**.",
        markdown::code(&step_name(&name.key, run)),
        attempt(release, &name.key, name.number, run),
        release.name.number
    )];
    if let Some(url) = progress.links.get(name) {
        parts.push(markdown::link("Workflow run", Some(url)));
    }
    if let Some((found, workflow)) = trouble(progress, name, run) {
        parts.push(diagnosis(found, workflow));
    }
    if let Some(error) = &run.error {
        parts.push(markdown::block(error));
    }
    if matches!(run.state, RunState::Failed | RunState::Cancelled) {
        let again = command_or_button(release, Button::Retry, None);
        parts.push(format!("To run it again as it is, {again}."));
    }
    if !run.outputs.is_empty() {
        parts.push(outputs(run));
    }
    if !logs.is_empty() {
        parts.push(format!(
            "<details>\n<summary>Last lines of the log</summary>\n\n{}\n\n</details>",
            markdown::block(&logs.join("\n"))
        ));
    }
    parts.join("\n\n") + "\n"
}

fn outputs(run: &Run) -> String {
    let mut text = String::from("| output | value |\n| --- | --- |");
    for (name, value) in &run.outputs {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let value = markdown::shortened(&value, LONGEST_VALUE);
        let cell = |text: &str| markdown::cell(&markdown::code(text));
        text.push_str(&format!("\n| {} | {} |", cell(name), cell(&value)));
    }
    text
}
