//! Asking after what has been silent. Webhooks only wake us: without any of them the sweep alone releases what was
//! pushed, looks at what is proposed, and brings every run to its end.

use super::doctor::DELETED;
use super::line::Decision;
use super::{Problem, Worker};
use crate::github::GitHubError;
use crate::store::{Done, Wave};

/// How long a started workflow run may be silent before GitHub is asked about it, in seconds.
const SILENCE: i64 = 300;

impl Worker {
    /// Asks GitHub for webhooks it could not deliver, for what no webhook told, and about every workflow run that has
    /// been silent for five minutes, stops what is too long at it; then clears away what has ended by itself.
    ///
    /// # Errors
    /// When the database does. What is wrong with one question stays with it.
    pub async fn sweep(&self) -> Result<(), Problem> {
        self.settle_all_budgets().await?;
        if let Err(problem) = self.missed_deliveries().await {
            tracing::warn!(%problem, "asking for missed webhooks failed");
        }
        if let Err(problem) = self.installed().await {
            tracing::warn!(%problem, "asking where the App is installed failed");
        }
        if let Err(problem) = self.unseen_heads().await {
            tracing::warn!(%problem, "looking at repositories failed");
        }
        self.silent_runs().await?;
        self.overdue_runs().await?;
        self.settle_all_budgets().await?;
        self.store.forget_what_has_ended(self.clock.now()).await?;
        self.wake.notify_waiters();
        Ok(())
    }

    async fn silent_runs(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let silent = self
            .store
            .take_silent_waves(now.plus_seconds(-SILENCE), now)
            .await?;
        for wave in silent {
            if let Err(problem) = self.ask_after(&wave).await {
                tracing::warn!(%problem, wave = wave.key, "asking after a workflow run failed");
            }
        }
        Ok(())
    }

    /// Asks GitHub about a workflow run; answers whether it has ended.
    pub(super) async fn ask_after(&self, wave: &Wave) -> Result<bool, Problem> {
        if self.store.is_gone(wave.repository_id).await? {
            return Ok(false);
        }
        let repository = self.store.repository(wave.repository_id).await?;
        let (Some(repository), Some(id)) = (repository, wave.workflow_run_id) else {
            // Its start is still being confirmed; the outbox sees to that.
            return Ok(false);
        };
        let answer = self
            .github
            .installation(wave.installation_id)
            .workflow_run(&repository.name, id)
            .await;
        let (conclusion, url) = match answer {
            Ok(run) if run.status == "completed" => {
                (run.conclusion.unwrap_or_default(), run.html_url)
            }
            Ok(run) => {
                self.examine(&repository, wave, &run).await?;
                return Ok(false);
            }
            Err(GitHubError::NotFound { .. }) => (DELETED.to_owned(), String::new()),
            Err(error) => return Err(error.into()),
        };
        let triggers = self
            .end_of_wave(&repository, wave, id, &conclusion, &url)
            .await?;
        self.decide(Decision::new(wave.installation_id, triggers, Done::Nothing))
            .await?;
        Ok(true)
    }
}
