//! What follows when something changes that live deployments read: exactly those run again, each at its own release
//! and commit, providers before readers, each distinct set of inputs once (reference/ocuroot.md §4.8, Q-E3, Q-E19).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::inputs;
use super::order::providers;
use super::snapshot::{Cascade, Release, Run, Snapshot};
use super::world::World;
use crate::model::{
    Action, DeploymentName, Input, Reference, ReleaseName, RunKind, RunName, RunNumber, RunState,
    TaskKey,
};

/// A deployment whose own change makes what it reads change again is run this often in one cascade; then a person is
/// asked. Most circles settle in the second lap.
const LAPS: u32 = 3;

/// The deployments a change came through, each with how often.
pub(super) type Route = BTreeMap<DeploymentName, u32>;

/// Looks at every live deployment that reads what this decision has changed, and at those that ended in it: what they
/// read may have changed while they ran.
pub(super) fn follow(world: &mut World) {
    let changed = world.take_changed();
    let ended = world.take_ended();
    let mut wanted: BTreeMap<DeploymentName, Cascade> = BTreeMap::new();
    for deployment in &ended {
        wanted.entry(deployment.clone()).or_default();
    }
    for (deployment, reads) in &world.snapshot.reads {
        // What a deployment reads of itself is no reason, and no lap.
        let is_own = |reference: &Reference| {
            DeploymentName::of_reference(reference).as_ref() == Some(deployment)
        };
        for (reference, route) in changed
            .iter()
            .filter(|(changed, _)| reads.contains(*changed) && !is_own(changed))
        {
            let cascade = wanted.entry(deployment.clone()).or_default();
            cascade.changed.insert(reference.clone());
            merge(&mut cascade.through, route);
        }
    }
    for (deployment, cascade) in wanted {
        reconsider(world, &deployment, cascade, ended.contains(&deployment));
    }
}

/// The route of what the run leaves: the one it came by, and its own deployment.
pub(super) fn route(world: &World, name: &RunName) -> Route {
    let run = world.snapshot.run(name);
    let cascade = run.and_then(|run| run.cascade.as_ref());
    let mut route = cascade.map_or_else(Route::new, |cascade| cascade.through.clone());
    if let Some(own) = DeploymentName::of(&name.release.package, &name.key) {
        *route.entry(own).or_default() += 1;
    }
    route
}

fn merge(into: &mut Route, route: &Route) {
    for (deployment, laps) in route {
        let known = into.entry(deployment.clone()).or_default();
        *known = (*known).max(*laps);
    }
}

/// Has a live deployment run again if what it would be given differs from what it was given last, and was not tried.
fn reconsider(
    world: &mut World,
    deployment: &DeploymentName,
    mut cascade: Cascade,
    has_ended: bool,
) {
    let waiting = waiting(world, deployment);
    let Some(next) = next_run(world, deployment) else {
        // What has changed is again what it was, or what was tried.
        if let Some(waiting) = waiting {
            super::readiness::supersede(world, &waiting);
        }
        return;
    };
    if waiting.is_some() {
        return;
    }
    let ended = RunName {
        number: RunNumber(next.name.number.0 - 1),
        ..next.name.clone()
    };
    let has_begun = |run: &Run| run.started_at.is_some();
    if has_ended && next.comes_round && world.snapshot.run(&ended).is_some_and(has_begun) {
        // What came round while it ran is a lap, too.
        merge(&mut cascade.through, &route(world, &ended));
    }
    let (name, values) = (next.name, next.values);
    let mut run = Run {
        down: next.down,
        ..Run::pending(RunKind::Up, next.action, next.inputs, world.now).with_given(next.given)
    };
    if cascade.through.get(deployment).copied().unwrap_or(0) >= LAPS {
        run.error = Some(circle(deployment, &cascade.through));
        run.state = RunState::Failed;
        run.finished_at = Some(world.now);
        if let Some(call) = run.calls.first_mut() {
            call.values = values;
        }
    }
    run.cascade = Some(cascade);
    world.show(&name.release);
    world.insert_run(name, run);
}

fn circle(deployment: &DeploymentName, through: &Route) -> String {
    let others: Vec<String> = through
        .keys()
        .filter(|other| *other != deployment)
        .map(|other| format!("{} in {}", other.package.short(), other.environment))
        .collect();
    format!(
        "{} in {} was deployed {LAPS} times because its own output changes what it reads, by way of {}, and it does \
         not settle. It keeps what it has. `/ocuroot retry {}` deploys it once more",
        deployment.package.short(),
        deployment.environment,
        others.join(" and "),
        deployment.environment,
    )
}

/// A run that is still to be inserted.
struct Next {
    name: RunName,
    action: Action,
    down: Option<Action>,
    inputs: BTreeMap<String, Input>,
    /// The inputs as they are now.
    values: BTreeMap<String, Value>,
    /// Those that people have given.
    given: BTreeSet<String>,
    /// Whether some of what has changed comes of what it leaves itself.
    comes_round: bool,
}

/// A run that is there only because something has changed, and that has not begun.
fn waiting(world: &World, deployment: &DeploymentName) -> Option<RunName> {
    let release = live_release(&world.snapshot, deployment)?;
    let key = deployment.key();
    let (number, present) = release.present_run(&key)?;
    is_waiting(present).then(|| release.run_name(&key, number))
}

fn is_waiting(run: &Run) -> bool {
    let cascade = run.cascade.as_ref();
    let is_unbegun = run.state == RunState::Pending && run.kind == RunKind::Up;
    is_unbegun && cascade.is_some_and(|cascade| !cascade.is_asked)
}

fn next_run(world: &World, deployment: &DeploymentName) -> Option<Next> {
    let snapshot = &world.snapshot;
    let key = deployment.key();
    // What is on its way out is not changed any more.
    snapshot.environments.get(&deployment.environment)?;
    let release = live_release(snapshot, deployment)?;
    let (number, _) = release.latest_run(&key)?;
    let (_, present) = release.present_run(&key)?;
    // What is under way is looked at again at its end, and what is to go down goes down.
    let is_under_way = !present.state.is_finished() && !is_waiting(present);
    if is_under_way || present.kind == RunKind::Down {
        return None;
    }
    let live = live_run(release, &key)?;
    let first = live.calls.first()?;
    let Declared {
        action,
        inputs: declared,
        down,
    } = declared(release, &key, live)?;
    let inputs = inputs::sticky(&declared, &first.values);
    let call = super::snapshot::Call {
        action: action.clone(),
        inputs: inputs.clone(),
        values: BTreeMap::new(),
        given: BTreeSet::new(),
    };
    let values = inputs::resolve(snapshot, &release.name, &call).ok()?;
    let own = own_inputs(deployment, &release.name, &inputs);
    let is_known = |known: &BTreeMap<String, Value>| is_same(known, &values, &own);
    let is_tried = release
        .runs
        .iter()
        .rev()
        .filter(|((of, _), run)| *of == key && run.kind == RunKind::Up)
        .take_while(|(_, run)| run.state != RunState::Complete)
        .any(|(_, run)| run.calls.first().is_some_and(|call| is_known(&call.values)));
    if is_known(&first.values) && action == first.action || is_tried {
        return None;
    }
    let has_changed = |name: &String| first.values.get(name) != values.get(name);
    let changed = inputs.iter().filter(|(name, _)| has_changed(name));
    let comes_round = changed
        .filter_map(|(_, input)| provider(&release.name, input))
        .any(|provider| {
            provider != *deployment && providers(snapshot, &provider).contains(deployment)
        });
    Some(Next {
        comes_round,
        name: release.run_name(&key, RunNumber(number.0 + 1)),
        action,
        down,
        inputs,
        values,
        given: first.given.clone(),
    })
}

/// What the deployment consists of: what it was brought up with, or what the release's file says of it now if it was
/// evaluated again since and says something else. What people have given stays.
fn declared(release: &Release, key: &TaskKey, live: &Run) -> Option<Declared> {
    let first = live.calls.first()?;
    let as_it_was = Declared {
        action: first.action.clone(),
        inputs: first.inputs.clone(),
        down: live.down.clone(),
    };
    let Some(task) = release.package.task(key) else {
        return Some(as_it_was);
    };
    let mut inputs = task.inputs.clone();
    for name in &first.given {
        if let Some(given) = first.inputs.get(name) {
            inputs.insert(name.clone(), given.clone());
        }
    }
    let is_as_it_was = task.action == first.action
        && inputs.keys().eq(first.inputs.keys())
        && inputs.iter().all(|(name, input)| match input {
            Input::Value { .. } => first.inputs.get(name) == Some(input),
            Input::Reference { reference, .. } => matches!(
                first.inputs.get(name),
                Some(Input::Reference { reference: known, .. }) if known == reference
            ),
        });
    Some(if is_as_it_was {
        as_it_was
    } else {
        Declared {
            action: task.action.clone(),
            inputs,
            down: task.down.clone(),
        }
    })
}

/// What a deployment consists of.
struct Declared {
    action: Action,
    inputs: BTreeMap<String, Input>,
    down: Option<Action>,
}

/// Inputs that read what the deployment itself leaves: their change is no reason to deploy it.
fn own_inputs(
    deployment: &DeploymentName,
    release: &ReleaseName,
    inputs: &BTreeMap<String, Input>,
) -> BTreeSet<String> {
    let is_own = |input: &Input| provider(release, input).as_ref() == Some(deployment);
    let own = inputs.iter().filter(|(_, input)| is_own(input));
    own.map(|(name, _)| name.clone()).collect()
}

/// The deployment that an input of a release reads.
fn provider(release: &ReleaseName, input: &Input) -> Option<DeploymentName> {
    let Input::Reference { reference, .. } = input else {
        return None;
    };
    DeploymentName::of_reference(&inputs::absolute(release, reference))
}

fn is_same(
    known: &BTreeMap<String, Value>,
    wanted: &BTreeMap<String, Value>,
    except: &BTreeSet<String>,
) -> bool {
    let of = |values: &BTreeMap<String, Value>| -> BTreeMap<String, Value> {
        let counting = values.iter().filter(|(name, _)| !except.contains(*name));
        counting
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    of(known) == of(wanted)
}

fn live_release<'a>(snapshot: &'a Snapshot, deployment: &DeploymentName) -> Option<&'a Release> {
    let key = deployment.key();
    let holder = super::readiness::holder(snapshot, &deployment.package, &key)?;
    snapshot.releases.get(&ReleaseName {
        package: deployment.package.clone(),
        number: holder.number,
    })
}

/// The run that brought up what is there of a release.
pub(super) fn live_run<'a>(release: &'a Release, key: &TaskKey) -> Option<&'a Run> {
    let mut runs = release.runs.iter().rev();
    let found = runs.find(|((of, _), run)| {
        of == key && run.kind == RunKind::Up && run.state == RunState::Complete
    });
    found.map(|(_, run)| run)
}

/// Every document that the run's first function reads, as others may change it: with the tags and the latest releases
/// by which it is named.
pub(super) fn reads(name: &RunName, run: &Run) -> BTreeSet<Reference> {
    let Some(first) = run.calls.first() else {
        return BTreeSet::new();
    };
    let mut reads = inputs::documents_read(&name.release, first);
    let tags: Vec<Reference> = reads.iter().filter_map(inputs::tag_of).collect();
    reads.extend(tags);
    reads
}

/// What a repetition that has not begun would be given now. Once it is cancelled, that is what nobody wants.
pub(super) fn would_get(world: &World, name: &RunName) -> Option<BTreeMap<String, Value>> {
    let run = world.snapshot.run(name)?;
    let is_unbegun = run.state == RunState::Pending && run.kind == RunKind::Up;
    if !is_unbegun || run.cascade.is_none() {
        return None;
    }
    inputs::resolve(&world.snapshot, &name.release, run.calls.first()?).ok()
}
