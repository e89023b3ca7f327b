//! Releases that people ask for.

use std::collections::BTreeSet;

use super::{Person, Understood};
use crate::engine::{Candidate, NewReleases, Snapshot, Trigger, Wish};
use crate::github::{ComparisonStatus, GitHubError};
use crate::model::{CommitSha, Diagnostic, PackageName, Reference, ReleaseName};
use crate::report::{Refusal, markdown};
use crate::store::Scope;
use crate::worker::commands::places_of;
use crate::worker::meaning::release_meant;
use crate::worker::{Problem, Worker};

/// What is there, or what is said because it is not.
type Found<T> = Result<T, Understood>;

impl Worker {
    /// A release of a package at a commit of the default branch. Commits elsewhere are for pull requests, whose lanes and
    /// rules are others; and GitHub shows those of forks under this repository's name, too.
    pub(super) async fn ask_release(
        &self,
        person: Person<'_>,
        path: &str,
        commit: &CommitSha,
        is_forced: bool,
    ) -> Result<Understood, Problem> {
        let repository = person.repository;
        let package = PackageName {
            repository: repository.reference_name.clone(),
            path: path.to_owned(),
        };
        if let Some(refused) = self.not_merged(person, commit).await? {
            return Ok(refused);
        }
        let already = self
            .store
            .releases_of_commit(repository.installation_id, &package, commit.as_str())
            .await?;
        if !already.is_empty() && !is_forced {
            let words = format!(
                "There are already {} releases for this commit (listed above). To make another one: --force",
                already.len()
            );
            let refused = Understood::refused("already_released", &package.to_string(), words);
            return Ok(refused.about(already));
        }
        let candidate = match self.candidate(person, &package, commit).await? {
            Ok(candidate) => candidate,
            Err(instead) => return Ok(instead),
        };
        let new = NewReleases {
            packages: vec![candidate],
            repository: Some(repository.reference_name.clone()),
            is_forced,
            keeps_report: true,
            ..NewReleases::of(repository.id, commit.clone())
        };
        let new = self.with_history(person, new, already.last()).await?;
        self.release_by(person, new).await
    }

    /// What is said of a commit that the default branch has not.
    async fn not_merged(
        &self,
        person: Person<'_>,
        commit: &CommitSha,
    ) -> Result<Option<Understood>, Problem> {
        let repository = person.repository;
        let branch = &repository.default_branch;
        let comparison = self
            .github
            .installation(repository.installation_id)
            .compare(&repository.name, branch, commit.as_str())
            .await;
        let subject = commit.as_str();
        let short = markdown::code(commit.short());
        let place = markdown::code(branch);
        Ok(match comparison {
            Ok(found) => match found.status {
                ComparisonStatus::Behind | ComparisonStatus::Identical => None,
                ComparisonStatus::Ahead | ComparisonStatus::Diverged => Some(Understood::refused(
                    "not_merged",
                    subject,
                    format!(
                        "Commit {short} is not in {place}: what is released from here is merged. Merge it first, or say \
                         {} on its pull request.",
                        markdown::code("/ocuroot deploy <environment>")
                    ),
                )),
            },
            Err(GitHubError::NotFound { .. } | GitHubError::Rejected { status: 422, .. }) => {
                Some(Understood::refused(
                    "unknown_commit",
                    subject,
                    format!(
                        "GitHub has no commit {short} in {}: push it first.",
                        markdown::code(repository.name.as_str())
                    ),
                ))
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// The package as its file says at the commit.
    async fn candidate(
        &self,
        person: Person<'_>,
        package: &PackageName,
        commit: &CommitSha,
    ) -> Result<Found<Candidate>, Problem> {
        let repository = person.repository;
        let sources = self.sources(repository, commit).await?;
        let shown = markdown::code(&package.path);
        let subject = package.to_string();
        let refused =
            |code: &str, words: String| Ok(Err(Understood::refused(code, &subject, words)));
        if !sources.is_ours {
            let words = "The commit has no `repo.ocu.star`: nothing of it is released.".to_owned();
            return refused("not_configured", words);
        }
        if !sources.package_files.contains(&package.path) {
            let words = format!(
                "There is no {shown} at commit {}.",
                markdown::code(commit.short())
            );
            return refused("unknown_package", words);
        }
        let changed = BTreeSet::from([package.path.clone()]);
        let mut found = self
            .evaluate(repository, commit, &sources, Some(&changed))
            .await?
            .new;
        let mut candidates = std::mem::take(&mut found.packages).into_iter();
        if let Some(candidate) = candidates.find(|candidate| candidate.name == *package) {
            let reason = format!("asked for by @{}", person.login);
            return Ok(Ok(Candidate {
                reason,
                ..candidate
            }));
        }
        Ok(Err(nothing_in(package, &found, &repository.default_branch)))
    }

    /// Whose work it is and what it was compared with: as of the release of the same commit there is already, else since
    /// the package's newest one.
    async fn with_history(
        &self,
        person: Person<'_>,
        mut new: NewReleases,
        already: Option<&ReleaseName>,
    ) -> Result<NewReleases, Problem> {
        let repository = person.repository;
        let installation_id = repository.installation_id;
        new.authors.insert(person.login.to_owned());
        if let Some(already) = already {
            let scope = Scope::of_release(installation_id, already);
            let (snapshot, _) = self.store.snapshot(&scope).await?;
            if let Some(known) = snapshot.releases.get(already) {
                new.authors.extend(known.authors.iter().cloned());
                new.base.clone_from(&known.base);
                new.pull_request = known.pull_request.filter(|_| known.lane.is_none());
            }
            return Ok(new);
        }
        let mut new = self.with_origin(repository, new).await?;
        let package = new.packages.first().map(|found| found.name.clone());
        let newest = match &package {
            Some(package) => self.store.newest_release(installation_id, package).await?,
            None => None,
        };
        let base = match &newest {
            Some(newest) => self.commit_of(installation_id, newest).await?,
            None => None,
        };
        if let Some(base) = base {
            let comparison = self
                .github
                .installation(installation_id)
                .compare(&repository.name, base.as_str(), new.commit.as_str())
                .await;
            match comparison {
                Ok(comparison) => new.authors.extend(comparison.authors),
                // History was rewritten: there is nothing to compare with.
                Err(GitHubError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            new.base = Some(base);
        }
        Ok(new)
    }

    /// The rules of every place it goes to are asked, as for `deploy`.
    async fn release_by(
        &self,
        person: Person<'_>,
        mut new: NewReleases,
    ) -> Result<Understood, Problem> {
        let repository = person.repository;
        let (places, packages) = places_of(&new, self.clock.now());
        let snapshot = self
            .surroundings(repository, &BTreeSet::new(), &packages)
            .await?;
        let mut touched = BTreeSet::new();
        for candidate in &new.packages {
            let name = snapshot.next_release(&candidate.name);
            let probe = new.release(candidate, name, self.clock.now());
            touched.extend(self.touched(repository, &probe, &snapshot, &places).await?);
        }
        let actor = self
            .actor(repository, person.rights(), &snapshot, &places, &touched)
            .await?;
        new.asked = Some(actor);
        Ok(Understood {
            places,
            ..Understood::of(Trigger::Release(new))
        })
    }

    /// What has failed in a release, once more.
    pub(super) async fn ask_retry(
        &self,
        person: Person<'_>,
        reference: &Reference,
    ) -> Result<Understood, Problem> {
        let (name, snapshot) = match self.release_of(person, reference).await? {
            Ok(found) => found,
            Err(instead) => return Ok(instead),
        };
        let actor = self
            .actor_of_wish(person.repository, person.rights(), &snapshot, &name, None)
            .await?;
        let wish = Wish::of(name.clone(), actor);
        Ok(Understood::of(Trigger::Retry(wish)).about([name]))
    }

    /// A release that may be able to go on is looked at.
    pub(super) async fn ask_continue(
        &self,
        person: Person<'_>,
        reference: &Reference,
    ) -> Result<Understood, Problem> {
        let (name, _) = match self.release_of(person, reference).await? {
            Ok(found) => found,
            Err(instead) => return Ok(instead),
        };
        let trigger = Trigger::Wake {
            packages: BTreeSet::from([name.package.clone()]),
            environments: BTreeSet::new(),
            documents: BTreeSet::new(),
        };
        Ok(Understood::of(trigger).about([name]))
    }

    /// The release of this repository that is meant, with what stands around it.
    async fn release_of(
        &self,
        person: Person<'_>,
        reference: &Reference,
    ) -> Result<Found<(ReleaseName, Snapshot)>, Problem> {
        let repository = person.repository;
        if let Some(refused) = foreign(person, reference) {
            return Ok(Err(refused));
        }
        let meant = release_meant(&self.store, repository.installation_id, reference).await?;
        let name = match meant {
            Ok(name) => name,
            Err(words) => {
                let subject = reference.to_string();
                return Ok(Err(Understood::refused(
                    "unknown_release",
                    &subject,
                    markdown::plain(&words),
                )));
            }
        };
        let releases = BTreeSet::from([name.clone()]);
        let snapshot = self
            .surroundings(repository, &releases, &BTreeSet::new())
            .await?;
        Ok(Ok((name, snapshot)))
    }
}

/// What is said of a file that holds no package to release.
fn nothing_in(package: &PackageName, found: &NewReleases, branch: &str) -> Understood {
    let shown = markdown::code(&package.path);
    let own = found.diagnostics.iter();
    let errors: Vec<String> = own
        .filter(|found| Diagnostic::is_error(found) && found.path == package.path)
        .map(|found| markdown::plain(&found.to_string()))
        .collect();
    if !errors.is_empty() {
        let errors = errors.join("\n");
        let words = format!("{errors}\n{shown} has errors, see above: nothing is released");
        return Understood::refused("broken_configuration", &package.to_string(), words);
    }
    let words = if found.environments.is_empty() {
        format!("{shown} declares nothing to release")
    } else {
        format!(
            "{shown} registers environments and holds no package: a server takes them from each push to {}.",
            markdown::code(branch)
        )
    };
    Understood {
        words: vec![words],
        ..Understood::default()
    }
}

/// Who may change what belongs to a repository is known there.
pub(super) fn foreign(person: Person<'_>, reference: &Reference) -> Option<Understood> {
    let is_own = reference.global || reference.repository == person.repository.reference_name;
    if is_own {
        return None;
    }
    let refusal = Refusal::OtherRepository {
        reference: reference.to_string(),
        repository: reference.repository.clone(),
    };
    let words = format!(
        "{} belongs to {}: give the command in a checkout of that repository.",
        markdown::code(&reference.to_string()),
        markdown::code(&reference.repository)
    );
    Some(Understood::refused(
        refusal.code(),
        &reference.to_string(),
        words,
    ))
}
