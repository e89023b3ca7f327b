//! Which runs start now.

use super::inputs;
use super::plan::Call;
use super::snapshot::Snapshot;
use super::status;
use super::world::World;
use crate::model::{
    Action, PackageName, ReleaseName, ReleaseNumber, RunKind, RunName, RunState, TaskKey,
    latest_document,
};

/// Starts every run that can start and writes down what the others wait for.
///
/// Releases are taken in the order of package and number, their runs in the order of their names, so that the same
/// snapshot always gives the same plan.
pub(super) fn advance(world: &mut World) {
    for run in candidates(world) {
        consider(world, &run);
    }
}

/// Runs that are not active and not finished, in order.
fn candidates(world: &World) -> Vec<RunName> {
    let mut names = Vec::new();
    for release in world.snapshot.releases.values() {
        for ((key, number), run) in &release.runs {
            if matches!(run.state, RunState::Pending | RunState::Paused) {
                names.push(release.run_name(key, *number));
            }
        }
    }
    names
}

fn consider(world: &mut World, name: &RunName) {
    let Some(release) = world.snapshot.releases.get(&name.release) else {
        return;
    };
    let Some(run) = world.snapshot.run(name) else {
        return;
    };
    let (state, kind) = (run.state, run.kind);
    if state == RunState::Pending {
        if kind != RunKind::Down && status::closing_phase(release, &name.key).is_some() {
            return;
        }
        if is_obsolete(&world.snapshot, name, kind) {
            supersede(world, name);
            return;
        }
    }
    if status::busy_with(&world.snapshot, &name.release, &name.key).is_some() {
        return;
    }
    match inputs::resolve(&world.snapshot, &name.release, run.current()) {
        Ok(values) => start(world, name, values),
        Err(missing) => {
            let waits = missing
                .iter()
                .map(|reference| reference.document())
                .collect();
            if run.waits != waits
                && let Some(run) = world.run_mut(name)
            {
                run.waits = waits;
            }
        }
    }
}

fn start(
    world: &mut World,
    name: &RunName,
    values: std::collections::BTreeMap<String, serde_json::Value>,
) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    run.state = RunState::Starting;
    run.fence += 1;
    run.started_at.get_or_insert(now);
    run.waits.clear();
    if let Some(call) = run.calls.last_mut() {
        call.values = values;
    }
    let fence = run.fence;
    let call = match run.current().action {
        Action::Function(_) => Call::Attempt {
            run: name.clone(),
            fence,
        },
        Action::Workflow(_) => Call::DispatchWorkflow {
            run: name.clone(),
            fence,
        },
    };
    let is_workflow = matches!(call, Call::DispatchWorkflow { .. });
    world.call_for_run(name, call);
    if is_workflow {
        world.show(&name.release);
        world.show_run(name);
    }
}

/// Whether a run that waited has lost its purpose: an older release never overtakes a newer one
/// (reference/ocuroot.md Q-E7), and nobody takes down what another release has put up since.
fn is_obsolete(snapshot: &Snapshot, name: &RunName, kind: RunKind) -> bool {
    match kind {
        RunKind::Task => false,
        RunKind::Up => newer_live_release(snapshot, &name.release, &name.key).is_some(),
        RunKind::Down => {
            holder(snapshot, &name.release.package, &name.key) != Some(name.release.number)
        }
    }
}

/// The release that is live where `key` deploys to, if it is newer than `own`.
pub(super) fn newer_live_release(
    snapshot: &Snapshot,
    own: &ReleaseName,
    key: &TaskKey,
) -> Option<ReleaseName> {
    key.environment()?;
    let number = holder(snapshot, &own.package, key)?;
    (number > own.number).then(|| ReleaseName {
        package: own.package.clone(),
        number,
    })
}

/// The release that `<package>/@/<task>` belongs to.
pub(super) fn holder(
    snapshot: &Snapshot,
    package: &PackageName,
    key: &TaskKey,
) -> Option<ReleaseNumber> {
    let document = snapshot.documents.get(&latest_document(package, key))?;
    let (_, number) = document.get("release")?.as_str()?.rsplit_once('@')?;
    number.parse().ok()
}

/// Gives up a run that has not begun, because a newer release is there.
pub(super) fn supersede(world: &mut World, name: &RunName) {
    let now = world.now;
    if let Some(run) = world.run_mut(name) {
        run.state = RunState::Superseded;
        run.finished_at = Some(now);
        run.waits.clear();
    }
    world.show(&name.release);
}
