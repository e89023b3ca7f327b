//! What of the record GitHub has been seen to show.

use super::names::release_name;
use super::{Result, Store, parse};
use crate::model::{CommitSha, ReleaseName, Timestamp};
use crate::store::database::{Row, query};

/// A release that is over, and of which nobody has seen whether GitHub shows that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverRelease {
    /// Its row.
    pub id: i64,
    /// Its name.
    pub name: ReleaseName,
    /// The commit its check runs are on.
    pub commit: CommitSha,
}

impl Store {
    /// Up to `most` releases of a repository made after `since` that are over and not seen to be so on GitHub, the newest
    /// first.
    ///
    /// # Errors
    /// When the database does.
    pub async fn unverified_releases(
        &self,
        repository_id: i64,
        since: Timestamp,
        most: i64,
    ) -> Result<Vec<OverRelease>> {
        let rows = query(
            "SELECT package.repository, package.path, release.number, release.id, release.commit_sha \
             FROM release JOIN package ON package.id = release.package_id \
             WHERE release.repository_id = $1 AND release.is_open = 0 AND release.created_at >= $2 \
             AND NOT EXISTS (SELECT 1 FROM verified_release WHERE verified_release.release_id = release.id) \
             ORDER BY release.created_at DESC LIMIT $3",
        )
        .bind(repository_id)
        .bind(since.0)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        let read = |row: &Row| {
            Ok(OverRelease {
                name: release_name(row, 0),
                id: row.get(3),
                commit: parse("commit", row.get(4))?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Notes that GitHub shows that the release is over.
    ///
    /// # Errors
    /// When the database does.
    pub async fn release_is_verified(&self, release: &OverRelease) -> Result<()> {
        query(
            "INSERT INTO verified_release (release_id) VALUES ($1) ON CONFLICT (release_id) DO NOTHING",
        )
        .bind(release.id)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The numbers of a repository's pull requests that are open as far as is known here.
    ///
    /// # Errors
    /// When the database does.
    pub async fn numbers_of_open_pull_requests(&self, repository_id: i64) -> Result<Vec<i64>> {
        let rows = query(
            "SELECT number FROM pull_request WHERE repository_id = $1 AND is_open = 1 ORDER BY number",
        )
        .bind(repository_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The waves of a repository that machines are at.
    ///
    /// # Errors
    /// When the database does.
    pub async fn keys_of_active_waves(&self, repository_id: i64) -> Result<Vec<String>> {
        let rows = query(
            "SELECT DISTINCT wave.key FROM run JOIN wave ON wave.key = run.wave \
             WHERE run.state IN ('starting', 'running', 'cancelling') AND run.wave_fence = run.fence \
             AND wave.repository_id = $1 ORDER BY wave.key",
        )
        .bind(repository_id)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}
