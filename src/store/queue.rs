//! What waits to be done, all of it, for a process that has the record to itself and chooses.

use super::inbox::delivery;
use super::outbox::{COLUMNS, read};
use super::records::tagged;
use super::waves::active_run;
use super::{ActiveRun, Delivery, PendingEffect, Result, Store};
use crate::model::{PackageName, ReleaseName, ReleaseNumber, Timestamp};
use crate::store::database::{Row, query};

impl Store {
    /// The deliveries that are due, the oldest first. None of them is claimed by it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn due_deliveries(
        &self,
        installation_id: i64,
        now: Timestamp,
    ) -> Result<Vec<Delivery>> {
        let rows = query(
            "SELECT id, key, event, installation_id, body, received_at, attempts FROM delivery \
             WHERE state = 'pending' AND installation_id = $1 AND due_at <= $2 ORDER BY due_at, id",
        )
        .bind(installation_id)
        .bind(now.0)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(delivery).collect())
    }

    /// The calls that wait, in the order of lanes and then of their making. None of them is claimed by it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn waiting_effects(&self, installation_id: i64) -> Result<Vec<PendingEffect>> {
        // The `+` keeps to the index of what waits: what is done stays in the workspace for good.
        let sql = format!(
            "SELECT {COLUMNS} FROM effect WHERE state = 'pending' AND +installation_id = $1 \
             ORDER BY lane, created_at, key"
        );
        let rows = query(sql)
            .bind(installation_id)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The runs that somebody has taken and not ended.
    ///
    /// # Errors
    /// When the database does.
    pub async fn taken_runs(&self, installation_id: i64) -> Result<Vec<ActiveRun>> {
        // The list of states is that of the index: the planner sees no other as part of it.
        let rows = query(
            "SELECT package.repository, package.path, release.number, run.task, run.number, run.fence, \
             run.state FROM run JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             WHERE +package.installation_id = $1 AND +release.is_open = 1 \
             AND run.state IN ('starting', 'running', 'cancelling') AND run.state <> 'starting' \
             ORDER BY +run.id",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(active_run).collect()
    }

    /// The release that a tag of a package means now.
    ///
    /// # Errors
    /// When the database does.
    pub async fn tagged_release(
        &self,
        installation_id: i64,
        package: &PackageName,
        tag: &str,
    ) -> Result<Option<ReleaseName>> {
        let mut connection = self.readers.acquire().await?;
        let number = tagged(&mut connection, installation_id, package, tag).await?;
        Ok(number.map(|number| ReleaseName {
            package: package.clone(),
            number,
        }))
    }

    /// The releases of a package that were made from `commit`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn releases_of_commit(
        &self,
        installation_id: i64,
        package: &PackageName,
        commit: &str,
    ) -> Result<Vec<ReleaseName>> {
        let rows = query(
            "SELECT release.number FROM package JOIN release ON release.package_id = package.id \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.commit_sha = $4 ORDER BY release.number",
        )
        .bind(installation_id)
        .bind(&package.repository)
        .bind(&package.path)
        .bind(commit)
        .fetch_all(&self.readers)
        .await?;
        let release = |row: &Row| ReleaseName {
            package: package.clone(),
            number: ReleaseNumber(row.get(0)),
        };
        Ok(rows.iter().map(release).collect())
    }
}
