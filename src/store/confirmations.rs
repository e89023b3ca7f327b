//! Commands that wait for a second word.

use super::{Result, Store, parse};
use crate::model::{CommitSha, Timestamp};
use crate::store::database::query;

/// A command that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// The pull request it was given on.
    pub pull_request: i64,
    /// Who gave it, by GitHub login; nobody else confirms it.
    pub login: String,
    /// The line as it was typed.
    pub line: String,
    /// The head of the pull request that the person saw.
    pub head: CommitSha,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps a command until it is confirmed; an earlier one of the same person is forgotten.
    ///
    /// # Errors
    /// When the database does.
    pub async fn put_confirmation(&self, confirmation: &Confirmation) -> Result<()> {
        query(
            "INSERT INTO confirmation (repository_id, pull_request, login, line, head_sha, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repository_id, pull_request, login) \
             DO UPDATE SET line = excluded.line, head_sha = excluded.head_sha, \
             expires_at = excluded.expires_at",
        )
        .bind(confirmation.repository_id)
        .bind(confirmation.pull_request)
        .bind(&confirmation.login)
        .bind(&confirmation.line)
        .bind(confirmation.head.as_str())
        .bind(confirmation.expires_at.0)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The command of a person that waits on a pull request.
    ///
    /// # Errors
    /// When the database does.
    pub async fn confirmation(
        &self,
        repository_id: i64,
        pull_request: i64,
        login: &str,
        now: Timestamp,
    ) -> Result<Option<Confirmation>> {
        let row = query(
            "SELECT line, head_sha, expires_at FROM confirmation \
             WHERE repository_id = $1 AND pull_request = $2 AND login = $3 AND expires_at > $4",
        )
        .bind(repository_id)
        .bind(pull_request)
        .bind(login)
        .bind(now.0)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(Confirmation {
                repository_id,
                pull_request,
                login: login.to_owned(),
                line: row.get(0),
                head: parse("commit", row.get(1))?,
                expires_at: Timestamp(row.get(2)),
            })
        })
        .transpose()
    }

    /// The command was confirmed and carried out.
    ///
    /// # Errors
    /// When the database does.
    pub async fn forget_confirmation(&self, confirmation: &Confirmation) -> Result<()> {
        query(
            "DELETE FROM confirmation WHERE repository_id = $1 AND pull_request = $2 AND login = $3 \
             AND line = $4",
        )
        .bind(confirmation.repository_id)
        .bind(confirmation.pull_request)
        .bind(&confirmation.login)
        .bind(&confirmation.line)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
