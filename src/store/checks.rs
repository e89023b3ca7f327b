//! GitHub's objects for ours, and what check runs say.

use sqlx::Row;

use super::{Result, Store, from_json};
use crate::engine::CommitReport;
use crate::model::CommitSha;

/// GitHub's object for one of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct GithubObject {
    /// GitHub's id of it.
    pub github_id: i64,
    /// Digest of what was last written to it: writing the same again is spared.
    pub digest: String,
}

impl Store {
    /// GitHub's object for `key`, if one was made.
    ///
    /// # Errors
    /// When the database does.
    pub async fn github_object(
        &self,
        installation_id: i64,
        key: &str,
    ) -> Result<Option<GithubObject>> {
        let row = sqlx::query(
            "SELECT github_id, digest FROM github_object WHERE installation_id = $1 AND key = $2",
        )
        .bind(installation_id)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| GithubObject {
            github_id: row.get(0),
            digest: row.get(1),
        }))
    }

    /// Our key of a check run of GitHub's.
    ///
    /// # Errors
    /// When the database does.
    pub async fn key_of_github_object(
        &self,
        installation_id: i64,
        github_id: i64,
    ) -> Result<Option<String>> {
        let row = sqlx::query(
            "SELECT key FROM github_object WHERE installation_id = $1 AND github_id = $2 \
             AND key LIKE '% check %'",
        )
        .bind(installation_id)
        .bind(github_id)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Remembers GitHub's object for `key` and what was written to it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_github_object(
        &self,
        installation_id: i64,
        key: &str,
        object: &GithubObject,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO github_object (installation_id, key, github_id, digest) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (installation_id, key) DO UPDATE SET \
             github_id = excluded.github_id, digest = excluded.digest",
        )
        .bind(installation_id)
        .bind(key)
        .bind(object.github_id)
        .bind(&object.digest)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// What the check run `ocuroot` is to say about a commit.
    ///
    /// # Errors
    /// When the database does.
    pub async fn commit_report(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Option<CommitReport>> {
        let row = sqlx::query(
            "SELECT report FROM commit_report WHERE repository_id = $1 AND commit_sha = $2",
        )
        .bind(repository_id)
        .bind(commit.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| from_json("report", row.get(0))).transpose()
    }
}
