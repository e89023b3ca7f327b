//! Starts in the hands of machines, as the sweep sees them: since when they are in their state, what was done about
//! those that are too long in it, and what is wrong with their workflow runs.

use super::names::run_name;
use super::{Result, Store, from_json, to_json};
use crate::engine::deadline::Step;
use crate::model::{Diagnosis, Progress, ReleaseName, RunName, RunState, Timestamp};
use crate::store::database::{Row, query};

/// A start that is to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The id jobs know the run by.
    pub run_id: i64,
    /// Its name.
    pub name: RunName,
    /// The workspace.
    pub installation_id: i64,
    /// The start.
    pub fence: i64,
    /// Its state.
    pub state: RunState,
    /// Since when it was seen in it.
    pub since: Timestamp,
    /// What was last begun to be done about it.
    pub step: Option<Step>,
    /// When the decision to do so was written down; `None` while that is not known.
    pub step_at: Option<Timestamp>,
    /// Whether a workflow run was asked for.
    pub has_wave: bool,
    /// Whether it is a workflow of the repository's own.
    pub is_native: bool,
    /// What is wrong with its workflow run.
    pub diagnosis: Option<Diagnosis>,
}

impl Store {
    /// Takes note of every start that is in the hands of a machine, or has gone on since it was last seen.
    ///
    /// # Errors
    /// When the database does.
    pub async fn watch_active_runs(&self, now: Timestamp) -> Result<()> {
        query(
            "INSERT INTO run_watch (run_id, fence, state, since, due_at) \
             SELECT run.id, run.fence, run.state, $1, $1 FROM run \
             WHERE run.state IN ('starting', 'running', 'cancelling') \
             ON CONFLICT (run_id) DO UPDATE SET fence = excluded.fence, state = excluded.state, \
             since = excluded.since, due_at = excluded.due_at, step = 0, step_at = NULL \
             WHERE run_watch.fence <> excluded.fence OR run_watch.state <> excluded.state",
        )
        .bind(now.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The starts that are due, the longest due first; those that are over are forgotten.
    ///
    /// # Errors
    /// When the database does.
    pub async fn due_watches(&self, now: Timestamp, most: i64) -> Result<Vec<Watched>> {
        query(
            "DELETE FROM run_watch WHERE due_at <= $1 AND NOT EXISTS (SELECT 1 FROM run \
             WHERE run.id = run_watch.run_id AND run.fence = run_watch.fence \
             AND run.state = run_watch.state)",
        )
        .bind(now.0)
        .execute(&self.writer)
        .await?;
        let rows = query(
            "SELECT package.repository, package.path, release.number, run.task, run.number, run.id, \
             package.installation_id, run_watch.fence, run_watch.state, run_watch.since, \
             run_watch.step, run_watch.step_at, wave.is_native, diagnosis.body FROM run_watch \
             JOIN run ON run.id = run_watch.run_id \
             JOIN release ON release.id = run.release_id \
             JOIN package ON package.id = release.package_id \
             LEFT JOIN wave ON wave.key = run.wave AND run.wave_fence = run.fence \
             LEFT JOIN diagnosis ON diagnosis.wave = wave.key \
             WHERE run_watch.due_at <= $1 ORDER BY run_watch.due_at LIMIT $2",
        )
        .bind(now.0)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Looks at the start again at `due`.
    ///
    /// # Errors
    /// When the database does.
    pub async fn watch_until(&self, watched: &Watched, due: Timestamp) -> Result<()> {
        query("UPDATE run_watch SET due_at = $1 WHERE run_id = $2 AND fence = $3")
            .bind(due.0)
            .bind(watched.run_id)
            .bind(watched.fence)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Has the starts that travel in the wave looked at anew: something is known of their workflow run.
    ///
    /// # Errors
    /// When the database does.
    pub async fn watch_wave_at(&self, wave: &str, now: Timestamp) -> Result<()> {
        query(
            "UPDATE run_watch SET due_at = $1 WHERE step = 0 AND run_id IN (SELECT id FROM run WHERE wave = $2)",
        )
        .bind(now.0)
        .bind(wave)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Notes that a step is about to be decided (`at` is `None`), or has been.
    ///
    /// # Errors
    /// When the database does.
    pub async fn note_step(
        &self,
        watched: &Watched,
        step: Step,
        at: Option<Timestamp>,
    ) -> Result<()> {
        query("UPDATE run_watch SET step = $1, step_at = $2 WHERE run_id = $3 AND fence = $4")
            .bind(number(step))
            .bind(at.map(|at| at.0))
            .bind(watched.run_id)
            .bind(watched.fence)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Remembers by what the job of a start is known that is about to be given up.
    ///
    /// # Errors
    /// When the database does.
    pub async fn remember_job(&self, watched: &Watched) -> Result<()> {
        query(
            "INSERT INTO given_up (run_id, fence, report_token) SELECT id, fence, report_token FROM run \
             WHERE id = $1 AND fence = $2 AND report_token IS NOT NULL ON CONFLICT (run_id, fence) DO NOTHING",
        )
        .bind(watched.run_id)
        .bind(watched.fence)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Whether it is the job of a start that was given up who proves itself with that.
    ///
    /// # Errors
    /// When the database does.
    pub async fn is_given_up(&self, run_id: i64, fence: i64, report_token: &str) -> Result<bool> {
        let row =
            query("SELECT 1 FROM given_up WHERE run_id = $1 AND fence = $2 AND report_token = $3")
                .bind(run_id)
                .bind(fence)
                .bind(report_token)
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.is_some())
    }

    /// Whether runs that nobody has asked to stop, and whose time is not over, still travel in the wave.
    ///
    /// # Errors
    /// When the database does.
    pub async fn is_wave_needed(&self, key: &str) -> Result<bool> {
        let row = query(
            "SELECT EXISTS (SELECT 1 FROM run LEFT JOIN run_watch ON run_watch.run_id = run.id \
             AND run_watch.fence = run.fence AND run_watch.step > 0 \
             WHERE run.wave = $1 AND run.wave_fence = run.fence \
             AND run.state IN ('starting', 'running') AND run_watch.run_id IS NULL)",
        )
        .bind(key)
        .fetch_one(&self.readers)
        .await?;
        Ok(row.get::<bool>(0))
    }

    /// Whether it was us who asked GitHub to stop the wave's workflow run.
    ///
    /// # Errors
    /// When the database does.
    pub async fn is_wave_stopped(&self, key: &str) -> Result<bool> {
        let row = query(
            "SELECT EXISTS (SELECT 1 FROM run LEFT JOIN run_watch ON run_watch.run_id = run.id \
             AND run_watch.fence = run.fence WHERE run.wave = $1 \
             AND (run.state = 'cancelling' OR run_watch.step > 0))",
        )
        .bind(key)
        .fetch_one(&self.readers)
        .await?;
        Ok(row.get::<bool>(0))
    }

    /// Notes what is wrong with a wave's workflow run. Answers whether that is news.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_diagnosis(&self, wave: &str, found: Option<&Diagnosis>) -> Result<bool> {
        let Some(found) = found else {
            let gone = query("DELETE FROM diagnosis WHERE wave = $1")
                .bind(wave)
                .execute(&self.writer)
                .await?;
            return Ok(gone > 0);
        };
        let changed = query(
            "INSERT INTO diagnosis (wave, body) VALUES ($1, $2) \
             ON CONFLICT (wave) DO UPDATE SET body = excluded.body WHERE diagnosis.body <> excluded.body",
        )
        .bind(wave)
        .bind(to_json("diagnosis", found)?)
        .execute(&self.writer)
        .await?;
        Ok(changed > 0)
    }

    /// What keeps runs of a release from going on on GitHub.
    ///
    /// # Errors
    /// When the database does.
    pub async fn add_troubles(
        &self,
        installation_id: i64,
        release: &ReleaseName,
        progress: &mut Progress,
    ) -> Result<()> {
        let rows = query(
            "SELECT package.repository, package.path, release.number, run.task, run.number, \
             diagnosis.body, wave.workflow FROM package \
             JOIN release ON release.package_id = package.id \
             JOIN run ON run.release_id = release.id \
             AND run.state IN ('pending', 'starting', 'running', 'cancelling', 'paused') \
             JOIN wave ON wave.key = run.wave AND run.wave_fence = run.fence \
             JOIN diagnosis ON diagnosis.wave = wave.key \
             WHERE package.installation_id = $1 AND package.repository = $2 AND package.path = $3 \
             AND release.number = $4",
        )
        .bind(installation_id)
        .bind(&release.package.repository)
        .bind(&release.package.path)
        .bind(release.number.0)
        .fetch_all(&self.readers)
        .await?;
        for row in rows {
            let found = (from_json("diagnosis", row.get(5))?, row.get(6));
            progress.troubles.insert(run_name(&row, 0)?, found);
        }
        Ok(())
    }
}

fn number(step: Step) -> i64 {
    1 + Step::ALL
        .iter()
        .take_while(|known| **known < step)
        .count()
        .cast_signed() as i64
}

fn read(row: &Row) -> Result<Watched> {
    let step: i64 = row.get(10);
    let step = usize::try_from(step - 1).ok();
    let diagnosis: Option<String> = row.get(13);
    Ok(Watched {
        run_id: row.get(5),
        name: run_name(row, 0)?,
        installation_id: row.get(6),
        fence: row.get(7),
        state: super::releases::word("run state", row.get(8))?,
        since: Timestamp(row.get(9)),
        step: step.and_then(|step| Step::ALL.get(step).copied()),
        step_at: row.get::<Option<i64>>(11).map(Timestamp),
        has_wave: row.get::<Option<i64>>(12).is_some(),
        is_native: row.get::<Option<i64>>(12) == Some(1),
        diagnosis: diagnosis
            .map(|body| from_json("diagnosis", &body))
            .transpose()?,
    })
}
