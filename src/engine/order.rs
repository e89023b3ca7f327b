//! In which order deployments run again that read each other: providers before readers. In a circle nobody waits.

use std::collections::BTreeSet;

use super::plan::Change;
use super::snapshot::{Run, Snapshot};
use super::world::World;
use crate::model::{DeploymentName, Reference, RunKind, RunName};

/// What a run of a cascade waits for: a deployment it reads, directly or through others, is being deployed again
/// itself. In a circle nobody waits.
pub(super) fn provider_at_work(
    snapshot: &Snapshot,
    own: &DeploymentName,
) -> Option<DeploymentName> {
    let providers = providers(snapshot, own);
    let mut at_work = providers
        .iter()
        .filter(|provider| *provider != own && is_at_work(snapshot, provider));
    at_work
        .find(|provider| !self::providers(snapshot, provider).contains(own))
        .cloned()
}

fn is_at_work(snapshot: &Snapshot, deployment: &DeploymentName) -> bool {
    let key = deployment.key();
    let is_repeated =
        |run: &Run| run.kind == RunKind::Up && run.cascade.is_some() && run.state.is_active();
    let mut releases = snapshot.releases_of(&deployment.package);
    // Something else may wait behind it already.
    releases.any(|release| release.runs_of(&key).any(|(_, run)| is_repeated(run)))
}

/// What waits for a repetition that was stopped goes on. It is in other packages, which this decision need not know of.
pub(super) fn wake_those_behind(world: &mut World) {
    let stopped = world.take_stopped();
    let documents: BTreeSet<Reference> = stopped
        .iter()
        .filter(|deployment| !is_at_work(&world.snapshot, deployment))
        .map(DeploymentName::document)
        .collect();
    if !documents.is_empty() {
        world.change(Change::Wake {
            at: None,
            packages: BTreeSet::new(),
            environments: BTreeSet::new(),
            documents,
        });
    }
}

/// The deployments that one reads, directly or through others. What a provider reads is among them, so that it has
/// fewer of them, unless both are in one circle.
pub(super) fn providers(snapshot: &Snapshot, own: &DeploymentName) -> BTreeSet<DeploymentName> {
    let mut found = BTreeSet::new();
    let mut open = vec![own.clone()];
    while let Some(deployment) = open.pop() {
        let reads = snapshot.reads.get(&deployment);
        for reference in reads.into_iter().flatten() {
            if let Some(provider) = DeploymentName::of_reference(reference)
                && found.insert(provider.clone())
            {
                open.push(provider);
            }
        }
    }
    found
}

/// A run of a deployment is over, or given up, without anything coming of it: what changed meanwhile is looked at now.
pub(super) fn is_over(world: &mut World, name: &RunName) {
    let is_up = |run: &Run| run.kind == RunKind::Up;
    if world.snapshot.run(name).is_some_and(is_up)
        && let Some(deployment) = DeploymentName::of(&name.release.package, &name.key)
    {
        world.has_ended(deployment);
    }
}

/// A run is not at work any more and has left nothing: whoever waits for that waits in vain.
pub(super) fn is_idle(world: &mut World, name: &RunName) {
    let is_repeated = |run: &Run| run.kind == RunKind::Up && run.cascade.is_some();
    if world.snapshot.run(name).is_some_and(is_repeated)
        && let Some(deployment) = DeploymentName::of(&name.release.package, &name.key)
    {
        world.has_stopped(deployment);
    }
}
