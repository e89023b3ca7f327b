//! `sync`: everything of the repository is looked at now instead of when its turn comes.

use super::{Asked, Speaker};
use crate::report;
use crate::worker::{Problem, Worker};

impl Worker {
    pub(super) async fn hear_sync(&self, speaker: Speaker<'_>) -> Result<Asked, Problem> {
        let repository = speaker.repository;
        let before = self.recovery.now().deliveries_asked_again;
        // The App's own: another may be at it, or GitHub's limit for that be used up. The sweep goes on with it.
        if let Err(problem) = self.missed_deliveries().await {
            tracing::warn!(%problem, "asking for missed webhooks failed");
        }
        let mut found = self.look_at(repository).await?;
        found.deliveries = self.recovery.now().deliveries_asked_again - before;
        for key in self.store.keys_of_active_waves(repository.id).await? {
            let Some(wave) = self.store.wave(&key).await? else {
                continue;
            };
            found.workflow_runs += 1;
            if self.ask_after(&wave).await? {
                found.ended += 1;
            }
        }
        Ok(Asked::reply(report::synced(&found)))
    }
}
