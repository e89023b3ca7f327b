//! What triggers can affect: what a decision about them has to see.

use std::collections::BTreeSet;

use crate::engine::{Application, NewReleases, Trigger, Unlock, Wish, inputs_read};
use crate::model::{
    DeploymentName, EnvironmentName, Hold, Lock, LockScope, Outcome, Package, PackageName,
    Reference, ReleaseName, RunName, SubPathKind, latest_document,
};
use crate::store::Scope;

/// What the triggers can affect.
pub(super) fn scope(installation_id: i64, triggers: &[Trigger]) -> Scope {
    let mut scope = Scope {
        installation_id,
        ..Scope::default()
    };
    for trigger in triggers {
        of_trigger(&mut scope, trigger);
    }
    scope
}

fn of_trigger(scope: &mut Scope, trigger: &Trigger) {
    match trigger {
        Trigger::Release(new) => of_files(scope, new),
        Trigger::Preview(new) => of_preview(scope, new),
        Trigger::Guards(file) => scope.repositories.extend([file.repository.clone()]),
        Trigger::Replanned { release, package } => of_file(scope, release, package),
        Trigger::NeedsRunner { run, .. }
        | Trigger::PutBack { run, .. }
        | Trigger::Claimed { run, .. } => {
            scope.releases.insert(run.release.clone());
        }
        Trigger::Overdue { run, .. } => of_overdue(scope, run),
        Trigger::Ended { run, outcome, .. } => of_end(scope, run, outcome),
        Trigger::SetCustom { reference, .. } => of_value(scope, reference),
        Trigger::Intend { .. } | Trigger::Replan(_) => {}
        Trigger::Apply(wish) => of_application(scope, wish),
        Trigger::Want(wish, value) => {
            of_application(scope, wish);
            // The release that a deployment should be of.
            let release = value.as_ref().and_then(|value| value["release"].as_str());
            scope
                .releases
                .extend(release.and_then(|name| name.parse().ok()));
        }
        Trigger::Approve(wish) => {
            of_wish(scope, wish);
            scope.approves.insert(wish.release.clone());
        }
        Trigger::Reject(wish) | Trigger::Cancel(wish) => of_wish(scope, wish),
        Trigger::Retry(wish) | Trigger::Bring(wish) | Trigger::Rollback(wish, _) => {
            of_wish(scope, wish);
            scope.is_asked = true;
        }
        Trigger::Undeploy {
            package,
            environment,
            ..
        }
        | Trigger::LetGo {
            package,
            environment,
            ..
        } => of_return(scope, package, environment),
        Trigger::HeadMoved {
            packages, holds, ..
        } => of_head(scope, packages, holds),
        Trigger::Lock(lock, _) => of_lock(scope, lock),
        Trigger::Unlock(unlock) => of_unlock(scope, unlock),
        Trigger::Wake {
            packages,
            environments,
            documents,
        } => {
            scope.packages.extend(packages.iter().cloned());
            scope.writes.extend(documents.iter().cloned());
            of_environments(scope, environments);
        }
    }
}

/// The files of a commit, and what waits for the environments it registers.
fn of_files(scope: &mut Scope, new: &NewReleases) {
    scope.commit = Some(new.commit.clone());
    scope.repositories.extend(new.repository.clone());
    for candidate in &new.packages {
        let (name, package) = (candidate.name.clone(), candidate.package.clone());
        scope.packages.insert(name.clone());
        scope.files.insert(name, package);
    }
    of_environments(scope, new.environments.iter().map(|new| &new.name));
}

/// A preview is compared with the environments there are, and says what would stand in the way.
fn of_preview(scope: &mut Scope, new: &NewReleases) {
    scope.repositories.extend(new.repository.clone());
}

fn of_file(scope: &mut Scope, release: &ReleaseName, package: &Package) {
    scope.releases.insert(release.clone());
    let name = release.package.clone();
    for task in package.tasks() {
        scope.follow.extend(DeploymentName::of(&name, &task.key));
    }
    scope.files.insert(name, package.clone());
}

/// It may be given up, which ends it as a failure does.
fn of_overdue(scope: &mut Scope, run: &RunName) {
    let message = String::new();
    of_end(scope, run, &Outcome::Failed { message });
}

/// What ended may have left something for others, or goes on with what others have left.
fn of_end(scope: &mut Scope, run: &RunName, outcome: &Outcome) {
    scope.releases.insert(run.release.clone());
    let deployment = DeploymentName::of(&run.release.package, &run.key);
    scope.follow.extend(deployment);
    match outcome {
        Outcome::Done { tags, .. } => {
            let package = &run.release.package;
            scope.writes.extend(documents_of(run));
            let tags = tags.iter().map(|tag| Reference::of_release(package, tag));
            scope.writes.extend(tags);
        }
        Outcome::Next { inputs, .. } => {
            scope.reads.extend(inputs_read(&run.release, inputs));
        }
        // Nothing is written, but whoever waited for its end goes on.
        Outcome::Failed { .. } => scope.writes.extend(documents_of(run)),
    }
}

/// A value of a package is one of its latest release, too.
fn of_value(scope: &mut Scope, reference: &Reference) {
    scope.packages.extend(reference.package());
    scope.writes.insert(reference.clone());
}

fn of_application(scope: &mut Scope, wish: &Application) {
    scope.intents.insert(wish.reference.clone());
    scope.repositories.extend(wish.repository.clone());
    match &wish.reference.subpath {
        Some((SubPathKind::Custom, _)) => of_value(scope, &wish.reference),
        Some((SubPathKind::Environment, name)) => {
            scope.environments.extend(name.parse::<EnvironmentName>());
            scope.writes.insert(wish.reference.clone());
        }
        _ => {
            scope.is_asked = true;
            if let Some(deployment) = DeploymentName::of_reference(&wish.reference) {
                of_place(scope, &deployment.package, &deployment.environment);
            }
        }
    }
}

fn of_wish(scope: &mut Scope, wish: &Wish) {
    scope.releases.insert(wish.release.clone());
}

/// A pull request's older heads are stopped, and what it claimed for them is free.
fn of_head(scope: &mut Scope, packages: &BTreeSet<PackageName>, holds: &[Hold]) {
    scope.packages.extend(packages.iter().cloned());
    for hold in holds {
        of_place(scope, &hold.package, &hold.environment);
    }
}

/// A pin is of what is live.
fn of_lock(scope: &mut Scope, lock: &Lock) {
    match &lock.scope {
        LockScope::Workspace => {}
        LockScope::Repository(repository) => {
            scope.repositories.insert(repository.clone());
        }
        LockScope::Package(package) => of_place(scope, package, &lock.environment),
    }
}

/// What waited for the locks is woken by the decision; what was held is given back in it.
fn of_unlock(scope: &mut Scope, unlock: &Unlock) {
    scope.repositories.insert(unlock.repository.clone());
    for hold in &unlock.holds {
        of_return(scope, &hold.package, &hold.environment);
    }
}

/// What is live in a place may be replaced by what the default branch had there.
fn of_return(scope: &mut Scope, package: &PackageName, environment: &EnvironmentName) {
    of_place(scope, package, environment);
    let place = (package.clone(), environment.clone());
    scope.returns.insert(place);
}

fn of_place(scope: &mut Scope, package: &PackageName, environment: &EnvironmentName) {
    scope.packages.insert(package.clone());
    scope.live.insert((package.clone(), environment.clone()));
}

fn of_environments<'a>(
    scope: &mut Scope,
    environments: impl IntoIterator<Item = &'a EnvironmentName>,
) {
    let documents = environments
        .into_iter()
        .map(|environment| Reference::global(SubPathKind::Environment, environment.as_str()));
    scope.writes.extend(documents);
}

fn documents_of(run: &RunName) -> BTreeSet<Reference> {
    BTreeSet::from([
        run.release.document(&run.key),
        latest_document(&run.release.package, &run.key),
    ])
}
