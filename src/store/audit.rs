//! The audit record: entries go to the end of their workspace's chain, in the transaction of the decision they tell of.

use serde_json::Value;

use super::rows::word;
use super::{Result, Store, StoreError, placeholders};
use crate::model::audit::NO_PREVIOUS;
use crate::model::{AuditEntry, AuditRecord, Timestamp};
use crate::store::database::{Row, Transaction, query};

/// The end of a workspace's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The workspace.
    pub installation_id: i64,
    /// The account it belongs to; empty if that is not known.
    pub account: String,
    /// How many entries it has.
    pub sequence: i64,
    /// The hash of the last one, as it says itself; empty if somebody has made something else than a text of it.
    pub hash: String,
}

/// How many entries one statement writes.
const ENTRIES: usize = 100;

/// Puts entries at the end of a workspace's chain: one look-up and one statement, however long the chain is. Whoever
/// calls has the writer, so no other entry comes in between.
pub(super) async fn append(
    transaction: &mut Transaction,
    installation_id: i64,
    entries: &[&AuditEntry],
    now: Timestamp,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let last = query(
        "SELECT sequence, hash FROM audit WHERE installation_id = $1 ORDER BY sequence DESC LIMIT 1",
    )
    .bind(installation_id)
    .fetch_optional(&mut **transaction)
    .await?;
    let (mut sequence, mut previous) = match last {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (0, NO_PREVIOUS.to_owned()),
    };
    for chunk in entries.chunks(ENTRIES) {
        let mut records = Vec::with_capacity(chunk.len());
        for entry in chunk {
            sequence += 1;
            let record = AuditRecord::new(sequence, installation_id, now, entry, &previous);
            previous.clone_from(&record.hash);
            records.push(record);
        }
        insert(transaction, &records).await?;
    }
    Ok(())
}

async fn insert(transaction: &mut Transaction, records: &[AuditRecord]) -> Result<()> {
    const COLUMNS: usize = 11;
    let rows: Vec<String> = (0..records.len())
        .map(|row| placeholders(row * COLUMNS + 1, COLUMNS))
        .collect();
    let sql = format!(
        "INSERT INTO audit (installation_id, sequence, at, actor, action, subject, verdict, reason_code, \
         detail, previous, hash) VALUES {}",
        rows.join(", ")
    );
    let mut query = query(sql);
    for record in records {
        let entry = &record.entry;
        query = query
            .bind(record.installation_id)
            .bind(record.sequence)
            .bind(record.at.0)
            .bind(entry.actor.as_deref())
            .bind(&entry.action)
            .bind(&entry.subject)
            .bind(word(&entry.verdict)?)
            .bind(&entry.reason_code)
            .bind(entry.detail.to_string())
            .bind(&record.previous)
            .bind(&record.hash);
    }
    query.execute(&mut **transaction).await?;
    Ok(())
}

impl Store {
    /// At most `limit` entries of a workspace in order, from the first one with a number above `after_sequence`. Ends
    /// before an entry that cannot be read.
    ///
    /// # Errors
    /// When the database does, or the first of these entries cannot be read.
    pub async fn audit(
        &self,
        installation_id: i64,
        after_sequence: i64,
        limit: i64,
    ) -> Result<Vec<AuditRecord>> {
        let rows = query(
            "SELECT installation_id, sequence, at, actor, action, subject, verdict, reason_code, detail, \
             previous, hash FROM audit WHERE installation_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        )
        .bind(installation_id)
        .bind(after_sequence)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            match read(row) {
                Ok(record) => records.push(record),
                Err(error) if records.is_empty() => {
                    let sequence: i64 = row.try_get(1)?;
                    let problem =
                        format!("entry {sequence} of workspace {installation_id}: {error}");
                    return Err(unreadable("audit record", &problem));
                }
                Err(_) => break,
            }
        }
        Ok(records)
    }

    /// The end of every chain there is.
    ///
    /// # Errors
    /// When the database does.
    pub async fn audit_heads(&self) -> Result<Vec<AuditHead>> {
        // From one workspace to the next in the index of the chains: not by the table of workspaces, since a row that is
        // gone there must not hide a chain.
        let rows = query(
            "WITH RECURSIVE chain (id) AS (SELECT min(installation_id) FROM audit UNION ALL \
             SELECT (SELECT min(installation_id) FROM audit WHERE installation_id > chain.id) FROM chain \
             WHERE chain.id IS NOT NULL) \
             SELECT audit.installation_id, coalesce(workspace.account, ''), audit.sequence, audit.hash FROM chain \
             JOIN audit ON audit.installation_id = chain.id AND audit.sequence = \
             (SELECT max(sequence) FROM audit WHERE installation_id = chain.id) \
             LEFT JOIN workspace ON workspace.installation_id = chain.id ORDER BY chain.id",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditHead {
                    installation_id: row.try_get(0)?,
                    account: row.try_get(1)?,
                    sequence: row.try_get(2)?,
                    hash: row.try_get(3).unwrap_or_default(),
                })
            })
            .collect()
    }
}

/// A row as it is, whatever somebody has made of it.
fn read(row: &Row) -> Result<AuditRecord> {
    let verdict: String = row.try_get(6)?;
    let detail: String = row.try_get(8)?;
    let entry = AuditEntry {
        actor: row.try_get(3)?,
        action: row.try_get(4)?,
        subject: row.try_get(5)?,
        verdict: serde_json::from_value(Value::String(verdict))
            .map_err(|error| unreadable("verdict", &error))?,
        reason_code: row.try_get(7)?,
        detail: as_written(detail),
    };
    Ok(AuditRecord {
        installation_id: row.try_get(0)?,
        sequence: row.try_get(1)?,
        at: Timestamp(row.try_get(2)?),
        entry,
        previous: row.try_get(9)?,
        hash: row.try_get(10)?,
    })
}

/// The JSON of a text. A text that is not written the way we write it, even if it says the same, must not pass for what
/// was hashed: it is taken as a text, which has another hash.
fn as_written(text: String) -> Value {
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if format!("{value}") == text => value,
        _ => Value::String(text),
    }
}

fn unreadable(what: &'static str, problem: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        what,
        problem: problem.to_string(),
    }
}
