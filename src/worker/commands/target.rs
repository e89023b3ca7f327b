//! What a command is about: from the patterns people type to packages, environments and releases.

use std::collections::BTreeSet;

use super::{Asked, Speaker};
use crate::command::{Command, EnvironmentPattern, PackagePattern};
use crate::engine::Snapshot;
use crate::model::{CommitSha, EnvironmentName, PackageName, ReleaseName};
use crate::report::Refusal;
use crate::store::{Repository, Scope};
use crate::worker::{Problem, Worker};

/// What a command means, or why it means nothing.
pub(super) type Meant<T> = Result<T, Refusal>;

/// The environments that the patterns select.
pub(super) fn environments(
    patterns: &[EnvironmentPattern],
    snapshot: &Snapshot,
) -> Meant<BTreeSet<EnvironmentName>> {
    let known = &snapshot.environments;
    let mut selected = BTreeSet::new();
    for pattern in patterns {
        let found = known
            .values()
            .filter(|environment| pattern.selects(environment))
            .map(|environment| environment.name.clone());
        let before = selected.len();
        let found: Vec<EnvironmentName> = found.collect();
        selected.extend(found.iter().cloned());
        if found.is_empty() && selected.len() == before {
            return Err(Refusal::UnknownEnvironment {
                asked: pattern.to_string(),
                known: known.keys().map(ToString::to_string).collect(),
            });
        }
    }
    Ok(selected)
}

/// The packages among `known` that the patterns select; all of them without patterns.
pub(super) fn packages(
    patterns: &[PackagePattern],
    known: &BTreeSet<PackageName>,
) -> Meant<BTreeSet<PackageName>> {
    if patterns.is_empty() {
        return Ok(known.clone());
    }
    let mut selected = BTreeSet::new();
    for pattern in patterns {
        let found: Vec<PackageName> = known
            .iter()
            .filter(|package| pattern.selects(package))
            .cloned()
            .collect();
        if found.is_empty() {
            let known = known.iter().map(|package| package.short().to_owned());
            return Err(Refusal::UnknownPackage {
                asked: pattern.to_string(),
                known: known.collect(),
            });
        }
        selected.extend(found);
    }
    Ok(selected)
}

impl Worker {
    /// The packages a command on a pull request means: those it names among all of the repository, else those of the
    /// pull request.
    pub(super) async fn meant_packages(
        &self,
        repository: &Repository,
        number: i64,
        command: &Command,
    ) -> Result<Meant<BTreeSet<PackageName>>, Problem> {
        let known = if command.packages.is_empty() {
            self.packages_of_pull_request(repository, number).await?
        } else {
            self.store.released_packages_of(repository.id).await?
        };
        Ok(packages(&command.packages, &known))
    }

    /// Says of what is no environment that it is a package, where it is one: people leave the environment out.
    pub(super) async fn tell_packages_apart(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        asked: &mut Asked,
    ) -> Result<(), Problem> {
        let (repository, number) = (speaker.repository, speaker.place.pull_request);
        for refusal in &mut asked.refusals {
            let Refusal::UnknownEnvironment { asked, .. } = refusal else {
                continue;
            };
            let mut packages = self.packages_of_pull_request(repository, number).await?;
            packages.extend(self.store.released_packages_of(repository.id).await?);
            if packages.iter().any(|package| package.short() == asked) {
                *refusal = Refusal::PackageNotEnvironment {
                    asked: asked.clone(),
                    verb: command.verb,
                };
            }
        }
        Ok(())
    }

    /// The packages that have releases of the pull request, and those it would release.
    pub(super) async fn packages_of_pull_request(
        &self,
        repository: &Repository,
        number: i64,
    ) -> Result<BTreeSet<PackageName>, Problem> {
        let releases = self
            .store
            .releases_of_pull_request(repository.id, number)
            .await?;
        let mut packages: BTreeSet<PackageName> = releases
            .into_iter()
            .map(|release| release.package)
            .collect();
        let pull = self.store.pull_request(repository.id, number).await?;
        if let Some(pull) = pull
            && let mut reports = self
                .store
                .commit_reports(repository.id, &pull.head_sha)
                .await?
            && let Some(report) = reports.remove(&Some(number))
        {
            packages.extend(report.packages.into_iter().map(|package| package.name));
        }
        Ok(packages)
    }

    /// The releases a command means: `--release` of the package it names, else the newest of the pull request, by
    /// package.
    pub(super) async fn meant_releases(
        &self,
        repository: &Repository,
        number: i64,
        command: &Command,
    ) -> Result<Meant<BTreeSet<ReleaseName>>, Problem> {
        if let Some(release) = command.release {
            return self
                .meant_release(repository, number, command, release)
                .await;
        }
        let releases = self
            .store
            .releases_of_pull_request(repository.id, number)
            .await?;
        let known = releases
            .iter()
            .map(|release| release.package.clone())
            .collect();
        let selected = match packages(&command.packages, &known) {
            Ok(selected) => selected,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let releases = releases.into_iter();
        Ok(Ok(releases
            .filter(|release| selected.contains(&release.package))
            .collect()))
    }

    async fn meant_release(
        &self,
        repository: &Repository,
        number: i64,
        command: &Command,
        release: crate::model::ReleaseNumber,
    ) -> Result<Meant<BTreeSet<ReleaseName>>, Problem> {
        let packages = match self.meant_packages(repository, number, command).await? {
            Ok(packages) => packages,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut packages = packages.into_iter();
        let (Some(package), None) = (packages.next(), packages.next()) else {
            return Ok(Err(Refusal::WhichPackage {
                release: release.to_string(),
            }));
        };
        let name = ReleaseName {
            package,
            number: release,
        };
        let scope = Scope::of_release(repository.installation_id, &name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(if snapshot.releases.contains_key(&name) {
            Ok(BTreeSet::from([name]))
        } else {
            Err(Refusal::UnknownRelease { release: name })
        })
    }

    /// The environments of a repository's workspace, and what stands in the way there.
    pub(super) async fn place_of(&self, repository: &Repository) -> Result<Snapshot, Problem> {
        self.surroundings(repository, &BTreeSet::new(), &BTreeSet::new())
            .await
    }

    /// What is there to be looked at before a command can be understood: the environments, and what stands in the way
    /// in this repository.
    pub(in crate::worker) async fn surroundings(
        &self,
        repository: &Repository,
        releases: &BTreeSet<ReleaseName>,
        packages: &BTreeSet<PackageName>,
    ) -> Result<Snapshot, Problem> {
        let scope = Scope {
            installation_id: repository.installation_id,
            releases: releases.clone(),
            packages: packages.clone(),
            repositories: BTreeSet::from([repository.reference_name.clone()]),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot)
    }

    /// The commit of a release.
    pub(in crate::worker) async fn commit_of(
        &self,
        installation_id: i64,
        release: &ReleaseName,
    ) -> Result<Option<CommitSha>, Problem> {
        let scope = Scope::of_release(installation_id, release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot
            .releases
            .get(release)
            .map(|release| release.commit.clone()))
    }
}
