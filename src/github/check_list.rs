//! The check runs that are on a commit.

use serde::Deserialize;

use super::call::Call;
use super::client::Installation;
use super::error::GitHubError;
use crate::model::{CommitSha, RepositoryName};

/// A check run of ours as GitHub shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCheckRun {
    /// What we know it by.
    pub external_id: String,
    /// Whether it has concluded.
    pub is_completed: bool,
}

#[derive(Deserialize)]
struct Page {
    check_runs: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    external_id: Option<String>,
    status: Option<String>,
}

impl Installation {
    /// The check runs of ours on a commit, the latest of each name.
    ///
    /// # Errors
    /// `Rejected` with 422 when GitHub does not know the commit.
    pub async fn check_runs(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<ShownCheckRun>, GitHubError> {
        let app_id = self.github.app_id();
        let call = Call::get(Call::path(repository, &format!("commits/{sha}/check-runs")))
            .query("app_id", &app_id.to_string())
            .query("filter", "latest");
        let items = self
            .caller
            .pages(call, |page: Page| page.check_runs)
            .await?;
        let shown = items.into_iter().map(|item| ShownCheckRun {
            external_id: item.external_id.unwrap_or_default(),
            is_completed: item.status.as_deref() == Some("completed"),
        });
        Ok(shown.collect())
    }
}
