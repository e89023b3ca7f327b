//! The inbox: every webhook delivery and every internal message, kept before it is acknowledged.

use std::collections::BTreeSet;

use super::{Result, Store, placeholders};
use crate::model::{DeliveryId, Timestamp};
use crate::store::database::{Row, query};
use crate::webhook::IncomingDelivery;

/// A delivery that was claimed to be worked on.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its place in the order of arrival.
    pub id: i64,
    /// GitHub's GUID, or an internal key.
    pub key: DeliveryId,
    /// GitHub's event name, or an internal one.
    pub event: String,
    /// The installation it is about, if it says so.
    pub installation_id: Option<i64>,
    /// The JSON.
    pub body: Vec<u8>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// How often it has been worked on, this time included.
    pub attempts: i64,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDelivery {
    /// `pending`, `done`, `ignored` or `failed`.
    pub state: String,
    /// The JSON.
    pub body: Vec<u8>,
    /// What whoever asked is told (JSON), once it was decided.
    pub answer: Option<String>,
}

pub(super) fn delivery(row: &Row) -> Delivery {
    Delivery {
        id: row.get(0),
        key: DeliveryId::new(row.get::<String>(1)),
        event: row.get(2),
        installation_id: row.get(3),
        body: row.get(4),
        received_at: Timestamp(row.get(5)),
        attempts: row.get(6),
    }
}

impl Store {
    /// Keeps a batch in one durable statement. The answer says for each whether it is new.
    ///
    /// # Errors
    /// When nothing of the batch could be kept.
    pub async fn append_deliveries(
        &self,
        deliveries: &[IncomingDelivery],
        now: Timestamp,
    ) -> Result<Vec<bool>> {
        const COLUMNS: usize = 6;
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<String> = (0..deliveries.len())
            .map(|row| placeholders(row * COLUMNS + 1, COLUMNS))
            .collect();
        let sql = format!(
            "INSERT INTO delivery (key, event, installation_id, body, received_at, due_at) VALUES {} \
             ON CONFLICT (key) DO NOTHING RETURNING key",
            rows.join(", ")
        );
        let mut query = query(sql);
        for delivery in deliveries {
            query = query
                .bind(delivery.id.as_str())
                .bind(&delivery.event)
                .bind(delivery.installation_id)
                .bind(delivery.body.as_ref())
                .bind(now.0)
                .bind(now.0);
        }
        let inserted = query.fetch_all(&self.writer).await?;
        let mut new: std::collections::HashSet<String> =
            inserted.iter().map(|row| row.get(0)).collect();
        // A key that stands twice in one batch is new only once.
        Ok(deliveries
            .iter()
            .map(|delivery| new.remove(delivery.id.as_str()))
            .collect())
    }

    /// Takes the oldest due delivery of a workspace that is not `busy` for `lease_seconds`; if it is not finished by
    /// then it comes again.
    ///
    /// # Errors
    /// When the database does.
    pub async fn claim_delivery(
        &self,
        now: Timestamp,
        lease_seconds: i64,
        busy: &BTreeSet<i64>,
    ) -> Result<Option<Delivery>> {
        let sql = format!(
            "UPDATE delivery SET attempts = attempts + 1, due_at = $1 WHERE id = ( \
                SELECT id FROM delivery WHERE state = 'pending' AND due_at <= $2 \
                AND coalesce(installation_id, -1) NOT IN {} \
                AND (event = 'installation' OR installation_id IS NULL OR installation_id NOT IN \
                (SELECT installation_id FROM workspace WHERE is_suspended = 1)) ORDER BY due_at, id LIMIT 1) \
             RETURNING id, key, event, installation_id, body, received_at, attempts",
            placeholders(3, busy.len() + 1)
        );
        let mut query = query(sql)
            .bind(now.plus_seconds(lease_seconds).0)
            .bind(now.0);
        // Never empty: not every database takes an empty list. No workspace has the number 0.
        for installation_id in std::iter::once(&0).chain(busy) {
            query = query.bind(installation_id);
        }
        let row = query.fetch_optional(&self.writer).await?;
        Ok(row.as_ref().map(delivery))
    }

    /// Closes a delivery that led to no decision: `ignored`, or `failed` with a note for the operator.
    ///
    /// # Errors
    /// When the database does.
    pub async fn close_delivery(&self, id: i64, state: &str, note: Option<&str>) -> Result<()> {
        query("UPDATE delivery SET state = $1, note = $2 WHERE id = $3")
            .bind(state)
            .bind(note)
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Puts a delivery back until `due`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn postpone_delivery(&self, id: i64, due: Timestamp, note: &str) -> Result<()> {
        query("UPDATE delivery SET due_at = $1, note = $2 WHERE id = $3")
            .bind(due.0)
            .bind(note)
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// What became of a delivery, by its key.
    ///
    /// # Errors
    /// When the database does.
    pub async fn kept_delivery(&self, key: &DeliveryId) -> Result<Option<KeptDelivery>> {
        let row = query("SELECT state, body, answer FROM delivery WHERE key = $1")
            .bind(key.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| KeptDelivery {
            state: row.get(0),
            body: row.get(1),
            answer: row.get(2),
        }))
    }

    /// How many deliveries wait, and the time the next one is due.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pending_deliveries(&self) -> Result<(i64, Option<Timestamp>)> {
        let row = query("SELECT count(*), min(due_at) FROM delivery WHERE state = 'pending'")
            .fetch_one(&self.readers)
            .await?;
        let due: Option<i64> = row.get(1);
        Ok((row.get(0), due.map(Timestamp)))
    }

    /// The deliveries that were given up, with why.
    ///
    /// # Errors
    /// When the database does.
    pub async fn failed_deliveries(&self) -> Result<Vec<String>> {
        let rows = query(
            "SELECT event || ' ' || key || ': ' || coalesce(note, '') FROM delivery \
             WHERE state = 'failed' ORDER BY id",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Makes everything that a dead process had claimed for up to `lease_seconds` due again; what GitHub asked to wait
    /// for longer goes on waiting. For the one instance that owns the file, at start.
    ///
    /// # Errors
    /// When the database does.
    pub async fn release_claims(&self, now: Timestamp, lease_seconds: i64) -> Result<()> {
        let latest = now.plus_seconds(lease_seconds);
        for sql in [
            "UPDATE delivery SET due_at = $1 WHERE state = 'pending' AND due_at > $1 AND due_at <= $2",
            "UPDATE effect SET due_at = $1 WHERE state = 'pending' AND due_at > $1 AND due_at <= $2 \
             AND is_unsure = 1",
        ] {
            query(sql)
                .bind(now.0)
                .bind(latest.0)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }
}
