//! The comment on a pull request that is edited in place: written once, found again by its mark if we have lost it.

use sha2::{Digest, Sha256};

use super::{Problem, Worker};
use crate::github::GitHubError;
use crate::report::{self, Overview};
use crate::store::{GithubObject, PendingEffect, Repository, Scope};

/// What tells our comment from others. It never changes.
const MARK: &str = "<!-- ocuroot:pull-request -->";

impl Worker {
    /// Brings the comment up to date. Edited only when it says something new: people are not notified of edits, but
    /// each costs a request.
    pub(super) async fn overview(
        &self,
        effect: &PendingEffect,
        number: i64,
    ) -> Result<(), Problem> {
        let repository = self.repository_of(effect).await?;
        let known = self
            .store
            .github_object(effect.installation_id, &effect.key)
            .await?;
        let Some(body) = self
            .overview_text(&repository, number, known.is_some())
            .await?
        else {
            return self.settled(effect).await;
        };
        let body = format!("{MARK}\n{body}");
        let digest = hex::encode(Sha256::digest(&body));
        if known.as_ref().is_some_and(|known| known.digest == digest) {
            return self.settled(effect).await;
        }
        let known = known.map(|known| known.github_id);
        let github_id = self.put_comment(&repository, number, known, &body).await?;
        let object = GithubObject { github_id, digest };
        self.store
            .put_github_object(effect.installation_id, &effect.key, &object)
            .await?;
        self.settled(effect).await
    }

    /// Edits our comment, or, if nobody knows it any more, the one that carries our mark; else writes a new one.
    async fn put_comment(
        &self,
        repository: &Repository,
        number: i64,
        known: Option<i64>,
        body: &str,
    ) -> Result<i64, Problem> {
        let installation = self.github.installation(repository.installation_id);
        if let Some(id) = known {
            match installation
                .update_comment(&repository.name, id, body)
                .await
            {
                Ok(()) => return Ok(id),
                // Somebody has deleted it.
                Err(GitHubError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let found = installation
            .find_comment(&repository.name, number, MARK)
            .await?;
        if let Some(id) = found {
            installation
                .update_comment(&repository.name, id, body)
                .await?;
            return Ok(id);
        }
        Ok(installation
            .create_comment(&repository.name, number, body)
            .await?)
    }

    /// What the comment says now; `None` when there is nothing worth one.
    async fn overview_text(
        &self,
        repository: &Repository,
        number: i64,
        is_there: bool,
    ) -> Result<Option<String>, Problem> {
        let pull = self.store.pull_request(repository.id, number).await?;
        let report = match &pull {
            Some(pull) => {
                let reports = self.store.commit_reports(repository.id, &pull.head_sha);
                reports.await?.remove(&Some(number))
            }
            None => None,
        };
        let names = self
            .store
            .releases_of_pull_request(repository.id, number)
            .await?;
        let scope = Scope {
            installation_id: repository.installation_id,
            releases: names.iter().cloned().collect(),
            repositories: std::iter::once(repository.reference_name.clone()).collect(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let packages = names.iter().map(|name| name.package.clone()).collect();
        let live = self
            .store
            .deployments_of_packages(repository.installation_id, &packages)
            .await?;
        let releases = names.iter();
        let overview = Overview {
            number,
            is_open: pull.as_ref().is_some_and(|pull| pull.is_open),
            is_fork: pull.is_some_and(|pull| pull.is_fork),
            report: report.as_ref(),
            releases: releases
                .filter_map(|name| snapshot.releases.get(name))
                .collect(),
            snapshot: &snapshot,
            live: &live,
        };
        let is_wanted = is_there || overview.has_news();
        Ok(is_wanted.then(|| report::overview(&overview, self.clock.now())))
    }
}
