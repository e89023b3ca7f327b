//! Single runs: claims, logs, and outputs that arrive before the end.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::run_name;
use super::{Result, Store, from_json, to_json};
use crate::model::{RunName, RunState, Timestamp};
use crate::store::database::{Row, query};

/// A run's row as the jobs that execute it need it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// The id jobs know the run by.
    pub id: i64,
    /// Its name.
    pub name: RunName,
    /// The workspace.
    pub installation_id: i64,
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// Where it stands.
    pub state: RunState,
    /// The start that is awaited.
    pub fence: i64,
    /// The wave it travels in.
    pub wave: Option<String>,
    /// What the claiming job chose to be known by: it may ask again, nobody else may.
    pub claim_nonce: Option<String>,
    /// SHA-256 of the token that the job reports with, in hexadecimal.
    pub report_token: Option<String>,
    /// Outputs that arrived before the run ended (`ocuroot output`).
    pub reported_outputs: BTreeMap<String, Value>,
}

/// A job taking a run.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The run.
    pub run_id: i64,
    /// The start the job was dispatched for.
    pub fence: i64,
    /// What the job chose to be known by.
    pub nonce: &'a str,
    /// SHA-256 of the token it is given, in hexadecimal.
    pub report_token: &'a str,
    /// The job's page.
    pub job_url: Option<&'a str>,
    /// Id of the identity token it came with, and when that expires.
    pub token_id: &'a str,
    /// When the identity token expires.
    pub token_expires: Timestamp,
}

const SELECT: &str = "SELECT run.id, package.repository, package.path, release.number, run.task, run.number, \
     package.installation_id, release.repository_id, run.state, run.fence, run.wave, \
     run.claim_nonce, run.report_token, run.reported_outputs FROM run \
     JOIN release ON release.id = run.release_id JOIN package ON package.id = release.package_id";

fn read(row: &Row) -> Result<RunRow> {
    Ok(RunRow {
        id: row.get(0),
        name: run_name(row, 1)?,
        installation_id: row.get(6),
        repository_id: row.get(7),
        state: super::releases::word("run state", row.get(8))?,
        fence: row.get(9),
        wave: row.get(10),
        claim_nonce: row.get(11),
        report_token: row.get(12),
        reported_outputs: from_json("outputs", row.get(13))?,
    })
}

impl Store {
    /// The run with the id that jobs use.
    ///
    /// # Errors
    /// When the database does.
    pub async fn run(&self, id: i64) -> Result<Option<RunRow>> {
        let sql = format!("{SELECT} WHERE run.id = $1");
        let row = query(sql).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(read).transpose()
    }

    /// The run called `name`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn run_by_name(
        &self,
        installation_id: i64,
        name: &RunName,
    ) -> Result<Option<RunRow>> {
        let sql = format!(
            "{SELECT} WHERE package.installation_id = $1 AND package.repository = $2 \
             AND package.path = $3 AND release.number = $4 AND run.task = $5 AND run.number = $6"
        );
        let row = query(sql)
            .bind(installation_id)
            .bind(&name.release.package.repository)
            .bind(&name.release.package.path)
            .bind(name.release.number.0)
            .bind(name.key.to_string())
            .bind(name.number.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Gives the run to a job, once: `false` when another job has it, it was started anew, or the identity token was
    /// used for something else. The job that has it may ask again (its answer may be lost) and gets a new token. The claim and the inbox message that tells the engine go down together.
    ///
    /// # Errors
    /// When the database does.
    pub async fn claim_run(&self, row: &RunRow, claim: &Claim<'_>, now: Timestamp) -> Result<bool> {
        let mut transaction = self.writer.begin().await?;
        let token = query(
            "INSERT INTO used_token (token_id, used_by, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (token_id) DO UPDATE SET used_by = used_token.used_by \
             WHERE used_token.used_by = excluded.used_by",
        )
        .bind(claim.token_id)
        .bind(format!("{} {}", claim.run_id, claim.nonce))
        .bind(claim.token_expires.0)
        .execute(&mut *transaction)
        .await?;
        let taken = query(
            "UPDATE run SET claim_nonce = $1, report_token = $2, job_url = coalesce($3, job_url) \
             WHERE id = $4 AND fence = $5 AND state IN ('starting', 'running') \
             AND (report_token IS NULL OR claim_nonce = $1)",
        )
        .bind(format!("{} {}", claim.fence, claim.nonce))
        .bind(claim.report_token)
        .bind(claim.job_url)
        .bind(claim.run_id)
        .bind(claim.fence)
        .execute(&mut *transaction)
        .await?;
        if token == 0 || taken == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        query("DELETE FROM used_token WHERE expires_at < $1")
            .bind(now.plus_seconds(-3600).0)
            .execute(&mut *transaction)
            .await?;
        let body = serde_json::json!({ "run": row.name, "fence": claim.fence });
        query(
            "INSERT INTO delivery (key, event, installation_id, body, received_at, due_at) \
             VALUES ($1, 'ocuroot.claimed', $2, $3, $4, $4) ON CONFLICT (key) DO NOTHING",
        )
        .bind(format!("claimed {} {}", claim.run_id, claim.fence))
        .bind(row.installation_id)
        .bind(to_json("claim", &body)?.into_bytes())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Keeps lines of a run's log. Sent twice, they are kept once.
    ///
    /// # Errors
    /// When the database does.
    pub async fn append_logs(
        &self,
        run_id: i64,
        fence: i64,
        first_sequence: i64,
        lines: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.writer.begin().await?;
        for (sequence, line) in (first_sequence..).zip(lines) {
            query(
                "INSERT INTO log_line (run_id, fence, sequence, text, at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (run_id, fence, sequence) DO NOTHING",
            )
            .bind(run_id)
            .bind(fence)
            .bind(sequence)
            .bind(line)
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The last `most` lines of a run's log, oldest first.
    ///
    /// # Errors
    /// When the database does.
    pub async fn last_logs(&self, run_id: i64, most: i64) -> Result<Vec<String>> {
        let rows = query(
            "SELECT text FROM log_line WHERE run_id = $1 ORDER BY fence DESC, sequence DESC LIMIT $2",
        )
        .bind(run_id)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().rev().map(|row| row.get(0)).collect())
    }

    /// Up to `most` lines that a start of the run has logged, from the one with the number `first` on, each with its
    /// number.
    ///
    /// # Errors
    /// When the database does.
    pub async fn logs_from(
        &self,
        run_id: i64,
        fence: i64,
        first: i64,
        most: i64,
    ) -> Result<Vec<(i64, String)>> {
        let rows = query(
            "SELECT sequence, text FROM log_line WHERE run_id = $1 AND fence = $2 AND sequence >= $3 \
             ORDER BY sequence LIMIT $4",
        )
        .bind(run_id)
        .bind(fence)
        .bind(first)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Keeps outputs that a workflow hands over before it ends. A later value of a name replaces the earlier one.
    ///
    /// # Errors
    /// When the database does.
    pub async fn add_outputs(
        &self,
        run_id: i64,
        fence: i64,
        outputs: &BTreeMap<String, Value>,
    ) -> Result<bool> {
        let mut transaction = self.writer.begin().await?;
        let row = query(
            "SELECT reported_outputs FROM run WHERE id = $1 AND fence = $2 \
             AND state IN ('starting', 'running', 'cancelling')",
        )
        .bind(run_id)
        .bind(fence)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let mut all: BTreeMap<String, Value> = from_json("outputs", row.get(0))?;
        all.extend(outputs.clone());
        query("UPDATE run SET reported_outputs = $1 WHERE id = $2")
            .bind(to_json("outputs", &all)?)
            .bind(run_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}
