//! Webhooks that GitHub could not deliver: asked for again.
//!
//! GitHub never repeats a delivery by itself and keeps each for three days (reference/github.md §2.4). A redelivery
//! has the key of the first attempt, so that asking once too often changes nothing.
//!
//! A look through GitHub's list is remembered page by page. What it finds is written down, asked for at the pace GitHub
//! grants an App, people's words first, and asked for once more each time only after a while. After a long outage what
//! can be seen on GitHub, too, is looked at there instead: two requests for a repository tell what a thousand missed
//! pushes would have.

use std::collections::BTreeSet;

use super::{Problem, Worker};
use crate::github::{GitHubError, HookDelivery};
use crate::store::{DeliveryScan, MissedDelivery};
use crate::webhook;

/// How far back the first look goes, in seconds: as long as GitHub keeps deliveries.
const KEPT: i64 = 3 * 24 * 3600;

/// How far each look goes back behind the one before, in seconds: attempts may be listed late.
const OVERLAP: i64 = 120;

/// What one sweep may ask GitHub as the App, in points of its secondary limit (900 a minute): a page costs one, a
/// redelivery five.
const POINTS: usize = 800;
const POINTS_OF_REDELIVERY: usize = 5;

/// Pages of a hundred that one sweep reads at most.
const PAGES: usize = 100;

/// When it is asked for again, in seconds after each time. Then it is given up.
const WAITS: [i64; 5] = [600, 3600, 4 * 3600, 12 * 3600, 24 * 3600];

/// In place of how often it was asked for: never again.
const LOST: i64 = 100;

/// When more than this is missing, what can be seen on GitHub is looked at instead.
const BULK: usize = 500;

/// How long that takes at most, in seconds.
const LOOK: i64 = 1800;

const SUBJECT: &str = "deliveries";

impl Worker {
    /// Asks GitHub to deliver again what it tried in vain.
    pub(super) async fn missed_deliveries(&self) -> Result<(), Problem> {
        let pages = self.scan_deliveries().await?;
        self.ask_again(POINTS.saturating_sub(pages)).await
    }

    /// Looks through what GitHub tried since the last look; answers how many pages it has read.
    async fn scan_deliveries(&self) -> Result<usize, Problem> {
        let mut scan = match self.store.delivery_scan().await? {
            Some(scan) => scan,
            None => self.new_scan().await?,
        };
        for read in 1..=PAGES {
            let page = match self.github.hook_deliveries(scan.cursor.as_deref()).await {
                // GitHub does not know the place any more: from the beginning.
                Err(GitHubError::Rejected { status: 422, .. }) if scan.cursor.is_some() => {
                    scan.cursor = None;
                    self.store.put_delivery_scan(Some(&scan)).await?;
                    continue;
                }
                page => page?,
            };
            let is_old = |attempt: &HookDelivery| attempt.at() < scan.back_to;
            let is_last = page.deliveries.iter().any(is_old);
            let found = page.deliveries.iter().filter(|attempt| !is_old(attempt));
            self.note_missed(found).await?;
            scan.cursor = page.next.filter(|_| !is_last);
            if scan.cursor.is_none() {
                self.store
                    .put_sweep_position(SUBJECT, scan.began_at)
                    .await?;
                self.store.put_delivery_scan(None).await?;
                return Ok(read);
            }
            self.store.put_delivery_scan(Some(&scan)).await?;
        }
        Ok(PAGES)
    }

    async fn new_scan(&self) -> Result<DeliveryScan, Problem> {
        let now = self.clock.now();
        let last = self.store.sweep_position(SUBJECT).await?;
        let oldest = now.plus_seconds(-KEPT);
        if let Some(last) = last.filter(|last| *last < oldest) {
            self.catch_up(last.plus_seconds(-OVERLAP)).await?;
        }
        let since = last.map_or(oldest, |last| last.plus_seconds(-OVERLAP).max(oldest));
        Ok(DeliveryScan {
            cursor: None,
            back_to: since,
            began_at: now,
        })
    }

    async fn note_missed(
        &self,
        attempts: impl Iterator<Item = &HookDelivery>,
    ) -> Result<(), Problem> {
        let mut missed = Vec::new();
        for attempt in attempts {
            // GitHub's own filter `status=failure` would not list attempts whose connection broke
            // (reference/github.md §2.4).
            let is_taken = (200..300).contains(&attempt.status_code);
            let urgency = webhook::urgency(&attempt.event, attempt.action.as_deref());
            if let (false, Some(urgency)) = (is_taken, urgency) {
                missed.push(MissedDelivery {
                    key: attempt.guid.clone(),
                    attempt_id: attempt.id,
                    event: attempt.event.clone(),
                    repository_id: attempt.repository_id,
                    delivered_at: attempt.at(),
                    urgency,
                    asked: 0,
                });
            }
        }
        let keys: Vec<String> = missed.iter().map(|missed| missed.key.clone()).collect();
        let missing = self.store.missing_deliveries(&keys).await?;
        let missing: BTreeSet<String> = missing.into_iter().collect();
        // Attempts come newest first.
        let mut seen = BTreeSet::new();
        missed.retain(|missed| missing.contains(&missed.key) && seen.insert(missed.key.clone()));
        self.store.put_missed(&missed).await?;
        Ok(())
    }

    async fn ask_again(&self, points: usize) -> Result<(), Problem> {
        let now = self.clock.now();
        let most = i64::try_from(BULK + 1).unwrap_or(i64::MAX);
        let mut due = self.store.due_missed(now, most).await?;
        let keys: Vec<String> = due.iter().map(|missed| missed.key.clone()).collect();
        let missing = self.store.missing_deliveries(&keys).await?;
        let missing: BTreeSet<String> = missing.into_iter().collect();
        let mut over: Vec<String> = Vec::new();
        let is_bulk = due.len() > BULK;
        due.retain(|missed| missing.contains(&missed.key));
        over.extend(keys.into_iter().filter(|key| !missing.contains(key)));
        if is_bulk {
            tracing::warn!("much is missing: looking at the repositories instead of asking for it");
            let later = now.plus_seconds(LOOK);
            self.store.look_instead(now, later).await?;
            due.retain(|missed| missed.urgency == 0);
        }
        let mut left = points / POINTS_OF_REDELIVERY;
        for missed in due {
            if left == 0 {
                break;
            }
            if self.is_covered(&missed).await? {
                over.push(missed.key);
                continue;
            }
            left -= 1;
            if !self.ask_for(&missed).await? {
                over.push(missed.key);
            }
        }
        self.store.forget_missed(&over).await?;
        Ok(())
    }

    /// Whether the sweep has seen on GitHub what it would tell.
    async fn is_covered(&self, missed: &MissedDelivery) -> Result<bool, Problem> {
        let Some(repository) = missed.repository_id.filter(|_| missed.urgency > 0) else {
            return Ok(false);
        };
        let seen = self.store.repository_seen(repository).await?;
        Ok(seen.is_some_and(|seen| seen >= missed.delivered_at))
    }

    /// Asks GitHub for it; `false` when it is too old to be ever listed again.
    async fn ask_for(&self, missed: &MissedDelivery) -> Result<bool, Problem> {
        let now = self.clock.now();
        let end = missed.delivered_at.plus_seconds(KEPT + OVERLAP);
        if missed.asked >= LOST {
            return Ok(false);
        }
        let wait = usize::try_from(missed.asked)
            .ok()
            .and_then(|asked| WAITS.get(asked));
        let Some(wait) = wait.filter(|_| end > now) else {
            self.give_up_missed(missed, "it was asked for in vain")
                .await?;
            return Ok(end > now);
        };
        // Noted first: what is asked for twice arrives twice, and is kept once, but costs.
        self.store
            .missed_was_asked(&missed.key, missed.asked + 1, now.plus_seconds(*wait))
            .await?;
        match self.github.redeliver(missed.attempt_id).await {
            Ok(()) => {
                self.recovery.asked(1);
                tracing::info!(
                    delivery = missed.key,
                    event = missed.event,
                    "asking for it again"
                );
            }
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => self.give_up_missed(missed, &error.to_string()).await?,
        }
        Ok(true)
    }

    /// It is remembered as lost as long as GitHub lists it, so that it is not found anew.
    async fn give_up_missed(&self, missed: &MissedDelivery, why: &str) -> Result<(), Problem> {
        self.recovery.gave_up(1);
        tracing::error!(
            delivery = missed.key,
            event = missed.event,
            repository = missed.repository_id,
            why,
            "a webhook is lost: looking at its repository instead"
        );
        let end = missed.delivered_at.plus_seconds(KEPT + OVERLAP);
        self.store.missed_was_asked(&missed.key, LOST, end).await?;
        if let Some(repository) = missed.repository_id {
            self.store.look_soon(repository).await?;
        }
        Ok(())
    }
}
