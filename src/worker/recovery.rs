//! What was made up for, counted since the start of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what the sweep has done. Cheap to clone; all clones count together.
#[derive(Clone, Debug, Default)]
pub struct Recovery(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    asked: AtomicU64,
    given_up: AtomicU64,
    looked_at: AtomicU64,
    overdue: AtomicU64,
    rewritten: AtomicU64,
}

/// The counts of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Webhooks that GitHub was asked to deliver again.
    pub deliveries_asked_again: u64,
    /// Webhooks that GitHub could not deliver again.
    pub deliveries_given_up: u64,
    /// Looks at repositories.
    pub repositories_looked_at: u64,
    /// Steps taken against starts that were too long in one state.
    pub overdue_steps: u64,
    /// Check runs that were written again because GitHub did not show the truth.
    pub checks_rewritten: u64,
}

impl Recovery {
    /// The counts now.
    pub fn now(&self) -> Recovered {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Recovered {
            deliveries_asked_again: read(&self.0.asked),
            deliveries_given_up: read(&self.0.given_up),
            repositories_looked_at: read(&self.0.looked_at),
            overdue_steps: read(&self.0.overdue),
            checks_rewritten: read(&self.0.rewritten),
        }
    }

    pub(super) fn asked(&self, count: u64) {
        self.0.asked.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn gave_up(&self, count: u64) {
        self.0.given_up.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn looked_at(&self, count: u64) {
        self.0.looked_at.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn overdue(&self, count: u64) {
        self.0.overdue.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn rewrote(&self, count: u64) {
        self.0.rewritten.fetch_add(count, Ordering::Relaxed);
    }
}
