//! The part of the line that needs no GitHub: what is decided on the record as it is, and writing that down.

use super::scope::scope;
use crate::clock::Clock;
use crate::engine::{Plan, Trigger, plan};
use crate::model::{CommitSha, Timestamp};
use crate::store::{Commit, Committed, Done, Store};
use crate::worker::Problem;

/// What was decided on the record as it was at one moment, not written down yet.
#[derive(Debug)]
pub struct Draft {
    /// The decision.
    pub plan: Plan,
    installation_id: i64,
    version: i64,
    made_at: Timestamp,
}

impl Draft {
    /// What `triggers` mean now in a workspace.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn of(
        store: &Store,
        clock: &Clock,
        installation_id: i64,
        triggers: &[Trigger],
    ) -> Result<Draft, Problem> {
        let scope = scope(installation_id, triggers);
        let made_at = clock.now();
        let (snapshot, version) = store.snapshot(&scope).await?;
        Ok(Draft {
            plan: plan(snapshot, triggers, made_at),
            installation_id,
            version,
            made_at,
        })
    }

    /// Writes it down with what becomes `done` by it, unless the workspace has moved since. `released` is the head of
    /// a default branch (repository and commit) that it releases.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn write(
        &self,
        store: &Store,
        done: Done<'_>,
        released: Option<(i64, CommitSha)>,
    ) -> Result<Committed, Problem> {
        let commit = Commit {
            installation_id: self.installation_id,
            version: self.version,
            plan: &self.plan,
            done,
            released,
            now: self.made_at,
        };
        Ok(store.commit(&commit).await?)
    }
}

/// Decides and writes the decision down, for those who have nothing to add to it.
///
/// # Errors
/// When the record cannot be read or written.
pub async fn decide(
    store: &Store,
    clock: &Clock,
    installation_id: i64,
    triggers: &[Trigger],
    done: Done<'_>,
) -> Result<Plan, Problem> {
    loop {
        let draft = Draft::of(store, clock, installation_id, triggers).await?;
        if draft.write(store, done, None).await? == Committed::Yes {
            return Ok(draft.plan);
        }
    }
}
