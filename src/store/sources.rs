//! The Starlark files of commits, kept so that a commit is read from GitHub once.

use std::collections::BTreeMap;

use super::documents::LIST;
use super::{Result, Store, from_json, placeholders, to_json};
use crate::model::CommitSha;
use crate::store::database::query;

impl Store {
    /// The Starlark files of a commit: path to blob. `None` when the commit was never read.
    ///
    /// # Errors
    /// When the database does.
    pub async fn source_tree(
        &self,
        repository_id: i64,
        commit: &CommitSha,
    ) -> Result<Option<BTreeMap<String, String>>> {
        let row =
            query("SELECT files FROM source_tree WHERE repository_id = $1 AND commit_sha = $2")
                .bind(repository_id)
                .bind(commit.as_str())
                .fetch_optional(&self.readers)
                .await?;
        row.map(|row| from_json("source tree", row.get(0)))
            .transpose()
    }

    /// The texts of `blobs` that are kept.
    ///
    /// # Errors
    /// When the database does.
    pub async fn source_blobs(
        &self,
        repository_id: i64,
        blobs: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        for chunk in blobs.chunks(LIST) {
            let sql = format!(
                "SELECT blob_sha, text FROM source_blob \
                 WHERE repository_id = $1 AND blob_sha IN {}",
                placeholders(2, chunk.len())
            );
            let mut query = query(sql).bind(repository_id);
            for blob in chunk {
                query = query.bind(blob);
            }
            for row in query.fetch_all(&self.readers).await? {
                texts.insert(row.get(0), row.get(1));
            }
        }
        Ok(texts)
    }

    /// Keeps a commit's files and the texts that were read for it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_sources(
        &self,
        repository_id: i64,
        commit: &CommitSha,
        files: &BTreeMap<String, String>,
        texts: &BTreeMap<String, String>,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for (blob, text) in texts {
            query(
                "INSERT INTO source_blob (repository_id, blob_sha, text) VALUES ($1, $2, $3) \
                 ON CONFLICT (repository_id, blob_sha) DO NOTHING",
            )
            .bind(repository_id)
            .bind(blob)
            .bind(text)
            .execute(&mut *transaction)
            .await?;
        }
        query(
            "INSERT INTO source_tree (repository_id, commit_sha, files) VALUES ($1, $2, $3) \
             ON CONFLICT (repository_id, commit_sha) DO NOTHING",
        )
        .bind(repository_id)
        .bind(commit.as_str())
        .bind(to_json("source tree", files)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
