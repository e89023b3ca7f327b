//! `promote`, `rollback` and `undeploy`: what is live goes on, back, or away.

use std::collections::BTreeSet;

use super::target::{self, environments};
use super::{Asked, Speaker};
use crate::command::Command;
use crate::engine::{Snapshot, Trigger, live_release};
use crate::model::{EnvironmentName, ReleaseName};
use crate::report::Refusal;
use crate::store::Scope;
use crate::worker::{Problem, Worker};

impl Worker {
    /// `promote`: exactly what is live in one environment goes to others.
    pub(super) async fn hear_promote(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let Some(from) = &command.from else {
            return Ok(Asked::default());
        };
        let (live, snapshot) = match self.live_in(speaker, command, from).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut asked = Asked::default();
        for release in live {
            if let Some(refusal) = self.outlived(speaker, &snapshot, &release).await? {
                asked.refusals.push(refusal);
                continue;
            }
            let goals = Some(goals.clone());
            let wish = self
                .wish(speaker, command, &snapshot, release, goals)
                .await?;
            asked.bring(wish);
        }
        Ok(asked)
    }

    /// The releases of the meant packages that are live in an environment.
    pub(super) async fn live_in(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        environment: &EnvironmentName,
    ) -> Result<target::Meant<(BTreeSet<ReleaseName>, Snapshot)>, Problem> {
        let number = speaker.place.pull_request;
        let packages = match self
            .meant_packages(speaker.repository, number, command)
            .await?
        {
            Ok(packages) => packages,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let places = packages.iter();
        let scope = Scope {
            installation_id: speaker.repository.installation_id,
            repositories: BTreeSet::from([speaker.repository.reference_name.clone()]),
            live: places
                .map(|package| (package.clone(), environment.clone()))
                .collect(),
            packages: packages.clone(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        if !snapshot.environments.contains_key(environment) {
            return Ok(Err(Refusal::UnknownEnvironment {
                asked: environment.to_string(),
                known: snapshot
                    .environments
                    .keys()
                    .map(ToString::to_string)
                    .collect(),
            }));
        }
        let live: BTreeSet<ReleaseName> = packages
            .iter()
            .filter_map(|package| live_release(&snapshot, package, environment))
            .collect();
        Ok(if live.is_empty() {
            Err(Refusal::NothingLive {
                environment: environment.to_string(),
                packages: packages
                    .iter()
                    .map(|name| name.short().to_owned())
                    .collect(),
            })
        } else {
            Ok((live, snapshot))
        })
    }

    /// `rollback`: the release before the live one, or the one that is named, comes back and stays.
    pub(super) async fn hear_rollback(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let snapshot = self.place_of(speaker.repository).await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let until = command
            .seconds
            .map(|seconds| self.clock.now().plus_seconds(seconds));
        let mut asked = Asked::default();
        for environment in goals {
            let targets = match self
                .rollback_targets(speaker, command, &environment)
                .await?
            {
                Ok(targets) => targets,
                Err(refusal) => {
                    asked.refusals.push(refusal);
                    continue;
                }
            };
            for release in targets {
                let goal = Some(BTreeSet::from([environment.clone()]));
                let wish = self
                    .wish(speaker, command, &snapshot, release.clone(), goal)
                    .await?;
                asked.places.push((release.package, environment.clone()));
                asked.triggers.push(Trigger::Rollback(wish, until));
            }
        }
        Ok(asked)
    }

    async fn rollback_targets(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        environment: &EnvironmentName,
    ) -> Result<target::Meant<BTreeSet<ReleaseName>>, Problem> {
        if command.release.is_some() {
            let number = speaker.place.pull_request;
            return self
                .meant_releases(speaker.repository, number, command)
                .await;
        }
        let (live, _) = match self.live_in(speaker, command, environment).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut targets = BTreeSet::new();
        for release in live {
            let before = self
                .store
                .release_before(speaker.repository.installation_id, &release, environment)
                .await?;
            match before {
                Some(before) => targets.insert(before),
                None => {
                    let environment = environment.to_string();
                    return Ok(Err(Refusal::NothingBefore {
                        release,
                        environment,
                    }));
                }
            };
        }
        Ok(Ok(targets))
    }

    /// `undeploy`: gives back what the pull request holds, or takes down what is named.
    pub(super) async fn hear_undeploy(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let (repository, number) = (speaker.repository, speaker.place.pull_request);
        let packages = match self.meant_packages(repository, number, command).await? {
            Ok(packages) => packages,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let snapshot = self
            .surroundings(repository, &BTreeSet::new(), &packages)
            .await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut asked = Asked::default();
        for package in packages {
            for environment in &goals {
                let place = (package.clone(), environment.clone());
                let places = [place.clone()];
                let actor = self
                    .actor(
                        repository,
                        speaker.person(),
                        &snapshot,
                        &places,
                        &BTreeSet::new(),
                    )
                    .await?;
                let is_held = snapshot.holds.iter().any(|hold| {
                    hold.package == package
                        && hold.environment == *environment
                        && hold.pull_request == number
                });
                asked.places.push(place);
                asked.triggers.push(Trigger::Undeploy {
                    package: package.clone(),
                    environment: environment.clone(),
                    held_by: is_held.then_some(number),
                    actor,
                });
            }
        }
        Ok(asked)
    }
}
