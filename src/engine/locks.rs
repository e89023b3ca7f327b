//! Locks, freezes and pins of people.

use std::collections::BTreeSet;

use super::bring::is_allowed;
use super::holds::let_go;
use super::plan::{Answer, Change};
use super::readiness::holder;
use super::rules::{rules, rules_of};
use super::snapshot::Snapshot;
use super::trigger::Unlock;
use super::world::World;
use crate::model::{
    Actor, EnvironmentName, Hold, Lock, LockKind, LockScope, PackageName, ReleaseName, TaskKey,
};

/// Puts a lock, if the rules let the person change what is deployed there.
pub(super) fn lock(world: &mut World, lock: &Lock, actor: &Actor) {
    let repository = match &lock.scope {
        LockScope::Repository(repository) => repository.clone(),
        LockScope::Package(package) => package.repository.clone(),
        LockScope::Workspace => String::new(),
    };
    if !may_lock(
        world,
        &repository,
        lock.scope.package(),
        &lock.environment,
        actor,
    ) {
        return;
    }
    if let LockKind::Pin(release) = &lock.kind {
        let key = TaskKey::Deploy(lock.environment.clone());
        let live = holder(&world.snapshot, &release.package, &key);
        if live.map(|live| live.number) != Some(release.number) {
            let (package, environment) = (release.package.clone(), lock.environment.clone());
            world.answer(Answer::NotDeployed(package, environment));
            return;
        }
    }
    let mut locks = world.snapshot.locks.iter();
    if locks.any(|other| other.key() == lock.key()) {
        // What waits for the one before may wait for another time now.
        wake(world, &lock.environment);
    }
    world.put_lock(lock.clone());
    world.answer(Answer::Locked(lock.clone()));
}

fn may_lock(
    world: &mut World,
    repository: &str,
    package: Option<&PackageName>,
    environment: &EnvironmentName,
    actor: &Actor,
) -> bool {
    let rules = rules(&world.snapshot, repository, package, environment);
    let allowed = rules.may_deploy(actor);
    if !is_allowed(world, package, environment, allowed) {
        return false;
    }
    if package.is_some() {
        return true;
    }
    // What concerns every package of a repository is for whom the rules of each let.
    guarded(&world.snapshot, repository).iter().all(|package| {
        let rules = rules_of(&world.snapshot, package, environment);
        let allowed = rules.may_deploy(actor);
        is_allowed(world, Some(package), environment, allowed)
    })
}

/// The packages of a repository that have rules of their own.
pub fn guarded(snapshot: &Snapshot, repository: &str) -> BTreeSet<PackageName> {
    let files = snapshot.guards.iter();
    let files = files.filter(|file| file.is_package && file.repository == repository);
    let packages = files.map(|file| PackageName {
        repository: file.repository.clone(),
        path: file.path.clone(),
    });
    packages.collect()
}

/// Takes locks and holds away. What waited for them is looked at again.
pub(super) fn unlock(world: &mut World, wish: &Unlock) {
    let package = wish.scope.package();
    if !may_lock(
        world,
        &wish.repository,
        package,
        &wish.environment,
        &wish.actor,
    ) {
        return;
    }
    let locks: Vec<Lock> = world
        .snapshot
        .locks
        .iter()
        .filter(|lock| lock.environment == wish.environment && is_of(&lock.scope, wish))
        .filter(|lock| wish.kinds.contains(lock.kind.as_str()) && lock.is_valid(world.now))
        .cloned()
        .collect();
    let (locks, others): (Vec<Lock>, Vec<Lock>) = locks
        .into_iter()
        .partition(|lock| lock.scope != LockScope::Workspace || lock.repository == wish.repository);
    let has_others = !others.is_empty();
    for lock in others {
        world.answer(Answer::LockedElsewhere(lock));
    }
    for lock in &locks {
        world.delete_lock(lock);
    }
    let still_there = |hold: &&Hold| {
        let mut holds = world.snapshot.holds.iter();
        holds.any(|other| other.is_same_place(hold) && other.pull_request == hold.pull_request)
    };
    let holds: Vec<Hold> = wish.holds.iter().filter(still_there).cloned().collect();
    for hold in &holds {
        let (package, environment) = (&hold.package, &hold.environment);
        let is_given_back = hold.granted_at.is_some();
        let_go(
            world,
            package,
            environment,
            hold.pull_request,
            is_given_back,
        );
    }
    if locks.is_empty() && holds.is_empty() {
        if has_others {
            return;
        }
        world.answer(Answer::NothingToUnlock(wish.environment.clone()));
        return;
    }
    wake(world, &wish.environment);
    let environment = wish.environment.clone();
    world.answer(Answer::Unlocked(environment, locks, holds));
}

/// Locks of a whole repository end with it, and those of its packages too; locks of a package end by its name. Those of
/// other repositories' packages are not for this one to take away.
fn is_of(scope: &LockScope, wish: &Unlock) -> bool {
    match (scope, &wish.scope) {
        (LockScope::Package(package), wished) => {
            package.repository == wish.repository && wished.covers(package)
        }
        (scope, wished) => scope == wished,
    }
}

/// The release that is live, for a pin.
pub fn live_release(
    snapshot: &Snapshot,
    package: &PackageName,
    environment: &EnvironmentName,
) -> Option<ReleaseName> {
    let key = TaskKey::Deploy(environment.clone());
    let number = holder(snapshot, package, &key)?.number;
    let package = package.clone();
    Some(ReleaseName { package, number })
}

/// Has what waits in the environment looked at.
fn wake(world: &mut World, environment: &EnvironmentName) {
    world.change(Change::Wake {
        at: None,
        packages: BTreeSet::new(),
        environments: BTreeSet::from([environment.clone()]),
        documents: BTreeSet::new(),
    });
}
