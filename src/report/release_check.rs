//! The check run `ocuroot / <package>`: how a release stands, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Button, CheckText, Conclusion, markdown};
use crate::engine::status::{self, ReleaseStatus, Waiting};
use crate::engine::{Release, Run, Snapshot};
use crate::model::{
    Reference, RunKind, RunName, RunNumber, RunState, SubPathKind, TaskKey, Timestamp,
};

/// What the release's check run says now. `links` tells where each run can be watched.
pub fn release_check(
    release: &Release,
    snapshot: &Snapshot,
    links: &BTreeMap<RunName, String>,
    now: Timestamp,
) -> CheckText {
    let status = status::of_release(release, snapshot);
    let missing = missing_inputs(release, snapshot);
    CheckText {
        name: format!("ocuroot / {}", release.name.package.short()),
        conclusion: conclusion(status),
        title: title(release, status, &missing),
        summary: markdown::fit(summary(release, snapshot, links, &missing, now)),
        annotations: Vec::new(),
        buttons: buttons(release, status, &missing),
    }
}

fn conclusion(status: ReleaseStatus) -> Option<Conclusion> {
    match status {
        ReleaseStatus::Running => None,
        ReleaseStatus::Failed => Some(Conclusion::Failure),
        ReleaseStatus::Blocked => Some(Conclusion::ActionRequired),
        ReleaseStatus::Cancelled => Some(Conclusion::Cancelled),
        ReleaseStatus::Superseded => Some(Conclusion::Neutral),
        ReleaseStatus::Complete => Some(Conclusion::Success),
    }
}

/// What the release's runs lack, each with the steps that lack it.
pub(super) fn missing_inputs(
    release: &Release,
    snapshot: &Snapshot,
) -> BTreeMap<Reference, BTreeSet<TaskKey>> {
    let mut missing: BTreeMap<Reference, BTreeSet<TaskKey>> = BTreeMap::new();
    for (key, (_, run)) in release.latest_runs() {
        if let Some(Waiting::ForInputs(references)) = status::waiting(release, key, run, snapshot) {
            for reference in references {
                missing.entry(reference).or_default().insert(key.clone());
            }
        }
    }
    missing
}

fn is_approval(release: &Release, reference: &Reference) -> bool {
    reference.package().as_ref() == Some(&release.name.package)
        && reference.release.as_deref() == Some(release.name.number.to_string().as_str())
        && matches!(reference.subpath, Some((SubPathKind::Custom, _)))
}

fn title(
    release: &Release,
    status: ReleaseStatus,
    missing: &BTreeMap<Reference, BTreeSet<TaskKey>>,
) -> String {
    let number = release.name.number;
    let latest = release.latest_runs();
    let count = |state: RunState| {
        latest
            .values()
            .filter(|(_, run)| run.state == state)
            .count()
    };
    match status {
        ReleaseStatus::Running => format!(
            "{number} is running: {} of {} steps done",
            count(RunState::Complete),
            latest.len()
        ),
        ReleaseStatus::Failed => {
            let failed: Vec<String> = latest
                .iter()
                .filter(|(_, (_, run))| run.state == RunState::Failed)
                .map(|(key, (_, run))| step_name(key, run))
                .collect();
            format!("{number} failed: {}", failed.join(", "))
        }
        ReleaseStatus::Blocked if missing.keys().any(|lack| is_approval(release, lack)) => {
            format!("{number} waits for approval")
        }
        ReleaseStatus::Blocked => format!("{number} waits for other packages"),
        ReleaseStatus::Cancelled => format!("{number} was cancelled"),
        ReleaseStatus::Superseded => format!("{number} was superseded by a newer release"),
        ReleaseStatus::Complete => {
            let places: Vec<&str> = latest
                .iter()
                .filter(|(_, (_, run))| run.kind == RunKind::Up)
                .filter_map(|(key, _)| key.environment().map(|name| name.as_str()))
                .collect();
            if places.is_empty() {
                format!("{number} is complete")
            } else {
                format!("{number} is deployed to {}", places.join(", "))
            }
        }
    }
}

fn summary(
    release: &Release,
    snapshot: &Snapshot,
    links: &BTreeMap<RunName, String>,
    missing: &BTreeMap<Reference, BTreeSet<TaskKey>>,
    now: Timestamp,
) -> String {
    let mut text = format!(
        "Release **{}** of {} at {}.\n\n",
        release.name.number,
        markdown::code(&release.name.package.to_string()),
        markdown::code(release.commit.short()),
    );
    if let Some(environment) = &release.until {
        let _ = writeln!(
            text,
            "It stops after {}, as it was asked for on the pull request.\n",
            markdown::code(environment.as_str())
        );
    }
    text.push_str("| phase | step | status | took |\n| --- | --- | --- | --- |\n");
    for phase in &release.package.phases[..release.phase_count()] {
        for task in &phase.tasks {
            if let Some((number, run)) = release.latest_run(&task.key) {
                let _ = writeln!(
                    text,
                    "{}",
                    row(
                        release,
                        snapshot,
                        links,
                        &phase.name,
                        &task.key,
                        number,
                        run,
                        now
                    )
                );
            }
        }
    }
    text.push_str(&lacks(release, missing));
    text.push_str(&errors(release));
    text
}

#[expect(
    clippy::too_many_arguments,
    reason = "one row of a table shows that much"
)]
fn row(
    release: &Release,
    snapshot: &Snapshot,
    links: &BTreeMap<RunName, String>,
    phase: &str,
    key: &TaskKey,
    number: RunNumber,
    run: &Run,
    now: Timestamp,
) -> String {
    let url = links.get(&release.run_name(key, number));
    let took = match (run.started_at, run.finished_at) {
        (Some(start), Some(end)) => markdown::duration(end.since(start)),
        (Some(start), None) => format!("{} so far", markdown::duration(now.since(start))),
        (None, _) => String::new(),
    };
    let attempt = if number.0 > 1 {
        format!(" (attempt {number})")
    } else {
        String::new()
    };
    format!(
        "| {} | {}{attempt} | {} | {took} |",
        if phase.is_empty() { "" } else { phase },
        markdown::link(&markdown::code(&step_name(key, run)), url),
        state_words(release, snapshot, key, run),
    )
}

/// What people call a step.
pub(super) fn step_name(key: &TaskKey, run: &Run) -> String {
    match (key, run.kind) {
        (TaskKey::Task(name), _) => name.clone(),
        (TaskKey::Deploy(environment), RunKind::Down) => format!("remove from {environment}"),
        (TaskKey::Deploy(environment), _) => format!("deploy to {environment}"),
    }
}

pub(super) fn state_words(
    release: &Release,
    snapshot: &Snapshot,
    key: &TaskKey,
    run: &Run,
) -> String {
    match run.state {
        RunState::Complete => "✅ done".to_owned(),
        RunState::Failed => "❌ failed".to_owned(),
        RunState::Cancelled => "⛔ cancelled".to_owned(),
        RunState::Superseded => "⏭️ superseded".to_owned(),
        RunState::Starting => "🕓 starting".to_owned(),
        RunState::Running => "🏃 running".to_owned(),
        RunState::Pending | RunState::Paused => {
            match status::waiting(release, key, run, snapshot) {
                Some(Waiting::ForInputs(_)) => "✋ waits for input".to_owned(),
                Some(Waiting::ForRelease(other)) => {
                    format!("⏳ waits for {} in the same environment", other.number)
                }
                Some(Waiting::ForPhase(phase)) if !phase.is_empty() => {
                    format!("⏳ after {}", markdown::code(&phase))
                }
                Some(Waiting::ForPhase(_) | Waiting::ForNothing) | None => "⏳ pending".to_owned(),
            }
        }
    }
}

fn lacks(release: &Release, missing: &BTreeMap<Reference, BTreeSet<TaskKey>>) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n### Waiting for\n\n");
    for (reference, keys) in missing {
        let steps: Vec<String> = keys
            .iter()
            .map(|key| markdown::code(&key.to_string()))
            .collect();
        let _ = writeln!(
            text,
            "- {} (read by {}): {}",
            markdown::code(&reference.to_string()),
            steps.join(", "),
            how_to_provide(release, reference)
        );
    }
    text
}

/// The next thing to do about a missing value.
pub(super) fn how_to_provide(release: &Release, reference: &Reference) -> String {
    if is_approval(release, reference) {
        return "comment `/ocuroot approve` on the pull request, or press **Approve** here"
            .to_owned();
    }
    match (&reference.subpath, reference.package()) {
        (Some((SubPathKind::Deploy, environment)), Some(package)) => format!(
            "appears when {} is deployed to {}",
            markdown::code(package.short()),
            markdown::code(environment)
        ),
        (Some((SubPathKind::Task, task)), Some(package)) => format!(
            "appears when the task {} of {} is done",
            markdown::code(task),
            markdown::code(package.short())
        ),
        (Some((SubPathKind::Environment, name)), _) => format!(
            "register the environment {} in a config file",
            markdown::code(name)
        ),
        _ => "nobody has set it yet".to_owned(),
    }
}

fn errors(release: &Release) -> String {
    let mut text = String::new();
    for (key, (_, run)) in release.latest_runs() {
        if let (RunState::Failed, Some(error)) = (run.state, &run.error) {
            let _ = write!(
                text,
                "\n### {} failed\n\n{}\n\nComment `/ocuroot retry` on the pull request, or press **Retry** here.\n",
                step_name(key, run),
                markdown::block(error)
            );
        }
    }
    text
}

fn buttons(
    release: &Release,
    status: ReleaseStatus,
    missing: &BTreeMap<Reference, BTreeSet<TaskKey>>,
) -> Vec<Button> {
    match status {
        ReleaseStatus::Failed | ReleaseStatus::Cancelled => vec![Button::Retry],
        ReleaseStatus::Blocked if missing.keys().any(|lack| is_approval(release, lack)) => {
            vec![Button::Approve]
        }
        ReleaseStatus::Blocked
        | ReleaseStatus::Running
        | ReleaseStatus::Superseded
        | ReleaseStatus::Complete => Vec::new(),
    }
}
