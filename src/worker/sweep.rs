//! Asking after what has been silent: without any webhook, the sweep alone brings every run to its end.

use super::line::Decision;
use super::{Problem, Worker};
use crate::github::GitHubError;
use crate::store::{Done, Wave};

/// How long a started workflow run may be silent before GitHub is asked about it, in seconds.
const SILENCE: i64 = 600;

impl Worker {
    /// Asks GitHub for webhooks that did not arrive, and about every workflow run and every head that has been silent.
    ///
    /// # Errors
    /// When the database does. What is wrong with one question stays with it.
    pub async fn sweep(&self) -> Result<(), Problem> {
        for answer in [self.ask_for_missed().await, self.look_at_heads().await] {
            match answer {
                Err(problem @ Problem::Store(_)) => return Err(problem),
                Err(problem) => tracing::warn!(%problem, "looking for what was missed failed"),
                Ok(()) => {}
            }
        }
        self.ask_after_silent().await?;
        self.wake.notify_waiters();
        Ok(())
    }

    /// Asks GitHub about every workflow run that has been silent for ten minutes.
    async fn ask_after_silent(&self) -> Result<(), Problem> {
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

    async fn ask_after(&self, wave: &Wave) -> Result<(), Problem> {
        let repository = self.store.repository(wave.repository_id).await?;
        let (Some(repository), Some(id)) = (repository, wave.workflow_run_id) else {
            // Its start is still being confirmed; the outbox sees to that.
            return Ok(());
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
            Ok(_) => return Ok(()),
            Err(GitHubError::NotFound { .. }) => ("deleted on GitHub".to_owned(), String::new()),
            Err(error) => return Err(error.into()),
        };
        let triggers = self
            .end_of_wave(&repository, wave, id, &conclusion, &url)
            .await?;
        self.decide(Decision::new(wave.installation_id, triggers, Done::Nothing))
            .await?;
        Ok(())
    }
}
