//! Moving releases between environments because a person says so: on, back, or away.

use std::collections::{BTreeMap, BTreeSet};

use super::cascade::live_run;
use super::farther::add_goals;
use super::holds;
use super::outcome::again;
use super::plan::Answer;
use super::readiness::{holder, newer_live_release};
use super::rules::{plan_of, rules_of};
use super::snapshot::Run;
use super::teardown;
use super::trigger::Wish;
use super::world::World;
use crate::model::{
    Actor, Approval, ApprovalKind, EnvironmentName, Input, Lock, LockKind, LockScope, PackageName,
    ReleaseName, RunKind, RunName, RunNumber, RunState, TaskKey, Timestamp,
};

/// Moves a release on to the environments of the wish, however far it was meant to go before.
pub(super) fn bring(world: &mut World, wish: &Wish) {
    for environment in wish.environments.iter().flatten() {
        bring_to(world, wish, environment);
    }
}

fn bring_to(world: &mut World, wish: &Wish, environment: &EnvironmentName) {
    let key = TaskKey::Deploy(environment.clone());
    let (name, place) = (wish.release.clone(), environment.clone());
    let Some(release) = world.snapshot.releases.get(&name) else {
        world.answer(Answer::NoSuchDeployment(name, place));
        return;
    };
    if release.package.task(&key).is_none() {
        world.answer(Answer::NoSuchDeployment(name, place));
        return;
    }
    let lane = release.lane;
    if teardown::is_closed(world, &name, environment) {
        return;
    }
    if !may_change(world, &name.package, environment, wish) || !may_pass(world, wish, environment) {
        return;
    }
    if holder(&world.snapshot, &name.package, &key).map(|holder| holder.number) == Some(name.number)
    {
        world.answer(Answer::AlreadyThere(name, place));
        return;
    }
    if let Some(newer) = newer_live_release(world, &name, &key) {
        world.answer(Answer::Overtaken(name, place, newer));
        return;
    }
    say(world, wish, environment, ApprovalKind::Deploy);
    add_goals(world, &name, &BTreeSet::from([place.clone()]));
    resume(world, &name, &key);
    if let Some(pull_request) = lane {
        let by = &wish.actor.login;
        if !holds::ask(world, std::slice::from_ref(&name), pull_request, by) {
            return;
        }
    }
    break_glass(world, wish, environment);
    reply_later(world, wish);
    world.show(&name);
    world.answer(Answer::Brought(name, place));
}

/// Whether the rules let the person begin what is begun, or begun again, on the way to an environment.
fn may_pass(world: &mut World, wish: &Wish, environment: &EnvironmentName) -> bool {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return false;
    };
    let goal = release
        .package
        .phase_of(&TaskKey::Deploy(environment.clone()));
    let before = release.package.tasks().filter(|task| {
        let is_begun = release.standing_run(&task.key).is_none_or(|(_, run)| {
            is_given_up(run.state) || (run.kind == RunKind::Down && run.state.is_finished())
        });
        is_begun && release.package.phase_of(&task.key) < goal
    });
    let passed: Vec<EnvironmentName> = before
        .filter_map(|task| task.key.environment().cloned())
        .collect();
    passed.iter().all(|passed| {
        let rules = rules_of(&world.snapshot, &wish.release.package, passed);
        let allowed = rules.may_deploy(&wish.actor);
        is_allowed(world, Some(&wish.release.package), passed, allowed)
    })
}

/// Whether the rules let the person; if not, they are told which does not.
pub(super) fn may_change(
    world: &mut World,
    package: &PackageName,
    environment: &EnvironmentName,
    wish: &Wish,
) -> bool {
    let rules = rules_of(&world.snapshot, package, environment);
    let allowed = if wish.breaks_glass {
        rules.may_break_glass(&wish.actor)
    } else {
        rules.may_deploy(&wish.actor)
    };
    is_allowed(world, Some(package), environment, allowed)
}

/// Tells the person which rule does not let them.
pub(super) fn is_allowed(
    world: &mut World,
    package: Option<&PackageName>,
    environment: &EnvironmentName,
    allowed: Result<(), super::rules::Denied>,
) -> bool {
    match allowed {
        Ok(()) => true,
        Err(denied) => {
            world.answer(Answer::Denied {
                package: package.cloned(),
                environment: environment.clone(),
                denied,
            });
            false
        }
    }
}

fn is_given_up(state: RunState) -> bool {
    matches!(
        state,
        RunState::Superseded | RunState::Cancelled | RunState::Failed
    )
}

/// Queues again what was given up on the way to a deployment, and the deployment itself.
pub(super) fn resume(world: &mut World, name: &ReleaseName, key: &TaskKey) {
    let Some(release) = world.snapshot.releases.get(name) else {
        return;
    };
    let Some(goal) = release.package.phase_of(key) else {
        return;
    };
    let on_the_way = release.planned_tasks().filter(|task| {
        task.key == *key
            || release
                .package
                .phase_of(&task.key)
                .is_some_and(|phase| phase < goal)
    });
    let again_from: Vec<RunName> = on_the_way
        .filter_map(|task| {
            let (number, run) = release.standing_run(&task.key)?;
            let is_gone =
                is_given_up(run.state) || (task.key == *key && run.state == RunState::Complete);
            is_gone.then(|| release.run_name(&task.key, number))
        })
        .collect();
    for run in again_from {
        if let Some(next) = again(world, &run) {
            go_up(world, &next);
        }
    }
}

/// A deployment that was taken down is brought up again by a run that goes up.
fn go_up(world: &mut World, name: &RunName) {
    let release = world.snapshot.releases.get(&name.release);
    let task = release.and_then(|release| release.package.task(&name.key).cloned());
    let now = world.now;
    let (Some(run), Some(task)) = (world.run_mut(name), task) else {
        return;
    };
    if run.kind == RunKind::Down {
        *run = Run {
            down: task.down,
            ..Run::pending(RunKind::Up, task.action, task.inputs, now)
        };
    }
}

/// Writes down what a person says of a release in an environment.
pub(super) fn say(
    world: &mut World,
    wish: &Wish,
    environment: &EnvironmentName,
    kind: ApprovalKind,
) {
    let Some(release) = world.snapshot.releases.get(&wish.release) else {
        return;
    };
    let approval = Approval {
        kind,
        by: wish.actor.login.clone(),
        at: world.now,
        plan: plan_of(&world.snapshot, release, environment),
        permission: wish.actor.permission,
        grants: wish.actor.grants.clone(),
    };
    world.put_approval(&wish.release, environment, approval);
}

/// Goes past every gate for the reason of the wish, if it is one for that.
pub(super) fn break_glass(world: &mut World, wish: &Wish, environment: &EnvironmentName) {
    if wish.breaks_glass {
        let reason = wish.reason.clone().unwrap_or_default();
        say(
            world,
            wish,
            environment,
            ApprovalKind::BreakGlass { reason },
        );
    }
}

/// Brings an earlier release back with the inputs it had, at its own commit, and pins it: nothing that comes by itself
/// takes its place.
pub(super) fn rollback(world: &mut World, wish: &Wish, until: Option<Timestamp>) {
    for environment in wish.environments.iter().flatten() {
        roll_back_in(world, wish, environment, until);
    }
}

fn roll_back_in(
    world: &mut World,
    wish: &Wish,
    environment: &EnvironmentName,
    until: Option<Timestamp>,
) {
    let key = TaskKey::Deploy(environment.clone());
    let name = wish.release.clone();
    if !may_change(world, &name.package, environment, wish)
        || teardown::is_closed(world, &name, environment)
    {
        return;
    }
    if let Some(pull_request) = stranger(world, &name, environment) {
        world.answer(Answer::OfPullRequest(name, pull_request));
        return;
    }
    let Some(run) = recorded(world, &name, &key) else {
        world.answer(Answer::NeverDeployed(name, environment.clone()));
        return;
    };
    let latest = world.snapshot.releases.get(&name);
    let latest = latest.and_then(|release| release.latest_run(&key));
    let under_way = latest
        .filter(|(_, run)| run.state.is_active() || run.state == RunState::Paused)
        .map(|(_, run)| run.kind);
    if under_way == Some(RunKind::Down) {
        world.answer(Answer::GoingDown(name.package, environment.clone()));
        return;
    }
    let live = holder(&world.snapshot, &name.package, &key);
    let is_live = live.map(|holder| holder.number) == Some(name.number);
    world.put_lock(Lock {
        environment: environment.clone(),
        scope: LockScope::Package(name.package.clone()),
        kind: LockKind::Pin(name.clone()),
        repository: name.package.repository.clone(),
        by: wish.actor.login.clone(),
        reason: wish.reason.clone(),
        since: world.now,
        until,
    });
    say(world, wish, environment, ApprovalKind::Deploy);
    break_glass(world, wish, environment);
    if is_live {
        world.answer(Answer::AlreadyThere(name, environment.clone()));
        return;
    }
    if under_way.is_none() {
        insert_next(world, &name, &key, run);
    }
    reply_later(world, wish);
    world.show(&name);
    world.answer(Answer::RolledBack(name, environment.clone()));
}

/// The pull request whose release it is, if that does not hold the environment.
fn stranger(world: &World, name: &ReleaseName, environment: &EnvironmentName) -> Option<i64> {
    let lane = world.snapshot.releases.get(name)?.lane?;
    let is_held = world.snapshot.holds.iter().any(|hold| {
        hold.package == name.package
            && hold.environment == *environment
            && hold.pull_request == lane
            && hold.granted_at.is_some()
    });
    (!is_held).then_some(lane)
}

/// The last success of the deployment, to be repeated with the inputs it had.
fn recorded(world: &World, name: &ReleaseName, key: &TaskKey) -> Option<Run> {
    let last = live_run(world.snapshot.releases.get(name)?, key)?;
    let first = last.calls.first()?;
    let values = first.values.iter().map(|(input, value)| {
        let value = value.clone();
        (input.clone(), Input::Value { value })
    });
    let inputs: BTreeMap<String, Input> = values.collect();
    let given = inputs.keys().cloned().collect();
    Some(Run {
        down: last.down.clone(),
        ..Run::pending(RunKind::Up, first.action.clone(), inputs, world.now).with_given(given)
    })
}

/// A further run of a task; one that has not begun is what it replaces.
pub(super) fn insert_next(world: &mut World, release: &ReleaseName, key: &TaskKey, run: Run) {
    let Some(latest) =
        world.snapshot.releases.get(release).and_then(|release| {
            Some((release.latest_run(key)?.0, release.latest_run(key)?.1.state))
        })
    else {
        return;
    };
    let (number, state) = latest;
    let name = |number| RunName {
        release: release.clone(),
        key: key.clone(),
        number,
    };
    if state == RunState::Pending {
        super::readiness::supersede(world, &name(number));
    }
    world.insert_run(name(RunNumber(number.0 + 1)), run);
}

/// Takes a deployment down because a person wants it gone. What a pull request holds it gives back instead.
pub(super) fn undeploy(
    world: &mut World,
    package: &PackageName,
    environment: &EnvironmentName,
    held_by: Option<i64>,
    actor: &Actor,
) {
    let rules = rules_of(&world.snapshot, package, environment);
    let allowed = rules.may_deploy(actor);
    if !is_allowed(world, Some(package), environment, allowed) {
        return;
    }
    if let Some(pull_request) = held_by {
        holds::let_go(world, package, environment, pull_request, true);
        return;
    }
    let other = world.snapshot.holds.iter().find(|hold| {
        hold.package == *package && hold.environment == *environment && hold.granted_at.is_some()
    });
    if let Some(other) = other.cloned() {
        world.answer(Answer::HeldBy(other));
        return;
    }
    let key = TaskKey::Deploy(environment.clone());
    let holder = holder(&world.snapshot, package, &key);
    let live = holder.map(|holder| ReleaseName {
        package: package.clone(),
        number: holder.number,
    });
    let goes = live.is_some_and(|live| teardown::down(world, &live, &key));
    let (package, environment) = (package.clone(), environment.clone());
    world.answer(if goes {
        Answer::GoingDown(package, environment)
    } else {
        Answer::NotDeployed(package, environment)
    });
}

pub(super) fn reply_later(world: &mut World, wish: &Wish) {
    if let Some(release) = world.release_mut(&wish.release) {
        release.reply_to = wish.reply_to.or(release.reply_to);
    }
}
