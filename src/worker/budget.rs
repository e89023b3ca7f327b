//! What GitHub may be asked, installation by installation: taken before a call is made, settled when it is known what
//! was sent. Whoever has used up theirs waits without keeping anybody else waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{LEASE_SECONDS, Problem, Worker};
use crate::budget::{self, Budget, Class, Figures, Limits, Verdict};
use crate::engine::Effect;
use crate::engine::plan::Call;
use crate::model::{Limited, ReleaseName, Timestamp};
use crate::store::{PendingEffect, Shut};

/// Waits up to this long keep all calls of an installation in their places; in longer ones those that need not wait go
/// past. Milliseconds.
const SHORT: i64 = 5_000;

/// A wait that people are told of, in milliseconds.
const LONG: i64 = 60_000;

/// Calls of lower lanes are answers to people.
const FIRST_OF_OTHERS: i64 = 2;

/// What the loops know of all budgets. Cheap to clone.
#[derive(Clone)]
pub struct Budgets(Arc<Mutex<Known>>);

struct Known {
    limits: Limits,
    budgets: BTreeMap<i64, Budget>,
    /// Until when only answers to people go out.
    slow: BTreeMap<i64, Timestamp>,
    /// The repository that had the last turn in a lane.
    turns: BTreeMap<(i64, i64), i64>,
    /// When it was last told how something goes on.
    told: BTreeMap<(i64, String), Timestamp>,
}

/// One installation's budget, for dashboards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetReport {
    /// Whose.
    pub installation_id: i64,
    /// What is left.
    pub figures: Figures,
    /// How many calls wait in each lane; lower lanes go first ([`Call::lane`]).
    pub waiting: BTreeMap<i64, i64>,
}

impl Budgets {
    /// Nothing has been asked yet.
    pub fn new(limits: Limits) -> Budgets {
        Budgets(Arc::new(Mutex::new(Known {
            limits,
            budgets: BTreeMap::new(),
            slow: BTreeMap::new(),
            turns: BTreeMap::new(),
            told: BTreeMap::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other limits from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.lock().limits = limits;
    }

    fn limits(&self) -> Limits {
        self.lock().limits
    }

    /// Which workspaces' calls are not to be taken now, besides those that are `busy`.
    fn shut(&self, busy: &BTreeSet<i64>, now: Timestamp) -> Shut {
        let known = self.lock();
        let mut shut = Shut {
            busy: busy.clone(),
            ..Shut::default()
        };
        for (installation_id, budget) in &known.budgets {
            if budget.blocked_until(&known.limits, true, now) > now {
                shut.held.insert(*installation_id);
            }
            if budget.blocked_until(&known.limits, false, now) > now {
                shut.slow.insert(*installation_id);
            }
        }
        let slow = known.slow.iter().filter(|(_, until)| **until > now);
        shut.slow
            .extend(slow.map(|(installation_id, _)| *installation_id));
        shut
    }

    /// When the next workspace that waits for its budget may go on; `None` when none does.
    pub fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        let known = self.lock();
        let blocked = known
            .budgets
            .values()
            .map(|budget| budget.blocked_until(&known.limits, false, now));
        let slow = known.slow.values().copied();
        blocked.chain(slow).filter(|until| *until > now).min()
    }

    /// How long to sleep, at most `most`.
    pub(super) fn sleep(&self, now: Timestamp, most: Duration) -> Duration {
        let wait = self.opens_at(now).map(|until| until.since(now));
        let wait = wait.and_then(|wait| u64::try_from(wait).ok());
        wait.map_or(most, |wait| most.min(Duration::from_millis(wait)))
    }

    /// Remembers a budget, and until when it lets nothing but answers to people out.
    fn remember(&self, installation_id: i64, budget: Budget, now: Timestamp) {
        let mut known = self.lock();
        match budget.decide(&known.limits, Class::WRITE, false, now) {
            Verdict::Go => known.slow.remove(&installation_id),
            Verdict::Wait(until) => known.slow.insert(installation_id, until),
        };
        known.budgets.insert(installation_id, budget);
    }

    fn known(&self, installation_id: i64) -> Option<Budget> {
        self.lock().budgets.get(&installation_id).cloned()
    }

    /// The repository that had the last turn, if there is so much to do that turns matter.
    fn last_turn(&self, effect: &PendingEffect, now: Timestamp) -> Option<i64> {
        let known = self.lock();
        let id = effect.installation_id;
        let pressed = known
            .slow
            .get(&id)
            .is_some_and(|until| now.since(*until) < SHORT);
        let turn = known.turns.get(&(id, effect.effect.call.lane())).copied();
        turn.filter(|_| pressed)
    }

    fn had_turn(&self, effect: &PendingEffect) {
        let lane = (effect.installation_id, effect.effect.call.lane());
        let repository_id = effect.effect.repository_id;
        self.lock().turns.insert(lane, repository_id);
    }

    /// It has been told how something goes on.
    pub(super) fn told(&self, effect: &PendingEffect, now: Timestamp) {
        let mut known = self.lock();
        // What was told long ago holds nothing back.
        known.told.retain(|_, at| now.since(*at) < 3_600_000);
        let key = (effect.installation_id, effect.key.clone());
        known.told.insert(key, now);
    }
}

impl Worker {
    /// Takes the most urgent call that is due and may be made.
    pub(super) async fn claim_call(
        &self,
        busy: &BTreeSet<i64>,
    ) -> Result<Option<PendingEffect>, Problem> {
        let now = self.clock.now();
        let shut = self.budgets.shut(busy, now);
        let claimed = self.store.claim_effect(now, LEASE_SECONDS, &shut).await?;
        let Some(mut effect) = claimed else {
            return Ok(None);
        };
        if effect.effect.call.lane() >= FIRST_OF_OTHERS {
            if let Some(last) = self.budgets.last_turn(&effect, now) {
                effect = self
                    .store
                    .take_turn(effect, last, now, LEASE_SECONDS)
                    .await?;
            }
            self.budgets.had_turn(&effect);
        }
        Ok(Some(effect))
    }

    /// Takes what a call costs from its installation's budget. Answers what was taken, or until when it waits.
    pub(super) async fn take_budget(
        &self,
        effect: &PendingEffect,
    ) -> Result<Result<Option<Class>, Timestamp>, Problem> {
        let Some(class) = self.cost(effect).await? else {
            return Ok(Ok(None));
        };
        let (now, limits) = (self.clock.now(), self.budgets.limits());
        let for_people = effect.effect.call.lane() < FIRST_OF_OTHERS;
        let id = effect.installation_id;
        let heard = self.budgets.known(id);
        let (budget, verdict) = self
            .store
            .change_budget(id, |budget| {
                if let Some(heard) = &heard {
                    budget.hear(heard);
                }
                let verdict = budget.decide(&limits, class, for_people, now);
                if verdict == Verdict::Go {
                    budget.take(&limits, class, now);
                }
                verdict
            })
            .await?;
        self.budgets.remember(id, budget, now);
        Ok(match verdict {
            Verdict::Go => Ok(Some(class)),
            Verdict::Wait(until) => Err(until),
        })
    }

    /// What a call costs; `None` for what is done on the server.
    async fn cost(&self, effect: &PendingEffect) -> Result<Option<Class>, Problem> {
        Ok(match &effect.effect.call {
            Call::Attempt { .. } => None,
            Call::CancelWorkflow { .. } => Some(Class::WRITE),
            Call::Dispatch { .. }
            | Call::DispatchWorkflow { .. }
            | Call::Deployment { .. }
            | Call::Result { .. }
            | Call::Reply { .. }
            | Call::React { .. } => Some(Class::CONTENT),
            Call::CommitCheck { .. }
            | Call::IntentCheck { .. }
            | Call::ReleaseCheck { .. }
            | Call::RunCheck { .. }
            | Call::Overview { .. } => {
                let object = self
                    .store
                    .github_object(effect.installation_id, &effect.key)
                    .await?;
                Some(object.map_or(Class::CONTENT, |_| Class::WRITE))
            }
        })
    }

    /// Says how much may be asked from now on in an installation's name.
    pub(super) async fn open_budget(
        &self,
        installation_id: i64,
        for_people: bool,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let budget = match self.budgets.known(installation_id) {
            Some(budget) => budget,
            None => {
                let budget = self.store.budget(installation_id).await?;
                self.budgets.remember(installation_id, budget.clone(), now);
                budget
            }
        };
        let (points, until) = budget.allowance(&self.budgets.limits(), for_people, now);
        let wait = u64::try_from((until.since(now) + 999) / 1000).unwrap_or(0);
        let installation = self.github.installation(installation_id);
        installation.allow(points, wait.max(1));
        Ok(())
    }

    /// Counts what was sent, and heeds what GitHub said.
    pub(super) async fn settle_budget(
        &self,
        installation_id: i64,
        taken: Option<Class>,
    ) -> Result<(), Problem> {
        let sent = self.github.installation(installation_id).sent();
        if taken.is_none() && sent == budget::Sent::default() {
            return Ok(());
        }
        let (now, limits) = (self.clock.now(), self.budgets.limits());
        let mut known = self.budgets.known(installation_id).unwrap_or_default();
        let is_to_be_written = known.settle(&limits, taken, &sent, now);
        if is_to_be_written {
            let (written, _) = self
                .store
                .change_budget(installation_id, |budget| {
                    budget.settle(&limits, taken, &sent, now)
                })
                .await?;
            known = written;
        }
        if !sent.refusals.is_empty() {
            let until = known.blocked_until(&limits, true, now).rfc3339();
            tracing::warn!(installation_id, until, "GitHub asks us to wait");
        }
        self.budgets.remember(installation_id, known, now);
        Ok(())
    }

    /// The same for every installation: what nobody asked for by a delivery or a call counts, too.
    pub(super) async fn settle_all_budgets(&self) -> Result<(), Problem> {
        let known: Vec<i64> = self.budgets.lock().budgets.keys().copied().collect();
        for installation_id in known {
            self.settle_budget(installation_id, None).await?;
            self.open_budget(installation_id, false).await?;
        }
        Ok(())
    }

    /// A claimed call has to wait for its budget, and with it all that would have to wait for the same.
    pub(super) async fn waits(
        &self,
        effect: &PendingEffect,
        until: Timestamp,
    ) -> Result<(), Problem> {
        let (id, now) = (effect.installation_id, self.clock.now());
        tracing::debug!(
            key = effect.key,
            until = until.rfc3339(),
            "waits for the budget"
        );
        self.store.effect_waits(effect, until).await?;
        let wait = until.since(now);
        if wait <= SHORT {
            let mut known = self.budgets.lock();
            let slow = known.slow.entry(id).or_insert(until);
            *slow = until.max(*slow);
            return Ok(());
        }
        if Call::STARTS.contains(&effect.effect.call.lane()) {
            let held = self.store.hold_starts(id, until).await?;
            if wait >= LONG {
                let checks = held.into_iter().map(|(repository_id, release)| Effect {
                    repository_id,
                    call: Call::ReleaseCheck { release },
                });
                let checks: Vec<Effect> = checks.collect();
                self.store.ask_for(id, &checks, now).await?;
            }
        }
        Ok(())
    }

    /// Until when how something goes on is not told again; `None` when it may be told now.
    pub(super) async fn is_too_soon(
        &self,
        effect: &PendingEffect,
    ) -> Result<Option<Timestamp>, Problem> {
        let (now, limits) = (self.clock.now(), self.budgets.limits());
        let backlog = self.store.backlog(effect.installation_id).await? - 1;
        let key = (effect.installation_id, effect.key.clone());
        let last = self.budgets.lock().told.get(&key).copied();
        Ok(match budget::progress(&limits, last, backlog, now) {
            Verdict::Go => None,
            Verdict::Wait(until) => Some(until),
        })
    }

    /// What of a release waits because GitHub lets us send no more, if it waits long.
    pub(super) async fn limited(
        &self,
        installation_id: i64,
        release: &ReleaseName,
    ) -> Result<Option<Limited>, Problem> {
        let (now, limits) = (self.clock.now(), self.budgets.limits());
        let Some(budget) = self.budgets.known(installation_id) else {
            return Ok(None);
        };
        let until = match budget.decide(&limits, Class::CONTENT, false, now) {
            Verdict::Wait(until) if until.since(now) >= LONG => until,
            Verdict::Wait(_) | Verdict::Go => return Ok(None),
        };
        let steps = self.store.waiting_starts(installation_id, release).await?;
        let steps = usize::try_from(steps).unwrap_or(0);
        Ok((steps > 0).then_some(Limited { until, steps }))
    }

    /// What is left of each budget, and what waits for it.
    ///
    /// # Errors
    /// When the database does.
    pub async fn budget_reports(&self) -> Result<Vec<BudgetReport>, Problem> {
        let now = self.clock.now();
        let mut waiting: BTreeMap<i64, BTreeMap<i64, i64>> = BTreeMap::new();
        for ((installation_id, lane), count) in self.store.waiting_by_lane().await? {
            waiting
                .entry(installation_id)
                .or_default()
                .insert(lane, count);
        }
        let known = self.budgets.lock();
        for installation_id in known.budgets.keys() {
            waiting.entry(*installation_id).or_default();
        }
        let full = Budget::default();
        let reports = waiting.into_iter().map(|(installation_id, waiting)| {
            let budget = known.budgets.get(&installation_id).unwrap_or(&full);
            BudgetReport {
                installation_id,
                figures: budget.figures(&known.limits, now),
                waiting,
            }
        });
        Ok(reports.collect())
    }
}
