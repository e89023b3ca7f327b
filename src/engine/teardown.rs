//! Environments that come, go and come back. One that goes is emptied first: what is live there is taken down, readers
//! before what they read, each by the program that brought it up; once nothing is left, it is gone (Q-E13).

use std::collections::BTreeSet;

use serde_json::json;

use super::bring::insert_next;
use super::cascade::live_run;
use super::inputs::sticky;
use super::plan::{Answer, Change};
use super::readiness::{holder, supersede};
use super::snapshot::{Cascade, Release, Run, Snapshot};
use super::world::World;
use crate::model::{
    DeploymentName, Environment, EnvironmentName, Presence, Reference, Registration, ReleaseName,
    RunKind, RunName, RunState, SubPathKind, TaskKey,
};

/// An environment is there, as it is told. One that is being emptied is emptied first, and comes back then.
pub(super) fn register(world: &mut World, environment: &Environment, registration: Registration) {
    let name = &environment.name;
    let reference = document(name);
    let value = json!({ "name": name, "attributes": environment.attributes });
    world.put_intent(reference.clone(), Some(value.clone()));
    if is_leaving(&world.snapshot, name) {
        return;
    }
    world.put_registration(name, registration);
    world.snapshot.gone.remove(name);
    world.put_document(reference, Some(value));
    let environments = &mut world.snapshot.environments;
    environments.insert(name.clone(), environment.clone());
}

/// Takes an environment away. `false` if there is none.
pub(super) fn begin(world: &mut World, name: &EnvironmentName) -> bool {
    let Some(known) = world.snapshot.registrations.get(name).cloned() else {
        return false;
    };
    world.snapshot.environments.remove(name);
    for intent in intents_in(world, name) {
        world.put_intent(intent, None);
    }
    let leaving = Registration {
        presence: Presence::Leaving,
        ..known
    };
    world.put_registration(name, leaving);
    for run in unbegun(world, name) {
        supersede(world, &run);
    }
    let occupants = world.snapshot.occupants.entry(name.clone()).or_default();
    for occupant in occupants.clone() {
        // What is being brought up once more is taken down as it will be then.
        if !is_under_way(world, &occupant) {
            take_down(world, &occupant);
        }
    }
    true
}

/// The environment itself and what should be in it, be it that it never came about.
fn intents_in(world: &World, name: &EnvironmentName) -> Vec<Reference> {
    let is_there = |reference: &&Reference| {
        let deployment = DeploymentName::of_reference(reference);
        deployment.is_some_and(|deployment| deployment.environment == *name)
    };
    let intents = world.snapshot.intents.keys().filter(is_there).cloned();
    intents.chain([document(name)]).collect()
}

/// Takes down what came up in an environment after it was to be emptied, and gives up what was planned there since.
pub(super) fn go_on(world: &mut World) {
    for name in leaving(&world.snapshot) {
        for run in unbegun(world, &name) {
            supersede(world, &run);
        }
        let occupants = world.snapshot.occupants.get(&name).cloned();
        for occupant in occupants.iter().flatten() {
            if !has_way_down(world, occupant) {
                take_down(world, occupant);
            }
        }
    }
}

/// An environment that was to be emptied and is empty is gone.
pub(super) fn conclude(world: &mut World) {
    for name in leaving(&world.snapshot) {
        let occupants = world.snapshot.occupants.get(&name);
        let is_empty = occupants.is_some_and(BTreeSet::is_empty);
        if is_empty && !is_being_deployed_to(world, &name) {
            world.put_document(document(&name), None);
            let known = world.snapshot.registrations.remove(&name);
            world.change(Change::DeleteRegistration(name.clone()));
            world.snapshot.gone.insert(name.clone());
            come_back(world, &name, known.unwrap_or_default());
        }
    }
}

/// What was wanted again meanwhile.
fn come_back(world: &mut World, name: &EnvironmentName, known: Registration) {
    let wanted = world.snapshot.intents.get(&document(name)).cloned();
    let wanted = wanted.and_then(|wanted| serde_json::from_value::<Environment>(wanted).ok());
    if let Some(environment) = wanted {
        let registration = Registration {
            presence: Presence::Registered,
            ..known
        };
        register(world, &environment, registration);
        world.change(Change::ReplanAll);
    }
}

/// Whether an environment takes nothing in, which whoever wants a release there is told.
pub(super) fn is_closed(world: &mut World, release: &ReleaseName, name: &EnvironmentName) -> bool {
    let place = (release.clone(), name.clone());
    if is_leaving(&world.snapshot, name) {
        world.answer(Answer::EnvironmentLeaves(place.0, place.1));
    } else if world.snapshot.gone.contains(name) {
        world.answer(Answer::EnvironmentGone(place.0, place.1));
    } else {
        return false;
    }
    true
}

/// Whether a run is not repeated because its environment takes nothing in. What goes down may be tried again.
pub(super) fn refuses(world: &mut World, run: &RunName) -> bool {
    let is_up = world.snapshot.run(run).map(|run| run.kind) == Some(RunKind::Up);
    match run.key.environment().filter(|_| is_up) {
        Some(environment) => is_closed(world, &run.release, environment),
        None => false,
    }
}

fn leaving(snapshot: &Snapshot) -> Vec<EnvironmentName> {
    let registrations = snapshot.registrations.iter();
    let leaving = registrations.filter(|(_, registration)| registration.is_leaving());
    leaving.map(|(name, _)| name.clone()).collect()
}

fn document(name: &EnvironmentName) -> Reference {
    Reference::global(SubPathKind::Environment, name.as_str())
}

fn is_leaving(snapshot: &Snapshot, name: &EnvironmentName) -> bool {
    let registration = snapshot.registrations.get(name);
    registration.is_some_and(|registration| registration.is_leaving())
}

/// Queues the way down of what is live. What has none is only forgotten.
fn take_down(world: &mut World, occupant: &DeploymentName) {
    world.put_intent(occupant.document(), None);
    let live = live(&world.snapshot, occupant);
    let goes = live
        .as_ref()
        .is_some_and(|live| down(world, live, &occupant.key()));
    if let Some(live) = live.filter(|_| goes) {
        because_of_its_environment(world, &live, occupant);
    }
    if !goes {
        world.put_document(occupant.document(), None);
        world.put_reads(occupant.clone(), BTreeSet::new());
        if let Some(occupants) = world.snapshot.occupants.get_mut(&occupant.environment) {
            occupants.remove(occupant);
        }
    }
}

fn live(snapshot: &Snapshot, deployment: &DeploymentName) -> Option<ReleaseName> {
    let holder = holder(snapshot, &deployment.package, &deployment.key())?;
    Some(ReleaseName {
        package: deployment.package.clone(),
        number: holder.number,
    })
}

/// Whether what is live there is being brought up once more or taken down.
fn is_under_way(world: &World, occupant: &DeploymentName) -> bool {
    let release = live(&world.snapshot, occupant);
    let release = release.and_then(|name| world.snapshot.releases.get(&name));
    let latest = release.and_then(|release| release.latest_run(&occupant.key()));
    latest.is_some_and(|(_, run)| !run.state.is_finished())
}

/// Whether the last that was done about it is to take it down, be it that this failed: then a person goes on.
fn has_way_down(world: &World, occupant: &DeploymentName) -> bool {
    let Some(live) = live(&world.snapshot, occupant) else {
        return true;
    };
    // What this decision does not look at has not changed in it.
    let Some(release) = world.snapshot.releases.get(&live) else {
        return true;
    };
    let latest = release.latest_run(&occupant.key());
    latest.is_some_and(|(_, run)| run.kind == RunKind::Down || !run.state.is_finished())
}

/// What is to go up in the environment and has not begun.
fn unbegun(world: &World, name: &EnvironmentName) -> Vec<RunName> {
    let mut found = Vec::new();
    for release in world.snapshot.releases.values() {
        for ((key, number), run) in &release.runs {
            let is_it = run.state == RunState::Pending && run.kind == RunKind::Up;
            if is_it && key.environment() == Some(name) {
                found.push(release.run_name(key, *number));
            }
        }
    }
    found
}

fn is_being_deployed_to(world: &World, name: &EnvironmentName) -> bool {
    world.snapshot.releases.values().any(|release| {
        let mut runs = release.runs.iter();
        runs.any(|((key, _), run)| key.environment() == Some(name) && !run.state.is_finished())
    })
}

/// Another deployment in the same environment that is on its way out and reads what `own` leaves: it goes down first. In
/// a circle nobody waits.
pub(super) fn reader_left(snapshot: &Snapshot, own: &DeploymentName) -> Option<DeploymentName> {
    if !is_leaving(snapshot, &own.environment) {
        return None;
    }
    let occupants = snapshot.occupants.get(&own.environment)?;
    let mut readers = occupants
        .iter()
        .filter(|other| *other != own && super::order::providers(snapshot, other).contains(own));
    let own_providers = super::order::providers(snapshot, own);
    readers
        .find(|reader| !own_providers.contains(reader))
        .cloned()
}

/// Takes a deployment down with the program that brought it up: its release's config at its release's commit. One that
/// is on its way down already is not taken down twice. `false` when there is no way down.
pub(super) fn down(world: &mut World, name: &ReleaseName, key: &TaskKey) -> bool {
    let Some(release) = world.snapshot.releases.get(name) else {
        return false;
    };
    let Some((_, latest)) = release.latest_run(key) else {
        return false;
    };
    if latest.kind == RunKind::Down && !latest.state.is_finished() {
        return true;
    }
    let Some(run) = next_down(world, name, key) else {
        return false;
    };
    world.show(name);
    insert_next(world, name, key, run);
    true
}

fn next_down(world: &World, name: &ReleaseName, key: &TaskKey) -> Option<Run> {
    let release = world.snapshot.releases.get(name)?;
    let task = release.package.task(key);
    let live = live_run(release, key);
    let down = live.and_then(|live| live.down.clone());
    let action = down.or_else(|| task.and_then(|task| task.down.clone()))?;
    // It gets what the up got, as far as that is still there to be read.
    let first = live.and_then(|live| live.calls.first());
    let inputs = match (first, task) {
        (Some(first), _) => sticky(&first.inputs, &first.values),
        (None, task) => task?.inputs.clone(),
    };
    Some(Run::pending(RunKind::Down, action, inputs, world.now))
}

/// What waits to go down while the same release goes up once more takes that down: by the program that brought it up,
/// with what that got.
pub(super) fn renew_down(world: &mut World, name: &RunName) {
    let release = world.snapshot.releases.get(&name.release);
    let waiting = release.and_then(|release| release.latest_run(&name.key));
    let is_waiting =
        waiting.is_some_and(|(_, run)| run.kind == RunKind::Down && run.state == RunState::Pending);
    if is_waiting && let Some(next) = next_down(world, &name.release, &name.key) {
        insert_next(world, &name.release, &name.key, next);
    }
}

/// The way down says why: what goes because of its environment comes back with it.
fn because_of_its_environment(world: &mut World, live: &ReleaseName, occupant: &DeploymentName) {
    let key = occupant.key();
    let release = world.snapshot.releases.get(live);
    let Some((number, _)) = release.and_then(|release| release.latest_run(&key)) else {
        return;
    };
    let name = RunName {
        release: live.clone(),
        key,
        number,
    };
    if let Some(run) = world.run_mut(&name) {
        run.cascade = Some(Cascade {
            changed: BTreeSet::from([document(&occupant.environment)]),
            ..Cascade::default()
        });
    }
}

/// Whether a deployment of the newest release was given up, or taken down, because its environment went, and that is
/// there again. The file need not have been evaluated in between.
pub(super) fn went_with_its_environment(world: &World, release: &Release, key: &TaskKey) -> bool {
    let is_there = key
        .environment()
        .is_some_and(|environment| world.snapshot.environments.contains_key(environment));
    let latest = release.latest_run(key).map(|(_, run)| run);
    is_there
        && latest.is_some_and(|run| match run.kind {
            RunKind::Down => run.state == RunState::Complete && run.cascade.is_some(),
            _ => run.state == RunState::Superseded && run.cascade.is_none(),
        })
}
