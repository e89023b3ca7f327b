//! Which runs start now.

use std::collections::{BTreeMap, BTreeSet};

use super::audit;
use super::gates::{self, Gate};
use super::inputs;
use super::intent;
use super::order;
use super::plan::{Call, Change};
use super::snapshot::{Run, Snapshot};
use super::status;
use super::world::World;
use crate::model::{
    Action, DeploymentName, LockKind, PackageName, Reference, ReleaseName, ReleaseNumber, RunKind,
    RunName, RunState, SubPathKind, TaskKey, Timestamp, latest_document,
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

/// Runs that are not active and not finished, in order: first what is wanted there, then what is live and only follows a
/// change, of that the others that it follows first. What is replaced anyway need not follow before.
fn candidates(world: &World) -> Vec<RunName> {
    let mut names = Vec::new();
    for release in world.snapshot.releases.values() {
        for ((key, number), run) in &release.runs {
            if matches!(run.state, RunState::Pending | RunState::Paused) {
                names.push(release.run_name(key, *number));
            }
        }
    }
    names.sort_by_cached_key(|name| {
        let run = world.snapshot.run(name);
        let is_cascade = run.is_some_and(|run| run.cascade.is_some());
        let deployment = DeploymentName::of(&name.release.package, &name.key);
        let deployment = deployment.filter(|_| is_cascade);
        let before = deployment.map_or(0, |own| order::providers(&world.snapshot, &own).len());
        (is_cascade, before)
    });
    names
}

fn consider(world: &mut World, name: &RunName) {
    let Some(release) = world.snapshot.releases.get(&name.release) else {
        return;
    };
    let Some(run) = world.snapshot.run(name) else {
        return;
    };
    if run.state == RunState::Pending {
        if status::closing_phase(release, &name.key, run).is_some() {
            return;
        }
        if is_obsolete(world, name, run) {
            supersede(world, name);
            return;
        }
        let gates = gates::gates(&world.snapshot, release, &name.key, run, world.now);
        if !gates.is_empty() {
            wait_for(world, name, &gates);
            return;
        }
        if let Some(other) = status::goes_after(&world.snapshot, release, &name.key, run) {
            wait(world, name, BTreeSet::from([other.document()]), None);
            return;
        }
    }
    if status::busy_with(&world.snapshot, &name.release, &name.key, run).is_some() {
        return;
    }
    match inputs::resolve(&world.snapshot, &name.release, run.current()) {
        Ok(values) => start(world, name, values),
        Err(missing) => {
            let waits = missing.iter().map(Reference::document).collect();
            wait(world, name, waits, None);
        }
    }
}

/// Whatever people do about an environment wakes what waits for its document; what time does is asked for.
fn wait_for(world: &mut World, name: &RunName, gates: &[Gate]) {
    let environment = name.key.environment();
    let waits = environment
        .map(|environment| Reference::global(SubPathKind::Environment, environment.as_str()))
        .into_iter()
        .collect();
    let opens = gates.iter().filter_map(Gate::opens_at).min();
    wait(world, name, waits, opens);
}

fn wait(
    world: &mut World,
    name: &RunName,
    waits: BTreeSet<Reference>,
    wakes_at: Option<Timestamp>,
) {
    let Some(run) = world.snapshot.run(name) else {
        return;
    };
    if run.waits == waits && run.wakes_at == wakes_at {
        return;
    }
    let is_new_time = wakes_at.is_some() && run.wakes_at != wakes_at;
    if let Some(run) = world.run_mut(name) {
        run.waits = waits;
        run.wakes_at = wakes_at;
    }
    if is_new_time {
        world.change(Change::Wake {
            at: wakes_at,
            packages: BTreeSet::from([name.release.package.clone()]),
            environments: BTreeSet::new(),
            documents: BTreeSet::new(),
        });
    }
}

fn start(world: &mut World, name: &RunName, values: BTreeMap<String, serde_json::Value>) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    run.state = RunState::Starting;
    run.fence += 1;
    run.started_at.get_or_insert(now);
    run.waits.clear();
    run.wakes_at = None;
    if let Some(call) = run.calls.last_mut() {
        call.values = values;
    }
    let (fence, kind, is_first) = (run.fence, run.kind, run.calls.len() == 1);
    let values = run.current().values.clone();
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
    if is_first {
        let because = run.cascade.as_ref().map(|cascade| &cascade.changed);
        let detail = serde_json::json!({ "kind": kind, "fence": fence, "because": because });
        let entry = audit::entry(None, "run started", name.to_string(), "ready", detail);
        world.record(entry);
        intent::begins(world, name, kind, values);
    }
    let is_workflow = matches!(call, Call::DispatchWorkflow { .. });
    world.call_for_run(name, call);
    if is_workflow {
        world.show(&name.release);
        world.show_run(name);
    }
}

/// Whether a run that waited has lost its purpose: an older release never overtakes a newer one
/// (reference/ocuroot.md Q-E7), and nobody takes down what another release has put up since.
fn is_obsolete(world: &World, name: &RunName, run: &Run) -> bool {
    let is_live = || {
        let holder = holder(&world.snapshot, &name.release.package, &name.key);
        holder.map(|holder| holder.number) == Some(name.release.number)
    };
    match run.kind {
        RunKind::Task => false,
        RunKind::Up if run.cascade.is_some() => !is_live(),
        RunKind::Up => newer_live_release(world, &name.release, &name.key).is_some(),
        RunKind::Down => !is_live(),
    }
}

/// The release of the same lane that is live where `key` deploys to, if it is newer than `own`. Lanes do not overtake
/// each other: they take turns. A release that people have pinned there is not overtaken by anything.
pub(super) fn newer_live_release(
    world: &World,
    own: &ReleaseName,
    key: &TaskKey,
) -> Option<ReleaseName> {
    let environment = key.environment()?;
    let holder = holder(&world.snapshot, &own.package, key)?;
    let lane = world.snapshot.releases.get(own)?.lane;
    let is_pinned = world.snapshot.locks.iter().any(|lock| {
        lock.environment == *environment
            && lock.kind == LockKind::Pin(own.clone())
            && lock.is_valid(world.now)
    });
    (holder.number > own.number && holder.lane == lane && !is_pinned).then(|| ReleaseName {
        package: own.package.clone(),
        number: holder.number,
    })
}

/// Whose `<package>/@/<task>` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The release.
    pub(super) number: ReleaseNumber,
    /// The pull request in whose lane it went there.
    pub(super) lane: Option<i64>,
}

/// The release that `<package>/@/<task>` belongs to.
pub(super) fn holder(snapshot: &Snapshot, package: &PackageName, key: &TaskKey) -> Option<Holder> {
    let document = snapshot.documents.get(&latest_document(package, key))?;
    let (_, number) = document.get("release")?.as_str()?.rsplit_once('@')?;
    Some(Holder {
        number: number.parse().ok()?,
        lane: document
            .get("pull_request")
            .and_then(serde_json::Value::as_i64),
    })
}

/// Whether the run was to bring up once more what its release has brought up or is bringing up.
fn is_further(snapshot: &Snapshot, name: &RunName) -> bool {
    let holder = holder(snapshot, &name.release.package, &name.key);
    let is_live = holder.is_some_and(|holder| holder.number == name.release.number);
    let release = snapshot.releases.get(&name.release);
    let mut runs = release.into_iter().flat_map(|of| of.runs_of(&name.key));
    let is_at_work = |run: &Run| run.kind == RunKind::Up && run.state.is_active();
    let is_up = snapshot.run(name).map(|run| run.kind) == Some(RunKind::Up);
    is_up && (is_live || runs.any(|(number, run)| number != name.number && is_at_work(run)))
}

/// Gives up a run that has not begun, because something else takes its place. While it waited, what is live there
/// followed nothing.
pub(super) fn supersede(world: &mut World, name: &RunName) {
    let now = world.now;
    let is_further = is_further(&world.snapshot, name);
    let was_active = |run: &Run| run.state.is_active();
    let was_active = world.snapshot.run(name).is_some_and(was_active);
    if let Some(run) = world.run_mut(name) {
        if is_further {
            // How the deployment stands is told by what came about of it.
            run.cascade.get_or_insert_default();
        }
        run.state = RunState::Superseded;
        run.finished_at = Some(now);
        run.waits.clear();
        run.wakes_at = None;
    }
    order::is_over(world, name);
    if was_active {
        order::is_idle(world, name);
    }
    world.show(&name.release);
}
