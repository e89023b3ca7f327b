//! How a release stands when a command on a terminal ends: what it left, what it waits for, and the command that
//! provides that.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::gates;
use crate::engine::status::{self, ReleaseStatus, Waiting};
use crate::engine::{Release, Run, Snapshot};
use crate::model::{Reference, RunKind, RunName, RunState, SubPathKind, TaskKey, Timestamp};

/// The release, its steps, their outputs and pending inputs.
pub fn terminal_release(release: &Release, snapshot: &Snapshot, now: Timestamp) -> String {
    let status = status::of_release(release, snapshot, now);
    let mut text = format!("{} {}\n", release.name, status_word(status));
    let planned: Vec<&TaskKey> = release.planned_tasks().map(|task| &task.key).collect();
    let latest = release.latest_runs();
    let others = latest.keys().copied().filter(|key| !planned.contains(key));
    for key in planned.iter().copied().chain(others) {
        let Some((number, run)) = latest.get(key) else {
            continue;
        };
        let name = release.run_name(key, *number);
        let _ = writeln!(
            text,
            "  {} {}: {}",
            terminal_mark(run.state),
            terminal_step(&name, run.kind),
            run.state.word()
        );
        if let Some(error) = run.error.as_ref().filter(|_| run.state == RunState::Failed) {
            let _ = writeln!(text, "      {}", error.replace('\n', "\n      "));
        }
        if !run.outputs.is_empty() && run.state == RunState::Complete {
            text.push_str("      Outputs\n");
            for (output, value) in &run.outputs {
                let document = release.name.document(key);
                let _ = writeln!(text, "        {document}#output/{output} = {value}");
            }
        }
        match status::waiting(release, key, run, snapshot, now) {
            Some(Waiting::ForInputs(missing)) => {
                text.push_str("      Pending Inputs\n");
                for reference in missing {
                    let _ = writeln!(text, "        {reference}");
                }
            }
            Some(Waiting::ForGates(standing)) => {
                let environment = key.environment().into_iter();
                for (gate, place) in standing.iter().zip(environment.cycle()) {
                    let words = terminal_words(&gates::long(gate, release, place));
                    let _ = writeln!(text, "      {words}");
                }
            }
            _ => {}
        }
    }
    for command in commands(&waits_of(release, snapshot, now)) {
        let _ = writeln!(text, "  {command}");
    }
    text
}

/// `Task: build [1]`, `Deploy to production [2]`, `Remove from production [3]`.
pub fn terminal_step(run: &RunName, kind: RunKind) -> String {
    let number = run.number;
    match (&run.key, kind) {
        (TaskKey::Task(name), _) => format!("Task: {name} [{number}]"),
        (TaskKey::Deploy(name), RunKind::Down) => format!("Remove from {name} [{number}]"),
        (TaskKey::Deploy(name), _) => format!("Deploy to {name} [{number}]"),
    }
}

/// What is said on GitHub, as plain text: without the marks of Markdown, its escapes undone. What would steer a
/// terminal is left out.
pub fn terminal_words(markdown: &str) -> String {
    let mut text = String::new();
    let mut characters = markdown
        .replace("**", "")
        .chars()
        .collect::<Vec<_>>()
        .into_iter();
    while let Some(character) = characters.next() {
        match character {
            '`' | '\u{200b}' => {}
            '\\' => text.extend(characters.next()),
            '\n' => text.push('\n'),
            other if other.is_control() => {}
            other => text.push(other),
        }
    }
    text
}

/// Why a run has not ended, in a few words.
pub fn terminal_waiting(
    release: &Release,
    key: &TaskKey,
    run: &Run,
    snapshot: &Snapshot,
    now: Timestamp,
) -> String {
    let words = match status::waiting(release, key, run, snapshot, now) {
        Some(Waiting::ForPhase(phase)) if phase.is_empty() => {
            "waits for the phase before".to_owned()
        }
        Some(Waiting::ForPhase(phase)) => format!("waits for the phase {phase}"),
        Some(Waiting::ForGates(standing)) => {
            let words = standing
                .iter()
                .zip(key.environment().into_iter().cycle())
                .map(|(gate, place)| gates::long(gate, release, place));
            terminal_words(&words.collect::<Vec<_>>().join(" "))
        }
        Some(Waiting::ForInputs(missing)) => {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            format!("waits for {}", missing.join(", "))
        }
        Some(Waiting::ForRelease(other)) => format!("waits for {other}"),
        Some(Waiting::ForDeployment(other)) => format!("waits for {other}"),
        Some(Waiting::ForNothing) => "starts next".to_owned(),
        None => run.state.word().to_owned(),
    };
    words.trim().to_owned()
}

/// How a release stands, for programs.
pub fn status_name(status: ReleaseStatus) -> &'static str {
    match status {
        ReleaseStatus::Running => "running",
        ReleaseStatus::Failed => "failed",
        ReleaseStatus::Blocked => "blocked",
        ReleaseStatus::Waiting => "waiting",
        ReleaseStatus::Cancelled => "cancelled",
        ReleaseStatus::Superseded => "superseded",
        ReleaseStatus::Complete => "complete",
    }
}

/// The refs (with fragment) that latest runs of the release wait for.
fn waits_of(release: &Release, snapshot: &Snapshot, now: Timestamp) -> BTreeSet<Reference> {
    let mut missing = BTreeSet::new();
    for (key, (_, run)) in release.latest_runs() {
        if let Some(Waiting::ForInputs(found)) = status::waiting(release, key, run, snapshot, now) {
            missing.extend(found);
        }
    }
    missing
}

/// What provides each of these.
fn commands(missing: &BTreeSet<Reference>) -> Vec<String> {
    let mut commands = Vec::new();
    for reference in missing {
        let document = reference.document();
        let command = match (&document.subpath, document.package()) {
            (Some((SubPathKind::Custom, _)), _) => {
                format!("ocuroot state set {document} <value> && ocuroot work any")
            }
            (Some((SubPathKind::Task | SubPathKind::Deploy, _)), Some(package)) => {
                format!(
                    "ocuroot release new ./-/{} (leaves {document})",
                    package.path
                )
            }
            _ => format!("something has to leave {reference}"),
        };
        let command = format!("To go on: {command}");
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands
}

fn status_word(status: ReleaseStatus) -> &'static str {
    match status {
        ReleaseStatus::Running => "pending",
        ReleaseStatus::Failed => "failed",
        ReleaseStatus::Blocked | ReleaseStatus::Waiting => "waiting",
        ReleaseStatus::Cancelled => "cancelled",
        ReleaseStatus::Superseded => "superseded",
        ReleaseStatus::Complete => "complete",
    }
}

/// The sign of a run's state.
pub fn terminal_mark(state: RunState) -> &'static str {
    match state {
        RunState::Complete => "✓",
        RunState::Failed | RunState::Cancelled => "✗",
        RunState::Superseded => "-",
        RunState::Pending | RunState::Starting | RunState::Running | RunState::Cancelling => "·",
        RunState::Paused => "›",
    }
}
