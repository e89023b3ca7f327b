//! What can keep a piece of work from being done, by what follows from it.

use crate::github::GitHubError;
use crate::sandbox::SandboxError;
use crate::store::StoreError;

/// Why a piece of work was not done.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The database: nothing is known to be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// GitHub.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// The evaluation could not be carried out; says nothing about the file.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// It cannot be done at all, now or later.
    #[error("{0}")]
    Impossible(String),
}

impl Problem {
    /// Whether trying later can help.
    pub fn is_transient(&self) -> bool {
        match self {
            Problem::Store(_) | Problem::Sandbox(_) => true,
            Problem::GitHub(error) => error.is_transient(),
            Problem::Impossible(_) => false,
        }
    }

    /// Seconds GitHub asks to wait, if it does.
    pub fn retry_after(&self) -> Option<i64> {
        match self {
            Problem::GitHub(GitHubError::RateLimited {
                retry_after_seconds,
                ..
            }) => Some(i64::try_from(*retry_after_seconds).unwrap_or(3600)),
            Problem::GitHub(_)
            | Problem::Store(_)
            | Problem::Sandbox(_)
            | Problem::Impossible(_) => None,
        }
    }
}
