//! Writing a decision down: changes, calls and the delivery that caused it, in one transaction.

use super::rows::Rows;
use super::{Result, Store, outbox};
use crate::engine::Plan;
use crate::model::{CommitSha, Timestamp};
use crate::store::database::{Transaction, query};

/// A decision, with what must go down together with it.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// The workspace.
    pub installation_id: i64,
    /// The workspace's version the decision was made on.
    pub version: i64,
    /// The decision.
    pub plan: &'a Plan,
    /// What becomes done by it.
    pub done: Done<'a>,
    /// The head of a default branch that has been turned into releases: repository and commit.
    pub released: Option<(i64, CommitSha)>,
    /// When it was made.
    pub now: Timestamp,
}

/// What a decision settles.
#[derive(Clone, Copy, Debug)]
pub enum Done<'a> {
    /// A delivery of the inbox.
    Delivery(i64),
    /// A delivery of the inbox, with what whoever asked is told (JSON).
    Answered(i64, &'a str),
    /// A call of the outbox (an attempt on the server, a start GitHub refused).
    Effect(&'a super::PendingEffect),
    /// Nothing that was written down.
    Nothing,
}

/// Whether the decision was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It was.
    Yes,
    /// Another decision was written meanwhile: decide again.
    Outdated,
}

impl Store {
    /// Writes a decision, unless the workspace has moved since its snapshot.
    ///
    /// # Errors
    /// When the database does; then nothing of it was written.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Committed> {
        let mut transaction = self.writer.begin().await?;
        let moved = query(
            "INSERT INTO workspace (installation_id, version) VALUES ($1, 1) \
             ON CONFLICT (installation_id) DO UPDATE SET version = workspace.version + 1 \
             WHERE workspace.version = $2",
        )
        .bind(commit.installation_id)
        .bind(commit.version)
        .execute(&mut *transaction)
        .await?;
        if moved == 0 {
            transaction.rollback().await?;
            return Ok(Committed::Outdated);
        }
        Rows::new(&mut transaction, commit).write().await?;
        outbox::insert(
            &mut transaction,
            commit.installation_id,
            &commit.plan.effects,
            commit.now,
        )
        .await?;
        settle(&mut transaction, commit).await?;
        transaction.commit().await?;
        Ok(Committed::Yes)
    }
}

async fn settle(transaction: &mut Transaction, commit: &Commit<'_>) -> Result<()> {
    match commit.done {
        Done::Delivery(id) => {
            query("UPDATE delivery SET state = 'done', note = NULL WHERE id = $1")
                .bind(id)
                .execute(&mut **transaction)
                .await?;
        }
        Done::Answered(id, answer) => {
            query("UPDATE delivery SET state = 'done', note = NULL, answer = $1 WHERE id = $2")
                .bind(answer)
                .bind(id)
                .execute(&mut **transaction)
                .await?;
        }
        Done::Effect(effect) => {
            query(
                "UPDATE effect SET state = 'done', is_unsure = 0, error = NULL \
                 WHERE installation_id = $1 AND key = $2",
            )
            .bind(effect.installation_id)
            .bind(&effect.key)
            .execute(&mut **transaction)
            .await?;
        }
        Done::Nothing => {}
    }
    if let Some((repository_id, head)) = &commit.released {
        query(
            "UPDATE repository SET released_commit = $1, previous_commit = \
             CASE WHEN released_commit = $1 THEN previous_commit ELSE released_commit END WHERE id = $2",
        )
            .bind(head.as_str())
            .bind(repository_id)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
