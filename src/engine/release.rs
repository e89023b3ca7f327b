//! Making releases: numbering, supersede, previews, and new tasks for new environments.

use std::collections::{BTreeMap, BTreeSet};

use super::bring;
use super::difference::proposed_guards;
use super::farther;
use super::guard;
use super::holds;
use super::inputs::put_readers;
use super::ownership;
use super::plan::{Answer, Call, Change, CommitReport, PackageReport};
use super::readiness::{holder, supersede};
use super::rules::rules_of;
use super::snapshot::{Release, Run};
use super::teardown;
use super::trigger::{Candidate, NewReleases, Wish};
use super::world::World;
use crate::model::{
    CommitSha, DeploymentName, Environment, EnvironmentName, Package, QueuePolicy, Reference,
    ReleaseName, ReleaseNumber, RunKind, RunName, RunNumber, RunState, SubPathKind, Task, TaskKey,
    Timestamp,
};

/// Registers the commit's environments and makes one release for each of its packages. What is not merged keeps its
/// preview: that a release of it is under way does not change what merging it would do.
pub(super) fn create(world: &mut World, new: &NewReleases) {
    if !guard::may_be_made(world, new) {
        return;
    }
    let is_merged = !new.is_proposed;
    let changed = if is_merged {
        guard::remember(world, new);
        ownership::register(world, new)
    } else {
        // What is not merged changes no environment for others.
        Vec::new()
    };
    let mut made = Vec::new();
    for candidate in &new.packages {
        let name = create_one(world, new, candidate);
        if is_merged {
            put_readers(world, &name, &candidate.package);
        }
        made.push(name);
    }
    break_glass(world, new, &made);
    let goes = holds::request(world, new, &made);
    if let Some(branch) = &new.intent {
        world.change(Change::FollowIntent(new.repository_id, branch.clone()));
    }
    if is_merged && new.changes_config {
        world.change(Change::PreviewAgain(new.repository_id));
    }
    if !changed.is_empty() {
        for package in &new.others {
            world.change(Change::Replan(package.clone()));
        }
    }
    if is_merged {
        for name in ownership::dropped(world, new) {
            ownership::drop(world, &name);
        }
        if !new.keeps_report {
            report(world, new, changed, Some(&made));
        }
    }
    if goes {
        world.answer(Answer::Released(made));
    }
}

/// Whoever asked goes past every gate on the way, if that is what they asked for.
fn break_glass(world: &mut World, new: &NewReleases, made: &[ReleaseName]) {
    let (Some(actor), Some(reason)) = (&new.asked, &new.breaks_glass) else {
        return;
    };
    for name in made {
        let wish = Wish {
            release: name.clone(),
            environments: None,
            actor: actor.clone(),
            reason: Some(reason.clone()),
            breaks_glass: true,
            reply_to: None,
        };
        for key in deployments(world, name) {
            if let Some(environment) = key.environment() {
                bring::break_glass(world, &wish, environment);
            }
        }
    }
}

/// The deployments a release goes through.
pub(super) fn deployments(world: &World, name: &ReleaseName) -> Vec<TaskKey> {
    let release = world.snapshot.releases.get(name);
    let tasks = release
        .into_iter()
        .flat_map(|release| release.planned_tasks());
    let keys = tasks.map(|task| task.key.clone());
    keys.filter(|key| key.environment().is_some()).collect()
}

/// Says what [`create`] would do, without doing it.
pub(super) fn preview(world: &mut World, new: &NewReleases) {
    let changed = new
        .environments
        .iter()
        .filter(|environment| ownership::is_news(world, environment))
        .cloned()
        .collect();
    report(world, new, changed, None);
    if let Some(pull_request) = new.pull_request {
        world.overview(new.repository_id, pull_request);
    }
}

/// Says on the commit what was found in it. `made` holds a release for each package, unless it is a preview.
fn report(
    world: &mut World,
    new: &NewReleases,
    environments: Vec<Environment>,
    made: Option<&[ReleaseName]>,
) {
    let complaints = ownership::complaints(world, new);
    let dropped = ownership::dropped(world, new);
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
    let is_preview = made.is_none();
    world.change(Change::PutCommitReport {
        repository_id: new.repository_id,
        commit: new.commit.clone(),
        pull_request: new.pull_request.filter(|_| is_preview),
        report: Box::new(CommitReport {
            is_preview,
            packages,
            environments,
            dropped,
            gone: ownership::gone(new),
            diagnostics: new.diagnostics.iter().cloned().chain(complaints).collect(),
            guards: proposed_guards(&world.snapshot, new, is_preview),
        }),
    });
    let commit = new.commit.clone();
    world.call(new.repository_id, Call::CommitCheck { commit });
}

/// The release of the package at the commit: there is at most one, however often its commit arrives. Asked for again
/// with a farther goal, it goes farther.
fn create_one(world: &mut World, new: &NewReleases, candidate: &Candidate) -> ReleaseName {
    let key = (candidate.name.clone(), new.commit.clone());
    let existing = world.snapshot.at_commit.get(&key).cloned();
    if let Some(existing) = existing.as_ref().filter(|_| !new.is_forced) {
        farther::extend(world, existing, new);
        return existing.clone();
    }
    let name = world.snapshot.next_release(&candidate.name);
    let next = ReleaseNumber(name.number.0 + 1);
    let next_numbers = &mut world.snapshot.next_numbers;
    next_numbers.insert(candidate.name.clone(), next);
    world.snapshot.at_commit.insert(key, name.clone());
    world.insert_release(Release {
        is_again: existing.is_some(),
        ..new.release(candidate, name.clone(), world.now)
    });
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

/// A pending run for every task the release goes through that has none, or that was gone from its file (it is not
/// among `before`) and has nothing to show for itself: an environment that comes back is deployed to again.
pub(super) fn add_missing_runs(world: &mut World, name: &ReleaseName, before: &BTreeSet<TaskKey>) {
    let now = world.now;
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let mut missing: Vec<(RunName, Run)> = Vec::new();
    for task in release.planned_tasks() {
        let number = match release.latest_run(&task.key) {
            None => RunNumber(1),
            Some((number, run))
                if !before.contains(&task.key) && is_undone(world, &task.key, name, run) =>
            {
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

fn is_undone(world: &World, key: &TaskKey, name: &ReleaseName, run: &Run) -> bool {
    let is_forgotten =
        run.kind == RunKind::Up && holder(&world.snapshot, &name.package, key).is_none();
    match run.state {
        RunState::Superseded => true,
        // What knows no way down is only forgotten when its environment goes.
        RunState::Complete => run.kind == RunKind::Down || is_forgotten,
        _ => false,
    }
}

fn first_run(task: &Task, now: Timestamp) -> Run {
    let kind = match task.key {
        TaskKey::Task(_) => RunKind::Task,
        TaskKey::Deploy(_) => RunKind::Up,
    };
    Run {
        down: task.down.clone(),
        ..Run::pending(kind, task.action.clone(), task.inputs.clone(), now)
    }
}

/// Older releases give up what they have not begun in the environments the new one goes to and what can only come
/// after it, and then their pending tasks too if no deployment of theirs is left to serve.
pub(super) fn supersede_older(world: &mut World, new: &ReleaseName) {
    let Some(release) = world.snapshot.releases.get(new) else {
        return;
    };
    let goals: BTreeSet<EnvironmentName> = release
        .planned_tasks()
        .filter_map(|task| task.key.environment().cloned())
        .collect();
    let lane = release.lane;
    let goals: BTreeSet<EnvironmentName> = goals
        .into_iter()
        .filter(|goal| rules_of(&world.snapshot, &new.package, goal).queue() != QueuePolicy::All)
        .collect();
    let older: Vec<ReleaseName> = world
        .snapshot
        .releases
        .values()
        .filter(|other| other.name.package == new.package && other.name.number < new.number)
        .filter(|other| other.lane == lane)
        .map(|other| other.name.clone())
        .collect();
    for other in older {
        supersede_pending(world, &other, &goals);
    }
}

pub(super) fn supersede_pending(
    world: &mut World,
    name: &ReleaseName,
    goals: &BTreeSet<EnvironmentName>,
) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let is_overtaken = |run: &RunName| {
        let environment = run.key.environment();
        environment.is_some_and(|environment| goals.contains(environment))
    };
    let phase_of = |run: &RunName| release.package.phase_of(&run.key);
    let mut pending = pending_runs(release);
    // What is live stays what it is until the new release is there, and goes on following what it reads.
    pending.retain(|run| !is_cascade(release, run));
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

fn is_cascade(release: &Release, run: &RunName) -> bool {
    let run = release.runs.get(&(run.key.clone(), run.number));
    run.is_some_and(|run| run.cascade.is_some())
}

/// What has not begun of what the release is there for.
pub(super) fn pending_runs(release: &Release) -> Vec<RunName> {
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
    let before: BTreeSet<TaskKey> = release
        .planned_tasks()
        .filter(|task| !teardown::went_with_its_environment(world, release, &task.key))
        .map(|task| task.key.clone())
        .collect();
    if release.package == *package {
        add_missing_runs(world, name, &before);
        return;
    }
    let lane = release.lane;
    if let Some(release) = world.release_mut(name) {
        release.package = package.clone();
    }
    if lane.is_none() {
        put_readers(world, name, package);
    }
    world.show(name);
    follow_the_file(world, name);
    add_missing_runs(world, name, &before);
    for key in before {
        // What is live of it may be told something else by its file now.
        if let Some(deployment) = DeploymentName::of(&name.package, &key) {
            world.has_ended(deployment);
        }
    }
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
    let pending = pending_runs(release).into_iter();
    let pending: Vec<(RunName, bool)> = pending
        .map(|run| (run.clone(), is_cascade(release, &run)))
        .collect();
    for (run_name, is_cascade) in pending {
        match planned.get(&run_name.key) {
            None => supersede(world, &run_name),
            // It is looked at again once its present inputs were tried.
            Some(_) if is_cascade => {}
            Some(task) => {
                let Some(run) = world.run_mut(&run_name) else {
                    continue;
                };
                *run = first_run(task, run.created_at);
            }
        }
    }
}
