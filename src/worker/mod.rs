//! Layer 3: the straight line, driven. `intake` takes what arrived to a decision, `dispatch` makes the calls that
//! decisions wrote down, `sweep` asks after what has been silent. Each does one thing a call, so that tests drive the
//! same functions that the loops of the server drive.

mod attempt;
mod backoff;
mod buttons;
mod checks;
mod commands;
mod deployments;
mod dispatch;
mod evaluate;
mod heads;
mod intake;
mod line;
mod missed;
mod outcomes;
mod problem;
mod pull_requests;
mod push;
mod replies;
mod sources;
mod sweep;
mod waves;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::github::GitHub;
use crate::sandbox::Sandbox;
use crate::store::Store;

pub use problem::Problem;

/// How long a worker may be silent about what it claimed before somebody else may take it, in seconds.
const LEASE_SECONDS: i64 = 60;

/// The longest time between two looks at the inbox and the outbox when nobody wakes the worker.
const IDLE: Duration = Duration::from_secs(1);

/// The time between two sweeps.
const SWEEP: Duration = Duration::from_secs(60);

/// Everything the work needs. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    /// The record.
    pub store: Store,
    /// GitHub, as the App.
    pub github: GitHub,
    /// Where config files are evaluated.
    pub sandbox: Arc<Sandbox>,
    /// What time it is.
    pub clock: Clock,
    /// Where jobs reach this server, without a trailing slash.
    pub public_url: String,
    /// The host part of refs, such as `github.com`.
    pub reference_host: String,
    /// Wakes the loops: something was written to the inbox or the outbox.
    pub wake: Arc<Notify>,
}

impl Worker {
    /// Works until `shutdown` turns true; then finishes what it is at.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let intake = self.repeat(shutdown.clone(), Step::Intake);
        let dispatch = self.repeat(shutdown.clone(), Step::Dispatch);
        let sweep = async {
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
        };
        tokio::join!(intake, dispatch, sweep);
    }

    async fn repeat(&self, mut shutdown: watch::Receiver<bool>, step: Step) {
        loop {
            if *shutdown.borrow() {
                return;
            }
            // Asked for before the look: a wake-up during the look must not be lost.
            let woken = self.wake.notified();
            let progress = match step {
                Step::Intake => self.intake().await,
                Step::Dispatch => self.dispatch().await,
            };
            match progress {
                Ok(true) => self.wake.notify_waiters(),
                Ok(false) => {
                    tokio::select! {
                        _ = shutdown.wait_for(|stop| *stop) => return,
                        () = woken => {}
                        () = tokio::time::sleep(IDLE) => {}
                    }
                }
                Err(problem) => {
                    // The database is in trouble: there is nothing to do but to try again, slowly.
                    tracing::error!(%problem, ?step, "the worker cannot work");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    /// Works until inbox and outbox hold nothing that is due. For tests and the demo.
    ///
    /// # Errors
    /// When the database does.
    pub async fn settle(&self) -> Result<bool, Problem> {
        let mut has_worked = false;
        while self.intake().await? || self.dispatch().await? {
            has_worked = true;
        }
        Ok(has_worked)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Intake,
    Dispatch,
}
