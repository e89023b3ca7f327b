//! Pull requests and the environments they hold: asked for together, granted together, given back.

use std::collections::BTreeSet;

use super::command::{may_be_at_work, stop};
use super::gates::{Gate, queue_before};
use super::outcome::again;
use super::plan::{Answer, Call, Change};
use super::readiness::{holder, supersede};
use super::release::supersede_pending;
use super::snapshot::{Release, Run};
use super::status::{self, Waiting};
use super::trigger::NewReleases;
use super::world::World;
use crate::model::{
    CommitSha, EnvironmentName, Hold, PackageName, ReleaseName, RunKind, RunName, RunNumber,
    RunState, Task, TaskKey,
};

/// Claims every environment that releases of a pull request go to, for whoever asked.
pub(super) fn request(world: &mut World, new: &NewReleases, made: &[ReleaseName]) -> bool {
    let (Some(pull_request), Some(actor)) = (new.lane(), &new.asked) else {
        return true;
    };
    ask(world, made, pull_request, &actor.login)
}

/// Claims what the releases go to. `false` when they would never get there: then nothing more is claimed than before.
pub(super) fn ask(
    world: &mut World,
    releases: &[ReleaseName],
    pull_request: i64,
    by: &str,
) -> bool {
    for release in releases {
        claim(world, release, pull_request, by);
    }
    let holds = &world.snapshot.holds;
    let waits = |hold: &&Hold| {
        hold.pull_request == pull_request
            && hold.granted_at.is_none()
            && releases
                .iter()
                .any(|release| release.package == hold.package)
    };
    // The latest is the one that is new, if any is.
    let waiting = holds.iter().filter(waits).max_by_key(|hold| hold.asked_at);
    let Some(own) = waiting.cloned() else {
        return true;
    };
    if let Some(other) = never_ends(holds, &own) {
        withdraw(world, &own);
        world.answer(Answer::WouldNeverEnd(other));
        return false;
    }
    let behind = queue_before(&world.snapshot.holds, &own);
    if !behind.is_empty() {
        world.answer(Answer::Queued(behind));
    }
    true
}

/// Claims what the release still goes to in its pull request's lane and the pull request has not claimed yet.
fn claim(world: &mut World, release: &ReleaseName, pull_request: i64, by: &str) {
    let Some(planned) = world.snapshot.releases.get(release) else {
        return;
    };
    if planned.lane != Some(pull_request) {
        return;
    }
    let is_to_come = |task: &&Task| {
        let latest = planned.latest_run(&task.key);
        latest.is_some_and(|(_, run)| !run.state.is_finished())
    };
    let environments: BTreeSet<EnvironmentName> = planned
        .planned_tasks()
        .filter(is_to_come)
        .filter_map(|task| task.key.environment().cloned())
        .collect();
    for environment in environments {
        let hold = Hold {
            package: release.package.clone(),
            environment,
            pull_request,
            by: by.to_owned(),
            asked_at: world.now,
            granted_at: None,
        };
        let mut holds = world.snapshot.holds.iter();
        let is_claimed = holds
            .any(|other| other.is_same_place(&hold) && other.pull_request == hold.pull_request);
        if !is_claimed {
            world.put_hold(hold);
        }
    }
}

/// A claim of somebody that `own` waits for and that waits for `own`, by whatever detour: neither would ever be
/// granted.
fn never_ends(holds: &[Hold], own: &Hold) -> Option<Hold> {
    let request = |hold: &Hold| (hold.package.repository.clone(), hold.pull_request);
    let mut seen = BTreeSet::from([request(own)]);
    let mut open = vec![own.clone()];
    while let Some(waiting) = open.pop() {
        for other in queue_before(holds, &waiting) {
            if request(&other) == request(own) {
                return Some(waiting);
            }
            if seen.insert(request(&other)) {
                let waits =
                    |hold: &&Hold| request(hold) == request(&other) && hold.granted_at.is_none();
                open.extend(holds.iter().filter(waits).cloned());
            }
        }
    }
    None
}

/// Takes back what a pull request has just asked for.
fn withdraw(world: &mut World, own: &Hold) {
    let is_asked_now = |hold: &&Hold| {
        hold.pull_request == own.pull_request
            && hold.package.repository == own.package.repository
            && hold.granted_at.is_none()
            && hold.asked_at == own.asked_at
    };
    let holds: Vec<Hold> = world
        .snapshot
        .holds
        .iter()
        .filter(is_asked_now)
        .cloned()
        .collect();
    for hold in holds {
        world.delete_hold(&hold);
        stop_lane(world, &hold.package, &hold.environment, hold.pull_request);
    }
}

/// Grants the claims whose turn it is: those of a pull request together, the earliest first.
pub(super) fn admit(world: &mut World) {
    let mut waiting: Vec<Hold> = world
        .snapshot
        .holds
        .iter()
        .filter(|hold| hold.granted_at.is_none())
        .cloned()
        .collect();
    waiting.sort_by_key(|hold| (hold.asked_at, hold.pull_request));
    let mut packages = BTreeSet::new();
    for own in waiting {
        if !queue_before(&world.snapshot.holds, &own).is_empty() {
            continue;
        }
        let granted_at = Some(world.now);
        packages.insert(own.package.clone());
        world.put_hold(Hold { granted_at, ..own });
    }
    // Their releases may be outside of what this decision looks at.
    packages.retain(|package| {
        let mut releases = world.snapshot.releases.keys();
        !releases.any(|release| release.package == *package)
    });
    if !packages.is_empty() {
        world.change(Change::Wake {
            at: None,
            packages,
            environments: BTreeSet::new(),
            documents: BTreeSet::new(),
        });
    }
}

/// A pull request lets go of an environment: what has not begun there is given up, and what the default branch had
/// there comes back if it is wanted.
pub(super) fn let_go(
    world: &mut World,
    package: &PackageName,
    environment: &EnvironmentName,
    pull_request: i64,
    is_given_back: bool,
) {
    let holds = world.snapshot.holds.iter();
    let own: Vec<Hold> = holds
        .filter(|hold| {
            hold.package == *package
                && hold.environment == *environment
                && hold.pull_request == pull_request
        })
        .cloned()
        .collect();
    for hold in &own {
        world.delete_hold(hold);
    }
    stop_lane(world, package, environment, pull_request);
    let key = TaskKey::Deploy(environment.clone());
    let holder = holder(&world.snapshot, package, &key);
    if is_given_back && holder.is_some_and(|holder| holder.lane == Some(pull_request)) {
        give_back(world, package, &key);
    }
    if own.iter().any(|hold| hold.granted_at.is_some()) {
        world.answer(Answer::GivenBack(package.clone(), environment.clone()));
    }
}

fn stop_lane(
    world: &mut World,
    package: &PackageName,
    environment: &EnvironmentName,
    pull_request: i64,
) {
    let goals = BTreeSet::from([environment.clone()]);
    for release in of_lane(world, package, pull_request) {
        supersede_pending(world, &release, &goals);
    }
}

fn of_lane(world: &World, package: &PackageName, pull_request: i64) -> Vec<ReleaseName> {
    let releases = world.snapshot.releases_of(package);
    releases
        .filter(|release| release.lane == Some(pull_request))
        .map(|release| release.name.clone())
        .collect()
}

/// Brings back what the default branch had in the environment; where it had nothing, takes down what is there.
/// Nothing needs to be done if it brings something by itself, without waiting for people or for values.
fn give_back(world: &mut World, package: &PackageName, key: &TaskKey) {
    let Some(environment) = key.environment().cloned() else {
        return;
    };
    let is_on_its_way = world.snapshot.releases_of(package).any(|release| {
        release.lane.is_none()
            && release.latest_run(key).is_some_and(|(_, run)| {
                run.kind == RunKind::Up && comes_by_itself(world, release, key, run)
            })
    });
    if is_on_its_way {
        return;
    }
    let last = world
        .snapshot
        .last_of_default
        .get(&(package.clone(), environment));
    match last.cloned() {
        Some(last) => {
            let release = world.snapshot.releases.get(&last);
            let latest = release.and_then(|release| release.latest_run(key));
            let latest = latest.map(|(number, run)| (number, run.kind, run.state));
            if latest.is_some_and(|(_, kind, _)| kind == RunKind::Down) {
                // People have taken it down since.
                take_down(world, package, key);
            } else if let Some((number, ..)) = latest.filter(|(.., state)| state.is_finished()) {
                let name = RunName {
                    release: last,
                    key: key.clone(),
                    number,
                };
                world.show(&name.release);
                again(world, &name);
            }
        }
        None => take_down(world, package, key),
    }
}

fn comes_by_itself(world: &World, release: &Release, key: &TaskKey, run: &Run) -> bool {
    match status::waiting(release, key, run, &world.snapshot, world.now) {
        None => !run.state.is_finished(),
        Some(Waiting::ForPhase(_) | Waiting::ForInputs(_)) => run.state == RunState::Paused,
        Some(Waiting::ForGates(gates)) => !gates.iter().any(Gate::is_for_people),
        Some(Waiting::ForRelease(_) | Waiting::ForDeployment(_) | Waiting::ForNothing) => true,
    }
}

fn take_down(world: &mut World, package: &PackageName, key: &TaskKey) {
    let Some(holder) = holder(&world.snapshot, package, key) else {
        return;
    };
    let release = ReleaseName {
        package: package.clone(),
        number: holder.number,
    };
    super::teardown::down(world, &release, key);
}

/// A release of a pull request that was over before it got there gives the environment back at once.
pub(super) fn became_live(world: &mut World, name: &RunName) {
    let release = world.snapshot.releases.get(&name.release);
    let lane = release.and_then(|release| release.lane);
    let (Some(pull_request), Some(environment)) = (lane, name.key.environment()) else {
        return;
    };
    let is_held = world.snapshot.holds.iter().any(|hold| {
        hold.package == name.release.package
            && hold.environment == *environment
            && hold.pull_request == pull_request
    });
    if !is_held {
        let package = name.release.package.clone();
        world.change(Change::LetGo(package, environment.clone(), pull_request));
    }
}

/// What has not begun of a pull request's older heads is stopped, what a job has not taken yet among it.
pub(super) fn head_moved(
    world: &mut World,
    packages: &BTreeSet<PackageName>,
    pull_request: i64,
    head: &CommitSha,
) {
    let mut stopped = BTreeSet::new();
    for package in packages {
        for release in of_lane(world, package, pull_request) {
            if stop_outdated(world, &release, head) {
                stopped.insert(release);
            }
        }
    }
    if !stopped.is_empty() {
        let stopped = stopped.into_iter().collect();
        world.answer(Answer::Stopped(stopped));
    }
    let idle: Vec<Hold> = world
        .snapshot
        .holds
        .iter()
        .filter(|hold| hold.pull_request == pull_request && packages.contains(&hold.package))
        .filter(|hold| !is_used(world, hold))
        .cloned()
        .collect();
    for hold in idle {
        world.delete_hold(&hold);
    }
}

fn stop_outdated(world: &mut World, name: &ReleaseName, head: &CommitSha) -> bool {
    let Some(release) = world.snapshot.releases.get(name) else {
        return false;
    };
    if release.commit == *head {
        return false;
    }
    let has_not_begun = |run: &&Run| {
        run.kind != RunKind::Down && matches!(run.state, RunState::Pending | RunState::Starting)
    };
    let runs: Vec<(RunName, RunState)> = release
        .runs
        .iter()
        .filter(|(_, run)| has_not_begun(run))
        .map(|((key, number), run)| (release.run_name(key, *number), run.state))
        .collect();
    for (run, state) in &runs {
        let why = format!("the head of the pull request moved to {head} before this began");
        if world.snapshot.run(run).is_some_and(may_be_at_work) {
            stop(world, run, &why);
            continue;
        }
        let fence = world.snapshot.run(run).map_or(0, |run| run.fence);
        supersede(world, run);
        if let Some(run) = world.run_mut(run) {
            run.fence += 1;
            run.error = Some(why);
        }
        if *state == RunState::Starting {
            let (name, run) = (run.clone(), run.clone());
            let is_forced = false;
            let call = Call::CancelWorkflow {
                run,
                fence,
                is_forced,
            };
            world.call_for_run(&name, call);
        }
    }
    !runs.is_empty()
}

/// Whether the pull request has something in the environment, or is bringing it there. What is being stopped keeps
/// others out by itself.
fn is_used(world: &World, hold: &Hold) -> bool {
    let key = TaskKey::Deploy(hold.environment.clone());
    let live = holder(&world.snapshot, &hold.package, &key);
    let is_live = live.is_some_and(|live| live.lane == Some(hold.pull_request));
    is_live
        || of_lane(world, &hold.package, hold.pull_request)
            .iter()
            .filter_map(|release| world.snapshot.releases.get(release)?.latest_run(&key))
            .any(|(_, run): (RunNumber, &Run)| {
                !run.state.is_finished() && run.state != RunState::Cancelling
            })
}

/// Has the comment of the pull request say what is so now.
pub(super) fn tell(world: &mut World, name: &RunName, pull_request: i64) {
    let release = world.snapshot.releases.get(&name.release);
    if let Some(repository_id) = release.map(|release| release.repository_id) {
        world.overview(repository_id, pull_request);
    }
}
