//! Ending a run before its function does.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Why a run has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    /// GitHub cancels the job.
    Cancelled,
    /// A person at the terminal has had enough.
    Interrupted,
    /// The run took longer than these seconds.
    TimedOut(i64),
}

impl StopReason {
    /// What the run's report says.
    pub(super) fn message(self) -> String {
        match self {
            StopReason::Cancelled => "cancelled on GitHub".to_owned(),
            StopReason::Interrupted => "interrupted".to_owned(),
            StopReason::TimedOut(seconds) => format!("timed out after {}", duration(seconds)),
        }
    }
}

/// Asks a running job to end. Clones ask the same job.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    reason: Mutex<Option<StopReason>>,
    asked: Condvar,
}

impl Stop {
    /// Nothing is asked yet.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// GitHub cancels the job: the running command is ended and the run reported as cancelled.
    pub fn cancel(&self) {
        self.ask(StopReason::Cancelled);
    }

    /// A person at the terminal has had enough: the running command is ended.
    pub fn interrupt(&self) {
        self.ask(StopReason::Interrupted);
    }

    /// The first reason stays.
    pub(super) fn ask(&self, reason: StopReason) {
        self.lock().get_or_insert(reason);
        self.0.asked.notify_all();
    }

    /// Whether it was asked to end.
    pub fn is_asked(&self) -> bool {
        self.reason().is_some()
    }

    pub(super) fn reason(&self) -> Option<StopReason> {
        *self.lock()
    }

    /// Waits this long; `true` as soon as a stop is asked for.
    pub(super) fn wait(&self, longest: Duration) -> bool {
        let until = Instant::now() + longest;
        let mut reason = self.lock();
        while reason.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.asked.wait_timeout(reason, left);
            reason = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<StopReason>> {
        self.0.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `90 s`, `5 min`, `1 h 30 min`.
fn duration(seconds: i64) -> String {
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, minutes, 0) if minutes > 0 => format!("{minutes} min"),
        (0, ..) => format!("{seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, StopReason};

    #[test]
    fn the_first_reason_stays() {
        let stop = Stop::new();
        stop.ask(StopReason::TimedOut(5400));
        stop.cancel();
        let reason = stop.reason().expect("a reason");
        assert_eq!(reason.message(), "timed out after 1 h 30 min");
        assert_eq!(StopReason::TimedOut(90).message(), "timed out after 90 s");
    }
}
