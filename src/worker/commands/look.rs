//! `help`, `status`, `plan`, `where`, `why` and `impact`: how things stand.

use std::collections::BTreeSet;

use super::target::{self, environments};
use super::{Asked, Speaker};
use crate::command::{self, Command};
use crate::engine::rules::rules_of;
use crate::model::{EnvironmentName, PackageName, Permission, Progress, RunName, SubPathKind};
use crate::report::{self, Why};
use crate::store::{Documents, Scope};
use crate::worker::{Problem, Worker};

impl Worker {
    pub(super) async fn hear_help(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        if let Some(verb) = command.about {
            return Ok(Asked::reply(command::help::help_about(verb)));
        }
        let mut words = command::help::help(speaker.permission);
        if speaker.permission >= Permission::Write {
            words.push_str(&self.rights(speaker).await?);
        }
        Ok(Asked::reply(words))
    }

    /// Where the person may deploy, as far as rules say for every package of the repository.
    async fn rights(&self, speaker: Speaker<'_>) -> Result<String, Problem> {
        let repository = speaker.repository;
        let snapshot = self.place_of(repository).await?;
        let any = PackageName {
            repository: repository.reference_name.clone(),
            path: String::new(),
        };
        let names = snapshot.environments.keys();
        let places: Vec<_> = names.map(|name| (any.clone(), name.clone())).collect();
        let nothing = BTreeSet::new();
        let actor = self
            .actor(repository, speaker.person(), &snapshot, &places, &nothing)
            .await?;
        let rights = places.iter().map(|(package, environment)| {
            let rules = rules_of(&snapshot, package, environment);
            (environment.clone(), rules.may_deploy(&actor))
        });
        Ok(report::rights(&rights.collect::<Vec<_>>()))
    }

    /// How the newest releases of the pull request stand.
    pub(super) async fn hear_status(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let number = speaker.place.pull_request;
        let releases = match self
            .meant_releases(speaker.repository, number, command)
            .await?
        {
            Ok(releases) => releases,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let snapshot = self
            .surroundings(speaker.repository, &releases, &BTreeSet::new())
            .await?;
        let mut progress = Vec::new();
        for name in &releases {
            let installation_id = speaker.repository.installation_id;
            progress.push(self.progress(installation_id, name).await?);
        }
        let releases = releases.iter().zip(&progress);
        let releases: Vec<_> = releases
            .filter_map(|(name, progress)| {
                Some((snapshot.releases.get(name)?, &snapshot, progress))
            })
            .collect();
        let overview = report::status_overview(&releases, self.clock.now());
        Ok(Asked::reply(overview))
    }

    /// The preview once more.
    pub(super) async fn hear_plan(&self, speaker: Speaker<'_>) -> Result<Asked, Problem> {
        let repository = speaker.repository;
        let number = speaker.place.pull_request;
        let check = self.preview_text(repository, number).await?;
        Ok(Asked::reply(match check {
            Some(check) => format!("**{}**\n\n{}", check.title, check.summary),
            None => report::nothing_to_release(),
        }))
    }

    /// What of the repository is deployed where.
    pub(super) async fn hear_where(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let repository = speaker.repository;
        let mut places = self
            .store
            .deployments_of_repository(repository.installation_id, &repository.reference_name)
            .await?;
        let known: BTreeSet<PackageName> =
            places.iter().map(|place| place.package.clone()).collect();
        match target::packages(&command.packages, &known) {
            Ok(packages) => places.retain(|place| packages.contains(&place.package)),
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        }
        Ok(Asked::reply(report::places(&places, self.clock.now())))
    }

    /// Why environments are as they are.
    pub(super) async fn hear_why(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        if !command.values.is_empty() {
            return self.hear_origin(speaker, command).await;
        }
        let repository = speaker.repository;
        let number = speaker.place.pull_request;
        let mut packages = match self.meant_packages(repository, number, command).await? {
            Ok(packages) => packages,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        if packages.is_empty() {
            packages = self.store.released_packages_of(repository.id).await?;
        }
        let snapshot = self.place_of(repository).await?;
        let goals = match environments(&command.environments, &snapshot) {
            Ok(goals) => goals,
            Err(refusal) => return Ok(Asked::refuse(refusal)),
        };
        let mut words = String::new();
        for environment in &goals {
            words.push_str(&self.reasons(speaker, &packages, environment).await?);
        }
        if words.is_empty() {
            words.push_str("The repository has released nothing yet.");
        }
        Ok(Asked::reply(report::markdown::fit(words)))
    }

    /// Where something that is recorded comes from.
    async fn hear_origin(&self, speaker: Speaker<'_>, command: &Command) -> Result<Asked, Problem> {
        let installation_id = speaker.repository.installation_id;
        let mut asked = Asked::default();
        for (name, _) in &command.values {
            let Some(reference) = super::set::whole(speaker, name) else {
                continue;
            };
            // Who may see what another repository's steps were given is known there.
            if let Some(refusal) = super::set::foreign(speaker, &reference) {
                asked.refusals.push(refusal);
                continue;
            }
            let record = self
                .store
                .record(installation_id, &reference, Documents::State)
                .await?;
            let run = record
                .as_ref()
                .and_then(|record| record.value["run_ref"].as_str());
            let run: Option<RunName> = run.and_then(|run| run.parse().ok());
            let registration = match &reference.subpath {
                Some((SubPathKind::Environment, name)) => {
                    let mut known = self.place_of(speaker.repository).await?.registrations;
                    name.parse()
                        .ok()
                        .and_then(|name: EnvironmentName| known.remove(&name))
                }
                _ => None,
            };
            let registration = registration.as_ref();
            let mut words = report::no_origin(&reference, record.is_some(), registration);
            if let Some(name) = run {
                let scope = Scope::of_release(installation_id, &name.release);
                let (snapshot, _) = self.store.snapshot(&scope).await?;
                if let Some(run) = snapshot.run(&name) {
                    words = report::origin(&reference, &name, run);
                }
            }
            asked.replies.push(report::markdown::fit(words));
        }
        Ok(asked)
    }

    /// What follows if something changes.
    pub(super) async fn hear_impact(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
    ) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for (name, _) in &command.values {
            if let Some(reference) = super::set::whole(speaker, name) {
                let installation_id = speaker.repository.installation_id;
                let dependents = self.store.impact(installation_id, &reference).await?;
                let words = report::impact(&reference, &dependents);
                asked.replies.push(report::markdown::fit(words));
            }
        }
        Ok(asked)
    }

    async fn reasons(
        &self,
        speaker: Speaker<'_>,
        packages: &BTreeSet<PackageName>,
        environment: &EnvironmentName,
    ) -> Result<String, Problem> {
        let repository = speaker.repository;
        let places = packages.iter();
        let scope = Scope {
            installation_id: repository.installation_id,
            repositories: BTreeSet::from([repository.reference_name.clone()]),
            live: places
                .map(|package| (package.clone(), environment.clone()))
                .collect(),
            packages: packages.clone(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let mut progress = Progress::default();
        for release in snapshot.releases.keys() {
            self.store
                .add_troubles(repository.installation_id, release, &mut progress)
                .await?;
        }
        let live = self
            .store
            .deployments_of_packages(repository.installation_id, packages)
            .await?;
        let now = self.clock.now();
        let words = packages.iter().map(|package| {
            let mut live = live.iter();
            let why = Why {
                package,
                environment,
                live: live
                    .find(|place| place.package == *package && place.environment == *environment),
                snapshot: &snapshot,
                progress: &progress,
            };
            report::why(&why, now)
        });
        let words: Vec<String> = words.collect();
        Ok(words.join("\n"))
    }
}
