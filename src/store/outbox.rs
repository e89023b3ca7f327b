//! The outbox: every call to the outside, written down before it is made.

use std::collections::BTreeSet;

use super::{Result, Store, from_json, placeholders, to_json};
use crate::engine::Effect;
use crate::engine::plan::Call;
use crate::model::Timestamp;
use crate::store::database::{Row, Transaction, query};

/// A call that was claimed to be made.
#[derive(Clone, Debug)]
pub struct PendingEffect {
    /// The installation it is made for.
    pub installation_id: i64,
    /// What makes it the same call as another.
    pub key: String,
    /// What to do.
    pub effect: Effect,
    /// Which wish it answers; a later wish for the same call has a higher one.
    pub generation: i64,
    /// How often it has been tried, this time included.
    pub attempts: i64,
    /// Whether an earlier try may have succeeded without our knowing.
    pub is_unsure: bool,
    /// The wave it travelled in, if an earlier try got that far.
    pub wave: Option<String>,
}

/// Workspaces whose calls are not to be taken, by how far that goes.
#[derive(Clone, Debug, Default)]
pub struct Shut {
    /// All of them: one is being made.
    pub busy: BTreeSet<i64>,
    /// All that ask GitHub for something: it wants to hear nothing.
    pub held: BTreeSet<i64>,
    /// All but answers to people: there have been enough for the moment.
    pub slow: BTreeSet<i64>,
}

/// Writes calls down inside the transaction of the decision that wants them.
pub(super) async fn insert(
    transaction: &mut Transaction,
    installation_id: i64,
    effects: &[Effect],
    now: Timestamp,
) -> Result<()> {
    for effect in effects {
        // A call that waits already, or was made, is asked for again: its generation moves. Starts and answers
        // carry a fence or a comment in their key, so asking again can only be the same wish: it changes nothing.
        let on_conflict = match &effect.call {
            Call::CommitCheck { .. }
            | Call::IntentCheck { .. }
            | Call::ReleaseCheck { .. }
            | Call::RunCheck { .. }
            | Call::Overview { .. }
            | Call::Result { .. } => {
                "DO UPDATE SET state = 'pending', generation = effect.generation + 1, \
                 call = excluded.call, \
                 attempts = CASE WHEN effect.state = 'pending' THEN effect.attempts ELSE 0 END, \
                 due_at = CASE WHEN effect.state = 'pending' AND effect.attempts > 0 \
                     THEN effect.due_at ELSE excluded.due_at END"
            }
            Call::Attempt { .. }
            | Call::Dispatch { .. }
            | Call::DispatchWorkflow { .. }
            | Call::CancelWorkflow { .. }
            | Call::Deployment { .. }
            | Call::Reply { .. }
            | Call::React { .. } => "DO NOTHING",
        };
        let sql = format!(
            "INSERT INTO effect (installation_id, key, repository_id, lane, call, due_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (installation_id, key) {on_conflict}"
        );
        query(sql)
            .bind(installation_id)
            .bind(effect.call.key())
            .bind(effect.repository_id)
            .bind(effect.call.lane())
            .bind(to_json("call", &effect.call)?)
            .bind(now.0)
            .bind(now.0)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

pub(super) const COLUMNS: &str =
    "installation_id, key, repository_id, call, generation, attempts, is_unsure, wave";

pub(super) fn read(row: &Row) -> Result<PendingEffect> {
    let call: String = row.get(3);
    Ok(PendingEffect {
        installation_id: row.get(0),
        key: row.get(1),
        effect: Effect {
            repository_id: row.get(2),
            call: from_json("call", &call)?,
        },
        generation: row.get(4),
        attempts: row.get(5),
        is_unsure: row.get::<bool>(6),
        wave: row.get(7),
    })
}

impl Store {
    /// Takes the due call of the lowest lane of a workspace that is not `shut` to it for `lease_seconds` and marks it as possibly made from now on.
    ///
    /// # Errors
    /// When the database does.
    pub async fn claim_effect(
        &self,
        now: Timestamp,
        lease_seconds: i64,
        shut: &Shut,
    ) -> Result<Option<PendingEffect>> {
        let mut transaction = self.writer.begin().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM effect WHERE state = 'pending' AND due_at <= $1 \
             AND installation_id NOT IN {} \
             AND (lane < 1 OR installation_id NOT IN {}) AND (lane < 2 OR installation_id NOT IN {}) \
             AND installation_id NOT IN (SELECT installation_id FROM workspace WHERE is_suspended = 1) \
             ORDER BY lane, due_at, created_at, key LIMIT 1",
            placeholders(2, shut.busy.len() + 1),
            placeholders(3 + shut.busy.len(), shut.held.len() + 1),
            placeholders(4 + shut.busy.len() + shut.held.len(), shut.slow.len() + 1)
        );
        let mut query = query(sql).bind(now.0);
        // Never empty: not every database takes an empty list. No workspace has the number 0.
        for installations in [&shut.busy, &shut.held, &shut.slow] {
            for installation_id in std::iter::once(&0).chain(installations) {
                query = query.bind(installation_id);
            }
        }
        let row = query.fetch_optional(&mut *transaction).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let mut pending = read(&row)?;
        pending.attempts += 1;
        lease(&mut transaction, &pending, now.plus_seconds(lease_seconds)).await?;
        transaction.commit().await?;
        Ok(Some(pending))
    }

    /// Takes up to `most` further due starts of one repository, waiting in `lane`, to travel together with one claimed before.
    ///
    /// # Errors
    /// When the database does.
    pub async fn claim_companions(
        &self,
        with: &PendingEffect,
        lane: i64,
        now: Timestamp,
        lease_seconds: i64,
        most: i64,
    ) -> Result<Vec<PendingEffect>> {
        let mut transaction = self.writer.begin().await?;
        // `due_at + 0` keeps SQLite from walking what is due in every repository instead of what waits in this one.
        let sql = format!(
            "SELECT {COLUMNS} FROM effect WHERE state = 'pending' AND due_at + 0 <= $1 AND lane = $2 \
             AND installation_id = $3 AND repository_id = $4 AND is_unsure = 0 AND wave IS NULL \
             AND key LIKE 'dispatch %' ORDER BY created_at, key LIMIT $5"
        );
        let rows = query(sql)
            .bind(now.0)
            .bind(lane)
            .bind(with.installation_id)
            .bind(with.effect.repository_id)
            .bind(most)
            .fetch_all(&mut *transaction)
            .await?;
        let mut companions = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut companion = read(row)?;
            companion.attempts += 1;
            lease(
                &mut transaction,
                &companion,
                now.plus_seconds(lease_seconds),
            )
            .await?;
            companions.push(companion);
        }
        transaction.commit().await?;
        Ok(companions)
    }

    /// The calls that travelled in `wave` and are not settled.
    ///
    /// # Errors
    /// When the database does.
    pub async fn effects_of_wave(&self, wave: &str) -> Result<Vec<PendingEffect>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM effect WHERE wave = $1 AND state = 'pending' ORDER BY key"
        );
        let rows = query(sql).bind(wave).fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// The call was made, or need not be made any more. If it was asked for again meanwhile, it stays due.
    ///
    /// # Errors
    /// When the database does.
    pub async fn effect_done(&self, effect: &PendingEffect, now: Timestamp) -> Result<()> {
        query(
            "UPDATE effect SET is_unsure = 0, error = NULL, \
             state = CASE WHEN generation = $1 THEN 'done' ELSE 'pending' END, \
             due_at = CASE WHEN generation = $1 THEN due_at ELSE $2 END \
             WHERE installation_id = $3 AND key = $4",
        )
        .bind(effect.generation)
        .bind(now.0)
        .bind(effect.installation_id)
        .bind(&effect.key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The call failed and is due again at `due`. `is_unsure` says whether it may have happened all the same.
    ///
    /// # Errors
    /// When the database does.
    pub async fn effect_postponed(
        &self,
        effect: &PendingEffect,
        due: Timestamp,
        is_unsure: bool,
        error: &str,
    ) -> Result<()> {
        query(
            "UPDATE effect SET due_at = $1, is_unsure = $2, error = $3, \
             wave = CASE WHEN $2 = 0 THEN NULL ELSE wave END \
             WHERE installation_id = $4 AND key = $5",
        )
        .bind(due.0)
        .bind(i64::from(is_unsure))
        .bind(error)
        .bind(effect.installation_id)
        .bind(&effect.key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The call can never succeed.
    ///
    /// # Errors
    /// When the database does.
    pub async fn effect_failed(&self, effect: &PendingEffect, error: &str) -> Result<()> {
        query(
            "UPDATE effect SET state = 'failed', is_unsure = 0, error = $1 \
             WHERE installation_id = $2 AND key = $3",
        )
        .bind(error)
        .bind(effect.installation_id)
        .bind(&effect.key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// How many calls wait, the time the next one is due, and the calls that were given up with why.
    ///
    /// # Errors
    /// When the database does.
    pub async fn pending_effects(&self) -> Result<(i64, Option<Timestamp>, Vec<String>)> {
        let row = query("SELECT count(*), min(due_at) FROM effect WHERE state = 'pending'")
            .fetch_one(&self.readers)
            .await?;
        let due: Option<i64> = row.get(1);
        let failed = query(
            "SELECT key || ': ' || coalesce(error, '') FROM effect WHERE state = 'failed' ORDER BY key",
        )
        .fetch_all(&self.readers)
        .await?;
        let failed = failed.iter().map(|row| row.get(0)).collect();
        Ok((row.get(0), due.map(Timestamp), failed))
    }
}

pub(super) async fn lease(
    transaction: &mut Transaction,
    effect: &PendingEffect,
    until: Timestamp,
) -> Result<()> {
    query(
        "UPDATE effect SET attempts = attempts + 1, due_at = $1, is_unsure = 1 \
         WHERE installation_id = $2 AND key = $3",
    )
    .bind(until.0)
    .bind(effect.installation_id)
    .bind(&effect.key)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Notes on each effect of a wave, inside the transaction that creates the wave.
pub(super) async fn join_wave(
    transaction: &mut Transaction,
    effects: &[PendingEffect],
    wave: &str,
) -> Result<()> {
    for effect in effects {
        query("UPDATE effect SET wave = $1 WHERE installation_id = $2 AND key = $3")
            .bind(wave)
            .bind(effect.installation_id)
            .bind(&effect.key)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
