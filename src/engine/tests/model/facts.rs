//! What the reference model knows: facts only. Everything that can be worked out from them is worked out each time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{
    Action, DeploymentName, Environment, EnvironmentName, Input, Package, PackageName, Reference,
    ReleaseName, ReleaseNumber, RunKind, RunState, SubPathKind, TaskKey,
};

pub(super) type Values = BTreeMap<String, Value>;
pub(super) type Declared = BTreeMap<String, Input>;

#[derive(Default)]
pub(super) struct Model {
    pub(super) releases: BTreeMap<ReleaseName, Release>,
    /// Which attempt of which release is live.
    pub(super) live: BTreeMap<DeploymentName, (ReleaseName, usize)>,
    /// The newest release that has completed a step.
    pub(super) steps: BTreeMap<(PackageName, TaskKey), ReleaseName>,
    pub(super) values: BTreeMap<Reference, Value>,
    pub(super) places: BTreeMap<EnvironmentName, Place>,
    pub(super) intents: BTreeMap<Reference, Value>,
    /// What an intent for an older release keeps where it is.
    pub(super) pins: BTreeMap<DeploymentName, ReleaseName>,
}

pub(super) struct Place {
    pub(super) environment: Environment,
    pub(super) is_leaving: bool,
}

pub(super) struct Release {
    pub(super) commit: String,
    pub(super) package: Package,
    /// What was attempted of each task, in order.
    pub(super) attempts: BTreeMap<TaskKey, Vec<Attempt>>,
}

#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) kind: RunKind,
    pub(super) state: RunState,
    /// It comes of itself: what is live is repeated because something that it reads has changed, or goes because its
    /// environment does.
    pub(super) follows: bool,
    /// It was attempted before with the same.
    pub(super) is_asked: bool,
    pub(super) program: Action,
    pub(super) down: Option<Action>,
    pub(super) declared: Declared,
    /// What of that people have said in place of the file.
    pub(super) said: BTreeSet<String>,
    /// What it was given; nothing before it has begun.
    pub(super) given: Option<Values>,
    pub(super) left: Values,
}

impl Attempt {
    pub(super) fn new(
        kind: RunKind,
        program: Action,
        down: Option<Action>,
        declared: Declared,
    ) -> Self {
        Attempt {
            kind,
            state: RunState::Pending,
            follows: false,
            is_asked: false,
            program,
            down,
            declared,
            said: BTreeSet::new(),
            given: None,
            left: Values::new(),
        }
    }
}

impl Release {
    pub(super) fn latest(&self, key: &TaskKey) -> Option<&Attempt> {
        self.attempts.get(key)?.last()
    }

    /// The attempt that is under way or waits, else the last one that was not given up.
    pub(super) fn present(&self, key: &TaskKey) -> Option<&Attempt> {
        let mut attempts = self.attempts.get(key)?.iter();
        let open = attempts.rfind(|attempt| !attempt.state.is_finished());
        let is_done = |attempt: &&Attempt| attempt.state != RunState::Superseded;
        open.or_else(|| self.attempts.get(key)?.iter().rfind(is_done))
    }

    /// The last attempt, but for those that were to follow a change that was taken back.
    pub(super) fn standing(&self, key: &TaskKey) -> Option<&Attempt> {
        let is_idle = |attempt: &&Attempt| {
            let is_given_up = attempt.state == RunState::Superseded;
            attempt.kind == RunKind::Up && attempt.follows && is_given_up
        };
        let mut attempts = self.attempts.get(key)?.iter();
        attempts.rfind(|attempt| !is_idle(attempt))
    }

    /// The last attempt that brought it up, with its place among the others.
    pub(super) fn last_up(&self, key: &TaskKey) -> Option<(usize, &Attempt)> {
        let attempts = self.attempts.get(key)?.iter().enumerate();
        let ups = attempts.filter(|(_, attempt)| attempt.kind != RunKind::Down);
        ups.rev()
            .find(|(_, attempt)| attempt.state == RunState::Complete)
    }
}

impl Model {
    pub(super) fn newest(&self, package: &PackageName) -> Option<&ReleaseName> {
        self.releases.keys().rfind(|name| name.package == *package)
    }

    pub(super) fn live_release(&self, deployment: &DeploymentName) -> Option<&ReleaseName> {
        self.live.get(deployment).map(|(name, _)| name)
    }

    pub(super) fn live_attempt(&self, deployment: &DeploymentName) -> Option<&Attempt> {
        let (name, index) = self.live.get(deployment)?;
        self.releases[name].attempts[&deployment.key()].get(*index)
    }

    pub(super) fn is_open(&self, place: &EnvironmentName) -> bool {
        self.places
            .get(place)
            .is_some_and(|place| !place.is_leaving)
    }

    pub(super) fn is_leaving(&self, place: &EnvironmentName) -> bool {
        self.places.get(place).is_some_and(|place| place.is_leaving)
    }

    /// What an absolute ref reads.
    pub(super) fn read(&self, reference: &Reference) -> Option<Value> {
        let mut value = self.document(reference)?;
        for key in reference.fragment.iter().flat_map(|keys| keys.split('/')) {
            value = value.get(key)?.clone();
        }
        Some(value)
    }

    fn document(&self, reference: &Reference) -> Option<Value> {
        let (kind, name) = reference.subpath.as_ref()?;
        let key = match kind {
            SubPathKind::Custom => return self.values.get(&reference.document()).cloned(),
            SubPathKind::Environment => {
                let environment = &self.places.get(&name.parse().ok()?)?.environment;
                return Some(described(environment));
            }
            SubPathKind::Deploy => TaskKey::Deploy(name.parse().ok()?),
            _ => TaskKey::Task(name.clone()),
        };
        let package = reference.package()?;
        let attempt = match reference.release.as_deref()? {
            "" => match key.environment() {
                Some(environment) => self.live_attempt(&DeploymentName {
                    package,
                    environment: environment.clone(),
                })?,
                None => {
                    let release = self.steps.get(&(package, key.clone()))?;
                    self.releases[release].last_up(&key)?.1
                }
            },
            number => {
                let number: ReleaseNumber = number.parse().ok()?;
                let release = self.releases.get(&ReleaseName { package, number })?;
                let attempts = release.attempts.get(&key)?.iter();
                attempts
                    .rev()
                    .find(|attempt| attempt.state == RunState::Complete)?
            }
        };
        let given = attempt.given.iter().flatten();
        let input: BTreeMap<&String, Value> = given
            .map(|(name, value)| (name, json!({ "value": value })))
            .collect();
        Some(json!({ "output": attempt.left, "input": input }))
    }

    /// The inputs as they are now; else the refs that read nothing.
    pub(super) fn given(
        &self,
        release: &ReleaseName,
        declared: &Declared,
    ) -> Result<Values, BTreeSet<Reference>> {
        let (mut values, mut missing) = (Values::new(), BTreeSet::new());
        for (name, input) in declared {
            let (absolute, value) = match input {
                Input::Value { value } => (None, Some(value.clone())),
                Input::Reference { reference, default } => {
                    let absolute = absolute(release, reference);
                    let value = self.read(&absolute).or_else(|| default.clone());
                    (Some(absolute), value)
                }
            };
            match value {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.extend(absolute),
            }
        }
        match missing.is_empty() {
            true => Ok(values),
            false => Err(missing),
        }
    }

    /// The deployments that a live one reads, however indirectly.
    pub(super) fn providers(&self, of: &DeploymentName) -> BTreeSet<DeploymentName> {
        let mut found = BTreeSet::new();
        let mut open = vec![of.clone()];
        while let Some(reader) = open.pop() {
            for read in self.deployments_read(&reader) {
                if found.insert(read.clone()) {
                    open.push(read);
                }
            }
        }
        found
    }

    fn deployments_read(&self, reader: &DeploymentName) -> Vec<DeploymentName> {
        let Some((release, attempt)) = self.live_release(reader).zip(self.live_attempt(reader))
        else {
            return Vec::new();
        };
        let references = attempt.declared.values().filter_map(|input| match input {
            Input::Reference { reference, .. } => Some(absolute(release, reference)),
            Input::Value { .. } => None,
        });
        references
            .filter_map(|reference| DeploymentName::of_reference(&reference))
            .collect()
    }
}

pub(super) fn absolute(release: &ReleaseName, reference: &Reference) -> Reference {
    reference.relative_to(&release.package, &release.number.to_string())
}

pub(super) fn described(environment: &Environment) -> Value {
    json!({ "name": environment.name, "attributes": environment.attributes })
}

/// What was known last is kept where the file names no default (Q-E19).
pub(super) fn keeping(declared: &Declared, known: &Values) -> Declared {
    let keep = |(name, input): (&String, &Input)| {
        let kept = match input {
            Input::Reference {
                reference,
                default: None,
            } => Input::Reference {
                reference: reference.clone(),
                default: known.get(name).cloned(),
            },
            _ => input.clone(),
        };
        (name.clone(), kept)
    };
    declared.iter().map(keep).collect()
}
