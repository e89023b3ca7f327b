//! What should be, beside what is: kept whenever something is decided, set by people and tools, compared, applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::bring::{self, insert_next};
use super::cascade::live_run;
use super::inputs;
use super::outcome::again;
use super::plan::{Answer, Change};
use super::readiness::holder;
use super::rules::{rules, rules_of};
use super::snapshot::{Call, Run, Snapshot, values_of};
use super::teardown;
use super::values;
use super::world::World;
use crate::model::{
    Actor, DeploymentName, Environment, EnvironmentName, Input, Lock, LockKind, LockScope,
    PackageName, Presence, Reference, Registration, ReleaseName, RunKind, RunName, SubPathKind,
};

/// What has to be done so that what is follows what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// It should be there and is not.
    Create,
    /// It is another.
    Update,
    /// It is there and should not be.
    Delete,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drift {
    /// The ref of both.
    pub reference: Reference,
    /// What has to be done.
    pub step: Step,
}

/// A wish to make what is follow what should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// What: an environment, a value, or a deployment (`P/@/deploy/<environment>`).
    pub reference: Reference,
    /// Who wants it.
    pub actor: Actor,
    /// The repository the wish is made in, as refs call it.
    pub repository: Option<String>,
    /// Whether what has failed with the same inputs is tried once more.
    pub is_retry: bool,
}

/// What differs between what should be and what is, in the order of refs. Of a deployment the release and, if they are
/// given, the inputs are compared.
pub fn drift(
    intents: &BTreeMap<Reference, Value>,
    states: &BTreeMap<Reference, Value>,
) -> Vec<Drift> {
    let references: BTreeSet<&Reference> = intents.keys().chain(states.keys()).collect();
    let step = |reference: &Reference| match (intents.get(reference), states.get(reference)) {
        (Some(_), None) => Some(Step::Create),
        (None, Some(_)) => Some(Step::Delete),
        (Some(intent), Some(state)) => (!is_met(reference, intent, state)).then_some(Step::Update),
        (None, None) => None,
    };
    let found = references.into_iter().filter_map(|reference| {
        Some(Drift {
            reference: reference.clone(),
            step: step(reference)?,
        })
    });
    found.collect()
}

fn is_met(reference: &Reference, intent: &Value, state: &Value) -> bool {
    match reference.subpath {
        Some((SubPathKind::Deploy, _)) => {
            let input = &intent["input"];
            intent["release"] == state["release"]
                && (input.is_null() || *input == values_of(&state["input"]))
        }
        _ => intent == state,
    }
}

/// What is wanted of a deployment with the values of its inputs, which may be given as documents describe them, too.
pub(super) fn undescribed(reference: &Reference, mut wanted: Value) -> Value {
    let is_deployment = matches!(reference.subpath, Some((SubPathKind::Deploy, _)));
    let inputs = wanted.get_mut("input").and_then(Value::as_object_mut);
    for input in inputs
        .filter(|_| is_deployment)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let is_described = input.as_object().is_some_and(|keys| {
            let mut names = keys.keys().map(String::as_str);
            keys.contains_key("value")
                && names.all(|name| ["ref", "default", "value"].contains(&name))
        });
        if is_described {
            *input = input["value"].take();
        }
    }
    wanted
}

/// A run begins to change what is live: that is what should be from now on (§4.6).
pub(super) fn begins(
    world: &mut World,
    name: &RunName,
    kind: RunKind,
    values: BTreeMap<String, Value>,
) {
    let Some(deployment) = DeploymentName::of(&name.release.package, &name.key) else {
        return;
    };
    let wanted = (kind == RunKind::Up)
        .then(|| json!({ "release": name.release.to_string(), "input": values }));
    world.put_intent(deployment.document(), wanted);
}

/// Makes what is follow what should be.
pub(super) fn apply(world: &mut World, wish: &Application) {
    let reference = values::resolved(&world.snapshot, &wish.reference);
    let wanted = world.snapshot.intents.get(&wish.reference).cloned();
    match &reference.subpath {
        Some((SubPathKind::Custom, _)) => values::set(world, &wish.reference, wanted.as_ref()),
        Some((SubPathKind::Environment, name)) => environment(world, wish, name, wanted.as_ref()),
        Some((SubPathKind::Deploy, _)) => deployment(world, wish, wanted.as_ref()),
        _ => refuse(
            world,
            wish,
            "only environments, custom values and deployments can be applied",
        ),
    }
}

fn refuse(world: &mut World, wish: &Application, why: &str) {
    let answer = Answer::NotApplied(wish.reference.clone(), why.to_owned());
    world.answer(answer);
}

fn environment(world: &mut World, wish: &Application, name: &str, wanted: Option<&Value>) {
    let Ok(name) = name.parse::<EnvironmentName>() else {
        let why =
            "environment names may only contain letters, numbers, periods, hyphens and underscores";
        return refuse(world, wish, why);
    };
    let repository = wish.repository.clone().unwrap_or_default();
    let rules = rules(&world.snapshot, &repository, None, &name);
    if let Err(denied) = rules.may_deploy(&wish.actor) {
        let environment = name.clone();
        world.answer(Answer::Denied {
            package: None,
            environment,
            denied,
        });
        return;
    }
    let known = world.snapshot.registrations.get(&name).cloned();
    let owner = known.as_ref().and_then(|known| known.repository.clone());
    if let Some(owner) =
        owner.filter(|owner| wish.repository.as_ref().is_some_and(|own| own != owner))
    {
        let why = format!("it belongs to {owner}, which registered it: change it there");
        return refuse(world, wish, &why);
    }
    let Some(wanted) = wanted else {
        if teardown::begin(world, &name) {
            world.change(Change::ReplanAll);
            world.answer(Answer::Leaving(name));
        } else {
            refuse(world, wish, "there is no such environment");
        }
        return;
    };
    let environment: Environment = match serde_json::from_value(wanted.clone()) {
        Ok(environment) => environment,
        Err(error) => {
            let why = format!(
                "an environment is {{\"name\": …, \"attributes\": {{…}}}} with attributes that are texts: {error}"
            );
            return refuse(world, wish, &why);
        }
    };
    if environment.name != name {
        let why = format!(
            "environment name (\"{}\") must match subpath (\"{name}\")",
            environment.name
        );
        return refuse(world, wish, &why);
    }
    let registration = Registration {
        presence: Presence::Registered,
        ..known.unwrap_or_default()
    };
    teardown::register(world, &environment, registration);
    world.change(Change::ReplanAll);
    world.answer(Answer::Applied(wish.reference.clone()));
}

fn deployment(world: &mut World, wish: &Application, wanted: Option<&Value>) {
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
    let key = deployment.key();
    let live = holder(&world.snapshot, &deployment.package, &key);
    let document = world.snapshot.documents.get(&deployment.document());
    let is_there = live.map(|live| live.number) == Some(name.number)
        && document.is_some_and(|state| is_met(&wish.reference, wanted, state));
    if is_there {
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
    let release = snapshot.releases.get(name).ok_or_else(none)?;
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
    match latest {
        Some((_, latest)) if latest.kind == RunKind::Up && !latest.state.is_finished() => {}
        Some((number, latest)) if is_attempt(&latest, &run) => {
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

/// Whether a run that failed got all that is wanted.
fn is_attempt(latest: &Run, wanted: &Run) -> bool {
    let values = latest.calls.first().map(|call| &call.values);
    latest.state == crate::model::RunState::Failed
        && wanted
            .current()
            .inputs
            .iter()
            .all(|(name, input)| match input {
                Input::Value { value } => values.and_then(|values| values.get(name)) == Some(value),
                Input::Reference { .. } => true,
            })
}
