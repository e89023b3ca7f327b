//! Statuses, derived from facts and never stored.

use std::collections::BTreeSet;

use super::gates::{Gate, gates};
use super::inputs;
use super::order;
use super::snapshot::{Release, Run, Snapshot};
use super::teardown;
use crate::model::{DeploymentName, Reference, ReleaseName, RunKind, RunState, TaskKey, Timestamp};

/// How a release stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// Something runs, or will as soon as what runs elsewhere is done.
    Running,
    /// A latest run has failed and nothing runs.
    Failed,
    /// Nothing runs; something waits for values that are not there, or for what people have to say.
    Blocked,
    /// Nothing runs; it goes on by itself when its time comes or others let go.
    Waiting,
    /// A person stopped it.
    Cancelled,
    /// A newer release took over before it was done.
    Superseded,
    /// Every task it goes through is complete.
    Complete,
}

/// Why a pending run does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// An earlier phase is not done.
    ForPhase(String),
    /// These stand in the way of its deployment.
    ForGates(Vec<Gate>),
    /// These refs have nothing to read.
    ForInputs(BTreeSet<Reference>),
    /// A release of the package is being worked on in the same environment: another one, or an earlier run of its own.
    ForRelease(ReleaseName),
    /// Another deployment goes first: what it leaves is read here, or, on the way down, it reads what is here.
    ForDeployment(DeploymentName),
    /// Nothing: it starts with the next decision.
    ForNothing,
}

/// How `release` stands, truthfully: failed if any latest run failed, complete only if all are. Tasks that are not (or
/// no longer) planned count only while something is to be taken down.
pub fn of_release(release: &Release, snapshot: &Snapshot, now: Timestamp) -> ReleaseStatus {
    let planned: BTreeSet<&TaskKey> = release.planned_tasks().map(|task| &task.key).collect();
    let counts = |key: &TaskKey, run: &Run| planned.contains(key) || run.kind == RunKind::Down;
    let latest: Vec<(&TaskKey, &Run)> = release
        .latest_runs()
        .into_iter()
        .map(|(key, (_, run))| (key, run))
        .filter(|(key, run)| counts(key, run))
        .collect();
    let any = |wanted: RunState| latest.iter().any(|(_, run)| run.state == wanted);
    if release.runs.values().any(|run| run.state.is_active()) {
        return ReleaseStatus::Running;
    }
    if any(RunState::Failed) {
        return ReleaseStatus::Failed;
    }
    let (mut is_blocked, mut is_waiting) = (false, false);
    for (key, run) in &latest {
        match waiting(release, key, run, snapshot, now) {
            Some(Waiting::ForInputs(_)) => is_blocked = true,
            Some(Waiting::ForGates(gates)) if gates.iter().any(Gate::is_for_people) => {
                is_blocked = true;
            }
            Some(Waiting::ForGates(_)) => is_waiting = true,
            Some(Waiting::ForRelease(_) | Waiting::ForDeployment(_) | Waiting::ForNothing) => {
                return ReleaseStatus::Running;
            }
            Some(Waiting::ForPhase(_)) | None => {}
        }
    }
    if is_blocked {
        ReleaseStatus::Blocked
    } else if is_waiting {
        ReleaseStatus::Waiting
    } else if any(RunState::Cancelled) {
        ReleaseStatus::Cancelled
    } else if any(RunState::Superseded) {
        ReleaseStatus::Superseded
    } else {
        ReleaseStatus::Complete
    }
}

/// Why the latest run of `key` does not go on, or `None` if it is active or finished.
pub fn waiting(
    release: &Release,
    key: &TaskKey,
    run: &Run,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Option<Waiting> {
    if !matches!(run.state, RunState::Pending | RunState::Paused) {
        return None;
    }
    if run.state == RunState::Pending
        && let Some(phase) = closing_phase(release, key, run)
    {
        return Some(Waiting::ForPhase(phase));
    }
    if run.state == RunState::Pending {
        let gates = gates(snapshot, release, key, run, now);
        if !gates.is_empty() {
            return Some(Waiting::ForGates(gates));
        }
        if let Some(other) = goes_after(snapshot, release, key, run) {
            return Some(Waiting::ForDeployment(other));
        }
    }
    if let Err(missing) = inputs::resolve(snapshot, &release.name, run.current()) {
        return Some(Waiting::ForInputs(missing));
    }
    match busy_with(snapshot, &release.name, key, run) {
        Some(other) => Some(Waiting::ForRelease(other)),
        None => Some(Waiting::ForNothing),
    }
}

/// The name of the phase that must be done before the phase of `key` may start, if it is not.
///
/// That is the nearest earlier phase with tasks: an empty one (no environment of its kind yet) passes the duty on to
/// the one before it instead of dropping it (reference/ocuroot.md Q-E2). What goes down, and what was up and runs again
/// because of others, has its phases behind it.
pub(super) fn closing_phase(release: &Release, key: &TaskKey, run: &Run) -> Option<String> {
    if run.kind == RunKind::Down || run.cascade.is_some() {
        return None;
    }
    let own = release.package.phase_of(key)?;
    let planned: BTreeSet<&TaskKey> = release.planned_tasks().map(|task| &task.key).collect();
    let phases = release.package.phases[..own].iter().rev();
    for before in phases {
        let mut tasks = before
            .tasks
            .iter()
            .filter(|task| planned.contains(&task.key))
            .peekable();
        if tasks.peek().is_some() {
            let is_open = tasks.all(|task| is_satisfied(release, &task.key));
            return (!is_open).then(|| before.name.clone());
        }
    }
    None
}

/// The deployment that goes before a pending run of another one.
pub(super) fn goes_after(
    snapshot: &Snapshot,
    release: &Release,
    key: &TaskKey,
    run: &Run,
) -> Option<DeploymentName> {
    let own = DeploymentName::of(&release.name.package, key)?;
    match run.kind {
        RunKind::Down => teardown::reader_left(snapshot, &own),
        RunKind::Up if run.cascade.is_some() => order::provider_at_work(snapshot, &own),
        RunKind::Up | RunKind::Task => None,
    }
}

/// A task is satisfied when its latest run is complete (Q-E1: not when the number of complete runs is one).
fn is_satisfied(release: &Release, key: &TaskKey) -> bool {
    release
        .standing_run(key)
        .is_some_and(|(_, run)| run.state == RunState::Complete)
}

/// A release of the same package that is between start and end in the environment of `key`. What waits behind an
/// earlier run of its own release is behind that.
pub(super) fn busy_with(
    snapshot: &Snapshot,
    own: &ReleaseName,
    key: &TaskKey,
    run: &Run,
) -> Option<ReleaseName> {
    key.environment()?;
    let is_at_work = |run: &Run| run.state.is_active() || run.state == RunState::Paused;
    let found = snapshot.releases_of(&own.package).find(|other| {
        let is_itself = |known: &Run| other.name == *own && known == run;
        let mut runs = other.runs_of(key);
        runs.any(|(_, other)| is_at_work(other) && !is_itself(other))
    });
    found.map(|other| other.name.clone())
}
