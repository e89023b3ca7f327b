//! Starts whose answer was lost: looked for by the name their wave carries before they are given up or repeated.

use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::store::{PendingEffect, Repository, Wave};

/// How long GitHub may take to list a workflow run it has started, in seconds.
const LISTING_DELAY: i64 = 30;

impl Worker {
    /// The wave of an earlier try of which nobody knows whether it was started.
    pub(super) async fn unconfirmed(
        &self,
        effect: &PendingEffect,
    ) -> Result<Option<Wave>, Problem> {
        match &effect.wave {
            Some(key) if effect.is_unsure => Ok(self.store.wave(key).await?),
            _ => Ok(None),
        }
    }

    /// Finds out whether a wave was started.
    pub(super) async fn confirm(
        &self,
        effect: &PendingEffect,
        repository: &Repository,
        wave: &Wave,
    ) -> Result<(), Problem> {
        let started = match wave.workflow_run_id {
            Some(id) => Some(id),
            None => self.find_started(repository, wave).await?,
        };
        let Some(id) = started else {
            let age = self.clock.now().since(wave.created_at) / 1000;
            if age < LISTING_DELAY {
                let due = self.clock.now().plus_seconds(5);
                self.store
                    .effect_postponed(effect, due, true, "looking for the workflow run")
                    .await?;
                return Ok(());
            }
            return self.give_up_wave(effect, wave).await;
        };
        // The news of its end may have come before anybody knew whose it was.
        let known = Wave {
            workflow_run_id: Some(id),
            ..wave.clone()
        };
        self.ask_after(&known).await?;
        for companion in self.store.effects_of_wave(&wave.key).await? {
            self.settled(&companion).await?;
        }
        Ok(())
    }

    /// Looks for the workflow run that carries the wave's name.
    async fn find_started(
        &self,
        repository: &Repository,
        wave: &Wave,
    ) -> Result<Option<i64>, Problem> {
        // GitHub's clock may be a little behind ours.
        let since = wave.created_at.plus_seconds(-LISTING_DELAY).rfc3339();
        let runs = self
            .github
            .installation(wave.installation_id)
            .workflow_runs_since(&repository.name, &wave.workflow, &since)
            .await?;
        let found = runs.iter().find(|run| shows(&run.display_title, &wave.key));
        if let Some(found) = found {
            self.store
                .wave_started(&wave.key, found.id, Some(&found.html_url))
                .await?;
        }
        Ok(found.map(|found| found.id))
    }

    /// GitHub lists no such workflow run. Where it would show the wave's name, it was not started and is started again
    /// (accepted race: GitHub lists a run later than after half a minute; our functions are claimed even then). Any other
    /// might run unseen, so a person decides.
    async fn give_up_wave(&self, effect: &PendingEffect, wave: &Wave) -> Result<(), Problem> {
        let now = self.clock.now();
        for companion in self.store.effects_of_wave(&wave.key).await? {
            match (&companion.effect.call, wave.is_listed) {
                (Call::DispatchWorkflow { run, fence }, false) => {
                    let message = format!(
                        "GitHub did not confirm that `{}` was started and does not list it. Look at the \
                         repository's Actions page; if it does not run there, comment `/ocuroot retry`. With \
                         `run-name: ${{{{ inputs.ocuroot_run }}}}` in the workflow, Ocuroot can tell by itself.",
                        wave.workflow
                    );
                    self.unstartable(&companion, run, *fence, message).await?;
                }
                _ => {
                    self.store
                        .effect_postponed(&companion, now, false, "GitHub does not list it")
                        .await?;
                }
            }
        }
        tracing::warn!(
            wave = wave.key,
            key = effect.key,
            "a start was never confirmed"
        );
        Ok(())
    }
}

/// Whether a workflow run's title holds the wave's name as a word of its own.
fn shows(title: &str, key: &str) -> bool {
    title
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .any(|word| word == key)
}
