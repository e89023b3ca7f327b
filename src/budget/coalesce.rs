//! How often is told how something goes on. Its beginning and its end are always told.

use super::limits::Limits;
use super::state::Verdict;
use crate::model::Timestamp;

/// Whether progress is told now of what was last told `last`, while `backlog` calls wait: the more wait, the rarer.
pub fn progress(limits: &Limits, last: Option<Timestamp>, backlog: i64, now: Timestamp) -> Verdict {
    if backlog > limits.large_backlog {
        return Verdict::Wait(now.plus_seconds(backlog));
    }
    if limits.progress == 0 {
        return Verdict::Go;
    }
    let next = last.map(|last| last.plus_seconds(limits.progress.max(backlog)));
    match next {
        Some(next) if next > now => Verdict::Wait(next),
        _ => Verdict::Go,
    }
}
