//! Releases that are asked for again: they go to more environments, and come into the default branch's lane.

use std::collections::BTreeSet;

use super::plan::Answer;
use super::readiness::{holder, newer_live_release};
use super::release::{add_missing_runs, deployments, supersede_older};
use super::snapshot::Release;
use super::trigger::NewReleases;
use super::world::World;
use super::{bring, outcome};
use crate::model::{EnvironmentName, ReleaseName, TaskKey};

/// A release that is asked for again goes farther, or goes again where it is not any more. Merged as it is, it is the
/// default branch's from now on.
pub(super) fn extend(world: &mut World, name: &ReleaseName, new: &NewReleases) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let before: BTreeSet<TaskKey> = release
        .planned_tasks()
        .map(|task| task.key.clone())
        .collect();
    let goals = both(release.goals.as_ref(), new.goals.as_ref());
    let wanted = Release {
        goals: goals.clone(),
        ..release.clone()
    };
    let goes_farther = wanted.planned_tasks().count() > release.planned_tasks().count();
    let is_merged = release.lane.is_some() && !new.is_proposed;
    if let Some(release) = world.release_mut(name) {
        release.goals = goals;
        release.pull_request = release.pull_request.or(new.pull_request);
        release.reply_to = new.reply_to.or(release.reply_to);
        release.authors.extend(new.authors.iter().cloned());
        // Once merged as it is, it is the default branch's.
        release.lane = release.lane.and(new.lane());
    }
    if is_merged {
        outcome::publish(world, name);
    }
    if goes_farther || is_merged {
        // What was given up for the pull request is not given up for the default branch.
        let kept = if is_merged { BTreeSet::new() } else { before };
        world.show(name);
        add_missing_runs(world, name, &kept);
        supersede_older(world, name);
    }
    if is_merged || new.asked.is_some() {
        go_there_again(world, name, new);
    }
}

/// A release that was somewhere, or failed to get there, and is not there now, goes there once more.
fn go_there_again(world: &mut World, name: &ReleaseName, new: &NewReleases) {
    for key in deployments(world, name) {
        let Some(environment) = key.environment() else {
            continue;
        };
        let is_wanted = new
            .goals
            .as_ref()
            .is_none_or(|goals| goals.contains(environment));
        let live = holder(&world.snapshot, &name.package, &key);
        if !is_wanted || live.map(|live| live.number) == Some(name.number) {
            continue;
        }
        match newer_live_release(world, name, &key) {
            Some(newer) => {
                let answer = Answer::Overtaken(name.clone(), environment.clone(), newer);
                world.answer(answer);
            }
            None => bring::resume(world, name, &key),
        }
    }
}

/// Goals of one release that was asked for twice; `None` is everything.
fn both(
    one: Option<&BTreeSet<EnvironmentName>>,
    other: Option<&BTreeSet<EnvironmentName>>,
) -> Option<BTreeSet<EnvironmentName>> {
    Some(one?.union(other?).cloned().collect())
}

/// Adds environments to the goals of a release, with the runs that are missing for them.
pub(super) fn add_goals(world: &mut World, name: &ReleaseName, wanted: &BTreeSet<EnvironmentName>) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let before: BTreeSet<TaskKey> = release
        .planned_tasks()
        .map(|task| task.key.clone())
        .collect();
    let goals = both(release.goals.as_ref(), Some(wanted));
    if release.goals != goals
        && let Some(release) = world.release_mut(name)
    {
        release.goals = goals;
        add_missing_runs(world, name, &before);
    }
}
