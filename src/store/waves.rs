//! Waves: one dispatch each, written before the call is made.

use super::names::run_name;
use super::{PendingEffect, Result, Store, outbox};
use crate::model::{RunName, Timestamp};
use crate::store::database::{Row, query};

/// One dispatch and the workflow run it became.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Its name, unique for ever; the workflow run carries it as its title.
    pub key: String,
    /// The workspace.
    pub installation_id: i64,
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// File name of the dispatched workflow.
    pub workflow: String,
    /// Whether it is the repository's own workflow rather than the one that executes functions.
    pub is_native: bool,
    /// Whether its workflow run shows `key` in its title, so that GitHub's list tells whether it was started.
    pub is_listed: bool,
    /// When it was written down.
    pub created_at: Timestamp,
    /// GitHub's id of the workflow run, once known.
    pub workflow_run_id: Option<i64>,
    /// Its page.
    pub url: Option<String>,
}

/// A run that travels in a wave.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveRun {
    /// Which run.
    pub name: RunName,
    /// The start that travels.
    pub fence: i64,
    /// Whether somebody has asked it to stop.
    pub is_cancelling: bool,
}

const COLUMNS: &str = "key, installation_id, repository_id, workflow, is_native, created_at, \
                       workflow_run_id, url, is_listed";

fn read(row: &Row) -> Wave {
    Wave {
        key: row.get(0),
        installation_id: row.get(1),
        repository_id: row.get(2),
        workflow: row.get(3),
        is_native: row.get::<bool>(4),
        created_at: Timestamp(row.get(5)),
        workflow_run_id: row.get(6),
        url: row.get(7),
        is_listed: row.get::<bool>(8),
    }
}

/// The run that the columns of a name, a fence and a state tell of.
pub(super) fn active_run(row: &Row) -> Result<ActiveRun> {
    Ok(ActiveRun {
        name: run_name(row, 0)?,
        fence: row.get(5),
        is_cancelling: row.get::<String>(6) == "cancelling",
    })
}

impl Store {
    /// Writes a wave down with the calls and the starts (run and fence) that travel in it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn create_wave(
        &self,
        wave: &Wave,
        effects: &[PendingEffect],
        starts: &[(i64, i64)],
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        query(
            "INSERT INTO wave (key, installation_id, repository_id, workflow, is_native, is_listed, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&wave.key)
        .bind(wave.installation_id)
        .bind(wave.repository_id)
        .bind(&wave.workflow)
        .bind(i64::from(wave.is_native))
        .bind(i64::from(wave.is_listed))
        .bind(wave.created_at.0)
        .execute(&mut *transaction)
        .await?;
        for (run_id, fence) in starts {
            query("UPDATE run SET wave = $1, wave_fence = $2 WHERE id = $3")
                .bind(&wave.key)
                .bind(fence)
                .bind(run_id)
                .execute(&mut *transaction)
                .await?;
        }
        outbox::join_wave(&mut transaction, effects, &wave.key).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The wave called `key`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn wave(&self, key: &str) -> Result<Option<Wave>> {
        let sql = format!("SELECT {COLUMNS} FROM wave WHERE key = $1");
        let row = query(sql).bind(key).fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(read))
    }

    /// The wave that became GitHub's workflow run `id`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn wave_of_workflow_run(&self, id: i64) -> Result<Option<Wave>> {
        let sql = format!("SELECT {COLUMNS} FROM wave WHERE workflow_run_id = $1");
        let row = query(sql).bind(id).fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(read))
    }

    /// Whether a workflow of the repository itself was perhaps started of which no workflow run is known yet.
    ///
    /// # Errors
    /// When the database does.
    pub async fn has_unconfirmed_native_wave(&self, repository_id: i64) -> Result<bool> {
        let row = query(
            "SELECT EXISTS (SELECT 1 FROM run JOIN wave ON wave.key = run.wave \
             WHERE run.state IN ('starting', 'running', 'cancelling') AND wave.repository_id = $1 \
             AND wave.is_native = 1 AND wave.workflow_run_id IS NULL)",
        )
        .bind(repository_id)
        .fetch_one(&self.readers)
        .await?;
        Ok(row.get::<bool>(0))
    }

    /// Notes which workflow run a wave became. The first note stays: a later one could only be a mistake.
    ///
    /// # Errors
    /// When the database does.
    pub async fn wave_started(
        &self,
        key: &str,
        workflow_run_id: i64,
        url: Option<&str>,
    ) -> Result<()> {
        query(
            "UPDATE wave SET workflow_run_id = $1, url = $2 WHERE key = $3 AND workflow_run_id IS NULL",
        )
        .bind(workflow_run_id)
        .bind(url)
        .bind(key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The runs of a wave whose start in it is still active.
    ///
    /// # Errors
    /// When the database does.
    pub async fn active_runs_of_wave(&self, key: &str) -> Result<Vec<ActiveRun>> {
        self.runs_of_wave(key, "").await
    }

    /// Those of them whose job has not reported their end: a report in the inbox is decided on in its turn.
    ///
    /// # Errors
    /// When the database does.
    pub async fn unreported_runs_of_wave(&self, key: &str) -> Result<Vec<ActiveRun>> {
        let is_unreported = "AND NOT EXISTS (SELECT 1 FROM delivery \
             WHERE delivery.key = 'ended ' || run.id || ' ' || run.fence AND delivery.state = 'pending')";
        self.runs_of_wave(key, is_unreported).await
    }

    async fn runs_of_wave(&self, key: &str, condition: &str) -> Result<Vec<ActiveRun>> {
        let sql = format!(
            "SELECT package.repository, package.path, release.number, run.task, run.number, run.fence, \
             run.state FROM run JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             WHERE run.wave = $1 AND run.wave_fence = run.fence \
             AND run.state IN ('starting', 'running', 'cancelling') {condition} ORDER BY run.id"
        );
        let rows = query(sql).bind(key).fetch_all(&self.readers).await?;
        rows.iter().map(active_run).collect()
    }

    /// Waves with active runs that nobody has asked GitHub about since `before`, and notes that they are asked about
    /// `now`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn take_silent_waves(&self, before: Timestamp, now: Timestamp) -> Result<Vec<Wave>> {
        let sql = format!(
            "UPDATE wave SET checked_at = $1 WHERE coalesce(checked_at, created_at) <= $2 AND key IN \
             (SELECT wave FROM run WHERE state IN ('starting', 'running', 'cancelling') AND wave_fence = fence) \
             RETURNING {COLUMNS}"
        );
        let rows = query(sql)
            .bind(now.0)
            .bind(before.0)
            .fetch_all(&self.writer)
            .await?;
        let mut waves: Vec<Wave> = rows.iter().map(read).collect();
        waves.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(waves)
    }
}
