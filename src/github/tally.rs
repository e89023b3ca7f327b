//! What was sent for one installation since somebody last asked, and how much more may be.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};

use super::error::{self, GitHubError};
use crate::budget::{Class, Primary, Refusal, Sent};
use crate::model::Timestamp;

/// Refusals that are remembered one by one; more say nothing new.
const REFUSALS: usize = 16;

/// Counts one installation's requests.
pub(super) struct Tally(Mutex<Count>);

struct Count {
    sent: Sent,
    /// Points that may still be used; nobody has set a limit when it is none.
    left: Option<u32>,
    /// What a request that finds none left is told to wait, in seconds.
    wait: u64,
    /// When the limit ends by itself, should nobody set another one.
    ends: Instant,
}

impl Tally {
    pub(super) fn new() -> Tally {
        Tally(Mutex::new(Count {
            sent: Sent::default(),
            left: None,
            wait: 0,
            ends: Instant::now(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent since this was last asked.
    pub(super) fn take(&self) -> Sent {
        std::mem::take(&mut self.lock().sent)
    }

    /// From now on this many points may be used; what finds none left is told to come back after `wait` seconds.
    pub(super) fn allow(&self, points: u32, wait: u64) {
        let mut count = self.lock();
        count.limit(points, wait);
    }

    /// Counts a request that is about to be sent, unless there is no room for it.
    pub(super) fn admit(&self, class: Class, call: &str) -> Result<(), GitHubError> {
        let mut count = self.lock();
        if count.left == Some(0) && Instant::now() < count.ends {
            return Err(GitHubError::RateLimited {
                call: call.to_owned(),
                retry_after_seconds: count.wait,
            });
        }
        count.left = count.left.map(|left| left.saturating_sub(class.points));
        count.sent.points = count.sent.points.saturating_add(class.points);
        count.sent.writes += u32::from(class.is_write());
        count.sent.content += u32::from(class.is_content);
        Ok(())
    }

    /// Notes how a request was answered.
    pub(super) fn answered(&self, class: Class, error: Option<&GitHubError>, headers: &HeaderMap) {
        let number = |name| error::text(headers, name).and_then(|text| text.parse::<u64>().ok());
        let reset = number("x-ratelimit-reset").and_then(|seconds| i64::try_from(seconds).ok());
        let resets_at = reset.map(|seconds| Timestamp(0).plus_seconds(seconds));
        let mut count = self.lock();
        let remaining = number("x-ratelimit-remaining");
        if let (Some(limit), Some(remaining), Some(resets_at)) =
            (number("x-ratelimit-limit"), remaining, resets_at)
        {
            count.sent.primary = Some(Primary {
                limit,
                remaining,
                resets_at,
            });
        }
        if !matches!(error, Some(GitHubError::RateLimited { .. })) {
            count.sent.has_succeeded = true;
            return;
        }
        // Nothing more is sent before whoever sets limits has thought about it.
        let wait = error.and_then(GitHubError::retry_after_seconds);
        if count.left.is_some() {
            count.limit(0, wait.unwrap_or_default());
        }
        if count.sent.refusals.len() < REFUSALS {
            count.sent.refusals.push(Refusal {
                class,
                retry_after: number("retry-after").and_then(|seconds| i64::try_from(seconds).ok()),
                resets_at: resets_at.filter(|_| remaining == Some(0)),
            });
        }
    }
}

impl Count {
    fn limit(&mut self, points: u32, wait: u64) {
        self.left = Some(points);
        self.wait = wait;
        self.ends = Instant::now() + Duration::from_secs(wait.min(3600));
    }
}

/// The refusal in an answer, if it is one for sending too much.
pub(super) fn refusal(
    call: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<GitHubError> {
    let is_refused = status == StatusCode::FORBIDDEN || status == StatusCode::TOO_MANY_REQUESTS;
    is_refused.then(|| error::refused(call, status, headers, body))
}
