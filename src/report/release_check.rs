//! The check run `ocuroot / <package>`: how a release stands, step by step.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::diagnosis;
use super::gates::{self, Held, held};
use super::waiting::{self, Missing, is_approval, missing_inputs};
use super::{Button, CheckText, Conclusion, check_name, limit, markdown};
use crate::engine::gates::Gate;
use crate::engine::status::{self, ReleaseStatus, Waiting};
use crate::engine::{Release, Run, Snapshot};
use crate::model::{Progress, RunKind, RunNumber, RunState, TaskKey, Timestamp};

/// What the release's check run says now.
pub fn release_check(
    release: &Release,
    snapshot: &Snapshot,
    progress: &Progress,
    now: Timestamp,
) -> CheckText {
    let status = status::of_release(release, snapshot, now);
    let lacks = Lacks {
        missing: missing_inputs(release, snapshot, now),
        held: held(release, snapshot, now),
    };
    CheckText {
        name: check_name(&release.name.package),
        conclusion: conclusion(status),
        title: title(release, status, &lacks) + &limit::clause(status, progress),
        summary: markdown::fit(summary(release, snapshot, progress, &lacks, now)),
        annotations: Vec::new(),
        buttons: button(release, status, &lacks).into_iter().collect(),
    }
}

/// What the release's steps lack.
struct Lacks {
    missing: Missing,
    held: Vec<Held>,
}

impl Lacks {
    /// What is held where: `production ❄️ frozen`.
    fn places(&self) -> Vec<String> {
        let held = self.held.iter();
        held.map(|held| format!("{} {}", held.environment, gates::short(&held.gate)))
            .collect()
    }

    fn wants_approval(&self, release: &Release) -> bool {
        let mut missing = self.missing.keys();
        let mut held = self.held.iter();
        missing.any(|lack| is_approval(release, lack))
            || held.any(|held| matches!(held.gate, Gate::NeedsApproval { .. }))
    }
}

fn conclusion(status: ReleaseStatus) -> Option<Conclusion> {
    match status {
        ReleaseStatus::Running => None,
        ReleaseStatus::Failed => Some(Conclusion::Failure),
        ReleaseStatus::Blocked => Some(Conclusion::ActionRequired),
        ReleaseStatus::Cancelled => Some(Conclusion::Cancelled),
        ReleaseStatus::Superseded | ReleaseStatus::Waiting => Some(Conclusion::Neutral),
        ReleaseStatus::Complete => Some(Conclusion::Success),
    }
}

fn button(release: &Release, status: ReleaseStatus, lacks: &Lacks) -> Option<Button> {
    match status {
        ReleaseStatus::Failed | ReleaseStatus::Cancelled => Some(Button::Retry),
        ReleaseStatus::Blocked => lacks.wants_approval(release).then_some(Button::Approve),
        ReleaseStatus::Running | ReleaseStatus::Waiting => Some(Button::Cancel),
        ReleaseStatus::Superseded | ReleaseStatus::Complete => None,
    }
}

/// The latest runs that say how the release stands, with the names of their phases: those of its planned tasks, then
/// those that take down what its file does not plan any more. The others are history.
pub(super) fn shown_runs(release: &Release) -> Vec<(&str, &TaskKey, RunNumber, &Run)> {
    let mut latest = release.latest_runs();
    let mut shown = Vec::new();
    for task in release.planned_tasks() {
        let phase = release.package.phase_of(&task.key);
        let phase = phase.map_or("", |index| release.package.phases[index].name.as_str());
        if let Some((number, run)) = latest.remove(&task.key) {
            shown.push((phase, &task.key, number, run));
        }
    }
    let removals = latest
        .into_iter()
        .filter(|(_, (_, run))| run.kind == RunKind::Down);
    shown.extend(removals.map(|(key, (number, run))| ("", key, number, run)));
    shown
}

fn title(release: &Release, status: ReleaseStatus, lacks: &Lacks) -> String {
    let number = release.name.number;
    let shown = shown_runs(release);
    let in_state = |state: RunState| shown.iter().filter(move |(.., run)| run.state == state);
    match status {
        ReleaseStatus::Running => format!(
            "{number} is running: {} of {} steps done",
            in_state(RunState::Complete).count(),
            shown.len()
        ),
        ReleaseStatus::Failed => {
            let failed: Vec<String> = in_state(RunState::Failed)
                .map(|(_, key, _, run)| step_name(key, run))
                .collect();
            format!("{number} failed: {}", markdown::listed(&failed))
        }
        ReleaseStatus::Blocked if lacks.wants_approval(release) => {
            format!("{number} waits for approval")
        }
        ReleaseStatus::Blocked | ReleaseStatus::Waiting if !lacks.held.is_empty() => {
            format!("{number} waits: {}", markdown::listed(&lacks.places()))
        }
        ReleaseStatus::Blocked | ReleaseStatus::Waiting => {
            let steps: BTreeSet<&String> = lacks.missing.values().flatten().collect();
            let steps: Vec<String> = steps.into_iter().cloned().collect();
            format!("{number} waits for input: {}", markdown::listed(&steps))
        }
        ReleaseStatus::Cancelled => format!("{number} was cancelled"),
        ReleaseStatus::Superseded if was_stopped(&shown) => {
            format!("{number} was stopped: the head of the pull request has moved")
        }
        ReleaseStatus::Superseded => format!("{number} was superseded by a newer release"),
        ReleaseStatus::Complete => {
            let places: Vec<String> = shown
                .iter()
                .filter(|(.., run)| run.kind == RunKind::Up)
                .filter_map(|(_, key, ..)| key.environment().map(ToString::to_string))
                .collect();
            if places.is_empty() {
                format!("{number} is complete")
            } else {
                format!("{number} is deployed to {}", markdown::listed(&places))
            }
        }
    }
}

/// Whether something of it was given up for a reason of its own, not because a newer release took over.
fn was_stopped(shown: &[(&str, &TaskKey, RunNumber, &Run)]) -> bool {
    let mut shown = shown.iter();
    shown.any(|(.., run)| run.state == RunState::Superseded && run.error.is_some())
}

fn summary(
    release: &Release,
    snapshot: &Snapshot,
    progress: &Progress,
    lacks: &Lacks,
    now: Timestamp,
) -> String {
    let mut text = format!(
        "Release **{}** of {} at {}.\n\n",
        release.name.number,
        markdown::code(&release.name.package.to_string()),
        markdown::code(release.commit.short()),
    );
    if let Some(goals) = &release.goals {
        let goals: Vec<String> = goals.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "It goes as far as {} asks for.\n",
            markdown::code(&format!("/ocuroot deploy {}", goals.join(",")))
        );
    }
    text.push_str("| phase | step | status | took |\n| --- | --- | --- | --- |\n");
    for (phase, key, number, run) in shown_runs(release) {
        let name = release.run_name(key, number);
        let url = progress.links.get(&name);
        let step = markdown::link(&markdown::code(&step_name(key, run)), url);
        let attempt = match attempt(release, key, number, run) {
            1 => String::new(),
            count => format!(" (attempt {count})"),
        };
        let words = match diagnosis::trouble(progress, &name, run) {
            Some((found, _)) => diagnosis::short(found).to_owned(),
            None => state_words(release, snapshot, key, run, now),
        };
        let _ = writeln!(
            text,
            "| {} | {}{attempt} | {} | {} |",
            markdown::cell(&markdown::code(phase)),
            markdown::cell(&step),
            markdown::cell(&words),
            took(run, progress.usual.get(key), now)
        );
    }
    text.push_str(&limit::section(progress));
    text.push_str(&waiting::section(
        release,
        snapshot,
        &lacks.missing,
        &lacks.held,
    ));
    text.push_str(&diagnosis::section(release, progress));
    text.push_str(&failures(release));
    text
}

/// Which try at this end it is since the last success: runs are numbered through, whether they bring a deployment up or
/// take it down, and however often it is repeated.
pub(super) fn attempt(release: &Release, key: &TaskKey, number: RunNumber, run: &Run) -> usize {
    let before = release
        .runs_of(key)
        .filter(|(earlier, _)| *earlier < number);
    let since = before
        .rev()
        .take_while(|(_, attempt)| attempt.state != RunState::Complete);
    1 + since
        .filter(|(_, attempt)| attempt.kind == run.kind)
        .count()
}

/// How long a step took, or how long it has been at it and usually takes.
fn took(run: &Run, usual: Option<&i64>, now: Timestamp) -> String {
    // Less than a second is nothing anybody waits for.
    let usual = usual.filter(|usual| **usual >= 1000);
    let usual = usual.map(|usual| format!("usually {}", markdown::duration(*usual)));
    match (run.started_at, run.finished_at) {
        (Some(start), Some(end)) => markdown::duration(end.since(start)),
        (Some(start), None) => {
            let so_far = format!("{} so far", markdown::duration(now.since(start)));
            usual.map_or(so_far.clone(), |usual| format!("{so_far}, {usual}"))
        }
        (None, None) => usual.unwrap_or_default(),
        (None, Some(_)) => String::new(),
    }
}

/// What people call a step.
pub(super) fn step_name(key: &TaskKey, run: &Run) -> String {
    match (key, run.kind) {
        (TaskKey::Task(name), _) => name.clone(),
        (TaskKey::Deploy(environment), RunKind::Down) => format!("remove from {environment}"),
        (TaskKey::Deploy(environment), _) => format!("deploy to {environment}"),
    }
}

fn state_words(
    release: &Release,
    snapshot: &Snapshot,
    key: &TaskKey,
    run: &Run,
    now: Timestamp,
) -> String {
    match run.state {
        RunState::Complete => "✅ done".to_owned(),
        RunState::Failed => "❌ failed".to_owned(),
        RunState::Cancelled => "⛔ cancelled".to_owned(),
        RunState::Superseded => "⏭️ superseded".to_owned(),
        RunState::Starting => "🕓 starting".to_owned(),
        RunState::Running => "🏃 running".to_owned(),
        RunState::Cancelling => "⛔ is being cancelled".to_owned(),
        RunState::Pending | RunState::Paused => {
            match status::waiting(release, key, run, snapshot, now) {
                Some(Waiting::ForInputs(missing))
                    if missing.iter().any(|lack| is_approval(release, lack)) =>
                {
                    "✋ waits for approval".to_owned()
                }
                Some(Waiting::ForInputs(_)) => "✋ waits for input".to_owned(),
                Some(Waiting::ForGates(gates)) => {
                    let words: Vec<String> = gates.iter().map(gates::short).collect();
                    words.join("; ")
                }
                Some(Waiting::ForRelease(other)) => {
                    format!("⏳ waits until {} is done there", other.number)
                }
                Some(Waiting::ForDeployment(other)) => {
                    format!("⏳ after {}", markdown::code(other.package.short()))
                }
                Some(Waiting::ForPhase(phase)) if !phase.is_empty() => {
                    format!("⏳ after {}", markdown::code(&phase))
                }
                Some(Waiting::ForPhase(_)) => "⏳ after the steps above".to_owned(),
                Some(Waiting::ForNothing) | None => "⏳ queued".to_owned(),
            }
        }
    }
}

fn failures(release: &Release) -> String {
    let mut text = String::new();
    let mut can_retry = false;
    for (_, key, _, run) in shown_runs(release) {
        can_retry |= matches!(run.state, RunState::Failed | RunState::Cancelled);
        let is_told = matches!(
            run.state,
            RunState::Failed | RunState::Cancelled | RunState::Superseded
        );
        if let (true, Some(error)) = (is_told, &run.error) {
            let _ = write!(
                text,
                "\n### {} {}\n\n{}\n",
                markdown::code(&step_name(key, run)),
                match run.state {
                    RunState::Failed => "failed",
                    RunState::Superseded => "was stopped",
                    _ => "was cancelled",
                },
                markdown::block(error)
            );
        }
    }
    if can_retry {
        let _ = writeln!(
            text,
            "\nTo run it again as it is, {}. To change it, push a fix: that makes a new release.",
            waiting::command_or_button(release, Button::Retry, None)
        );
    }
    text
}
