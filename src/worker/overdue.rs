//! Starts that are too long in one state: stopped on GitHub, and given up in the end.

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::Trigger;
use crate::engine::deadline::{Next, Standing, Step, next};
use crate::model::{AuditEntry, Diagnosis, RunName, Verdict};
use crate::store::{Delivery, Done, Scope, Watched};

/// Starts that one sweep looks at.
const MOST: i64 = 500;

/// When a start is looked at again whose repository the App sees no more, in seconds.
const UNSEEN: i64 = 3600;

/// A job has reported the end of a start that nobody waits for any more.
#[derive(serde::Deserialize)]
pub(super) struct LateNews {
    run: RunName,
    fence: i64,
    result: String,
}

impl Worker {
    /// Looks at the starts whose time may be over.
    pub(super) async fn overdue_runs(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        self.store.watch_active_runs(now).await?;
        for watched in self.store.due_watches(now, MOST).await? {
            if let Err(problem) = self.look_at_start(&watched).await {
                tracing::warn!(%problem, run = %watched.name, "looking at a start failed");
            }
        }
        Ok(())
    }

    async fn look_at_start(&self, watched: &Watched) -> Result<(), Problem> {
        let now = self.clock.now();
        let row = self.store.run(watched.run_id).await?;
        let repository_id = row.map_or(0, |row| row.repository_id);
        if self.store.is_gone(repository_id).await? {
            // Nothing can be asked there, nor shown.
            let due = now.plus_seconds(UNSEEN);
            return Ok(self.store.watch_until(watched, due).await?);
        }
        let standing = Standing {
            state: watched.state,
            since: watched.since,
            has_wave: watched.has_wave,
            is_native: watched.is_native,
            timeout_seconds: self.timeout(watched).await?,
            waits_for_approval: watched.diagnosis == Some(Diagnosis::WaitsForApproval),
            is_zombie: watched.diagnosis == Some(Diagnosis::Zombie),
            done: watched.step.zip(watched.step_at),
        };
        let step = match (watched.step, watched.step_at) {
            // Begun, but nobody knows whether it was decided: deciding it twice changes nothing.
            (Some(step), None) => step,
            _ => match next(&standing, now) {
                Next::At(due) => return Ok(self.store.watch_until(watched, due).await?),
                Next::Now(step) => step,
            },
        };
        tracing::warn!(run = %watched.name, fence = watched.fence, ?step, "a start is overdue");
        // Noted first: the call that follows asks whether anybody still needs the workflow run.
        self.store.note_step(watched, step, None).await?;
        if step == Step::GiveUp {
            self.store.remember_job(watched).await?;
        }
        let trigger = Trigger::Overdue {
            run: watched.name.clone(),
            fence: watched.fence,
            step,
        };
        let triggers = vec![trigger];
        self.decide(Decision::new(
            watched.installation_id,
            triggers,
            Done::Nothing,
        ))
        .await?;
        self.recovery.overdue(1);
        self.store.note_step(watched, step, Some(now)).await?;
        Ok(())
    }

    /// What the start's task says, in seconds.
    async fn timeout(&self, watched: &Watched) -> Result<Option<i64>, Problem> {
        let release = &watched.name.release;
        let scope = Scope::of_release(watched.installation_id, release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let release = snapshot.releases.get(release);
        let task = release.and_then(|release| release.package.task(&watched.name.key));
        Ok(task.and_then(|task| task.timeout_seconds))
    }

    /// Notes a result that came too late; it changes nothing.
    pub(super) async fn on_late_news(
        &self,
        delivery: &Delivery,
        late: &LateNews,
    ) -> Result<(), Problem> {
        let installation_id = super::intake::installation_of(delivery)?;
        tracing::warn!(run = %late.run, fence = late.fence, result = late.result,
                       "a start that was given up has ended");
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, Vec::new(), done);
        let entry = AuditEntry {
            actor: None,
            action: "late result".to_owned(),
            subject: late.run.to_string(),
            verdict: Verdict::Recorded,
            reason_code: "too_late".to_owned(),
            detail: serde_json::json!({ "fence": late.fence, "result": late.result }),
        };
        decision
            .changes
            .push(crate::engine::Change::Audit(Box::new(entry)));
        self.decide(decision).await?;
        Ok(())
    }
}
