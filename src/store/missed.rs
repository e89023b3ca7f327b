//! Webhooks that never arrived: how far GitHub's list was looked through, and what is asked for again.

use super::documents::LIST;
use super::{Result, Store, placeholders};
use crate::model::Timestamp;
use crate::store::database::query;

/// A look through GitHub's list of deliveries that is not at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryScan {
    /// GitHub's name for the next page; `None` for the first one.
    pub cursor: Option<String>,
    /// How far back it goes.
    pub back_to: Timestamp,
    /// When it began: what is newer is for the next one.
    pub began_at: Timestamp,
}

/// A webhook that GitHub could not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedDelivery {
    /// The delivery's GUID.
    pub key: String,
    /// The attempt that GitHub is asked by.
    pub attempt_id: i64,
    /// The event's name.
    pub event: String,
    /// The repository it is about.
    pub repository_id: Option<i64>,
    /// When GitHub tried.
    pub delivered_at: Timestamp,
    /// 0 for people's words, 1 for what can be seen on GitHub, too.
    pub urgency: i64,
    /// How often it was asked for.
    pub asked: i64,
}

impl Store {
    /// The look that is under way.
    ///
    /// # Errors
    /// When the database does.
    pub async fn delivery_scan(&self) -> Result<Option<DeliveryScan>> {
        let row = query("SELECT cursor, back_to, began_at FROM delivery_scan WHERE id = 1")
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| DeliveryScan {
            cursor: row.get(0),
            back_to: Timestamp(row.get(1)),
            began_at: Timestamp(row.get(2)),
        }))
    }

    /// Remembers how far a look has come; `None` when it is at its end.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_delivery_scan(&self, scan: Option<&DeliveryScan>) -> Result<()> {
        let Some(scan) = scan else {
            query("DELETE FROM delivery_scan WHERE id = 1")
                .execute(&self.writer)
                .await?;
            return Ok(());
        };
        query(
            "INSERT INTO delivery_scan (id, cursor, back_to, began_at) VALUES (1, $1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, back_to = excluded.back_to, \
             began_at = excluded.began_at",
        )
        .bind(&scan.cursor)
        .bind(scan.back_to.0)
        .bind(scan.began_at.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Writes down what is to be asked for; what is written down already stays as it is.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_missed(&self, missed: &[MissedDelivery]) -> Result<()> {
        const COLUMNS: usize = 7;
        for chunk in missed.chunks(LIST / COLUMNS) {
            let rows: Vec<String> = (0..chunk.len())
                .map(|row| placeholders(row * COLUMNS + 1, COLUMNS))
                .collect();
            let sql = format!(
                "INSERT INTO missed_delivery (key, attempt_id, event, repository_id, delivered_at, urgency, \
                 due_at) VALUES {} ON CONFLICT (key) DO NOTHING",
                rows.join(", ")
            );
            let mut query = query(sql);
            for delivery in chunk {
                query = query
                    .bind(&delivery.key)
                    .bind(delivery.attempt_id)
                    .bind(&delivery.event)
                    .bind(delivery.repository_id)
                    .bind(delivery.delivered_at.0)
                    .bind(delivery.urgency)
                    // The oldest comes first.
                    .bind(delivery.delivered_at.0);
            }
            query.execute(&self.writer).await?;
        }
        Ok(())
    }

    /// Up to `most` of what is due: people's words first, then the oldest.
    ///
    /// # Errors
    /// When the database does.
    pub async fn due_missed(&self, now: Timestamp, most: i64) -> Result<Vec<MissedDelivery>> {
        let mut due = Vec::new();
        for urgency in 0..=1_i64 {
            let rows = query(
                "SELECT key, attempt_id, event, repository_id, delivered_at, urgency, asked FROM missed_delivery \
                 WHERE urgency = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
            )
            .bind(urgency)
            .bind(now.0)
            .bind(most)
            .fetch_all(&self.readers)
            .await?;
            due.extend(rows.iter().map(|row| MissedDelivery {
                key: row.get(0),
                attempt_id: row.get(1),
                event: row.get(2),
                repository_id: row.get(3),
                delivered_at: Timestamp(row.get(4)),
                urgency: row.get(5),
                asked: row.get(6),
            }));
        }
        due.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(due)
    }

    /// Notes how often GitHub was asked for it; it is asked again at `due` if it does not come.
    ///
    /// # Errors
    /// When the database does.
    pub async fn missed_was_asked(&self, key: &str, asked: i64, due: Timestamp) -> Result<()> {
        query("UPDATE missed_delivery SET asked = $1, due_at = $2 WHERE key = $3")
            .bind(asked)
            .bind(due.0)
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// What was asked for and has not come is asked for anew: whoever was to receive it is gone.
    ///
    /// # Errors
    /// When the database does.
    pub async fn ask_anew(&self, now: Timestamp) -> Result<()> {
        query(
            "UPDATE missed_delivery SET asked = 0, due_at = $1 \
             WHERE urgency IN (0, 1) AND due_at > $1 AND asked > 0",
        )
        .bind(now.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Leaves what can be seen on GitHub, too, for later, and has the repositories it is about looked at soon.
    ///
    /// # Errors
    /// When the database does.
    pub async fn look_instead(&self, now: Timestamp, later: Timestamp) -> Result<()> {
        query(
            "UPDATE repository SET seen_at = 0 WHERE id IN (SELECT repository_id FROM missed_delivery \
             WHERE urgency = 1 AND due_at <= $1)",
        )
        .bind(now.0)
        .execute(&self.writer)
        .await?;
        query("UPDATE missed_delivery SET due_at = $1 WHERE urgency = 1 AND due_at <= $2")
            .bind(later.0)
            .bind(now.0)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets what has arrived, or is not asked for any more.
    ///
    /// # Errors
    /// When the database does.
    pub async fn forget_missed(&self, keys: &[String]) -> Result<()> {
        for chunk in keys.chunks(LIST) {
            let sql = format!(
                "DELETE FROM missed_delivery WHERE key IN {}",
                placeholders(1, chunk.len())
            );
            let mut query = query(sql);
            for key in chunk {
                query = query.bind(key);
            }
            query.execute(&self.writer).await?;
        }
        Ok(())
    }

    /// When the sweep last looked at a repository; `None` if it does not look there, or what is pushed there is taken
    /// over in the name of whoever pushed it, which only the webhook tells.
    ///
    /// # Errors
    /// When the database does.
    pub async fn repository_seen(&self, id: i64) -> Result<Option<Timestamp>> {
        let row = query(
            "SELECT seen_at FROM repository WHERE id = $1 AND released_commit IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM intent_branch WHERE intent_branch.installation_id = repository.installation_id \
             AND intent_branch.repository = repository.reference_name)",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| Timestamp(row.get(0))))
    }

    /// Has a repository looked at by the next sweep.
    ///
    /// # Errors
    /// When the database does.
    pub async fn look_soon(&self, id: i64) -> Result<()> {
        query("UPDATE repository SET seen_at = 0 WHERE id = $1")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Has every repository that is released looked at by the next sweeps. Answers which these are.
    ///
    /// # Errors
    /// When the database does.
    pub async fn look_at_all_soon(&self) -> Result<Vec<i64>> {
        let rows = query(
            "UPDATE repository SET seen_at = 0 WHERE released_commit IS NOT NULL AND seen_at >= 0 \
             AND is_gone = 0 RETURNING id",
        )
        .fetch_all(&self.writer)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Whether a call was ever written down.
    ///
    /// # Errors
    /// When the database does.
    pub async fn has_effect(&self, installation_id: i64, key: &str) -> Result<bool> {
        let row = query("SELECT 1 FROM effect WHERE installation_id = $1 AND key = $2")
            .bind(installation_id)
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_some())
    }
}
