//! Where the App is installed, as GitHub shows it now: what no webhook has told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, Worker};
use crate::github::{GitHubError, InstallationFacts};

/// How often GitHub is asked, in seconds.
const INTERVAL: i64 = 3600;

const SUBJECT: &str = "installations";

impl Worker {
    /// Asks where the App is installed, suspended, or gone, and which repositories it sees, if it is time.
    pub(super) async fn installed(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let last = self.store.sweep_position(SUBJECT).await?;
        if last.is_some_and(|last| last > now.plus_seconds(-INTERVAL)) {
            return Ok(());
        }
        let shown = self.github.installations().await?;
        let known: BTreeMap<i64, bool> = self.store.workspaces().await?.into_iter().collect();
        let ids: BTreeSet<i64> = shown.iter().map(|installation| installation.id).collect();
        for installation in &shown {
            if let Err(problem) = self.look_at_installation(installation, &known).await {
                tracing::warn!(%problem, installation = installation.id, "looking at an installation failed");
            }
        }
        for gone in known.keys().filter(|id| !ids.contains(id)) {
            // Asked once more, in another way: what is given up with a repository does not come back.
            let seen = self.github.installation(*gone).repositories().await;
            if !matches!(seen, Err(GitHubError::Forbidden { .. })) {
                continue;
            }
            for repository in self.store.seen_repositories(*gone).await? {
                self.store.repository_gone(repository).await?;
            }
        }
        self.store.put_sweep_position(SUBJECT, now).await?;
        Ok(())
    }

    async fn look_at_installation(
        &self,
        shown: &InstallationFacts,
        known: &BTreeMap<i64, bool>,
    ) -> Result<(), Problem> {
        if known.get(&shown.id) != Some(&shown.suspended) {
            let account = shown.account_login.as_deref().unwrap_or_default();
            self.store
                .put_workspace(shown.id, account, shown.suspended)
                .await?;
        }
        if shown.suspended {
            return Ok(());
        }
        let seen = match self.github.installation(shown.id).repositories().await {
            // It was suspended or removed meanwhile.
            Err(GitHubError::Forbidden { .. } | GitHubError::NotFound { .. }) => return Ok(()),
            seen => seen?,
        };
        let ids: BTreeSet<i64> = seen.iter().map(|repository| repository.id).collect();
        for id in self.store.seen_repositories(shown.id).await? {
            if ids.contains(&id) {
                continue;
            }
            // Lists lag behind: asked once more.
            let Some(repository) = self.store.repository(id).await? else {
                continue;
            };
            let installation = self.github.installation(shown.id);
            if installation.repository_id(&repository.name).await? != Some(id) {
                tracing::info!(repository = %repository.name, "the App sees it no more");
                self.store.repository_gone(id).await?;
            }
        }
        Ok(())
    }
}
