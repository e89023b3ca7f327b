//! Webhooks that GitHub could not deliver: asked for again.
//!
//! GitHub never repeats a delivery by itself and keeps each for three days (reference/github.md §2.4). A redelivery
//! has the key of the first attempt, so that asking once too often changes nothing.

use std::collections::BTreeMap;

use super::{Problem, Worker};
use crate::github::HookDelivery;
use crate::model::Timestamp;

/// How far back the first look goes, in seconds: as long as GitHub keeps deliveries.
const KEPT: i64 = 3 * 24 * 3600;

/// How far each look goes back behind the one before, in seconds: attempts may be listed late.
const OVERLAP: i64 = 600;

/// Pages of a hundred that one look reads at most.
const PAGES: usize = 100;

const SUBJECT: &str = "deliveries";

impl Worker {
    /// Asks GitHub to deliver again what it tried in vain since the last look.
    pub(super) async fn missed_deliveries(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let last = self.store.sweep_position(SUBJECT).await?;
        let since = last.unwrap_or_else(|| now.plus_seconds(-KEPT));
        let attempts = self.attempts_since(since.plus_seconds(-OVERLAP)).await?;
        let failed = failed(&attempts);
        let keys: Vec<String> = failed.keys().map(|key| (*key).to_owned()).collect();
        let missing = self.store.missing_deliveries(&keys).await?;
        let mut missed: Vec<&HookDelivery> = missing
            .iter()
            .filter_map(|key| failed.get(key.as_str()).copied())
            .collect();
        missed.sort_by_key(|attempt| (attempt.at(), attempt.id));
        for attempt in missed {
            tracing::info!(
                delivery = attempt.guid,
                event = attempt.event,
                "asking for it again"
            );
            self.github.redeliver(attempt.id).await?;
        }
        self.store.put_sweep_position(SUBJECT, now).await?;
        Ok(())
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<HookDelivery>, Problem> {
        let mut attempts = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let page = self.github.hook_deliveries(cursor.as_deref()).await?;
            let is_last = page.deliveries.iter().any(|attempt| attempt.at() < since);
            attempts.extend(
                page.deliveries
                    .into_iter()
                    .filter(|attempt| attempt.at() >= since),
            );
            cursor = page.next.filter(|_| !is_last);
            if cursor.is_none() {
                break;
            }
        }
        Ok(attempts)
    }
}

/// The latest attempt of each delivery that never succeeded, by the delivery's key. Attempts come newest first.
fn failed(attempts: &[HookDelivery]) -> BTreeMap<&str, &HookDelivery> {
    let mut failed: BTreeMap<&str, &HookDelivery> = BTreeMap::new();
    for attempt in attempts {
        failed.entry(&attempt.guid).or_insert(attempt);
    }
    // `status=failure` would not list attempts whose connection broke (reference/github.md §2.4).
    for attempt in attempts.iter().filter(|attempt| attempt.status == "OK") {
        failed.remove(attempt.guid.as_str());
    }
    failed
}
