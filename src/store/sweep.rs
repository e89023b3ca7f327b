//! How far the sweep has looked, and what it has to look at.

use super::documents::LIST;
use super::repositories::{REPOSITORY_COLUMNS, read_repository};
use super::{Repository, Result, Store, placeholders};
use crate::model::Timestamp;
use crate::store::database::query;

impl Store {
    /// The time up to which `subject` was looked through; `None` at the first look.
    ///
    /// # Errors
    /// When the database does.
    pub async fn sweep_position(&self, subject: &str) -> Result<Option<Timestamp>> {
        let row = query("SELECT position FROM sweep WHERE subject = $1")
            .bind(subject)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| Timestamp(row.get(0))))
    }

    /// Notes the time up to which `subject` was looked through.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_sweep_position(&self, subject: &str, position: Timestamp) -> Result<()> {
        query(
            "INSERT INTO sweep (subject, position) VALUES ($1, $2) \
             ON CONFLICT (subject) DO UPDATE SET position = excluded.position",
        )
        .bind(subject)
        .bind(position.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The deliveries among `keys` that never arrived here.
    ///
    /// # Errors
    /// When the database does.
    pub async fn missing_deliveries(&self, keys: &[String]) -> Result<Vec<String>> {
        let mut missing: Vec<String> = keys.to_vec();
        for chunk in keys.chunks(LIST) {
            let sql = format!(
                "SELECT key FROM delivery WHERE key IN {}",
                placeholders(1, chunk.len())
            );
            let mut query = query(sql);
            for key in chunk {
                query = query.bind(key);
            }
            for row in query.fetch_all(&self.readers).await? {
                let known: String = row.get(0);
                missing.retain(|key| *key != known);
            }
        }
        Ok(missing)
    }

    /// Takes up to `most` released repositories that were not looked at since `before`, the longest unseen first, and
    /// notes that they are looked at `now`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn take_unseen_repositories(
        &self,
        before: Timestamp,
        now: Timestamp,
        most: i64,
    ) -> Result<Vec<Repository>> {
        let sql = format!(
            "UPDATE repository SET seen_at = $1 WHERE id IN ( \
                SELECT repository.id FROM repository JOIN workspace \
                    ON workspace.installation_id = repository.installation_id \
                WHERE repository.released_commit IS NOT NULL AND repository.seen_at <= $2 \
                    AND repository.is_gone = 0 AND workspace.is_suspended = 0 \
                ORDER BY repository.seen_at LIMIT $3) \
             RETURNING {REPOSITORY_COLUMNS}"
        );
        let rows = query(sql)
            .bind(now.0)
            .bind(before.0)
            .bind(most)
            .fetch_all(&self.writer)
            .await?;
        rows.iter().map(read_repository).collect()
    }

    /// Takes away what has ended by itself: locks, and commands nobody has confirmed. Nothing looks at them any more,
    /// so it is no decision, and one that puts a lock anew at the same time wins.
    ///
    /// # Errors
    /// When the database does.
    pub async fn forget_what_has_ended(&self, now: Timestamp) -> Result<()> {
        query("DELETE FROM lock WHERE until <= $1")
            .bind(now.0)
            .execute(&self.writer)
            .await?;
        query("DELETE FROM confirmation WHERE expires_at <= $1")
            .bind(now.0)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
