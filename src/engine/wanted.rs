//! Making a deployment what it should be: which release is live, and with which inputs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::bring::{self, insert_next};
use super::cascade::live_run;
use super::inputs;
use super::intent::{Application, gives, is_met, refuse};
use super::outcome::again;
use super::plan::Answer;
use super::readiness::{holder, supersede};
use super::rules::rules_of;
use super::snapshot::{Call, Run, Snapshot};
use super::teardown;
use super::world::World;
use crate::model::{
    DeploymentName, Input, Lock, LockKind, LockScope, PackageName, Reference, ReleaseName, RunKind,
    RunName, RunState, TaskKey,
};

/// Makes a deployment what it should be.
pub(super) fn apply(world: &mut World, wish: &Application, wanted: Option<&Value>) {
    let Some(deployment) = DeploymentName::of_reference(&wish.reference) else {
        return refuse(world, wish, "it names no package and no environment");
    };
    let Some(wanted) = wanted else {
        let (package, environment) = (&deployment.package, &deployment.environment);
        bring::undeploy(world, package, environment, None, &wish.actor);
        return;
    };
    let rules = rules_of(
        &world.snapshot,
        &deployment.package,
        &deployment.environment,
    );
    let allowed = rules.may_deploy(&wish.actor);
    let package = Some(&deployment.package);
    if !bring::is_allowed(world, package, &deployment.environment, allowed) {
        return;
    }
    let Some(name) = release_of(&deployment.package, wanted) else {
        return refuse(world, wish, "its `release` is no release of the package");
    };
    let place = (&name, &deployment.environment);
    if teardown::is_closed(world, place.0, place.1) {
        return;
    }
    let live = holder(&world.snapshot, &deployment.package, &deployment.key());
    if is_there(world, &wish.reference, &name, wanted) {
        drop_what_waits(world, &name, &deployment);
        world.answer(Answer::AlreadyThere(name, deployment.environment));
        return;
    }
    match wanted_run(&world.snapshot, &name, &deployment, wanted, world.now) {
        Err(why) => refuse(world, wish, &why),
        Ok(run) => {
            let is_older = live.is_some_and(|live| live.number > name.number);
            pin(world, wish, &name, &deployment, is_older);
            start_over(world, wish, &name, &deployment, run);
        }
    }
}

/// Whether the release is live with what is wanted, and nothing is at work that makes it another.
fn is_there(world: &World, reference: &Reference, name: &ReleaseName, wanted: &Value) -> bool {
    let document = world.snapshot.documents.get(reference);
    let is_met = document.is_some_and(|state| is_met(reference, wanted, state));
    let at_work = DeploymentName::of_reference(reference)
        .and_then(|deployment| at_work(world, name, &deployment.key()));
    let is_kept = at_work.is_none_or(|run| {
        let values = run.calls.first().map(|call| json!(call.values));
        values.is_some_and(|values| gives(&wanted["input"], &values))
    });
    is_met && is_kept
}

/// The run that brings the release up at this moment.
fn at_work<'a>(world: &'a World, name: &ReleaseName, key: &TaskKey) -> Option<&'a Run> {
    let release = world.snapshot.releases.get(name)?;
    let mut runs = release.runs_of(key).map(|(_, run)| run);
    let is_at_work = |run: &&Run| {
        let is_begun = run.state != RunState::Pending && run.state != RunState::Cancelling;
        run.kind == RunKind::Up && is_begun && !run.state.is_finished()
    };
    runs.find(is_at_work)
}

/// What was to be brought up with other inputs and has not begun is not wanted any more.
fn drop_what_waits(world: &mut World, name: &ReleaseName, deployment: &DeploymentName) {
    let key = deployment.key();
    let release = world.snapshot.releases.get(name);
    let latest = release.and_then(|release| release.latest_run(&key));
    let waits = latest.filter(|(_, run)| {
        run.kind == RunKind::Up && run.state == RunState::Pending && run.cascade.is_none()
    });
    if let Some((number, _)) = waits {
        let run = RunName {
            release: name.clone(),
            key,
            number,
        };
        supersede(world, &run);
    }
}

fn release_of(package: &PackageName, wanted: &Value) -> Option<ReleaseName> {
    let name: Option<ReleaseName> = wanted["release"].as_str()?.parse().ok();
    name.filter(|name| name.package == *package)
}

/// The release's own deployment, with the inputs that are wanted in place of those its file names.
fn wanted_run(
    snapshot: &Snapshot,
    name: &ReleaseName,
    deployment: &DeploymentName,
    wanted: &Value,
    now: crate::model::Timestamp,
) -> Result<Run, String> {
    let key = deployment.key();
    let none = || format!("{name} has no deployment to {}", deployment.environment);
    let release = snapshot.releases.get(name);
    let release = release.ok_or_else(|| format!("there is no release {name}"))?;
    let task = release.package.task(&key);
    let live = live_run(release, &key);
    let (action, mut inputs, down) = match (task, live) {
        (Some(task), _) => (task.action.clone(), task.inputs.clone(), task.down.clone()),
        (None, Some(live)) => {
            let first = live.calls.first().ok_or_else(none)?;
            (
                first.action.clone(),
                first.inputs.clone(),
                live.down.clone(),
            )
        }
        (None, None) => return Err(none()),
    };
    let call = Call {
        action: action.clone(),
        inputs: inputs.clone(),
        values: BTreeMap::new(),
        given: BTreeSet::new(),
    };
    // What is wanted to be what it is anyway goes on following what it reads.
    let found = inputs::resolve(snapshot, name, &call).unwrap_or_default();
    let wanted = wanted["input"].as_object().into_iter().flatten();
    let mut given = BTreeSet::new();
    for (input, value) in wanted.filter(|(input, value)| found.get(*input) != Some(value)) {
        let value = value.clone();
        inputs.insert(input.clone(), Input::Value { value });
        given.insert(input.clone());
    }
    Ok(Run {
        down,
        ..Run::pending(RunKind::Up, action, inputs, now).with_given(given)
    })
}

/// An older release that should be there is pinned, so that nothing that comes by itself takes its place; whatever else
/// was pinned there should not be there.
fn pin(
    world: &mut World,
    wish: &Application,
    name: &ReleaseName,
    deployment: &DeploymentName,
    is_older: bool,
) {
    let is_pin_here = |lock: &&Lock| {
        lock.environment == deployment.environment
            && lock.scope == LockScope::Package(deployment.package.clone())
            && matches!(lock.kind, LockKind::Pin(_))
    };
    let pins: Vec<Lock> = world
        .snapshot
        .locks
        .iter()
        .filter(is_pin_here)
        .cloned()
        .collect();
    for pin in pins {
        world.delete_lock(&pin);
    }
    if is_older {
        world.put_lock(Lock {
            environment: deployment.environment.clone(),
            scope: LockScope::Package(deployment.package.clone()),
            kind: LockKind::Pin(name.clone()),
            repository: deployment.package.repository.clone(),
            by: wish.actor.login.clone(),
            reason: Some("the intent says so".to_owned()),
            since: world.now,
            until: None,
        });
    }
}

fn start_over(
    world: &mut World,
    wish: &Application,
    name: &ReleaseName,
    deployment: &DeploymentName,
    run: Run,
) {
    let key = deployment.key();
    let release = world.snapshot.releases.get(name);
    let latest = release.and_then(|release| release.latest_run(&key));
    let latest = latest.map(|(number, run)| (number, run.clone()));
    let at_work = at_work(world, name, &key);
    match latest {
        _ if at_work.is_some_and(|at_work| got_all(at_work, &run)) => {
            drop_what_waits(world, name, deployment);
        }
        Some((_, latest)) if is_waiting_so(&latest, &run) => {}
        Some((number, latest)) if latest.state == RunState::Failed && got_all(&latest, &run) => {
            if !wish.is_retry {
                return;
            }
            let last = RunName {
                release: name.clone(),
                key: key.clone(),
                number,
            };
            again(world, &last);
        }
        _ => insert_next(world, name, &key, run),
    }
    world.show(name);
    let environment = deployment.environment.clone();
    world.answer(Answer::Brought(name.clone(), environment));
}

/// Whether the same is to be done already and has not begun.
fn is_waiting_so(latest: &Run, wanted: &Run) -> bool {
    let (latest_call, wanted_call) = (latest.current(), wanted.current());
    latest.kind == RunKind::Up
        && latest.state == RunState::Pending
        && latest_call.action == wanted_call.action
        && latest_call.inputs == wanted_call.inputs
}

/// Whether a run was given all that is wanted.
fn got_all(run: &Run, wanted: &Run) -> bool {
    let values = run.calls.first().map(|call| &call.values);
    let mut inputs = wanted.current().inputs.iter();
    inputs.all(|(name, input)| match input {
        Input::Value { value } => values.and_then(|values| values.get(name)) == Some(value),
        Input::Reference { .. } => true,
    })
}
