//! What should be, beside what is: kept whenever something is decided, set by people and tools, compared, applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::plan::{Answer, Change};
use super::rules::rules;
use super::snapshot::values_of;
use super::teardown;
use super::values;
use super::wanted;
use super::world::World;
use crate::model::{
    Actor, DeploymentName, Environment, EnvironmentName, Presence, Reference, Registration,
    RunKind, RunName, SubPathKind,
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

/// Whether what is (or should be) at `reference` is what `intent` says.
pub fn is_met(reference: &Reference, intent: &Value, state: &Value) -> bool {
    match reference.subpath {
        Some((SubPathKind::Deploy, _)) => {
            intent["release"] == state["release"]
                && gives(&intent["input"], &values_of(&state["input"]))
        }
        _ => intent == state,
    }
}

/// Whether the inputs that should be given, if any, are among those that are.
pub(super) fn gives(wanted: &Value, given: &Value) -> bool {
    let is_given = |(name, value): (&String, &Value)| given.get(name) == Some(value);
    match wanted.as_object() {
        Some(inputs) => inputs.iter().all(is_given),
        None => wanted.is_null(),
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

/// Something should be (`Some`), or should not be (`None`), without being so yet.
pub(super) fn intend(world: &mut World, reference: &Reference, value: Option<Value>) {
    let wanted = value.map(|value| undescribed(reference, value));
    world.put_intent(reference.clone(), wanted);
}

/// Says what should be and makes it so; where that is refused, what should be is what it was.
pub(super) fn want(world: &mut World, wish: &Application, value: Option<Value>) {
    let value = value.map(|value| undescribed(&wish.reference, value));
    let before = world.snapshot.intents.get(&wish.reference).cloned();
    let answered = world.answers().len();
    world.put_intent(wish.reference.clone(), value);
    apply(world, wish);
    let mut answers = world.answers()[answered..].iter();
    let is_refused = answers.any(|answer| {
        matches!(
            answer,
            Answer::NotApplied(..)
                | Answer::Denied { .. }
                | Answer::HeldBy(_)
                | Answer::EnvironmentLeaves(..)
                | Answer::EnvironmentGone(..)
        )
    });
    if is_refused {
        world.put_intent(wish.reference.clone(), before);
    }
}

/// Makes what is follow what should be.
pub(super) fn apply(world: &mut World, wish: &Application) {
    let reference = values::resolved(&world.snapshot, &wish.reference);
    let value = world.snapshot.intents.get(&wish.reference).cloned();
    match &reference.subpath {
        Some((SubPathKind::Custom, _)) => values::set(world, &wish.reference, value.as_ref()),
        Some((SubPathKind::Environment, name)) => environment(world, wish, name, value.as_ref()),
        Some((SubPathKind::Deploy, _)) => wanted::apply(world, wish, value.as_ref()),
        _ => refuse(
            world,
            wish,
            "only environments, custom values and deployments can be applied",
        ),
    }
}

pub(super) fn refuse(world: &mut World, wish: &Application, why: &str) {
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
