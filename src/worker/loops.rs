//! The loops that drive the steps on a server: one after the other within a workspace, as GitHub wants its requests
//! and as news make sense; side by side across workspaces, so that a slow one holds up nobody else.

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use super::{LEASE_SECONDS, Problem, Worker};
use crate::model::Timestamp;
use crate::store::{Delivery, PendingEffect};

/// Workspaces that one loop works for at the same time. Both loops together keep fewer than 80 requests under way, of the
/// 100 that GitHub answers at a time.
const WORKSPACES: usize = 32;
const _: () = assert!(2 * WORKSPACES < 80);

/// The longest time between two looks at the inbox and the outbox when nobody wakes the worker.
const IDLE: Duration = Duration::from_secs(1);

/// The time between two sweeps.
const SWEEP: Duration = Duration::from_secs(60);

/// A loop that has not looked for work as long as this is stuck, in seconds.
const STUCK: i64 = 60;

/// When each loop last looked for work, in milliseconds since the Unix epoch; 0 before the first time.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<[AtomicI64; 2]>);

impl Pulse {
    /// Whether every loop looks for work.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.0
            .iter()
            .all(|last| now.since(Timestamp(last.load(Ordering::Relaxed))) < STUCK * 1000)
    }

    /// Every loop looks for work now.
    pub fn beat_all(&self, now: Timestamp) {
        for step in [Step::Intake, Step::Dispatch] {
            self.beat(step, now);
        }
    }

    fn beat(&self, step: Step, now: Timestamp) {
        self.0[step as usize].store(now.0, Ordering::Relaxed);
    }
}

/// Something claimed, not yet done.
enum Job {
    Delivery(Delivery),
    Effect(PendingEffect),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Intake,
    Dispatch,
}

/// What a loop has under way: the workspace of each task.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    workspaces: HashMap<Id, Option<i64>>,
}

impl UnderWay {
    fn busy(&self) -> BTreeSet<i64> {
        self.workspaces.values().copied().flatten().collect()
    }

    fn is_full(&self) -> bool {
        self.workspaces.len() >= WORKSPACES
    }

    /// Waits until one is done. For ever if there is none.
    async fn one_done(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.workspaces.remove(&id)),
            Some(Err(error)) => {
                // What it was at comes again when its lease ends.
                tracing::error!(%error, "a step has broken off");
                self.workspaces.remove(&error.id());
            }
            None => std::future::pending().await,
        }
    }
}

impl Worker {
    /// Works until `shutdown` turns true; then finishes what it is at.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        self.pulse.beat_all(self.clock.now());
        let intake = self.repeat(shutdown.clone(), Step::Intake);
        let dispatch = self.repeat(shutdown.clone(), Step::Dispatch);
        tokio::join!(intake, dispatch, self.repeat_sweep(shutdown));
    }

    async fn repeat_sweep(&self, mut shutdown: watch::Receiver<bool>) {
        // What the process before this one has asked for was perhaps lost with it.
        if let Err(error) = self.store.ask_anew(self.clock.now()).await {
            tracing::warn!(%error, "missed webhooks are asked for later");
        }
        loop {
            // At once: much may have happened while nobody was here.
            if let Err(problem) = self.sweep().await {
                tracing::warn!(%problem, "sweep");
            }
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    async fn repeat(&self, mut shutdown: watch::Receiver<bool>, step: Step) {
        let mut under_way = UnderWay::default();
        while !*shutdown.borrow() {
            self.pulse.beat(step, self.clock.now());
            // Listening before looking: what is written between the two is not missed.
            let mut woken = pin!(self.wake.notified());
            woken.as_mut().enable();
            if !under_way.is_full() {
                match self.claim(step, &under_way.busy()).await {
                    Ok(Some((workspace, job))) => {
                        let worker = self.clone();
                        let task = under_way
                            .tasks
                            .spawn(async move { worker.carry_out(job).await });
                        under_way.workspaces.insert(task.id(), workspace);
                        continue;
                    }
                    Ok(None) => {}
                    Err(problem) => {
                        // The database is in trouble: there is nothing to do but to try again, slowly.
                        tracing::error!(%problem, ?step, "the worker cannot work");
                        tokio::time::sleep(IDLE).await;
                        continue;
                    }
                }
            }
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => {}
                () = under_way.one_done() => {}
                () = woken => {}
                () = tokio::time::sleep(self.budgets.sleep(self.clock.now(), IDLE)) => {}
            }
        }
        while !under_way.workspaces.is_empty() {
            under_way.one_done().await;
        }
    }

    async fn claim(
        &self,
        step: Step,
        busy: &BTreeSet<i64>,
    ) -> Result<Option<(Option<i64>, Job)>, Problem> {
        let now = self.clock.now();
        Ok(match step {
            Step::Intake => {
                let delivery = self.store.claim_delivery(now, LEASE_SECONDS, busy).await?;
                delivery.map(|delivery| (delivery.installation_id, Job::Delivery(delivery)))
            }
            Step::Dispatch => {
                let effect = self.claim_call(busy).await?;
                effect.map(|effect| (Some(effect.installation_id), Job::Effect(effect)))
            }
        })
    }

    async fn carry_out(&self, job: Job) {
        let result = match &job {
            Job::Delivery(delivery) => self.take_in(delivery).await,
            Job::Effect(effect) => self.make(effect).await,
        };
        if let Err(problem) = result {
            // It comes again when its lease ends.
            tracing::error!(%problem, "the worker cannot work");
        }
        self.wake.notify_waiters();
    }
}
