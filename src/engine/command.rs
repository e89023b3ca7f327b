//! What people's wishes mean.

use std::collections::BTreeSet;

use serde_json::json;

use super::outcome::again;
use super::plan::{Answer, Call};
use super::readiness::{holder, newer_live_release};
use super::snapshot::Run;
use super::status::{self, Waiting};
use super::trigger::Command;
use super::world::World;
use crate::model::{
    Action, EnvironmentName, PackageName, Reference, ReleaseName, RunKind, RunName, RunNumber,
    RunState, SubPathKind, TaskKey,
};

/// Sets every approval (a custom value of the release itself) that its runs wait for.
pub(super) fn approve(world: &mut World, wish: &Command) {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        world.answer(Answer::NothingToApprove(wish.release.clone()));
        return;
    };
    let number = wish.release.number.to_string();
    let mut approvals: BTreeSet<Reference> = BTreeSet::new();
    for (key, (_, run)) in release.latest_runs() {
        if wish.task.as_ref().is_some_and(|wanted| wanted != key) {
            continue;
        }
        if let Some(Waiting::ForInputs(missing)) =
            status::waiting(release, key, run, &world.snapshot)
        {
            approvals.extend(missing.into_iter().filter(|reference| {
                reference.package().as_ref() == Some(&wish.release.package)
                    && reference.release.as_ref() == Some(&number)
                    && matches!(reference.subpath, Some((SubPathKind::Custom, _)))
            }));
        }
    }
    if approvals.is_empty() {
        world.answer(Answer::NothingToApprove(wish.release.clone()));
        return;
    }
    let value = json!({ "approved_by": wish.by, "approved_at": world.now.rfc3339() });
    for reference in &approvals {
        world.put_document(reference.document(), Some(value.clone()));
    }
    reply_later(world, wish);
    world.show(&wish.release);
    let approvals = approvals.into_iter().collect();
    world.answer(Answer::Approved(wish.release.clone(), approvals));
}

/// Queues another attempt of every latest run that failed or was cancelled, unless its file has lost the task: nothing
/// but going down is left to do for that.
pub(super) fn retry(world: &mut World, wish: &Command) {
    let mut runs = latest_where(world, wish, |run| {
        matches!(run.state, RunState::Failed | RunState::Cancelled)
    });
    runs.retain(|run| is_planned(world, run));
    let mut retried = Vec::new();
    for run in runs {
        let newer = newer_live_release(&world.snapshot, &run.release, &run.key);
        match (newer, run.key.environment()) {
            (Some(newer), Some(environment)) => {
                let environment = environment.clone();
                world.answer(Answer::Overtaken(run.release, environment, newer));
            }
            _ => {
                if again(world, &run).is_some() {
                    retried.push(run.key);
                }
            }
        }
    }
    if retried.is_empty() {
        world.answer(Answer::NothingToRetry(wish.release.clone()));
        return;
    }
    reply_later(world, wish);
    world.show(&wish.release);
    world.answer(Answer::Retried(wish.release.clone(), retried));
}

fn is_planned(world: &World, name: &RunName) -> bool {
    let is_down = world
        .snapshot
        .run(name)
        .is_some_and(|run| run.kind == RunKind::Down);
    let release = world.snapshot.releases.get(&name.release);
    is_down
        || release.is_some_and(|release| release.planned_tasks().any(|task| task.key == name.key))
}

/// Stops what is not finished. What a machine may be at keeps its environment until its end is known, so that nothing
/// else is brought there meanwhile; asked for a second time, it is given up at once and its late result fenced off.
pub(super) fn cancel(world: &mut World, wish: &Command) {
    let runs = latest_where(world, wish, |run| !run.state.is_finished());
    if runs.is_empty() {
        world.answer(Answer::NothingToCancel(wish.release.clone()));
        return;
    }
    let mut keys = Vec::new();
    for name in runs {
        stop(world, &name, &wish.by);
        keys.push(name.key);
    }
    reply_later(world, wish);
    world.show(&wish.release);
    world.answer(Answer::Cancelled(wish.release.clone(), keys));
}

fn stop(world: &mut World, name: &RunName, by: &str) {
    let now = world.now;
    let Some(run) = world.run_mut(name) else {
        return;
    };
    let (fence, was_active) = (run.fence, run.state.is_active());
    let has_begun = run.started_at.is_some();
    run.error = Some(format!("cancelled by @{by}"));
    if may_be_at_work(run) {
        run.state = RunState::Cancelling;
    } else {
        run.state = RunState::Cancelled;
        run.fence += 1;
        run.finished_at = Some(now);
        run.waits.clear();
    }
    if was_active {
        let call = Call::CancelWorkflow {
            run: name.clone(),
            fence,
        };
        world.call_for_run(name, call);
    }
    if has_begun {
        world.show_run(name);
    }
}

/// Whether a machine may be executing it: a function that no job has claimed is not, and never will be.
fn may_be_at_work(run: &Run) -> bool {
    match run.state {
        RunState::Running => true,
        RunState::Starting => matches!(run.current().action, Action::Workflow(_)),
        _ => false,
    }
}

/// Takes a deployment down with the program that brought it up: its release's config at its release's commit.
/// One that is on its way down already is not taken down twice.
pub(super) fn undeploy(world: &mut World, package: &PackageName, environment: &EnvironmentName) {
    let key = TaskKey::Deploy(environment.clone());
    let Some((latest, run)) = live_run(world, package, &key) else {
        world.answer(Answer::NotDeployed(package.clone(), environment.clone()));
        return;
    };
    let is_on_its_way = run.kind == RunKind::Down && !run.state.is_finished();
    if !is_on_its_way {
        let Some(down) = down_run(world, &latest) else {
            world.answer(Answer::NotDeployed(package.clone(), environment.clone()));
            return;
        };
        let name = RunName {
            number: RunNumber(latest.number.0 + 1),
            ..latest
        };
        world.show(&name.release);
        world.insert_run(name, down);
    }
    world.answer(Answer::GoingDown(package.clone(), environment.clone()));
}

/// The latest run, in the release that is live there, of the deployment `key`.
fn live_run<'a>(
    world: &'a World,
    package: &PackageName,
    key: &TaskKey,
) -> Option<(RunName, &'a Run)> {
    let name = ReleaseName {
        package: package.clone(),
        number: holder(&world.snapshot, package, key)?,
    };
    let release = world.snapshot.releases.get(&name)?;
    let (number, run) = release.latest_run(key)?;
    Some((release.run_name(key, number), run))
}

fn down_run(world: &World, up: &RunName) -> Option<Run> {
    let release = world.snapshot.releases.get(&up.release)?;
    let task = release.package.task(&up.key)?;
    let action = task.down.clone()?;
    let inputs = task.inputs.clone();
    Some(Run::pending(RunKind::Down, action, inputs, world.now))
}

/// The latest runs of the wished-for release and task for which `wanted` holds.
fn latest_where(world: &World, wish: &Command, wanted: impl Fn(&Run) -> bool) -> Vec<RunName> {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return Vec::new();
    };
    release
        .latest_runs()
        .into_iter()
        .filter(|(key, (_, run))| wish.task.as_ref().is_none_or(|task| task == *key) && wanted(run))
        .map(|(key, (number, _))| release.run_name(key, number))
        .collect()
}

fn reply_later(world: &mut World, wish: &Command) {
    if let Some(release) = world.release_mut(&wish.release) {
        release.reply_to = wish.reply_to.or(release.reply_to);
    }
}
