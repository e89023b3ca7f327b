//! The rule of cascades as the reference model states it.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Attempt, Declared, Model, Values, absolute, keeping};
use crate::model::{Action, DeploymentName, Input, ReleaseName, RunKind, RunState};

impl Model {
    /// Every live deployment that would be given something else than it was given, and was not given that in vain since,
    /// runs again; one that waits to do so gives up when what has changed is again what it was.
    pub(super) fn follow(&mut self) -> bool {
        let live: Vec<DeploymentName> = self.live.keys().cloned().collect();
        let mut is_moved = false;
        for deployment in live {
            let (name, key) = (self.live[&deployment].0.clone(), deployment.key());
            let unbegun = self.releases[&name].present(&key).filter(|latest| {
                let is_unbegun = latest.kind == RunKind::Up && latest.state == RunState::Pending;
                is_unbegun && latest.follows && !latest.is_asked
            });
            let is_unbegun = unbegun.is_some();
            match self.following(&deployment, is_unbegun) {
                Some(next) if !is_unbegun => self.attempt(&name, &key, next),
                None if is_unbegun && self.is_open(&deployment.environment) => {
                    let mut attempts = self.releases[&name].attempts[&key].iter();
                    let waits = attempts.rposition(|attempt| !attempt.state.is_finished());
                    self.supersede(&(name, key, waits.expect("it waits")));
                }
                _ => continue,
            }
            is_moved = true;
        }
        is_moved
    }

    fn following(&self, deployment: &DeploymentName, is_unbegun: bool) -> Option<Attempt> {
        let (name, index) = self.live.get(deployment)?;
        let release = &self.releases[name];
        let key = deployment.key();
        let latest = release.present(&key)?;
        let is_over = is_unbegun || latest.state.is_finished() && latest.kind != RunKind::Down;
        if !self.is_open(&deployment.environment) || !is_over {
            return None;
        }
        let live = self.live_attempt(deployment)?;
        let given = live.given.clone().unwrap_or_default();
        let (program, down, declared) = self.written(deployment, live);
        let declared = keeping(&declared, &given);
        let wanted = self.given(name, &declared).ok()?;
        let own = own_inputs(deployment, name, &declared);
        let is_wanted = |known: &Option<Values>| {
            known.as_ref().is_some_and(|known| {
                let without = |values: &Values| -> BTreeMap<String, serde_json::Value> {
                    let others = values.iter().filter(|(name, _)| !own.contains(*name));
                    others
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect()
                };
                without(known) == without(&wanted)
            })
        };
        let since = &release.attempts[&key][index + 1..];
        let is_given = is_wanted(&live.given) && live.program == program;
        if is_given || since.iter().any(|attempt| is_wanted(&attempt.given)) {
            return None;
        }
        let mut next = Attempt::new(RunKind::Up, program, down, declared);
        next.follows = true;
        next.said.clone_from(&live.said);
        Some(next)
    }

    /// What the file says of a live deployment, if it says something else since; what was brought there with other
    /// inputs than the file's keeps those.
    fn written(
        &self,
        deployment: &DeploymentName,
        live: &Attempt,
    ) -> (Action, Option<Action>, Declared) {
        let release = &self.releases[&self.live[deployment].0];
        let kept = (
            live.program.clone(),
            live.down.clone(),
            live.declared.clone(),
        );
        let Some(task) = release.package.task(&deployment.key()) else {
            return kept;
        };
        let mut inputs = task.inputs.clone();
        for name in &live.said {
            inputs.insert(name.clone(), live.declared[name].clone());
        }
        match is_as_written(&inputs, &live.declared) && task.action == live.program {
            true => kept,
            false => (task.action.clone(), task.down.clone(), inputs),
        }
    }
}

fn own_inputs(
    deployment: &DeploymentName,
    release: &ReleaseName,
    declared: &Declared,
) -> BTreeSet<String> {
    let is_own = |input: &Input| match input {
        Input::Value { .. } => false,
        Input::Reference { reference, .. } => {
            let absolute = absolute(release, reference);
            DeploymentName::of_reference(&absolute).as_ref() == Some(deployment)
        }
    };
    let own = declared.iter().filter(|(_, input)| is_own(input));
    own.map(|(name, _)| name.clone()).collect()
}

/// Whether both say the same, whatever falls back on what.
fn is_as_written(one: &Declared, other: &Declared) -> bool {
    one.keys().eq(other.keys())
        && one.values().zip(other.values()).all(|pair| match pair {
            (
                Input::Reference { reference, .. },
                Input::Reference {
                    reference: known, ..
                },
            ) => reference == known,
            (one, other) => one == other,
        })
}
