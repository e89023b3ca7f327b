//! One installation's budget: what was sent, what GitHub said, and what follows for the next request.

use serde::{Deserialize, Serialize};

use super::class::Class;
use super::limits::{Ceiling, Limits};
use super::window::Window;
use crate::model::Timestamp;

/// Thousandths: everything that the limits allow.
const WHOLE: u32 = 1000;

/// Thousandths that come back after each quiet [`QUIET`].
const BACK: u32 = 100;

/// Seconds.
const QUIET: i64 = 600;

/// Thousandths that are always left: something must go out to find out whether it may again.
const LEAST: u32 = 60;

/// Seconds to wait after the first refusal that does not say how long; each further one doubles it.
const WAIT: i64 = 60;

/// Seconds, the longest such wait.
const LONGEST_WAIT: i64 = 3600;

/// Whether a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Now.
    Go,
    /// Not before that time.
    Wait(Timestamp),
}

/// What GitHub said of the requests of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Primary {
    /// How many there are.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// When there are as many again.
    pub resets_at: Timestamp,
}

/// A request that GitHub refused because there were too many: 403 or 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was refused.
    pub class: Class,
    /// Seconds GitHub asks to wait.
    pub retry_after: Option<i64>,
    /// When the hour ends whose requests are used up; `None` when they are not.
    pub resets_at: Option<Timestamp>,
}

/// What was sent since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Creations.
    pub content: u32,
    /// Writes, creations included.
    pub writes: u32,
    /// Points.
    pub points: u32,
    /// Whether something was answered otherwise than by a refusal.
    pub has_succeeded: bool,
    /// What was refused.
    pub refusals: Vec<Refusal>,
    /// The newest word on the requests of an hour.
    pub primary: Option<Primary>,
}

/// What is left, for operators and their dashboards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Creations of this minute.
    pub content_per_minute: u32,
    /// Creations of this hour.
    pub content_per_hour: u32,
    /// Points of this minute.
    pub points_per_minute: u32,
    /// Requests of this hour, as GitHub said last.
    pub requests: Option<u64>,
    /// Requests that GitHub has refused, ever.
    pub rejections: u64,
    /// Until when GitHub wants to hear nothing.
    pub held_until: Option<Timestamp>,
}

/// One installation's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    content_minute: Window,
    content_hour: Window,
    points: Window,
    /// Up to when writes have used up their turns; the free ones are turns in the past.
    paced_until: Timestamp,
    /// How much of the limits is used, in thousandths, since the last refusal.
    content_share: u32,
    points_share: u32,
    refused_at: Timestamp,
    held_until: Timestamp,
    /// Refusals in a row that did not say how long to wait.
    strikes: u32,
    primary: Option<Primary>,
    rejections: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            content_minute: Window::of_seconds(60),
            content_hour: Window::of_seconds(3600),
            points: Window::of_seconds(60),
            paced_until: Timestamp(0),
            content_share: WHOLE,
            points_share: WHOLE,
            refused_at: Timestamp(0),
            held_until: Timestamp(0),
            strikes: 0,
            primary: None,
            rejections: 0,
        }
    }
}

impl Budget {
    /// Whether a request of `class` may be sent, for people or for others.
    pub fn decide(
        &self,
        limits: &Limits,
        class: Class,
        for_people: bool,
        now: Timestamp,
    ) -> Verdict {
        let ceiling = self.ceiling(limits, for_people, now);
        let mut at = self.blocked_until(limits, for_people, now);
        if class.is_write() && !for_people {
            at = at.max(self.paced_until);
        }
        if class.is_content {
            let (minute, hour) = (ceiling.content_per_minute, ceiling.content_per_hour);
            at = at.max(self.content_minute.fits_at(1, minute, now));
            at = at.max(self.content_hour.fits_at(1, hour, now));
        }
        let most = ceiling.points_per_minute;
        at = at.max(self.points.fits_at(class.points, most, now));
        if at > now {
            Verdict::Wait(at)
        } else {
            Verdict::Go
        }
    }

    /// Takes over what another copy of this budget has heard later of the requests of an hour.
    pub fn hear(&mut self, other: &Budget) {
        let key = |primary: &Primary| (primary.resets_at, u64::MAX - primary.remaining);
        if other.primary.as_ref().map(key) > self.primary.as_ref().map(key) {
            self.primary = other.primary;
        }
    }

    /// Counts a request as sent, before it is: what happens in between cannot make it forgotten.
    pub fn take(&mut self, limits: &Limits, class: Class, now: Timestamp) {
        let content = u32::from(class.is_content);
        self.content_minute.spend(content, now);
        self.content_hour.spend(content, now);
        self.points.spend(class.points, now);
        if class.is_write() {
            self.pace(limits, now);
        }
    }

    /// Notes what was really sent for what was `taken`, and what GitHub said. Answers whether anything has changed that
    /// must not be forgotten.
    pub fn settle(
        &mut self,
        limits: &Limits,
        taken: Option<Class>,
        sent: &Sent,
        now: Timestamp,
    ) -> bool {
        let strikes = self.strikes;
        let content = taken.map_or(0, |class| u32::from(class.is_content));
        let points = taken.map_or(0, |class| class.points);
        let writes = u32::from(taken.is_some_and(Class::is_write));
        for window in [&mut self.content_minute, &mut self.content_hour] {
            window.give_back(content.saturating_sub(sent.content));
            window.spend(sent.content.saturating_sub(content), now);
        }
        self.points.give_back(points.saturating_sub(sent.points));
        self.points.spend(sent.points.saturating_sub(points), now);
        for _ in writes..sent.writes {
            self.pace(limits, now);
        }
        if sent.writes < writes {
            self.paced_until = Timestamp(self.paced_until.0 - limits.spacing);
        }
        self.primary = sent.primary.or(self.primary);
        if sent.refusals.is_empty() && sent.has_succeeded {
            self.strikes = 0;
        }
        for refusal in &sent.refusals {
            self.refused(refusal, now);
        }
        let is_as_taken = (sent.content, sent.points, sent.writes) == (content, points, writes);
        !is_as_taken || !sent.refusals.is_empty() || strikes != self.strikes
    }

    /// A write takes its turn. After a pause some turns of the past are still there.
    fn pace(&mut self, limits: &Limits, now: Timestamp) {
        let oldest = now.0 - (limits.free - 1).max(0) * limits.spacing;
        self.paced_until = Timestamp(self.paced_until.0.max(oldest) + limits.spacing);
    }

    fn refused(&mut self, refusal: &Refusal, now: Timestamp) {
        self.rejections += 1;
        let until = match (refusal.retry_after, refusal.resets_at) {
            (Some(seconds), _) => now.plus_seconds(seconds.max(1)),
            // Both clocks count whole seconds.
            (None, Some(resets_at)) => resets_at.plus_seconds(1),
            (None, None) => {
                let doubled = WAIT.saturating_mul(1 << self.strikes.min(10));
                self.strikes += 1;
                now.plus_seconds(doubled.min(LONGEST_WAIT))
            }
        };
        self.held_until = self.held_until.max(until);
        if refusal.resets_at.is_some() {
            return;
        }
        let (content, points) = self.shares(now);
        (self.content_share, self.points_share) = if refusal.class.is_content {
            ((content / 2).max(LEAST), points)
        } else {
            (content, (points / 2).max(LEAST))
        };
        self.refused_at = now;
    }

    /// How much of the limits is used now, in thousandths, of creations and of points.
    fn shares(&self, now: Timestamp) -> (u32, u32) {
        let quiet = now.since(self.refused_at.max(self.held_until)) / (QUIET * 1000);
        let back = u32::try_from(quiet.max(0)).unwrap_or(u32::MAX);
        let back = back.saturating_mul(BACK);
        let grown = |share: u32| share.saturating_add(back).min(WHOLE);
        (grown(self.content_share), grown(self.points_share))
    }

    fn ceiling(&self, limits: &Limits, for_people: bool, now: Timestamp) -> Ceiling {
        let whole = if for_people {
            limits.people
        } else {
            limits.others
        };
        let (content, points) = self.shares(now);
        whole.part(content, points)
    }

    /// Until when nothing at all may be sent, for people or for others; in the past when something may.
    pub fn blocked_until(&self, limits: &Limits, for_people: bool, now: Timestamp) -> Timestamp {
        let mut at = self.held_until;
        if let Some(primary) = self.primary.filter(|primary| primary.resets_at >= now) {
            let kept = if for_people {
                0
            } else {
                primary.limit * limits.reserve / 100
            };
            let is_used_up = limits.reserve > 0 && primary.remaining <= kept;
            if is_used_up || primary.remaining == 0 {
                at = at.max(primary.resets_at.plus_seconds(1));
            }
        }
        at
    }

    /// Points that one delivery or call may use on its way, and when there are more.
    pub fn allowance(&self, limits: &Limits, for_people: bool, now: Timestamp) -> (u32, Timestamp) {
        let blocked = self.blocked_until(limits, for_people, now);
        if blocked > now {
            return (0, blocked);
        }
        let most = limits.points_at_most;
        let left = most.saturating_sub(self.points.spent(now));
        (left, self.points.fits_at(Class::CONTENT.points, most, now))
    }

    /// What is left.
    pub fn figures(&self, limits: &Limits, now: Timestamp) -> Figures {
        let most = self.ceiling(limits, false, now);
        let (minute, hour) = (&self.content_minute, &self.content_hour);
        let primary = self.primary.filter(|primary| primary.resets_at >= now);
        Figures {
            content_per_minute: most.content_per_minute.saturating_sub(minute.spent(now)),
            content_per_hour: most.content_per_hour.saturating_sub(hour.spent(now)),
            points_per_minute: most
                .points_per_minute
                .saturating_sub(self.points.spent(now)),
            requests: primary.map(|primary| primary.remaining),
            rejections: self.rejections,
            held_until: (self.held_until > now).then_some(self.held_until),
        }
    }
}
