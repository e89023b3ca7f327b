//! What people say of a release: that it may go on, that it may not, that it is to be tried again or stopped.

use std::collections::BTreeSet;

use serde_json::json;

use super::bring::{break_glass, is_allowed, may_change, reply_later, say};
use super::cascade;
use super::gates::{Gate, gates, is_own_work};
use super::order;
use super::outcome::again;
use super::plan::{Answer, Call};
use super::readiness::newer_live_release;
use super::rules::{place, rules_of};
use super::snapshot::{Release, Run};
use super::status::{self, Waiting};
use super::teardown;
use super::trigger::Wish;
use super::world::World;
use crate::model::{
    Action, ApprovalKind, EnvironmentName, Reference, RunKind, RunName, RunState, SubPathKind,
    TaskKey,
};

/// Gives the approvals the person can give: those that rules want, of the plan as it is now, and every approval (a
/// custom value of the release itself) that its runs wait for.
pub(super) fn approve(world: &mut World, wish: &Wish) {
    if !world.snapshot.releases.contains_key(&wish.release) {
        world.answer(Answer::NothingToApprove(wish.release.clone()));
        return;
    }
    let mut environments = Vec::new();
    let mut is_refused = false;
    for environment in to_approve(world, wish) {
        if approve_in(world, wish, &environment) {
            environments.push(environment);
        } else {
            is_refused = true;
        }
    }
    let values = if is_refused {
        BTreeSet::new()
    } else {
        awaited_values(world, wish)
    };
    if values.is_empty() && environments.is_empty() {
        if !is_refused {
            world.answer(Answer::NothingToApprove(wish.release.clone()));
        }
        return;
    }
    let value = json!({ "approved_by": wish.actor.login, "approved_at": world.now.rfc3339() });
    for reference in &values {
        world.put_document(reference.document(), Some(value.clone()));
    }
    reply_later(world, wish);
    world.show(&wish.release);
    let values = values.into_iter().collect();
    world.answer(Answer::Approved(wish.release.clone(), values, environments));
}

/// The environments in which the release waits for approval now, or which are named.
fn to_approve(world: &World, wish: &Wish) -> Vec<EnvironmentName> {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return Vec::new();
    };
    let tasks = release.planned_tasks();
    let wanted = tasks.filter_map(|task| {
        let environment = task.key.environment()?;
        let (_, run) = release.latest_run(&task.key)?;
        let waits = run.state == RunState::Pending
            && match &wish.environments {
                Some(named) => {
                    named.contains(environment) && wants_word(world, wish, release, task, run)
                }
                None => {
                    status::closing_phase(release, &task.key, run).is_none()
                        && wants_word(world, wish, release, task, run)
                }
            };
        waits.then(|| environment.clone())
    });
    wanted.collect()
}

fn wants_word(
    world: &World,
    wish: &Wish,
    release: &Release,
    task: &crate::model::Task,
    run: &Run,
) -> bool {
    let gates = gates(&world.snapshot, release, &task.key, run, world.now);
    let is_approval = |gate: &Gate| matches!(gate, Gate::NeedsApproval { .. });
    wish.breaks_glass && !gates.is_empty() || gates.iter().any(is_approval)
}

/// Approves the release in one environment. `false` when the person's word does not count there.
fn approve_in(world: &mut World, wish: &Wish, environment: &EnvironmentName) -> bool {
    let package = &wish.release.package;
    if wish.breaks_glass {
        let is_allowed = may_change(world, package, environment, wish);
        if is_allowed {
            break_glass(world, wish, environment);
        }
        return is_allowed;
    }
    let rules = rules_of(&world.snapshot, package, environment);
    let allowed = rules.may_approve(&wish.actor);
    let release = world.snapshot.releases.get(&wish.release);
    let login = &wish.actor.login;
    let is_own =
        release.is_some_and(|release| is_own_work(&world.snapshot, release, environment, login));
    let forbids = rules.protections.iter().find(|(_, protection)| {
        let counts = protection.approvals > 0 && wish.actor.is_one_of(&protection.approve);
        counts && !protection.allow_self
    });
    let forbidding = forbids.map(|(file, protection)| place(file, protection.line));
    if !is_allowed(world, Some(package), environment, allowed) {
        return false;
    }
    if let Some(place) = forbidding.filter(|_| is_own) {
        let answer = Answer::OwnWork(wish.release.clone(), environment.clone(), place);
        world.answer(answer);
        return false;
    }
    say(world, wish, environment, ApprovalKind::Approve);
    true
}

/// Values of the release itself that its runs lack, on the way to the environments of the wish.
fn awaited_values(world: &World, wish: &Wish) -> BTreeSet<Reference> {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return BTreeSet::new();
    };
    let number = wish.release.number.to_string();
    let farthest = wish.environments.as_ref().map(|named| {
        let phases = named.iter().filter_map(|environment| {
            release
                .package
                .phase_of(&TaskKey::Deploy(environment.clone()))
        });
        phases.max()
    });
    let mut values: BTreeSet<Reference> = BTreeSet::new();
    for (key, (_, run)) in release.latest_runs() {
        let phase = release.package.phase_of(key);
        let is_elsewhere = key.environment().is_some() && !is_meant(wish, key);
        if is_elsewhere || farthest.is_some_and(|farthest| phase > farthest) {
            continue;
        }
        if let Some(Waiting::ForInputs(missing)) =
            status::waiting(release, key, run, &world.snapshot, world.now)
        {
            values.extend(missing.into_iter().filter(|reference| {
                reference.package().as_ref() == Some(&wish.release.package)
                    && reference.release.as_ref() == Some(&number)
                    && matches!(reference.subpath, Some((SubPathKind::Custom, _)))
            }));
        }
    }
    values
}

/// Stops the release on its way to the environments of the wish, or to all it has not reached.
pub(super) fn reject(world: &mut World, wish: &Wish) {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        world.answer(Answer::NothingToReject(wish.release.clone()));
        return;
    };
    let meant = |environment: &EnvironmentName| {
        let named = wish.environments.as_ref();
        named.is_none_or(|named| named.contains(environment))
    };
    let pending: Vec<(RunName, EnvironmentName)> = super::release::pending_runs(release)
        .into_iter()
        .filter_map(|run| {
            let environment = run.key.environment().filter(|place| meant(place))?.clone();
            Some((run, environment))
        })
        .collect();
    let mut rejected = Vec::new();
    for (run, environment) in pending {
        let rules = rules_of(&world.snapshot, &wish.release.package, &environment);
        let allowed = rules
            .may_approve(&wish.actor)
            .or_else(|_| rules.may_deploy(&wish.actor));
        if is_allowed(world, Some(&wish.release.package), &environment, allowed) {
            stop(world, &run, &rejection(wish));
            // Whoever tries it again needs their word anew.
            world.delete_approvals(&wish.release, &environment);
            rejected.push(environment);
        }
    }
    if rejected.is_empty() {
        world.answer(Answer::NothingToReject(wish.release.clone()));
        return;
    }
    reply_later(world, wish);
    world.show(&wish.release);
    world.answer(Answer::Rejected(wish.release.clone(), rejected));
}

fn rejection(wish: &Wish) -> String {
    let by = &wish.actor.login;
    match &wish.reason {
        Some(reason) => format!("rejected by @{by}: {reason}"),
        None => format!("rejected by @{by}"),
    }
}

/// Queues another attempt of every latest run that failed or was cancelled, unless its file has lost the task: nothing
/// but going down is left to do for that.
pub(super) fn retry(world: &mut World, wish: &Wish) {
    let mut runs = latest_where(world, wish, |run| {
        matches!(run.state, RunState::Failed | RunState::Cancelled)
    });
    runs.retain(|run| is_planned(world, run));
    let mut retried = Vec::new();
    let mut is_refused = false;
    for run in runs {
        if !may_touch(world, &run, wish) || teardown::refuses(world, &run) {
            is_refused = true;
            continue;
        }
        let newer = newer_live_release(world, &run.release, &run.key);
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
        if !is_refused {
            world.answer(Answer::NothingToRetry(wish.release.clone()));
        }
        return;
    }
    reply_later(world, wish);
    world.show(&wish.release);
    world.answer(Answer::Retried(wish.release.clone(), retried));
}

/// What is done in an environment is for those whom its rules let.
fn may_touch(world: &mut World, run: &RunName, wish: &Wish) -> bool {
    match run.key.environment() {
        Some(environment) => may_change(world, &run.release.package, environment, wish),
        None => true,
    }
}

fn is_planned(world: &World, name: &RunName) -> bool {
    let is_down = world
        .snapshot
        .run(name)
        .is_some_and(|run| run.kind == RunKind::Down);
    let release = world.snapshot.releases.get(&name.release);
    is_down || release.is_some_and(|release| release.is_planned(&name.key))
}

/// Stops what is not finished. What a machine may be at keeps its environment until its end is known, so that nothing
/// else is brought there meanwhile; asked for a second time, it is given up at once and its late result fenced off.
pub(super) fn cancel(world: &mut World, wish: &Wish) {
    let runs = unfinished(world, wish);
    if runs.is_empty() {
        world.answer(Answer::NothingToCancel(wish.release.clone()));
        return;
    }
    let mut keys = Vec::new();
    for name in runs {
        stop(world, &name, &format!("cancelled by @{}", wish.actor.login));
        keys.push(name.key);
    }
    keys.dedup();
    reply_later(world, wish);
    world.show(&wish.release);
    world.answer(Answer::Cancelled(wish.release.clone(), keys));
}

/// What is at work, and what waits behind it: a way down waits until the same deployment's way up is at its end.
fn unfinished(world: &World, wish: &Wish) -> Vec<RunName> {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return Vec::new();
    };
    let runs = release.runs.iter();
    runs.filter(|((key, _), run)| is_meant(wish, key) && !run.state.is_finished())
        .map(|((key, number), _)| release.run_name(key, *number))
        .collect()
}

pub(super) fn stop(world: &mut World, name: &RunName, why: &str) {
    let now = world.now;
    let unwanted = cascade::would_get(world, name);
    let Some(run) = world.run_mut(name) else {
        return;
    };
    if let (Some(values), Some(first)) = (unwanted, run.calls.first_mut()) {
        first.values = values;
    }
    let (fence, was_active) = (run.fence, run.state.is_active());
    let has_begun = run.started_at.is_some();
    run.error = Some(why.to_owned());
    if may_be_at_work(run) {
        run.state = RunState::Cancelling;
    } else {
        run.state = RunState::Cancelled;
        run.fence += 1;
        run.finished_at = Some(now);
        run.waits.clear();
        run.wakes_at = None;
        order::is_over(world, name);
    }
    if was_active {
        order::is_idle(world, name);
        let call = Call::CancelWorkflow {
            run: name.clone(),
            fence,
            is_forced: false,
        };
        world.call_for_run(name, call);
    }
    if has_begun {
        world.show_run(name);
    }
}

/// Whether a machine may be executing it: a function that no job has claimed is not, and never will be.
pub(super) fn may_be_at_work(run: &Run) -> bool {
    match run.state {
        RunState::Running => true,
        RunState::Starting => matches!(run.current().action, Action::Workflow(_)),
        _ => false,
    }
}

/// The latest runs of the wished-for release and task for which `wanted` holds.
fn latest_where(world: &World, wish: &Wish, wanted: impl Fn(&Run) -> bool) -> Vec<RunName> {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return Vec::new();
    };
    release
        .latest_runs()
        .into_iter()
        .filter(|(key, (_, run))| is_meant(wish, key) && wanted(run))
        .map(|(key, (number, _))| release.run_name(key, number))
        .collect()
}

/// A wish for some environments means what is done in them; one for none means everything.
fn is_meant(wish: &Wish, key: &TaskKey) -> bool {
    let Some(named) = &wish.environments else {
        return true;
    };
    key.environment()
        .is_some_and(|environment| named.contains(environment))
}
