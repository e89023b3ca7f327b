//! GitHub's limits, enforced: what goes beyond is refused the way GitHub refuses it, and counted. Off until a test turns
//! them on. Kept by the simulator's clock, in whole seconds, for each installation by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::Answer;
use super::start::Simulator;
use super::state::refusal::Refusal;

/// Requests of one credential that GitHub answers at the same time.
const CONCURRENT: usize = 100;

/// What an installation may ask before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests in an hour of the clock.
    pub requests_per_hour: u64,
    /// Creations in any minute.
    pub content_per_minute: u64,
    /// Creations in any hour.
    pub content_per_hour: u64,
    /// Points in any minute: a question is one, everything else five.
    pub points_per_minute: u64,
    /// Seconds a refused client is told to wait.
    pub retry_after: i64,
}

impl RequestLimits {
    /// What GitHub documents; every POST is taken to create something.
    pub const GITHUB: RequestLimits = RequestLimits {
        requests_per_hour: 5000,
        content_per_minute: 80,
        content_per_hour: 500,
        points_per_minute: 900,
        retry_after: 60,
    };
}

/// What became of the requests of one installation since the limits were turned on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Questions that were answered.
    pub reads: u64,
    /// Questions whose answer had not changed: free for the hour.
    pub unchanged: u64,
    /// Changes, without creations.
    pub writes: u64,
    /// Creations.
    pub content: u64,
    /// Refused requests by the limit they went beyond.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Requests that came although their sender was told to wait.
    pub impatient: u64,
    /// The most creations there were within a minute.
    pub most_content_per_minute: u64,
    /// The most creations there were within an hour.
    pub most_content_per_hour: u64,
    /// The most points there were within a minute.
    pub most_points_per_minute: u64,
}

/// What is kept of one installation.
#[derive(Default)]
struct Account {
    /// Second, points, whether something was created; the oldest first.
    sent: VecDeque<(i64, u64, bool)>,
    hour: i64,
    used: u64,
    silent_until: i64,
    counts: RequestCounts,
}

/// The limits, if there are any, and what was counted.
#[derive(Default)]
pub(crate) struct Limiter {
    limits: Option<RequestLimits>,
    accounts: BTreeMap<u64, Account>,
}

/// What a request costs.
#[derive(Clone, Copy)]
struct Cost {
    points: u64,
    is_content: bool,
}

impl Cost {
    fn of(method: &str, path: &str) -> Cost {
        let is_stop = ["/cancel", "/force-cancel", "/attempts"]
            .iter()
            .any(|end| path.ends_with(end));
        match method {
            "GET" | "HEAD" | "OPTIONS" => Cost {
                points: 1,
                is_content: false,
            },
            _ => Cost {
                points: 5,
                is_content: method == "POST" && !is_stop,
            },
        }
    }
}

impl Account {
    fn content_since(&self, second: i64) -> u64 {
        let young = self.sent.iter().rev().take_while(|(at, ..)| *at > second);
        young.filter(|(.., is_content)| *is_content).count() as u64
    }

    fn points_since(&self, second: i64) -> u64 {
        let young = self.sent.iter().rev().take_while(|(at, ..)| *at > second);
        young.map(|(_, points, _)| points).sum()
    }

    /// The limit that one more request would break.
    fn broken(&self, limits: &RequestLimits, cost: Cost, now: i64) -> Option<&'static str> {
        let one = u64::from(cost.is_content);
        if self.content_since(now - 60) + one > limits.content_per_minute {
            return Some("content per minute");
        }
        if self.content_since(now - 3600) + one > limits.content_per_hour {
            return Some("content per hour");
        }
        let points = self.points_since(now - 60) + cost.points;
        (points > limits.points_per_minute).then_some("points per minute")
    }

    fn count(&mut self, cost: Cost, now: i64) {
        self.sent.push_back((now, cost.points, cost.is_content));
        while self.sent.front().is_some_and(|(at, ..)| *at <= now - 3600) {
            self.sent.pop_front();
        }
        let (minute, hour) = (self.content_since(now - 60), self.content_since(now - 3600));
        let points = self.points_since(now - 60);
        let counts = &mut self.counts;
        counts.most_content_per_minute = counts.most_content_per_minute.max(minute);
        counts.most_content_per_hour = counts.most_content_per_hour.max(hour);
        counts.most_points_per_minute = counts.most_points_per_minute.max(points);
    }
}

impl Limiter {
    /// Counts a request that is about to be answered; a refusal when it goes beyond a limit.
    pub(crate) fn admit(
        &mut self,
        installation: u64,
        (method, path): (&str, &str),
        in_flight: usize,
        now: i64,
    ) -> Option<Answer> {
        let limits = self.limits?;
        let account = self.accounts.entry(installation).or_default();
        if account.hour != now / 3600 {
            (account.hour, account.used) = (now / 3600, 0);
        }
        let cost = Cost::of(method, path);
        if now < account.silent_until {
            account.counts.impatient += 1;
            return Some(secondary(account.silent_until - now));
        }
        let is_used_up = account.used >= limits.requests_per_hour;
        let broken = if is_used_up {
            Some("requests per hour")
        } else if in_flight > CONCURRENT {
            Some("concurrent")
        } else {
            account.broken(&limits, cost, now)
        };
        let Some(broken) = broken else {
            account.count(cost, now);
            return None;
        };
        *account.counts.rejected.entry(broken).or_default() += 1;
        if is_used_up {
            let message = format!("API rate limit exceeded for installation ID {installation}.");
            return Some(Answer::from(&Refusal::new(403, message)));
        }
        account.silent_until = now + limits.retry_after;
        Some(secondary(limits.retry_after))
    }

    /// Notes how a request was answered: what has not changed is free.
    pub(crate) fn answered(&mut self, installation: u64, method: &str, path: &str, status: u16) {
        if self.limits.is_none() {
            return;
        }
        let account = self.accounts.entry(installation).or_default();
        if status == 304 {
            account.counts.unchanged += 1;
            return;
        }
        account.used += 1;
        let cost = Cost::of(method, path);
        let counter = match cost {
            Cost {
                is_content: true, ..
            } => &mut account.counts.content,
            Cost { points: 1, .. } => &mut account.counts.reads,
            _ => &mut account.counts.writes,
        };
        *counter += 1;
    }

    /// Requests of an installation that are left in this hour, and how many there are; `None` when nobody limits them.
    pub(crate) fn left(&self, installation: u64) -> Option<(u64, u64)> {
        let limit = self.limits?.requests_per_hour;
        let used = self
            .accounts
            .get(&installation)
            .map_or(0, |account| account.used);
        Some((limit.saturating_sub(used), limit))
    }
}

fn secondary(wait: i64) -> Answer {
    let message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Answer::from(&Refusal::new(403, message)).with("Retry-After", wait.to_string())
}

/// Requests that are being answered.
#[derive(Default)]
pub(crate) struct Flights(AtomicUsize);

/// One of them, as long as it is kept.
pub(crate) struct Flight<'a>(&'a AtomicUsize);

impl Flights {
    /// One more, and how many there are with it.
    pub(crate) fn enter(&self) -> (Flight<'_>, usize) {
        let before = self.0.fetch_add(1, Ordering::SeqCst);
        (Flight(&self.0), before + 1)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Simulator {
    /// Refuses from now on what GitHub would refuse for being too much.
    pub fn limit_requests(&self, limits: RequestLimits) {
        self.shared.lock().limiter.limits = Some(limits);
    }

    /// What became of an installation's requests since the limits were turned on.
    pub fn request_counts(&self, installation: u64) -> RequestCounts {
        let world = self.shared.lock();
        let account = world.limiter.accounts.get(&installation);
        account.map_or_else(RequestCounts::default, |account| account.counts.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Flights, Limiter, RequestLimits};

    #[test]
    fn the_hundred_and_first_request_at_a_time_is_refused() {
        let flights = Flights::default();
        let mut under_way = Vec::new();
        let mut limiter = Limiter {
            limits: Some(RequestLimits::GITHUB),
            ..Limiter::default()
        };
        for number in 1..=101 {
            let (flight, in_flight) = flights.enter();
            under_way.push(flight);
            let refused = limiter.admit(7, ("GET", "/"), in_flight, 1000);
            assert_eq!(refused.is_some(), number > 100, "{number}");
        }
        under_way.clear();
        let (_flight, in_flight) = flights.enter();
        assert_eq!(in_flight, 1);
        assert!(limiter.admit(7, ("GET", "/"), in_flight, 1060).is_none());
    }
}
