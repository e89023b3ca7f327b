//! The rules of design §8 as the reference model states them: applied again and again until none has anything to do.

use serde_json::json;

use super::facts::{Attempt, Model, described, keeping};
use crate::model::{
    DeploymentName, EnvironmentName, Reference, ReleaseName, RunKind, RunState, SubPathKind,
    TaskKey,
};

/// One attempt: of which release, of which task, the how manieth from 0.
pub(super) type Place = (ReleaseName, TaskKey, usize);

impl Model {
    pub(super) fn rest(&mut self) {
        for _ in 0..1000 {
            let mut is_moved = self.empty_places();
            is_moved |= self.follow();
            is_moved |= self.start();
            is_moved |= self.close_places();
            if !is_moved {
                return;
            }
        }
        panic!("the rules have no rest");
    }

    fn leaving(&self) -> Vec<EnvironmentName> {
        let leaving = self.places.iter().filter(|(_, place)| place.is_leaving);
        leaving.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn occupants(&self, place: &EnvironmentName) -> Vec<DeploymentName> {
        let live = self.live.keys().filter(|live| live.environment == *place);
        live.cloned().collect()
    }

    /// Nothing goes to an environment that goes; what is live there is taken down, once: a down that failed is for people.
    fn empty_places(&mut self) -> bool {
        let mut is_moved = false;
        for place in self.leaving() {
            is_moved |= self.give_up(&place);
            for occupant in self.occupants(&place) {
                let live = &self.releases[&self.live[&occupant].0];
                let latest = live.latest(&occupant.key()).expect("it is live");
                if latest.kind != RunKind::Down && latest.state.is_finished() {
                    self.take_down(&occupant);
                    is_moved = true;
                }
            }
        }
        is_moved
    }

    pub(super) fn give_up(&mut self, place: &EnvironmentName) -> bool {
        let key = TaskKey::Deploy(place.clone());
        let mut unbegun: Vec<Place> = Vec::new();
        for (name, release) in &self.releases {
            let attempts = release.attempts.get(&key).into_iter().flatten();
            for (index, attempt) in attempts.enumerate() {
                if attempt.state == RunState::Pending && attempt.kind == RunKind::Up {
                    unbegun.push((name.clone(), key.clone(), index));
                }
            }
        }
        for place in &unbegun {
            self.supersede(place);
        }
        !unbegun.is_empty()
    }

    /// Gives up what has not begun. What was to repeat what is live says nothing of how that stands.
    pub(super) fn supersede(&mut self, place: &Place) {
        let live = deployment_of(place).and_then(|deployment| self.live.get(&deployment));
        let others = &self.releases[&place.0].attempts[&place.1];
        let is_at_work = |run: &Attempt| run.kind == RunKind::Up && run.state.is_active();
        let repeats =
            live.is_some_and(|(name, _)| *name == place.0) || others.iter().any(is_at_work);
        let attempt = self.run_mut(place);
        attempt.state = RunState::Superseded;
        attempt.follows |= repeats && attempt.kind == RunKind::Up;
    }

    /// Takes what is live down with the program that brought it up and with what that was given. What has no way down
    /// is forgotten.
    pub(super) fn take_down(&mut self, occupant: &DeploymentName) {
        self.intents.remove(&occupant.document());
        let Some(name) = self.live_release(occupant).cloned() else {
            return;
        };
        if !self.queue_down(occupant) {
            self.live.remove(occupant);
            return;
        }
        // What goes with its environment comes back with it.
        let key = occupant.key();
        let last = self.releases[&name].attempts[&key].len() - 1;
        self.run_mut(&(name, key, last)).follows = true;
    }

    pub(super) fn queue_down(&mut self, occupant: &DeploymentName) -> bool {
        let Some(name) = self.live_release(occupant).cloned() else {
            return false;
        };
        let latest = self.releases[&name].latest(&occupant.key());
        if latest.is_some_and(|run| run.kind == RunKind::Down && !run.state.is_finished()) {
            return true;
        }
        self.attempt_down(occupant, &name)
    }

    fn attempt_down(&mut self, occupant: &DeploymentName, name: &ReleaseName) -> bool {
        let live = self.live_attempt(occupant).expect("it is live");
        let task = self.releases[name].package.task(&occupant.key());
        let declared = task.and_then(|task| task.down.clone());
        let Some(program) = live.down.clone().or(declared) else {
            return false;
        };
        let known = live.given.clone().unwrap_or_default();
        let inputs = keeping(&live.declared, &known);
        let down = Attempt::new(RunKind::Down, program, None, inputs);
        self.attempt(name, &occupant.key(), down);
        true
    }

    /// What waits to go down while its release goes up once more takes that down.
    pub(super) fn renew_down(&mut self, deployment: &DeploymentName, name: &ReleaseName) {
        let latest = self.releases[name].latest(&deployment.key());
        if latest.is_some_and(|run| run.kind == RunKind::Down && run.state == RunState::Pending) {
            self.attempt_down(deployment, name);
        }
    }

    /// A further attempt; one that has not begun is what it replaces.
    pub(super) fn attempt(&mut self, name: &ReleaseName, key: &TaskKey, next: Attempt) {
        let last = self.releases[name].latest(key);
        if last.is_some_and(|last| last.state == RunState::Pending) {
            let last = self.releases[name].attempts[key].len() - 1;
            self.supersede(&(name.clone(), key.clone(), last));
        }
        let release = self.releases.get_mut(name).expect("a release");
        let attempts = release.attempts.entry(key.clone()).or_default();
        attempts.push(next);
    }

    fn start(&mut self) -> bool {
        // What follows may be replaced by what is wanted there.
        let mut pending: Vec<(bool, usize, Place)> = Vec::new();
        for (name, release) in &self.releases {
            for (key, attempts) in &release.attempts {
                for (index, attempt) in attempts.iter().enumerate() {
                    if attempt.state == RunState::Pending {
                        let place = (name.clone(), key.clone(), index);
                        let own = deployment_of(&place).filter(|_| attempt.follows);
                        let after = own.map_or(0, |own| self.providers(&own).len());
                        pending.push((attempt.follows, after, place));
                    }
                }
            }
        }
        pending.sort();
        let mut is_moved = false;
        for (.., place) in pending {
            is_moved |= self.consider(&place);
        }
        is_moved
    }

    fn consider(&mut self, place: &Place) -> bool {
        let attempt = &self.releases[&place.0].attempts[&place.1][place.2];
        if attempt.state != RunState::Pending || !self.is_phase_open(place) {
            return false;
        }
        if self.is_pointless(place) {
            self.supersede(place);
            return true;
        }
        if self.is_busy(place) || self.is_behind(place) {
            return false;
        }
        let Ok(values) = self.given(&place.0, &attempt.declared) else {
            return false;
        };
        let kind = attempt.kind;
        let run = self.run_mut(place);
        run.state = RunState::Starting;
        run.given = Some(values.clone());
        if let Some(deployment) = deployment_of(place) {
            self.intents.remove(&deployment.document());
            if kind == RunKind::Up {
                let wanted = json!({ "release": place.0.to_string(), "input": values });
                self.intents.insert(deployment.document(), wanted);
            }
        }
        true
    }

    /// The nearest earlier phase that has tasks is done. What goes down and what follows has its phases behind it.
    pub(super) fn is_phase_open(&self, (name, key, index): &Place) -> bool {
        let release = &self.releases[name];
        let attempt = &release.attempts[key][*index];
        let own = release.package.phase_of(key);
        let Some(own) = own.filter(|_| attempt.kind != RunKind::Down && !attempt.follows) else {
            return true;
        };
        let before = release.package.phases[..own].iter().rev();
        let mut nearest = before.filter(|phase| !phase.tasks.is_empty());
        nearest.next().is_none_or(|phase| {
            let mut latest = phase.tasks.iter().map(|task| release.standing(&task.key));
            latest.all(|run| run.is_some_and(|run| run.state == RunState::Complete))
        })
    }

    /// An older release does not go where a newer one is, unless it is pinned there; what is not live any more neither
    /// follows nor goes down.
    fn is_pointless(&self, place: &Place) -> bool {
        let Some(deployment) = deployment_of(place) else {
            return false;
        };
        let (name, key, index) = place;
        let attempt = &self.releases[name].attempts[key][*index];
        let live = self.live_release(&deployment);
        if attempt.follows || attempt.kind == RunKind::Down {
            return live != Some(name);
        }
        let is_pinned = self.pins.get(&deployment) == Some(name);
        live.is_some_and(|live| live.number > name.number) && !is_pinned
    }

    /// A deployment has its environment to itself.
    fn is_busy(&self, (name, key, _): &Place) -> bool {
        let mut releases = self.releases.iter();
        key.environment().is_some()
            && releases.any(|(other, release)| {
                let mut attempts = release.attempts.get(key).into_iter().flatten();
                other.package == name.package && attempts.any(|run| run.state.is_active())
            })
    }

    /// Another release may be pinned there; who follows lets those go first whom it reads, and who goes down those who
    /// read it. In circles nobody waits.
    pub(super) fn is_behind(&self, place: &Place) -> bool {
        let Some(own) = deployment_of(place) else {
            return false;
        };
        let (name, key, index) = place;
        let attempt = &self.releases[name].attempts[key][*index];
        let pinned = self.pins.get(&own);
        match attempt.kind {
            RunKind::Down => self.is_leaving(&own.environment) && self.has_reader(&own),
            _ if pinned.is_some_and(|pinned| pinned != name) => true,
            _ => attempt.follows && self.has_provider_at_work(&own),
        }
    }

    fn has_reader(&self, own: &DeploymentName) -> bool {
        let read = self.providers(own);
        self.occupants(&own.environment).iter().any(|other| {
            other != own && self.providers(other).contains(own) && !read.contains(other)
        })
    }

    fn has_provider_at_work(&self, own: &DeploymentName) -> bool {
        self.providers(own).iter().any(|provider| {
            let is_at_work = self.releases.iter().any(|(name, release)| {
                let attempts = release.attempts.get(&provider.key());
                let mut attempts = attempts.into_iter().flatten();
                name.package == provider.package
                    && attempts
                        .any(|run| run.kind == RunKind::Up && run.follows && run.state.is_active())
            });
            provider != own && is_at_work && !self.providers(provider).contains(own)
        })
    }

    /// An environment that goes is gone once nothing is live or on its way there; if it is wanted again, it comes back.
    fn close_places(&mut self) -> bool {
        let mut is_moved = false;
        for name in self.leaving() {
            let is_used = self.releases.values().any(|release| {
                let attempts = release.attempts.get(&TaskKey::Deploy(name.clone()));
                let mut attempts = attempts.into_iter().flatten();
                attempts.any(|attempt| !attempt.state.is_finished())
            });
            if is_used || !self.occupants(&name).is_empty() {
                continue;
            }
            let mut place = self.places.remove(&name).expect("it is leaving");
            let wanted = Reference::global(SubPathKind::Environment, name.as_str());
            if let Some(wanted) = self.intents.get(&wanted) {
                place.environment = serde_json::from_value(wanted.clone()).expect("its own words");
                place.is_leaving = false;
                let described = described(&place.environment);
                debug_assert_eq!(*wanted, described);
                self.places.insert(name, place);
            }
            is_moved = true;
        }
        is_moved
    }

    pub(super) fn run_mut(&mut self, (name, key, index): &Place) -> &mut Attempt {
        let release = self.releases.get_mut(name).expect("a release");
        let attempts = release.attempts.get_mut(key).expect("a task");
        &mut attempts[*index]
    }
}

pub(super) fn deployment_of((name, key, _): &Place) -> Option<DeploymentName> {
    DeploymentName::of(&name.package, key)
}
