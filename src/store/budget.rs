//! Budgets, and what waits for them.

use std::collections::{BTreeMap, BTreeSet};

use super::outbox::{self, COLUMNS, read};
use super::{PendingEffect, Result, Store, from_json, to_json};
use crate::budget::Budget;
use crate::engine::Effect;
use crate::engine::plan::Call;
use crate::model::{ReleaseName, Timestamp};
use crate::store::database::query;

impl Store {
    /// An installation's budget; a full one if nothing was asked in its name yet.
    ///
    /// # Errors
    /// When the database does.
    pub async fn budget(&self, installation_id: i64) -> Result<Budget> {
        Ok(self.versioned(installation_id).await?.0)
    }

    async fn versioned(&self, installation_id: i64) -> Result<(Budget, i64)> {
        let row = query("SELECT body, version FROM budget WHERE installation_id = $1")
            .bind(installation_id)
            .fetch_optional(&self.readers)
            .await?;
        match row {
            Some(row) => Ok((from_json("budget", row.get(0))?, row.get(1))),
            None => Ok((Budget::default(), 0)),
        }
    }

    /// Changes an installation's budget by `change`, which is asked again if somebody else was quicker. What it leaves
    /// unchanged is not written. Answers the budget, and what `change` answered.
    ///
    /// # Errors
    /// When the database does.
    pub async fn change_budget<T>(
        &self,
        installation_id: i64,
        mut change: impl FnMut(&mut Budget) -> T,
    ) -> Result<(Budget, T)> {
        loop {
            let (before, version) = self.versioned(installation_id).await?;
            let mut budget = before.clone();
            let answer = change(&mut budget);
            if budget == before {
                return Ok((budget, answer));
            }
            let written = query(
                "INSERT INTO budget (installation_id, version, body) VALUES ($1, $2, $3) \
                 ON CONFLICT (installation_id) DO UPDATE SET version = excluded.version, \
                 body = excluded.body WHERE budget.version = $4",
            )
            .bind(installation_id)
            .bind(version + 1)
            .bind(to_json("budget", &budget)?)
            .bind(version)
            .execute(&self.writer)
            .await?;
            if written == 1 {
                return Ok((budget, answer));
            }
        }
    }

    /// A claimed call was not made: there is no room for it before `until`. It counts as not tried.
    ///
    /// # Errors
    /// When the database does.
    pub async fn effect_waits(&self, effect: &PendingEffect, until: Timestamp) -> Result<()> {
        query(
            "UPDATE effect SET due_at = $1, attempts = attempts - 1, is_unsure = $2 \
             WHERE installation_id = $3 AND key = $4",
        )
        .bind(until.0)
        .bind(i64::from(effect.is_unsure))
        .bind(effect.installation_id)
        .bind(&effect.key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Holds the waiting starts of an installation back until `until`, in their order. Answers
    /// the releases they are of, with their repositories.
    ///
    /// # Errors
    /// When the database does.
    pub async fn hold_starts(
        &self,
        installation_id: i64,
        until: Timestamp,
    ) -> Result<BTreeSet<(i64, ReleaseName)>> {
        // The `+` keeps to the index of what waits: what is done stays in the workspace for good.
        let rows = query(
            "UPDATE effect SET due_at = $1 WHERE state = 'pending' AND +installation_id = $2 \
             AND lane IN (2, 3) AND due_at < $1 AND attempts = 0 RETURNING repository_id, call",
        )
        .bind(until.0)
        .bind(installation_id)
        .fetch_all(&self.writer)
        .await?;
        let mut releases = BTreeSet::new();
        for row in &rows {
            let call: Call = from_json("call", row.get(1))?;
            if let Call::Dispatch { run, .. } | Call::DispatchWorkflow { run, .. } = call {
                releases.insert((row.get(0), run.release));
            }
        }
        Ok(releases)
    }

    /// Writes further calls down.
    ///
    /// # Errors
    /// When the database does.
    pub async fn ask_for(
        &self,
        installation_id: i64,
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        outbox::insert(&mut transaction, installation_id, effects, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// How many starts of a release wait.
    ///
    /// # Errors
    /// When the database does.
    pub async fn waiting_starts(&self, installation_id: i64, release: &ReleaseName) -> Result<i64> {
        let rows = query(
            "SELECT call FROM effect WHERE state = 'pending' AND +installation_id = $1 AND lane IN (2, 3)",
        )
        .bind(installation_id)
        .fetch_all(&self.readers)
        .await?;
        let mut count = 0;
        for row in &rows {
            let call: Call = from_json("call", row.get(0))?;
            count += i64::from(matches!(call, Call::Dispatch { run, .. }
                | Call::DispatchWorkflow { run, .. } if run.release == *release));
        }
        Ok(count)
    }

    /// How many calls of an installation wait.
    ///
    /// # Errors
    /// When the database does.
    pub async fn backlog(&self, installation_id: i64) -> Result<i64> {
        let row =
            query("SELECT count(*) FROM effect WHERE state = 'pending' AND +installation_id = $1")
                .bind(installation_id)
                .fetch_one(&self.readers)
                .await?;
        Ok(row.get(0))
    }

    /// How many calls wait, by installation and lane.
    ///
    /// # Errors
    /// When the database does.
    pub async fn waiting_by_lane(&self) -> Result<BTreeMap<(i64, i64), i64>> {
        let rows = query(
            "SELECT installation_id, lane, count(*) FROM effect WHERE state = 'pending' \
             GROUP BY installation_id, lane",
        )
        .fetch_all(&self.readers)
        .await?;
        let counts = rows
            .iter()
            .map(|row| ((row.get(0), row.get(1)), row.get(2)));
        Ok(counts.collect())
    }

    /// Repositories take turns: puts `claimed` back and takes the oldest due call of its lane of the next repository
    /// after `last` instead, if another one's turn it is.
    ///
    /// # Errors
    /// When the database does.
    pub async fn take_turn(
        &self,
        claimed: PendingEffect,
        last: i64,
        now: Timestamp,
        lease_seconds: i64,
    ) -> Result<PendingEffect> {
        let mut transaction = self.writer.begin().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM effect WHERE state = 'pending' AND due_at + 0 <= $1 AND lane = $2 \
             AND installation_id = $3 AND repository_id > $4 \
             ORDER BY repository_id, lane, created_at, key LIMIT 1"
        );
        let row = query(sql)
            .bind(now.0)
            .bind(claimed.effect.call.lane())
            .bind(claimed.installation_id)
            .bind(last)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            return Ok(claimed);
        };
        let mut other = read(&row)?;
        // The claimed one is not due: it is leased. Its repository may still be the next.
        let own = claimed.effect.repository_id;
        if other.effect.repository_id == own || (own > last && own < other.effect.repository_id) {
            return Ok(claimed);
        }
        query(
            "UPDATE effect SET due_at = $1, attempts = attempts - 1, is_unsure = $2 \
             WHERE installation_id = $3 AND key = $4",
        )
        .bind(now.0)
        .bind(i64::from(claimed.is_unsure))
        .bind(claimed.installation_id)
        .bind(&claimed.key)
        .execute(&mut *transaction)
        .await?;
        other.attempts += 1;
        outbox::lease(&mut transaction, &other, now.plus_seconds(lease_seconds)).await?;
        transaction.commit().await?;
        Ok(other)
    }
}
