//! Starts whose answer was lost: looked for by the name their wave carries before they are given up or repeated.

use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::store::{PendingEffect, Repository, Wave};

/// How long GitHub may take to list a workflow run it has started, in seconds.
const LISTING_DELAY: i64 = 60;

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
        if wave.workflow_run_id.is_none() && !self.find_started(repository, wave).await? {
            let age = self.clock.now().since(wave.created_at) / 1000;
            if age < LISTING_DELAY {
                let due = self.clock.now().plus_seconds(5);
                self.store
                    .effect_postponed(effect, due, true, "looking for the workflow run")
                    .await?;
                return Ok(());
            }
            return self.give_up_wave(effect, wave).await;
        }
        for companion in self.store.effects_of_wave(&wave.key).await? {
            self.settled(&companion).await?;
        }
        Ok(())
    }

    /// Looks for the workflow run that carries the wave's name.
    async fn find_started(&self, repository: &Repository, wave: &Wave) -> Result<bool, Problem> {
        // GitHub's clock may be a little behind ours.
        let since = wave.created_at.plus_seconds(-LISTING_DELAY).rfc3339();
        let runs = self
            .github
            .installation(wave.installation_id)
            .workflow_runs_since(&repository.name, &wave.workflow, &since)
            .await?;
        let title = format!("ocuroot {}", wave.key);
        let found = runs.iter().find(|run| run.display_title.contains(&title));
        if let Some(found) = found {
            self.store
                .wave_started(&wave.key, found.id, Some(&found.html_url))
                .await?;
        }
        Ok(found.is_some())
    }

    /// GitHub shows no such workflow run. Our functions are claimed, so they are simply started again; a native
    /// workflow might run unseen, so a person decides.
    async fn give_up_wave(&self, effect: &PendingEffect, wave: &Wave) -> Result<(), Problem> {
        let now = self.clock.now();
        for companion in self.store.effects_of_wave(&wave.key).await? {
            match (&companion.effect.call, wave.is_native) {
                (Call::DispatchWorkflow { run, fence }, true) => {
                    let message = format!(
                        "GitHub did not confirm that `{}` was started and does not list it. Look at the \
                         repository's Actions page; if it does not run there, comment `/ocuroot retry`.",
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
