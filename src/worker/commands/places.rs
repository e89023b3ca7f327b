//! `lock`, `freeze`, `pin` and their opposites: what stands still, and what does not any more.

use std::collections::BTreeSet;

use super::target::environments;
use super::{Asked, Place, Speaker};
use crate::command::{Command, Verb};
use crate::engine::{Snapshot, Trigger, Unlock, guarded};
use crate::model::{Actor, EnvironmentName, Lock, LockKind, LockScope, PackageName};
use crate::worker::{Problem, Worker};

impl Worker {
    /// `lock` and `freeze`: of the packages that are named, or of all that the repository has a say in.
    pub(super) async fn hear_lock(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let (snapshot, goals, packages) = match self.spots(speaker, command).await? {
            Ok(spots) => spots,
            Err(asked) => return Ok(asked),
        };
        let mut asked = Asked::default();
        for environment in goals {
            for scope in scopes(speaker, command, &packages) {
                let actor = self
                    .locker(speaker, &snapshot, &scope, &environment)
                    .await?;
                let kind = match command.verb {
                    Verb::Freeze => LockKind::Freeze,
                    _ => LockKind::Lock,
                };
                asked
                    .places
                    .extend(places(speaker, &snapshot, &scope, &environment));
                let lock = self.new_lock(speaker, command, &environment, scope, kind);
                asked.triggers.push(Trigger::Lock(lock, actor));
            }
        }
        Ok(asked)
    }

    /// `pin`: what is live stays.
    pub(super) async fn hear_pin(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let snapshot = self.place_of(speaker.repository).await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut asked = Asked::default();
        for environment in goals {
            let (live, snapshot) = match self.live_in(speaker, command, &environment).await? {
                Ok(found) => found,
                Err(refusal) => {
                    asked.refusals.push(refusal);
                    continue;
                }
            };
            for release in live {
                let scope = LockScope::Package(release.package.clone());
                let actor = self
                    .locker(speaker, &snapshot, &scope, &environment)
                    .await?;
                asked
                    .places
                    .extend(places(speaker, &snapshot, &scope, &environment));
                let kind = LockKind::Pin(release);
                let lock = self.new_lock(speaker, command, &environment, scope, kind);
                asked.triggers.push(Trigger::Lock(lock, actor));
            }
        }
        Ok(asked)
    }

    fn new_lock(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        environment: &EnvironmentName,
        scope: LockScope,
        kind: LockKind,
    ) -> Lock {
        let now = self.clock.now();
        Lock {
            environment: environment.clone(),
            scope,
            kind,
            repository: speaker.repository.reference_name.clone(),
            by: speaker.login.to_owned(),
            reason: command.reason.clone(),
            since: now,
            until: command.seconds.map(|seconds| now.plus_seconds(seconds)),
        }
    }

    /// `unlock`, `unfreeze` and `unpin`.
    pub(super) async fn hear_unlock(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let (snapshot, goals, packages) = match self.spots(speaker, command).await? {
            Ok(spots) => spots,
            Err(asked) => return Ok(asked),
        };
        let mut asked = Asked::default();
        let kind = match command.verb {
            Verb::Unfreeze => "freeze",
            Verb::Unpin => "pin",
            _ => "lock",
        };
        for environment in goals {
            for scope in scopes(speaker, command, &packages) {
                let actor = self
                    .locker(speaker, &snapshot, &scope, &environment)
                    .await?;
                let holds = snapshot.holds.iter().filter(|hold| {
                    command.verb == Verb::Unlock
                        && hold.environment == environment
                        && hold.package.repository == speaker.repository.reference_name
                        && scope.covers(&hold.package)
                });
                let holds = holds.cloned().collect();
                asked
                    .places
                    .extend(places(speaker, &snapshot, &scope, &environment));
                asked.triggers.push(Trigger::Unlock(Unlock {
                    environment: environment.clone(),
                    scope,
                    kinds: BTreeSet::from([kind]),
                    holds,
                    actor,
                    repository: speaker.repository.reference_name.clone(),
                }));
            }
        }
        Ok(asked)
    }

    /// The environments and the packages that are named, with what stands there.
    async fn spots(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Result<(Snapshot, BTreeSet<EnvironmentName>, BTreeSet<PackageName>), Asked>, Problem>
    {
        let number = speaker.place.pull_request;
        let packages = if command.packages.is_empty() {
            BTreeSet::new()
        } else {
            match self
                .meant_packages(speaker.repository, number, command)
                .await?
            {
                Ok(packages) => packages,
                Err(refusal) => return Ok(Err(Asked::refuse(refusal))),
            }
        };
        let snapshot = self
            .surroundings(speaker.repository, &BTreeSet::new(), &packages)
            .await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Err(Asked::refuse(refusal))),
        };
        Ok(Ok((snapshot, goals, packages)))
    }

    async fn locker(
        &self,
        speaker: Speaker<'_>,
        snapshot: &Snapshot,
        scope: &LockScope,
        environment: &EnvironmentName,
    ) -> Result<Actor, Problem> {
        let places = places(speaker, snapshot, scope, environment);
        self.actor(
            speaker.repository,
            speaker.person(),
            snapshot,
            &places,
            &BTreeSet::new(),
        )
        .await
    }
}

/// Whose rules are asked: those of the package, or those that hold for any package and those of each.
fn places(
    speaker: Speaker<'_>,
    snapshot: &Snapshot,
    scope: &LockScope,
    environment: &EnvironmentName,
) -> Vec<Place> {
    let repository = &speaker.repository.reference_name;
    let packages = match scope.package() {
        Some(package) => BTreeSet::from([package.clone()]),
        None => {
            let any = PackageName {
                repository: repository.clone(),
                path: String::new(),
            };
            let own = guarded(snapshot, repository).into_iter();
            own.chain([any]).collect()
        }
    };
    let packages = packages.into_iter();
    packages
        .map(|package| (package, environment.clone()))
        .collect()
}

/// The packages that are named, or all: of the repository, or, to stop the line, of the workspace.
fn scopes(
    speaker: Speaker<'_>,
    command: &Command,
    packages: &BTreeSet<PackageName>,
) -> Vec<LockScope> {
    if !packages.is_empty() {
        let packages = packages.iter().cloned();
        return packages.map(LockScope::Package).collect();
    }
    vec![match command.verb {
        Verb::Freeze | Verb::Unfreeze => LockScope::Workspace,
        _ => LockScope::Repository(speaker.repository.reference_name.clone()),
    }]
}
