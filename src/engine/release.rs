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
    report(world, new, changed, Some(&made));
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
    report(world, new, changed, None);
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

/// Says on the commit what was found in it. `made` holds a release for each package, unless it is a preview.
fn report(
    world: &mut World,
    new: &NewReleases,
    environments: Vec<Environment>,
    made: Option<&[ReleaseName]>,
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
            release: made.and_then(|made| made.get(index)).cloned(),
            phases: named.collect(),
        });
    }
    world.change(Change::PutCommitReport {
        repository_id: new.repository_id,
        commit: new.commit.clone(),
        report: Box::new(CommitReport {
            is_preview: made.is_none(),
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
    let name = world.snapshot.next_release(&candidate.name);
    let next = ReleaseNumber(name.number.0 + 1);
    let next_numbers = &mut world.snapshot.next_numbers;
    next_numbers.insert(candidate.name.clone(), next);
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
    add_missing_runs(world, &name, &BTreeSet::new());
    supersede_older(world, &name);
    world.put_document(
        commit_marker(&name, &new.commit),
        Some(serde_json::json!({ "time": world.now.rfc3339() })),
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
    let before: BTreeSet<TaskKey> = release
        .planned_tasks()
        .map(|task| task.key.clone())
        .collect();
    let wanted = Release {
        until: new.until.clone(),
        ..release.clone()
    };
    let goes_farther = wanted.phase_count() > release.phase_count();
    if let Some(release) = world.release_mut(name) {
        if goes_farther {
            release.until.clone_from(&new.until);
        }
        release.pull_request = release.pull_request.or(new.pull_request);
        release.reply_to = new.reply_to.or(release.reply_to);
    }
    if goes_farther {
        world.show(name);
        add_missing_runs(world, name, &before);
        supersede_older(world, name);
    }
}

/// A pending run for every task the release goes through that has none, or that was gone from its file (it is not
/// among `before`) and has nothing to show for itself: an environment that comes back is deployed to again.
fn add_missing_runs(world: &mut World, name: &ReleaseName, before: &BTreeSet<TaskKey>) {
    let now = world.now;
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let mut missing: Vec<(RunName, Run)> = Vec::new();
    for task in release.planned_tasks() {
        let number = match release.latest_run(&task.key) {
            None => RunNumber(1),
            Some((number, run)) if !before.contains(&task.key) && is_undone(run) => {
                RunNumber(number.0 + 1)
            }
            Some(_) => continue,
        };
        let run_name = release.run_name(&task.key, number);
        missing.push((run_name, first_run(task, now)));
    }
    for (run_name, run) in missing {
        world.insert_run(run_name, run);
    }
}

fn is_undone(run: &Run) -> bool {
    run.state == RunState::Superseded
        || (run.kind == RunKind::Down && run.state == RunState::Complete)
}

fn first_run(task: &Task, now: Timestamp) -> Run {
    let kind = match task.key {
        TaskKey::Task(_) => RunKind::Task,
        TaskKey::Deploy(_) => RunKind::Up,
    };
    Run::pending(kind, task.action.clone(), task.inputs.clone(), now)
}

/// Older releases give up what they have not begun in the environments the new one goes to and what can only come
/// after it, and then their pending tasks too if no deployment of theirs is left to serve.
fn supersede_older(world: &mut World, new: &ReleaseName) {
    let Some(release) = world.snapshot.releases.get(new) else {
        return;
    };
    let goals: BTreeSet<EnvironmentName> = release
        .planned_tasks()
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
    let is_overtaken = |run: &RunName| {
        let environment = run.key.environment();
        environment.is_some_and(|environment| goals.contains(environment))
    };
    let phase_of = |run: &RunName| release.package.phase_of(&run.key);
    let pending = pending_runs(release);
    let first_lost = pending
        .iter()
        .filter(|run| is_overtaken(run))
        .filter_map(phase_of)
        .min();
    let Some(first_lost) = first_lost else {
        return;
    };
    // A phase after a lost one can never start.
    let (mut lost, kept): (Vec<RunName>, Vec<RunName>) = pending
        .into_iter()
        .partition(|run| is_overtaken(run) || phase_of(run) > Some(first_lost));
    let serves_a_deployment = kept.iter().any(|run| run.key.environment().is_some());
    if !serves_a_deployment {
        lost.extend(kept);
    }
    for run in &lost {
        supersede(world, run);
    }
}

/// What has not begun of what the release is there for.
fn pending_runs(release: &Release) -> Vec<RunName> {
    release
        .runs
        .iter()
        .filter(|(_, run)| run.state == RunState::Pending && run.kind != RunKind::Down)
        .map(|((key, number), _)| release.run_name(key, *number))
        .collect()
}

/// Gives the newest release of a package the tasks its file has with the environments of now.
pub(super) fn replan(world: &mut World, name: &ReleaseName, package: &Package) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    if release.package == *package {
        return;
    }
    let before: BTreeSet<TaskKey> = release
        .planned_tasks()
        .map(|task| task.key.clone())
        .collect();
    if let Some(release) = world.release_mut(name) {
        release.package = package.clone();
    }
    world.show(name);
    follow_the_file(world, name);
    add_missing_runs(world, name, &before);
}

/// What has not begun follows the file: with what the file says now, or not at all if the file says nothing of it any
/// more. A task without a phase has nothing left that holds it back.
fn follow_the_file(world: &mut World, name: &ReleaseName) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let planned: BTreeMap<TaskKey, Task> = release
        .planned_tasks()
        .map(|task| (task.key.clone(), task.clone()))
        .collect();
    for run_name in pending_runs(release) {
        match planned.get(&run_name.key) {
            None => supersede(world, &run_name),
            Some(task) => {
                let Some(run) = world.run_mut(&run_name) else {
                    continue;
                };
                *run = first_run(task, run.created_at);
            }
        }
    }
}
