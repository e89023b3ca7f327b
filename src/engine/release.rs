//! Making releases: numbering, supersede, previews, and new tasks for new environments.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Answer, Call, Change, CommitReport, PackageReport};
use super::readiness::supersede;
use super::snapshot::{Release, Run};
use super::trigger::{Candidate, NewReleases};
use super::world::World;
use crate::model::{
    CommitSha, Environment, EnvironmentName, Package, Reference, ReleaseName, ReleaseNumber,
    RunKind, RunName, RunNumber, RunState, SubPathKind, Task, TaskKey, Timestamp,
};

/// Registers the commit's environments and makes one release for each of its packages.
pub(super) fn create(world: &mut World, new: &NewReleases) {
    let changed = register_environments(world, &new.environments);
    let mut made = Vec::new();
    for candidate in &new.packages {
        made.push(create_one(world, new, candidate));
    }
    if !changed.is_empty() {
        for package in &new.others {
            world.change(Change::Replan(package.clone()));
        }
    }
    report(world, new, changed, false, |index| made.get(index).cloned());
    world.answer(Answer::Released(made));
}

/// Says what [`create`] would do, without doing it.
pub(super) fn preview(world: &mut World, new: &NewReleases) {
    let changed = new
        .environments
        .iter()
        .filter(|environment| is_news(world, environment))
        .cloned()
        .collect();
    report(world, new, changed, true, |_| None);
}

fn is_news(world: &World, environment: &Environment) -> bool {
    world.snapshot.environments.get(&environment.name) != Some(environment)
}

fn register_environments(world: &mut World, environments: &[Environment]) -> Vec<Environment> {
    let mut changed = Vec::new();
    for environment in environments {
        if !is_news(world, environment) {
            continue;
        }
        let document = serde_json::json!({
            "name": environment.name,
            "attributes": environment.attributes,
        });
        let name = environment.name.clone();
        world.put_document(
            Reference::global(SubPathKind::Environment, name.as_str()),
            Some(document),
        );
        world
            .snapshot
            .environments
            .insert(name, environment.clone());
        changed.push(environment.clone());
    }
    changed
}

fn report(
    world: &mut World,
    new: &NewReleases,
    environments: Vec<Environment>,
    is_preview: bool,
    release: impl Fn(usize) -> Option<ReleaseName>,
) {
    let mut packages = Vec::new();
    for (index, candidate) in new.packages.iter().enumerate() {
        let phases = &candidate.package.phases;
        let named = phases.iter().map(|phase| {
            let keys = phase.tasks.iter().map(|task| task.key.clone());
            (phase.name.clone(), keys.collect())
        });
        packages.push(PackageReport {
            name: candidate.name.clone(),
            reason: candidate.reason.clone(),
            release: release(index),
            phases: named.collect(),
        });
    }
    world.change(Change::PutCommitReport {
        repository_id: new.repository_id,
        commit: new.commit.clone(),
        report: Box::new(CommitReport {
            is_preview,
            packages,
            environments,
            diagnostics: new.diagnostics.clone(),
        }),
    });
    let commit = new.commit.clone();
    world.call(new.repository_id, Call::CommitCheck { commit });
}

/// The release of the package at the commit: there is at most one, however often its commit arrives. Asked for again
/// with a farther goal, it goes farther.
fn create_one(world: &mut World, new: &NewReleases, candidate: &Candidate) -> ReleaseName {
    let key = (candidate.name.clone(), new.commit.clone());
    if let Some(existing) = world.snapshot.at_commit.get(&key).cloned() {
        extend(world, &existing, new);
        return existing;
    }
    let number = world
        .snapshot
        .next_numbers
        .get(&candidate.name)
        .copied()
        .unwrap_or(ReleaseNumber(1));
    world
        .snapshot
        .next_numbers
        .insert(candidate.name.clone(), ReleaseNumber(number.0 + 1));
    let name = ReleaseName {
        package: candidate.name.clone(),
        number,
    };
    world.snapshot.at_commit.insert(key, name.clone());
    let release = Release {
        name: name.clone(),
        repository_id: new.repository_id,
        commit: new.commit.clone(),
        package: candidate.package.clone(),
        until: new.until.clone(),
        pull_request: new.pull_request,
        reply_to: new.reply_to,
        created_at: world.now,
        runs: BTreeMap::new(),
    };
    world.insert_release(release);
    add_missing_runs(world, &name);
    supersede_older(world, &name);
    world.put_document(
        commit_marker(&name, &new.commit),
        Some(serde_json::json!({ "time": world.now })),
    );
    name
}

fn commit_marker(release: &ReleaseName, commit: &CommitSha) -> Reference {
    Reference::of_package(
        &release.package,
        &release.number.to_string(),
        SubPathKind::Commit,
        commit.as_str(),
    )
}

fn extend(world: &mut World, name: &ReleaseName, new: &NewReleases) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let current = release.phase_count();
    let wanted = Release {
        until: new.until.clone(),
        ..release.clone()
    };
    let goes_farther = wanted.phase_count() > current;
    if let Some(release) = world.release_mut(name) {
        if goes_farther {
            release.until.clone_from(&new.until);
        }
        release.pull_request = release.pull_request.or(new.pull_request);
        release.reply_to = new.reply_to.or(release.reply_to);
    }
    if goes_farther {
        world.show(name);
        add_missing_runs(world, name);
        supersede_older(world, name);
    }
}

/// A pending first run for every task the release goes through that has none.
fn add_missing_runs(world: &mut World, name: &ReleaseName) {
    let now = world.now;
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let phases = &release.package.phases[..release.phase_count()];
    let missing: Vec<(RunName, Run)> = phases
        .iter()
        .flat_map(|phase| &phase.tasks)
        .filter(|task| release.latest_run(&task.key).is_none())
        .map(|task| {
            (
                release.run_name(&task.key, RunNumber(1)),
                first_run(task, now),
            )
        })
        .collect();
    for (run_name, run) in missing {
        world.insert_run(run_name, run);
    }
}

fn first_run(task: &Task, now: Timestamp) -> Run {
    let kind = match task.key {
        TaskKey::Task(_) => RunKind::Task,
        TaskKey::Deploy(_) => RunKind::Up,
    };
    Run::pending(kind, task.action.clone(), task.inputs.clone(), now)
}

/// Older releases give up what they have not begun in the environments the new one goes to, and then their pending
/// tasks too if no deployment of theirs is left to serve.
fn supersede_older(world: &mut World, new: &ReleaseName) {
    let Some(release) = world.snapshot.releases.get(new) else {
        return;
    };
    let phases = &release.package.phases[..release.phase_count()];
    let goals: BTreeSet<EnvironmentName> = phases
        .iter()
        .flat_map(|phase| &phase.tasks)
        .filter_map(|task| task.key.environment().cloned())
        .collect();
    let older: Vec<ReleaseName> = world
        .snapshot
        .releases
        .keys()
        .filter(|other| other.package == new.package && other.number < new.number)
        .cloned()
        .collect();
    for other in older {
        supersede_pending(world, &other, &goals);
    }
}

fn supersede_pending(world: &mut World, name: &ReleaseName, goals: &BTreeSet<EnvironmentName>) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let pending: Vec<RunName> = release
        .runs
        .iter()
        .filter(|(_, run)| run.state == RunState::Pending && run.kind != RunKind::Down)
        .map(|((key, number), _)| release.run_name(key, *number))
        .collect();
    let (overtaken, others): (Vec<RunName>, Vec<RunName>) = pending.into_iter().partition(|run| {
        run.key
            .environment()
            .is_some_and(|environment| goals.contains(environment))
    });
    let serves_a_deployment = others.iter().any(|run| run.key.environment().is_some());
    let is_obsolete = !overtaken.is_empty() && !serves_a_deployment;
    for run in &overtaken {
        supersede(world, run);
    }
    if is_obsolete {
        for run in &others {
            supersede(world, run);
        }
    }
}

/// Gives the newest release of a package the tasks its file has with the environments of now.
pub(super) fn replan(world: &mut World, name: &ReleaseName, package: &Package) {
    let Some(release) = world.release_mut(name) else {
        return;
    };
    if release.package == *package {
        return;
    }
    release.package = package.clone();
    world.show(name);
    add_missing_runs(world, name);
}
