//! How much was spent in the last minute, or hour. A bucket that fills steadily would let twice its size through within
//! one span; this one gets back what it gave only when the span is over.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// A span is counted in so many parts. What is spent counts until its whole part has left the span.
const PARTS: i64 = 60;

/// What was spent within a span that ends now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// Its length in milliseconds.
    span: i64,
    /// The number of a part, and what was spent in it; the oldest first.
    spent: VecDeque<(i64, u32)>,
}

impl Window {
    pub(super) fn of_seconds(seconds: i64) -> Window {
        Window {
            span: seconds * 1000,
            spent: VecDeque::new(),
        }
    }

    fn part(&self) -> i64 {
        self.span / PARTS
    }

    /// When what was spent in a part does not count any more.
    fn leaves(&self, part: i64) -> Timestamp {
        Timestamp((part + 1) * self.part() + self.span)
    }

    pub(super) fn spent(&self, now: Timestamp) -> u32 {
        let counting = self
            .spent
            .iter()
            .filter(|(part, _)| self.leaves(*part) > now);
        counting.fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    pub(super) fn spend(&mut self, amount: u32, now: Timestamp) {
        while let Some((part, _)) = self.spent.front() {
            if self.leaves(*part) > now {
                break;
            }
            self.spent.pop_front();
        }
        if amount == 0 {
            return;
        }
        let part = now.0.div_euclid(self.part());
        match self.spent.back_mut() {
            // A clock that is set back must not make anything count shorter.
            Some((last, sum)) if *last >= part => *sum = sum.saturating_add(amount),
            _ => self.spent.push_back((part, amount)),
        }
    }

    /// What was spent last was not needed.
    pub(super) fn give_back(&mut self, mut amount: u32) {
        while amount > 0 {
            let Some((_, sum)) = self.spent.back_mut() else {
                return;
            };
            let given = amount.min(*sum);
            *sum -= given;
            amount -= given;
            if *sum == 0 {
                self.spent.pop_back();
            }
        }
    }

    /// The first time from `now` on at which `amount` more is no more than `most`.
    pub(super) fn fits_at(&self, amount: u32, most: u32, now: Timestamp) -> Timestamp {
        let mut sum = self.spent(now).saturating_add(amount);
        let mut at = now;
        for (part, spent) in &self.spent {
            let leaves = self.leaves(*part);
            if leaves <= now {
                continue;
            }
            if sum <= most {
                break;
            }
            sum = sum.saturating_sub(*spent);
            at = leaves;
        }
        at
    }
}
