//! What people want, as the reference model takes it in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::events::reference_of;
use super::facts::{Attempt, Model};
use crate::model::{
    DeploymentName, EnvironmentName, Input, Reference, ReleaseName, RunKind, RunState, SubPathKind,
    TaskKey,
};

impl Model {
    pub(super) fn retry(&mut self, name: &ReleaseName) {
        let release = &self.releases[name];
        let keys: Vec<TaskKey> = release.attempts.keys().cloned().collect();
        for key in keys {
            let release = &self.releases[name];
            let last = release.standing(&key).expect("an attempt");
            let is_over = matches!(last.state, RunState::Failed | RunState::Cancelled);
            let is_meant = last.kind == RunKind::Down || release.package.task(&key).is_some();
            let deployment = DeploymentName::of(&name.package, &key);
            let newer = deployment.is_some_and(|deployment| {
                let live = self.live_release(&deployment);
                let is_pinned = self.pins.get(&deployment) == Some(name);
                live.is_some_and(|live| live > name) && !is_pinned
            });
            let is_closed = last.kind == RunKind::Up
                && key.environment().is_some_and(|place| !self.is_open(place));
            if is_over && is_meant && !newer && !is_closed {
                self.again(name, &key);
            }
        }
    }

    /// What a machine may be at is asked to stop, what has not begun is stopped: what it would have followed is what
    /// nobody wants.
    pub(super) fn cancel(&mut self, name: &ReleaseName) {
        for (key, count) in self.attempts_of(name) {
            for index in 0..count {
                let attempt = &self.releases[name].attempts[&key][index];
                let is_unbegun = attempt.state == RunState::Pending && attempt.kind == RunKind::Up;
                let unwanted = match is_unbegun && attempt.follows {
                    true => self.given(name, &attempt.declared).ok(),
                    false => attempt.given.clone(),
                };
                let run = self.run_mut(&(name.clone(), key.clone(), index));
                run.state = match run.state {
                    RunState::Running => RunState::Cancelling,
                    state if state.is_finished() => continue,
                    _ => RunState::Cancelled,
                };
                run.given = unwanted;
            }
        }
    }

    fn attempts_of(&self, name: &ReleaseName) -> Vec<(TaskKey, usize)> {
        let attempts = self.releases[name].attempts.iter();
        let counts = attempts.map(|(key, attempts)| (key.clone(), attempts.len()));
        counts.collect()
    }

    pub(super) fn apply(&mut self, reference: &Reference, is_retry: bool) {
        let wanted = self.intents.get(reference).cloned();
        if let Some((SubPathKind::Environment, name)) = &reference.subpath {
            let name: EnvironmentName = name.parse().expect("a name");
            return match wanted {
                Some(wanted) => self.register(&serde_json::from_value(wanted).expect("its words")),
                None => self.leave(&name),
            };
        }
        let Some(deployment) = DeploymentName::of_reference(reference) else {
            return self.set(reference, wanted.as_ref());
        };
        match wanted {
            None => drop(self.queue_down(&deployment)),
            Some(wanted) => self.bring_there(&deployment, &wanted, is_retry),
        }
    }

    /// Nothing goes there any more and what is there goes.
    fn leave(&mut self, name: &EnvironmentName) {
        let Some(place) = self.places.get_mut(name) else {
            return;
        };
        place.is_leaving = true;
        self.intents.remove(&reference_of(name));
        self.intents.retain(|reference, _| {
            DeploymentName::of_reference(reference).is_none_or(|of| of.environment != *name)
        });
        self.give_up(name);
        for occupant in self.occupants(name) {
            let live = &self.releases[&self.live[&occupant].0];
            let latest = live.latest(&occupant.key()).expect("it is live");
            // What is on its way is taken down once it is there.
            if latest.state.is_finished() {
                self.take_down(&occupant);
            }
        }
    }

    fn drop_what_waits(&mut self, name: &ReleaseName, key: &TaskKey) {
        let last = self.releases[name].latest(key);
        let waits = last.is_some_and(|last| {
            last.kind == RunKind::Up && last.state == RunState::Pending && !last.follows
        });
        if waits {
            let last = self.releases[name].attempts[key].len() - 1;
            self.supersede(&(name.clone(), key.clone(), last));
        }
    }

    /// The release that should be live, with the inputs it should have. An older one is pinned (Q-E12).
    fn bring_there(&mut self, deployment: &DeploymentName, wanted: &Value, is_retry: bool) {
        let Some(name) = release_of(deployment, wanted) else {
            return;
        };
        let Some(release) = self.releases.get(&name) else {
            return;
        };
        if !self.is_open(&deployment.environment) {
            return;
        }
        let live = self.live_release(deployment);
        let input = &wanted["input"];
        let key = deployment.key();
        let attempts = release.attempts.get(&key).into_iter().flatten();
        let at_work = attempts.clone().find(|run| {
            let is_begun = matches!(run.state, RunState::Starting | RunState::Running);
            run.kind == RunKind::Up && is_begun
        });
        let is_kept = at_work.is_none_or(|run| gives(input, run));
        let live_attempt = self.live_attempt(deployment);
        if live == Some(&name) && live_attempt.is_some_and(|live| gives(input, live)) && is_kept {
            return self.drop_what_waits(&name, &key);
        }
        let at_work = at_work.cloned();
        let task = release.package.task(&key);
        let written =
            task.map(|task| (task.action.clone(), task.down.clone(), task.inputs.clone()));
        let known = release.last_up(&key).map(|(_, up)| up);
        let known = known.map(|up| (up.program.clone(), up.down.clone(), up.declared.clone()));
        let Some((program, down, mut declared)) = written.or(known) else {
            return;
        };
        let found = self.given(&name, &declared).unwrap_or_default();
        let mut said = BTreeSet::new();
        for (input, value) in input.as_object().into_iter().flatten() {
            if found.get(input) != Some(value) {
                let value = value.clone();
                declared.insert(input.clone(), Input::Value { value });
                said.insert(input.clone());
            }
        }
        let is_older = live.is_some_and(|live| *live > name);
        let last = release.latest(&key).cloned();
        self.pins.remove(deployment);
        if is_older {
            self.pins.insert(deployment.clone(), name.clone());
        }
        let mut wanted = Attempt::new(RunKind::Up, program, down, declared);
        wanted.said = said;
        let Some(last) = last else {
            return;
        };
        // What is on its way already is enough; what is not wanted any more does not begin.
        if at_work.is_some_and(|run| got_all(&run, &wanted)) {
            return self.drop_what_waits(&name, &key);
        }
        let is_waiting = last.kind == RunKind::Up && last.state == RunState::Pending;
        if is_waiting && last.declared == wanted.declared && last.program == wanted.program {
            return;
        }
        // What was tried with the same is tried again only if people say so.
        let is_tried = last.state == RunState::Failed && got_all(&last, &wanted);
        match (is_tried, is_retry) {
            (false, _) => self.attempt(&name, &key, wanted),
            (true, true) => self.again(&name, &key),
            (true, false) => {}
        }
    }
}

/// Whether the attempt was given these inputs.
fn gives(wanted: &Value, attempt: &Attempt) -> bool {
    let given = attempt.given.as_ref();
    let is_given =
        |(name, value): (&String, &Value)| given.and_then(|given| given.get(name)) == Some(value);
    wanted.as_object().into_iter().flatten().all(is_given)
}

fn release_of(deployment: &DeploymentName, wanted: &Value) -> Option<ReleaseName> {
    let (_, number) = wanted["release"].as_str()?.rsplit_once("/@")?;
    Some(ReleaseName {
        package: deployment.package.clone(),
        number: number.parse().ok()?,
    })
}

fn got_all(last: &Attempt, wanted: &Attempt) -> bool {
    wanted.declared.iter().all(|(name, input)| match input {
        Input::Reference { .. } => true,
        Input::Value { value } => {
            let given = last.given.as_ref().and_then(|given| given.get(name));
            given == Some(value)
        }
    })
}
