//! What happens, as the reference model takes it in. It hears only what is news: the engine must see by itself what is
//! late, doubled or about a start that was given up.

use std::collections::BTreeSet;

use serde_json::Value;

use super::facts::{Attempt, Model, Place as Registered, Release, described};
use super::rules::{Place, deployment_of};
use crate::engine::{NewReleases, Trigger};
use crate::model::{
    DeploymentName, Environment, EnvironmentName, Outcome, Package, Reference, ReleaseName,
    ReleaseNumber, RunKind, RunName, RunState, SubPathKind, Task, TaskKey,
};

impl Model {
    /// What is decided together.
    pub(super) fn hear(&mut self, triggers: &[Trigger]) {
        for trigger in triggers {
            self.hear_one(trigger);
        }
        self.rest();
    }

    fn hear_one(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Release(new) => self.pushed(new),
            Trigger::Replanned { release, package } => self.read_again(release, package),
            Trigger::Claimed { run, .. } => self.run_mut(&place(run)).state = RunState::Running,
            Trigger::PutBack { run, .. } => {
                let run = self.run_mut(&place(run));
                (run.state, run.given) = (RunState::Pending, None);
            }
            Trigger::Ended { run, outcome, .. } => self.ended(&place(run), outcome),
            Trigger::SetCustom { reference, value } => self.set(reference, value.as_ref()),
            Trigger::Intend { reference, value } => self.intend(reference, value.clone()),
            Trigger::Apply(wish) => self.apply(&wish.reference, wish.is_retry),
            Trigger::Retry(wish) => self.retry(&wish.release),
            Trigger::Cancel(wish) => self.cancel(&wish.release),
            Trigger::Undeploy {
                package,
                environment,
                ..
            } => {
                self.queue_down(&DeploymentName {
                    package: package.clone(),
                    environment: environment.clone(),
                });
            }
            Trigger::Unlock(unlock) => self.pins.retain(|pinned, _| {
                pinned.environment != unlock.environment || !unlock.scope.covers(&pinned.package)
            }),
            other => panic!("the model knows nothing of {other:?}"),
        }
    }

    fn pushed(&mut self, new: &NewReleases) {
        for environment in &new.environments {
            self.register(environment);
        }
        for candidate in &new.packages {
            let commit = new.commit.to_string();
            let is_known = self
                .releases
                .iter()
                .any(|(name, release)| name.package == candidate.name && release.commit == commit);
            if is_known && !new.is_forced {
                continue;
            }
            let newest = self.newest(&candidate.name);
            let name = ReleaseName {
                package: candidate.name.clone(),
                number: ReleaseNumber(newest.map_or(1, |newest| newest.number.0 + 1)),
            };
            let release = Release {
                commit,
                package: candidate.package.clone(),
                attempts: candidate.package.tasks().map(first_of).collect(),
            };
            self.releases.insert(name.clone(), release);
            self.take_over(&name);
        }
    }

    /// Older releases give up what they have not begun where the new one goes, what could only come after it, and,
    /// if they have nothing else to deploy, the rest.
    fn take_over(&mut self, new: &ReleaseName) {
        let goes: BTreeSet<TaskKey> = self.releases[new].attempts.keys().cloned().collect();
        let mut lost: Vec<Place> = Vec::new();
        for (name, older) in &self.releases {
            if name.package != new.package || name >= new {
                continue;
            }
            let phase_of = |key: &TaskKey| older.package.phase_of(key);
            let is_taken = |key: &TaskKey| key.environment().is_some() && goes.contains(key);
            let mut unbegun: Vec<Place> = Vec::new();
            for (key, attempts) in &older.attempts {
                for (index, attempt) in attempts.iter().enumerate() {
                    let is_unbegun = attempt.state == RunState::Pending;
                    if is_unbegun && attempt.kind != RunKind::Down && !attempt.follows {
                        unbegun.push((name.clone(), key.clone(), index));
                    }
                }
            }
            let taken = unbegun.iter().filter(|(_, key, _)| is_taken(key));
            let Some(first) = taken.filter_map(|(_, key, _)| phase_of(key)).min() else {
                continue;
            };
            let is_lost = |key: &TaskKey| is_taken(key) || phase_of(key) > Some(first);
            let mut others = unbegun.iter().filter(|(_, key, _)| !is_lost(key));
            let is_over = !others.any(|(_, key, _)| key.environment().is_some());
            lost.extend(
                unbegun
                    .into_iter()
                    .filter(|(_, key, _)| is_over || is_lost(key)),
            );
        }
        for place in &lost {
            self.supersede(place);
        }
    }

    pub(super) fn register(&mut self, environment: &Environment) {
        let name = &environment.name;
        let known = self.places.get(name);
        if known.is_some_and(|known| !known.is_leaving && known.environment == *environment) {
            return;
        }
        self.intents
            .insert(reference_of(name), described(environment));
        if known.is_none_or(|known| !known.is_leaving) {
            let environment = environment.clone();
            let is_leaving = false;
            self.places.insert(
                name.clone(),
                Registered {
                    environment,
                    is_leaving,
                },
            );
        }
    }

    /// What has not begun follows the file; what is new in it is planned, and so is what comes back to it and is not
    /// there any more.
    fn read_again(&mut self, name: &ReleaseName, package: &Package) {
        let open: BTreeSet<EnvironmentName> = self
            .places
            .iter()
            .filter(|(_, place)| !place.is_leaving)
            .map(|(name, _)| name.clone())
            .collect();
        let release = self.releases.get_mut(name).expect("a release");
        let before = std::mem::replace(&mut release.package, package.clone());
        let mut lost: Vec<Place> = Vec::new();
        for (key, attempts) in &mut release.attempts {
            let count = attempts.len();
            let last = attempts.last_mut().expect("attempts");
            let is_unbegun = last.state == RunState::Pending && last.kind != RunKind::Down;
            if before == *package || !is_unbegun {
                continue;
            }
            match package.task(key) {
                None => {
                    let key = key.clone();
                    lost.push((name.clone(), key, count - 1));
                }
                Some(task) if !last.follows => {
                    *last = first_of(task).1.remove(0);
                }
                Some(_) => {}
            }
        }
        for place in &lost {
            self.supersede(place);
        }
        let release = self.releases.get_mut(name).expect("a release");
        let is_forgotten = |key: &TaskKey| {
            let deployment = DeploymentName::of(&name.package, key);
            deployment.is_some_and(|deployment| !self.live.contains_key(&deployment))
        };
        for task in package.tasks() {
            let is_new = before.task(&task.key).is_none();
            let is_there = task
                .key
                .environment()
                .is_some_and(|place| open.contains(place));
            let is_wanted = |last: &Attempt| match last.state {
                // It went with its environment.
                RunState::Superseded if last.kind == RunKind::Down => is_new,
                RunState::Superseded => is_new || is_there && !last.follows,
                RunState::Complete if last.kind == RunKind::Down => {
                    is_new || is_there && last.follows
                }
                RunState::Complete => is_new && is_forgotten(&task.key),
                _ => false,
            };
            let (key, mut first) = first_of(task);
            let attempts = release.attempts.entry(key).or_default();
            if attempts.last().is_none_or(is_wanted) {
                attempts.append(&mut first);
            }
        }
    }

    fn ended(&mut self, place: &Place, outcome: &Outcome) {
        let (name, key, index) = place;
        let run = self.run_mut(place);
        let kind = run.kind;
        match outcome {
            Outcome::Done { outputs, .. } => {
                run.state = RunState::Complete;
                run.left = outputs.clone();
            }
            Outcome::Failed { .. } if run.state == RunState::Cancelling => {
                run.state = RunState::Cancelled;
                return;
            }
            Outcome::Failed { .. } => {
                run.state = RunState::Failed;
                return self.try_again_by_itself(place);
            }
            Outcome::Next { .. } => panic!("the model knows no chains"),
        }
        match deployment_of(place) {
            Some(deployment) if kind == RunKind::Down => drop(self.live.remove(&deployment)),
            Some(deployment) => {
                self.live.insert(deployment.clone(), (name.clone(), *index));
                self.renew_down(&deployment, name);
            }
            None => {
                let newest = self.steps.entry((name.package.clone(), key.clone()));
                let newest = newest.or_insert_with(|| name.clone());
                *newest = name.clone().max(newest.clone());
            }
        }
    }

    /// `retries` attempts of the same kind after the first since the last success of any.
    fn try_again_by_itself(&mut self, place: &Place) {
        let (name, key, _) = place;
        let release = &self.releases[name];
        let kind = release.attempts[key][place.2].kind;
        let mut others = release.attempts[key].iter();
        if others.any(|attempt| !attempt.state.is_finished()) {
            return;
        }
        let attempts = release.attempts[key].iter().rev();
        let since = attempts.take_while(|attempt| attempt.state != RunState::Complete);
        let failed = since.filter(|attempt| attempt.kind == kind);
        let retries = release.package.task(key).map(|task| task.retries);
        let tries = i64::try_from(failed.count()).expect("few");
        if retries.is_some_and(|retries| tries <= retries) {
            self.again(name, key);
        }
    }

    /// The last attempt once more: the same program with the same declared inputs, up or down as it was (Q-E4).
    pub(super) fn again(&mut self, name: &ReleaseName, key: &TaskKey) {
        let last = self.releases[name]
            .standing(key)
            .expect("an attempt")
            .clone();
        let mut next = Attempt::new(last.kind, last.program, last.down, last.declared);
        next.follows = last.follows;
        next.said = last.said;
        next.is_asked = true;
        self.attempt(name, key, next);
    }

    /// A value of a package is one of its latest release, and the other way round (Q-R4).
    pub(super) fn set(&mut self, reference: &Reference, value: Option<&Value>) {
        let mut references = vec![reference.clone()];
        let newest = reference.package().and_then(|of| self.newest(&of).cloned());
        if let Some(newest) = newest {
            let number = newest.number.to_string();
            let other = match reference.release.as_deref() {
                Some("") => Some(number),
                Some(named) if named == number => Some(String::new()),
                _ => None,
            };
            references.extend(other.map(|release| Reference {
                release: Some(release),
                ..reference.clone()
            }));
        }
        for reference in references {
            self.intend(&reference, value.cloned());
            match value {
                Some(value) => drop(self.values.insert(reference, value.clone())),
                None => drop(self.values.remove(&reference)),
            }
        }
    }

    fn intend(&mut self, reference: &Reference, value: Option<Value>) {
        match value {
            Some(value) => drop(self.intents.insert(reference.clone(), value)),
            None => drop(self.intents.remove(reference)),
        }
    }
}

fn first_of(task: &Task) -> (TaskKey, Vec<Attempt>) {
    let kind = match task.key {
        TaskKey::Task(_) => RunKind::Task,
        TaskKey::Deploy(_) => RunKind::Up,
    };
    let (program, down) = (task.action.clone(), task.down.clone());
    let first = Attempt::new(kind, program, down, task.inputs.clone());
    (task.key.clone(), vec![first])
}

pub(super) fn reference_of(name: &EnvironmentName) -> Reference {
    Reference::global(SubPathKind::Environment, name.as_str())
}

fn place(run: &RunName) -> Place {
    let index = usize::try_from(run.number.0 - 1).expect("numbers begin at 1");
    (run.release.clone(), run.key.clone(), index)
}
