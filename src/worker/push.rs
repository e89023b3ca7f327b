//! A push to the default branch: from the commit to its releases.
//!
//! The webhook only wakes us. What has to be released is the difference between the commit up to which we have
//! released and the pushed one, so that a lost push is made up for by the next, a doubled one changes nothing, and one
//! that arrives after a later one is recognised (accepted race: two pushes reordered by GitHub release once, at the
//! newer commit).

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::guards;
use super::line::{Answered, Asker, Decision};
use super::sources::{Sources, is_starlark};
use super::{Problem, Worker};
use crate::engine::{NewReleases, Trigger};
use crate::github::{ComparisonStatus, GitHubError};
use crate::model::{CommitSha, PackageName};
use crate::store::{Delivery, Done, Repository};
use crate::webhook::{Push, Sender};

/// What lies between the released commit and the pushed one.
enum Difference {
    /// The pushed commit is contained in what is released.
    Nothing,
    /// These paths differ, by the work of these people.
    Paths(BTreeSet<String>, BTreeSet<String>),
    /// Nothing is known to be the same.
    Everything,
}

impl Worker {
    pub(super) async fn on_push(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        push: &Push,
        sender: Option<&Sender>,
    ) -> Result<(), Problem> {
        self.note_intent_push(delivery, repository, push, sender)
            .await?;
        if push.deleted || push.branch.as_deref() != Some(repository.default_branch.as_str()) {
            return self.ignore(delivery, "not the default branch").await;
        }
        let pusher = sender.filter(|sender| !sender.is_bot);
        let pusher = pusher.map(|sender| sender.login.as_str());
        self.release_head(delivery, repository, &push.after, pusher, None)
            .await
    }

    /// Releases what `commit` of the default branch changes. Whoever asks for it, if somebody does, is answered.
    pub(super) async fn release_head(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
        pusher: Option<&str>,
        asked_by: Option<Asker>,
    ) -> Result<(), Problem> {
        if repository.released_commit.as_ref() == Some(commit) {
            return self.ignore(delivery, "released already").await;
        }
        let sources = self.sources(repository, commit).await?;
        if !sources.is_ours {
            return self.ignore(delivery, "there is no repo.ocu.star").await;
        }
        let mut changes_config = false;
        let (new, is_head) = match self.difference(repository, commit).await? {
            Difference::Nothing => (NewReleases::of(repository.id, commit.clone()), false),
            Difference::Paths(paths, authors) => {
                changes_config = paths.iter().any(|path| is_starlark(path));
                let paths = Some(&paths);
                let new = self.evaluated(repository, commit, &sources, paths).await?;
                (NewReleases { authors, ..new }, true)
            }
            Difference::Everything => {
                changes_config = true;
                let new = self.evaluated(repository, commit, &sources, None).await?;
                (new, true)
            }
        };
        let mut new = self.with_origin(repository, new).await?;
        // Whoever merges has not written it; whoever pushes without a pull request answers for it.
        if new.pull_request.is_none() {
            new.authors.extend(pusher.map(str::to_owned));
        }
        new.base.clone_from(&repository.released_commit);
        new.changes_config = changes_config;
        if is_head {
            let files = sources.package_files.iter().cloned();
            new.files = Some(files.chain(["repo.ocu.star".to_owned()]).collect());
        }
        let triggers = vec![Trigger::Release(new)];
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, triggers, done);
        decision.released = is_head.then(|| (repository.id, commit.clone()));
        decision.answered = asked_by.is_some().then(Answered::default);
        decision.asked_by = asked_by;
        self.decide(decision).await?;
        Ok(())
    }

    /// Evaluates a commit of the default branch, and remembers which files there are: only its own may say what
    /// has to be looked at again.
    async fn evaluated(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        sources: &Sources,
        changed: Option<&BTreeSet<String>>,
    ) -> Result<NewReleases, Problem> {
        let mut found = self.evaluate(repository, commit, sources, changed).await?;
        found.new.intent = found.intent;
        for (path, loads) in &found.plain_files {
            self.store.put_known_file(repository, path, loads).await?;
        }
        Ok(found.new)
    }

    async fn difference(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<Difference, Problem> {
        let Some(released) = &repository.released_commit else {
            return Ok(Difference::Everything);
        };
        let installation = self.github.installation(repository.installation_id);
        let comparison = match installation
            .compare(&repository.name, released.as_str(), commit.as_str())
            .await
        {
            Ok(comparison) => comparison,
            // The released commit is gone (history was rewritten and cleaned up): there is nothing to compare with.
            Err(GitHubError::NotFound { .. }) => return Ok(Difference::Everything),
            Err(error) => return Err(error.into()),
        };
        let authors = comparison.authors.clone();
        match comparison.status {
            ComparisonStatus::Identical | ComparisonStatus::Behind => Ok(Difference::Nothing),
            ComparisonStatus::Ahead if !comparison.truncated => Ok(Difference::Paths(
                comparison.changed_paths.into_iter().collect(),
                authors,
            )),
            ComparisonStatus::Ahead => Ok(Difference::Paths(
                self.tree_difference(repository, released, commit).await?,
                authors,
            )),
            ComparisonStatus::Diverged => {
                let head = installation
                    .branch_head(&repository.name, &repository.default_branch)
                    .await?;
                if head == *commit {
                    let paths = self.tree_difference(repository, released, commit).await?;
                    Ok(Difference::Paths(paths, authors))
                } else {
                    Ok(Difference::Nothing)
                }
            }
        }
    }

    /// Every path whose content differs between two commits: exact, whatever lies between them.
    pub(super) async fn tree_difference(
        &self,
        repository: &Repository,
        from: &CommitSha,
        to: &CommitSha,
    ) -> Result<BTreeSet<String>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let before = installation.tree(&repository.name, from).await?;
        let after = installation.tree(&repository.name, to).await?;
        let index = |tree: crate::github::Tree| -> BTreeMap<String, String> {
            let entries = tree.entries.into_iter();
            entries.map(|entry| (entry.path, entry.blob_sha)).collect()
        };
        let (before, after) = (index(before), index(after));
        let paths = before.keys().chain(after.keys());
        Ok(paths
            .filter(|path| before.get(*path) != after.get(*path))
            .cloned()
            .collect())
    }

    /// Adds the merged pull request the commit came from, and, if environments are registered, the packages
    /// elsewhere that may have to follow.
    pub(super) async fn with_origin(
        &self,
        repository: &Repository,
        mut new: NewReleases,
    ) -> Result<NewReleases, Problem> {
        if !new.packages.is_empty() {
            let pull_requests = self
                .github
                .installation(repository.installation_id)
                .pull_requests_of_commit(&repository.name, &new.commit)
                .await?;
            let merged = pull_requests
                .iter()
                .find(|pull_request| pull_request.merged);
            new.pull_request = merged.map(|pull_request| pull_request.number);
            new.authors
                .extend(merged.and_then(|pull_request| pull_request.author.clone()));
        }
        if !new.environments.is_empty() {
            let own: BTreeSet<PackageName> = new
                .packages
                .iter()
                .map(|candidate| candidate.name.clone())
                .collect();
            new.others = self
                .store
                .released_packages(repository.installation_id, &own)
                .await?;
        }
        Ok(new)
    }

    /// Environments have changed: evaluates a package's newest release again at its own commit.
    pub(super) async fn replan(
        &self,
        delivery: &Delivery,
        package: &PackageName,
    ) -> Result<(), Problem> {
        let installation_id = super::intake::installation_of(delivery)?;
        let newest = self.store.newest_release(installation_id, package).await?;
        let repository = self
            .store
            .repository_by_reference(installation_id, &package.repository)
            .await?;
        let (Some(release), Some(repository)) = (newest, repository) else {
            return self.ignore(delivery, "the package has no release").await;
        };
        let Some(commit) = self.commit_of(installation_id, &release).await? else {
            return self.ignore(delivery, "the release is gone").await;
        };
        let sources = self.sources(&repository, &commit).await?;
        let environments = self.environments(installation_id).await?;
        let paths = [package.path.clone()];
        let evaluations = self
            .sandbox
            .evaluate(&sources.tree, &paths, &environments)
            .await?;
        let Some((path, evaluation)) = evaluations.into_iter().next() else {
            return self.ignore(delivery, "the file is gone").await;
        };
        let guards = guards(&repository, &path, &evaluation);
        let Some(mut package) = evaluation.package else {
            return self.ignore(delivery, "the file holds no package now").await;
        };
        package.loads.extend(evaluation.loads);
        let triggers = vec![
            // Rules may be made for what `environments()` answers, too.
            Trigger::Guards(guards),
            Trigger::Replanned { release, package },
        ];
        let done = Done::Delivery(delivery.id);
        self.decide(Decision::new(installation_id, triggers, done))
            .await?;
        Ok(())
    }
}
