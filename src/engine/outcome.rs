//! What the news of a run mean.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cascade;
use super::holds;
use super::order;
use super::plan::{Call, Change};
use super::readiness::holder;
use super::snapshot::{Call as ChainedCall, Cascade, Run, Snapshot};
use super::teardown;
use super::world::World;
use crate::model::{
    Action, DeploymentName, FunctionName, Input, Outcome, PackageName, Reference, ReleaseName,
    RunKind, RunName, RunNumber, RunState, TaskKey, Timestamp, latest_document,
};

/// A run whose chain is longer than this is a loop: it fails instead of running forever.
const LONGEST_CHAIN: usize = 100;

/// The sandbox could not finish the function: a job must.
///
/// The job gets a fence of its own. Calls are made at least once, so the sandbox may try the function again while the
/// job is at work: what that second attempt comes to is news of a start that was given up.
pub(super) fn needs_runner(world: &mut World, name: &RunName, fence: i64) {
    let Some(run) = world.awaited_run(name, fence) else {
        return;
    };
    run.fence += 1;
    let fence = run.fence;
    let call = Call::Dispatch {
        run: name.clone(),
        fence,
    };
    world.call_for_run(name, call);
    world.show(&name.release);
    world.show_run(name);
}

/// The run has not begun and waits again. Its start is fenced off.
pub(super) fn put_back(world: &mut World, name: &RunName, fence: i64) {
    let run = world.awaited_run(name, fence);
    if let Some(run) = run.filter(|run| run.state == RunState::Starting && run.calls.len() == 1) {
        run.state = RunState::Pending;
        run.fence += 1;
        run.started_at = None;
        for call in &mut run.calls {
            call.values.clear();
        }
        world.show(&name.release);
        order::is_over(world, name);
        order::is_idle(world, name);
    }
}

/// A job has taken the run.
pub(super) fn claimed(world: &mut World, name: &RunName, fence: i64) {
    let run = world.awaited_run(name, fence);
    if let Some(run) = run.filter(|run| run.state == RunState::Starting) {
        run.state = RunState::Running;
    }
}

/// A function ended. News of a start that was given up, or of a finished run, change nothing.
pub(super) fn ended(world: &mut World, name: &RunName, fence: i64, outcome: &Outcome) {
    if world.awaited_run(name, fence).is_none() {
        return;
    }
    match outcome {
        Outcome::Done {
            outputs,
            tags,
            watch,
        } => {
            complete(world, name, outputs);
            let release = world.snapshot.releases.get(&name.release);
            if release.is_some_and(|release| release.lane.is_some()) {
                // What is not merged is nobody else's: others read what a tag means.
                return;
            }
            for tag in tags {
                let package = name.release.package.clone();
                means_now(world, &package, tag, &name.release);
                world.change(Change::PutTag(package, tag.clone(), name.release.clone()));
            }
            if !watch.is_empty() {
                let package = name.release.package.clone();
                world.change(Change::WatchAlso(package, watch.clone()));
            }
        }
        Outcome::Next { .. } | Outcome::Failed { .. } if is_cancelling(world, name) => {
            stopped(world, name);
        }
        Outcome::Next { function, inputs } => go_on(world, name, function, inputs),
        Outcome::Failed { message } => fail(world, name, message),
    }
}

/// A tag means another release from now on: what is read by it is what that has left.
fn means_now(world: &mut World, package: &PackageName, tag: &str, release: &ReleaseName) {
    let by_tag = |reference: &&Reference| {
        reference.release.as_deref() == Some(tag) && reference.package().as_ref() == Some(package)
    };
    let known = world.snapshot.documents.keys();
    let known: Vec<Reference> = known.filter(by_tag).cloned().collect();
    for reference in known {
        match left(&world.snapshot, release, &reference) {
            Some(document) => world.snapshot.documents.insert(reference, document),
            None => world.snapshot.documents.remove(&reference),
        };
    }
    world.moved(Reference::of_release(package, tag));
}

/// What a release has left where `reference` names it by a tag.
fn left(snapshot: &Snapshot, release: &ReleaseName, reference: &Reference) -> Option<Value> {
    let own = Reference {
        release: Some(release.number.to_string()),
        ..reference.clone()
    };
    if let Some(document) = snapshot.documents.get(&own) {
        return Some(document.clone());
    }
    let known = snapshot.releases.get(release)?;
    let (kind, task) = reference.subpath.as_ref()?;
    let key: TaskKey = format!("{}/{task}", kind.as_str()).parse().ok()?;
    let mut runs = known.runs.iter().rev();
    let ((_, number), run) = runs.find(|((of, _), run)| {
        *of == key && run.state == RunState::Complete && run.kind != RunKind::Down
    })?;
    Some(document(&known.run_name(&key, *number), run))
}

fn is_cancelling(world: &World, name: &RunName) -> bool {
    world
        .snapshot
        .run(name)
        .is_some_and(|run| run.state == RunState::Cancelling)
}

/// What was asked to stop has stopped. What had succeeded before it could is done all the same: that is the truth.
fn stopped(world: &mut World, name: &RunName) {
    let now = world.now;
    if let Some(run) = world.run_mut(name) {
        finish(run, RunState::Cancelled, now);
    }
    order::is_over(world, name);
    world.show_run(name);
}

fn complete(world: &mut World, name: &RunName, outputs: &BTreeMap<String, Value>) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    finish(run, RunState::Complete, now);
    run.error = None;
    run.outputs.clone_from(outputs);
    let kind = run.kind;
    let mut document = document(name, run);
    let release = world.snapshot.releases.get(&name.release);
    if let Some(lane) = release.and_then(|release| release.lane) {
        document["pull_request"] = json!(lane);
    }
    world.put_document(name.release.document(&name.key), Some(document.clone()));
    let latest = latest_document(&name.release.package, &name.key);
    let before = holder(&world.snapshot, &name.release.package, &name.key);
    if kind == RunKind::Down {
        world.put_document(latest.clone(), None);
    } else if is_latest(world, name) {
        world.put_document(latest.clone(), Some(document));
    }
    let route = cascade::route(world, name);
    world.came_through(&name.release.document(&name.key), route.clone());
    world.came_through(&latest, route);
    world.show_run(name);
    if let Some(deployment) = DeploymentName::of(&name.release.package, &name.key) {
        occupy(world, name, deployment);
    }
    if let Some(pull_request) = before.and_then(|before| before.lane) {
        // What it had there is gone, or another of its commits is.
        holds::tell(world, name, pull_request);
    }
    if kind != RunKind::Task {
        world.call_for_run(name, Call::Deployment { run: name.clone() });
    }
}

/// A deployment has come or gone: what it reads may change from now on, or nobody minds any more.
fn occupy(world: &mut World, name: &RunName, deployment: DeploymentName) {
    let Some(run) = world.snapshot.run(name) else {
        return;
    };
    let is_up = run.kind == RunKind::Up;
    let reads = match is_up {
        true => cascade::reads(name, run),
        false => BTreeSet::new(),
    };
    world.put_reads(deployment.clone(), reads);
    if let Some(occupants) = world.snapshot.occupants.get_mut(&deployment.environment) {
        match is_up {
            true => occupants.insert(deployment.clone()),
            false => occupants.remove(&deployment),
        };
    }
    if is_up {
        teardown::renew_down(world, name);
        holds::became_live(world, name);
        world.has_ended(deployment);
    }
}

/// What a finished run leaves for others.
fn document(name: &RunName, run: &Run) -> Value {
    json!({
        "run_ref": name.to_string(),
        "type": run.kind,
        "release": name.release.to_string(),
        "input": run.calls.first().map(ChainedCall::described),
        "output": run.outputs,
    })
}

/// What a release has left is everybody's from now on: the pull request in whose lane it went is merged as it is.
pub(super) fn publish(world: &mut World, release: &ReleaseName) {
    let Some(known) = world.snapshot.releases.get(release) else {
        return;
    };
    let complete: Vec<(RunName, Value)> = known
        .latest_runs()
        .into_iter()
        .filter(|(_, (_, run))| run.state == RunState::Complete && run.kind != RunKind::Down)
        .map(|(key, (number, run))| {
            let name = known.run_name(key, number);
            let document = document(&name, run);
            (name, document)
        })
        .collect();
    for (name, document) in complete {
        let holder = holder(&world.snapshot, &release.package, &name.key);
        let is_its_own = match name.key {
            TaskKey::Deploy(_) => holder.is_some_and(|holder| holder.number == release.number),
            TaskKey::Task(_) => is_latest(world, &name),
        };
        if is_its_own {
            world.put_document(latest_document(&release.package, &name.key), Some(document));
        }
    }
}

/// Whether `<package>/@/<task>` is of this run from now on. A deployment had the environment to itself until its end:
/// it is what is there, even if the pin that let it start is gone by now. A step that finishes late does not take
/// anything back from a newer release, and a step of what is not merged is nobody else's.
fn is_latest(world: &World, name: &RunName) -> bool {
    let release = world.snapshot.releases.get(&name.release);
    match name.key {
        TaskKey::Deploy(_) => true,
        TaskKey::Task(_) => {
            let holder = holder(&world.snapshot, &name.release.package, &name.key);
            release.is_some_and(|release| release.lane.is_none())
                && holder.is_none_or(|holder| holder.number <= name.release.number)
        }
    }
}

fn go_on(
    world: &mut World,
    name: &RunName,
    function: &FunctionName,
    inputs: &BTreeMap<String, Input>,
) {
    let is_too_long = world
        .snapshot
        .run(name)
        .is_some_and(|run| run.calls.len() >= LONGEST_CHAIN);
    if is_too_long {
        let message = format!(
            "the run has called next() {LONGEST_CHAIN} times, the last time for `{}`; it is \
             stopped because it looks like a loop",
            function.name
        );
        fail(world, name, &message);
        return;
    }
    if let Some(run) = world.run_mut(name) {
        run.state = RunState::Paused;
        run.calls.push(ChainedCall {
            action: Action::Function(function.clone()),
            inputs: inputs.clone(),
            values: BTreeMap::new(),
            given: BTreeSet::new(),
        });
    }
}

pub(super) fn fail(world: &mut World, name: &RunName, message: &str) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    finish(run, RunState::Failed, now);
    run.error = Some(message.to_owned());
    world.show_run(name);
    if has_retries_left(world, name) {
        again_by_itself(world, name);
    } else {
        // What it reads may have changed while it ran: that was not tried yet.
        order::is_over(world, name);
    }
}

/// Nobody asked for it: it comes by the way the failed one came, so that a circle is noticed.
fn again_by_itself(world: &mut World, name: &RunName) {
    let failed = world.snapshot.run(name);
    let cascade = failed.and_then(|run| run.cascade.clone());
    let cascade = cascade.map(|cascade| Cascade {
        is_asked: true,
        ..cascade
    });
    if let Some(next) = again(world, name)
        && let Some(run) = world.run_mut(&next)
    {
        run.cascade = cascade;
    }
}

/// Whether a failed run is retried by itself. What was attempted before the last success does not count, nor do attempts
/// to go up count against those to go down.
fn has_retries_left(world: &World, name: &RunName) -> bool {
    let (Some(run), Some(release)) = (
        world.snapshot.run(name),
        world.snapshot.releases.get(&name.release),
    ) else {
        return false;
    };
    let mut runs = release.runs_of(&name.key);
    if runs.any(|(_, other)| !other.state.is_finished()) {
        // Something else is to be done after it.
        return false;
    }
    let since = release.runs_of(&name.key).rev();
    let attempts = since
        .take_while(|(_, other)| other.state != RunState::Complete)
        .filter(|(_, other)| other.kind == run.kind)
        .count();
    let task = release.package.task(&name.key);
    task.and_then(|task| usize::try_from(task.retries).ok())
        .is_some_and(|retries| attempts <= retries)
}

pub(super) fn finish(run: &mut Run, state: RunState, now: Timestamp) {
    run.state = state;
    run.finished_at = Some(now);
    run.waits.clear();
    run.wakes_at = None;
}

/// Queues another attempt of what `name` attempted: same kind, same first function, same declared inputs.
pub(super) fn again(world: &mut World, name: &RunName) -> Option<RunName> {
    let release = world.snapshot.releases.get(&name.release)?;
    let (latest, _) = release.latest_run(&name.key)?;
    let run = world.snapshot.run(name)?;
    let first = run.calls.first()?;
    // Asked for anew, it begins a cascade of its own.
    let cascade = run.cascade.as_ref().map(|cascade| Cascade {
        changed: cascade.changed.clone(),
        is_asked: true,
        ..Cascade::default()
    });
    let next = Run {
        down: run.down.clone(),
        cascade,
        ..Run::pending(
            run.kind,
            first.action.clone(),
            first.inputs.clone(),
            world.now,
        )
        .with_given(first.given.clone())
    };
    let next_name = RunName {
        number: RunNumber(latest.0 + 1),
        ..name.clone()
    };
    world.insert_run(next_name.clone(), next);
    Some(next_name)
}
