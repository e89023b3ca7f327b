//! Layer 3: the straight line, driven. `intake` takes what arrived to a decision, `dispatch` makes the calls that
//! decisions wrote down, `sweep` asks after what has been silent. Each does one thing a call, so that tests drive the
//! same functions that the loops of the server drive.

mod attempt;
mod backoff;
mod budget;
mod buttons;
mod checks;
mod commands;
mod confirm;
mod deployments;
pub mod desired;
mod dispatch;
mod doctor;
mod evaluate;
mod heads;
mod installed;
mod intake;
pub mod intent_branch;
mod last_look;
mod line;
mod loops;
mod meaning;
mod missed;
mod outcomes;
mod overdue;
mod overview;
mod previews;
mod problem;
mod pull_requests;
mod push;
mod recovery;
mod replies;
mod requests;
mod shown;
mod sources;
mod sweep;
mod unheard;
mod waves;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::github::GitHub;
use crate::sandbox::Sandbox;
use crate::store::Store;

pub use budget::{BudgetReport, Budgets};
pub use line::{Draft, decide};
pub use loops::Pulse;
pub use meaning::{Meaning, intendable, release_meant};
pub use problem::Problem;
pub use recovery::{Recovered, Recovery};
pub use requests::Asked;

/// How long a worker may be silent about what it claimed before somebody else may take it, in seconds.
pub const LEASE_SECONDS: i64 = 60;

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
    /// Where people see GitHub, without a trailing slash.
    pub web_url: String,
    /// The host part of refs, such as `github.com`.
    pub reference_host: String,
    /// Wakes the loops: something was written to the inbox or the outbox.
    pub wake: Arc<Notify>,
    /// What GitHub may still be asked.
    pub budgets: Budgets,
    /// When the loops last looked for work.
    pub pulse: Pulse,
    /// What was made up for.
    pub recovery: Recovery,
}

impl Worker {
    /// Works until inbox and outbox hold nothing that is due. For tests.
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
