//! Knobs for what goes wrong between two machines.

use std::collections::VecDeque;
use std::sync::Arc;

use super::shared::Shared;

/// What happens to a delivery instead of arriving once, soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It is never sent and not even logged.
    Vanish,
    /// It is logged as failed without being sent; it can be redelivered.
    Fail,
    /// It is sent twice.
    Duplicate,
    /// It waits until [`FaultsHandle::release_held_deliveries`].
    Hold,
}

/// What happens to an API request instead of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// 500, nothing done.
    ServerError,
    /// 502, nothing done.
    BadGateway,
    /// 403 of the secondary rate limit with `Retry-After` in seconds, nothing done.
    SecondaryLimit(u64),
    /// The same without `Retry-After`: only the words tell.
    SecondaryLimitWithoutTime,
    /// 429 with `Retry-After` in seconds, nothing done.
    TooManyRequests(u64),
    /// The same without `Retry-After`.
    TooManyRequestsWithoutTime,
    /// 404, nothing done.
    NotFound,
    /// 401, nothing done: a fresh token that is not known everywhere yet.
    Unauthorized,
    /// Done, but the connection breaks before the answer.
    LoseAnswer,
    /// The connection breaks, nothing done.
    Reset,
}

/// What happens to a dispatched workflow run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFault {
    /// It stays queued for ever.
    Zombie,
    /// It completes at once with `startup_failure`.
    StartupFailure,
    /// It stays queued for ever, and can neither be cancelled nor force-cancelled.
    Undead,
    /// Its jobs wait until somebody approves them, or the time of a rule is over.
    Waiting,
    /// It waits until another run of its `concurrency` group has ended.
    Pending,
    /// It is cancelled at once for a newer run of its `concurrency` group.
    Replaced,
    /// Its jobs are not started, because the account's spending limit is reached.
    Unpaid,
}

struct RequestRule {
    method: String,
    pattern: String,
    left: usize,
    fault: RequestFault,
}

struct DeliveryRule {
    event: Option<String>,
    left: usize,
    fault: DeliveryFault,
}

/// The faults that are set.
#[derive(Default)]
pub(crate) struct Faults {
    deliveries: Vec<DeliveryRule>,
    requests: Vec<RequestRule>,
    runs: VecDeque<RunFault>,
    /// Lists do not show what is younger than this, in seconds.
    pub(crate) stale: i64,
}

impl Faults {
    pub(crate) fn next_delivery_fault(&mut self, event: &str) -> Option<DeliveryFault> {
        let mut rules = self.deliveries.iter_mut();
        let rule = rules.find(|rule| {
            rule.left > 0 && rule.event.as_deref().is_none_or(|wanted| wanted == event)
        })?;
        rule.left -= 1;
        Some(rule.fault)
    }

    pub(crate) fn next_request_fault(&mut self, method: &str, path: &str) -> Option<RequestFault> {
        let mut rules = self.requests.iter_mut();
        let rule = rules
            .find(|rule| rule.left > 0 && rule.method == method && fits(&rule.pattern, path))?;
        rule.left -= 1;
        Some(rule.fault)
    }

    pub(crate) fn next_run_fault(&mut self) -> Option<RunFault> {
        self.runs.pop_front()
    }
}

/// Whether a path fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((start, rest)) => path.strip_prefix(start).is_some_and(|path| {
            (0..=path.len()).any(|skipped| path.get(skipped..).is_some_and(|path| fits(rest, path)))
        }),
    }
}

/// Sets faults. They are used up in the order they were set.
#[derive(Clone)]
pub struct FaultsHandle(pub(crate) Arc<Shared>);

impl FaultsHandle {
    /// Lets a fault happen to the next deliveries, of one event or of any.
    pub fn deliveries(&self, event: Option<&str>, times: usize, fault: DeliveryFault) {
        let rule = DeliveryRule {
            event: event.map(str::to_owned),
            left: times,
            fault,
        };
        self.0.lock().faults.deliveries.push(rule);
    }

    /// Turns the order of the pending deliveries around.
    pub fn reverse_pending_deliveries(&self) {
        self.0.lock().deliveries.pending.make_contiguous().reverse();
    }

    /// Throws the pending deliveries away and returns how many there were.
    pub fn discard_pending_deliveries(&self) -> usize {
        self.0.lock().deliveries.pending.drain(..).count()
    }

    /// Queues the deliveries that were held back.
    pub fn release_held_deliveries(&self) {
        let mut world = self.0.lock();
        let held = std::mem::take(&mut world.deliveries.held);
        world.deliveries.pending.extend(held);
        world.deliveries.wake.notify_one();
    }

    /// Lets a fault happen to the next requests of a method whose path fits a pattern (`*` is any text).
    pub fn requests(&self, method: &str, pattern: &str, times: usize, fault: RequestFault) {
        let rule = RequestRule {
            method: method.to_owned(),
            pattern: pattern.to_owned(),
            left: times,
            fault,
        };
        self.0.lock().faults.requests.push(rule);
    }

    /// Lets a fault happen to the next dispatched workflow run that has none yet.
    pub fn next_run(&self, fault: RunFault) {
        self.0.lock().faults.runs.push_back(fault);
    }

    /// Lets lists miss what was created in the last `seconds`: they are read from a replica that lags behind.
    pub fn stale_lists(&self, seconds: i64) {
        self.0.lock().faults.stale = seconds;
    }

    /// Lets the `index`-th of the pending deliveries overtake those before it.
    pub fn overtake(&self, index: usize) {
        let pending = &mut self.0.lock().deliveries.pending;
        if let Some(overtaking) = pending.remove(index) {
            pending.push_front(overtaking);
        }
    }

    /// Takes back all faults that did not happen yet.
    pub fn clear(&self) {
        self.0.lock().faults = Faults::default();
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_in_a_pattern_stands_for_any_text() {
        assert!(fits("/repos/*/check-runs", "/repos/acme/api/check-runs"));
        assert!(fits(
            "*dispatches",
            "/repos/acme/api/actions/workflows/x.yml/dispatches"
        ));
        assert!(!fits("/repos/*/check-runs", "/repos/acme/api/check-runs/7"));
        assert!(fits("*", ""));
    }
}
