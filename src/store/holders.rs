//! Who holds what, and what was there before.

use std::collections::BTreeSet;

use super::standing::hold;
use super::{Result, Store};
use crate::model::{EnvironmentName, Hold, ReleaseName, ReleaseNumber, TaskKey};
use crate::store::database::query;

impl Store {
    /// The pull requests of a repository, as refs call it, that claim any environment.
    ///
    /// # Errors
    /// When the database does.
    pub async fn holders_of_repository(
        &self,
        installation_id: i64,
        repository: &str,
    ) -> Result<BTreeSet<i64>> {
        let rows = query(
            "SELECT DISTINCT pull_request FROM hold WHERE installation_id = $1 AND repository = $2",
        )
        .bind(installation_id)
        .bind(repository)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Every claim of one pull request of a repository, as refs call it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn holds_of_pull_request(
        &self,
        installation_id: i64,
        repository: &str,
        pull_request: i64,
    ) -> Result<Vec<Hold>> {
        let rows = query(
            "SELECT repository, path, environment, pull_request, asked_by, asked_at, granted_at \
             FROM hold WHERE installation_id = $1 AND repository = $2 AND pull_request = $3",
        )
        .bind(installation_id)
        .bind(repository)
        .bind(pull_request)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(hold).collect()
    }

    /// The release to go back to from `live`: the next older one of the default branch that has been there.
    ///
    /// # Errors
    /// When the database does.
    pub async fn release_before(
        &self,
        installation_id: i64,
        live: &ReleaseName,
        environment: &EnvironmentName,
    ) -> Result<Option<ReleaseName>> {
        let row = query(
            "SELECT release.number FROM package JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number < $4 AND release.lane IS NULL AND EXISTS (SELECT 1 FROM run \
             WHERE run.release_id = release.id AND run.task = $5 AND run.kind = 'up' \
             AND run.state = 'complete') ORDER BY release.number DESC LIMIT 1",
        )
        .bind(installation_id)
        .bind(&live.package.repository)
        .bind(&live.package.path)
        .bind(live.number.0)
        .bind(TaskKey::Deploy(environment.clone()).to_string())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| ReleaseName {
            package: live.package.clone(),
            number: ReleaseNumber(row.get(0)),
        }))
    }
}
