//! Layer 1: comments → commands. The words people type on pull requests.

pub mod help;
mod parse;

use crate::model::{EnvironmentName, Permission};

pub use parse::parse;

/// Something a person asks for in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What can be asked for.
    Help,
    /// How the pull request's releases stand.
    Status,
    /// What of this repository is deployed where.
    Where,
    /// Release the pull request's head up to an environment.
    Deploy {
        /// Where to.
        environment: EnvironmentName,
        /// Only these packages, by the name people call them; empty means all the pull request changes.
        packages: Vec<String>,
    },
    /// Provide the approvals the pull request's releases wait for.
    Approve {
        /// Only these packages; empty means all.
        packages: Vec<String>,
    },
    /// Stop what is not finished of the pull request's releases.
    Cancel {
        /// Only these packages; empty means all.
        packages: Vec<String>,
    },
    /// Run again what failed in the pull request's releases.
    Retry {
        /// Only these packages; empty means all.
        packages: Vec<String>,
    },
}

impl Command {
    /// What the person must be allowed to do in the repository. Whatever runs something needs the right to push:
    /// who may change the code may run it, nobody else.
    pub fn needed_permission(&self) -> Permission {
        match self {
            Command::Help | Command::Status | Command::Where => Permission::Read,
            Command::Deploy { .. }
            | Command::Approve { .. }
            | Command::Cancel { .. }
            | Command::Retry { .. } => Permission::Write,
        }
    }

    /// The verb as it is typed.
    pub fn verb(&self) -> &'static str {
        match self {
            Command::Help => "help",
            Command::Status => "status",
            Command::Where => "where",
            Command::Deploy { .. } => "deploy",
            Command::Approve { .. } => "approve",
            Command::Cancel { .. } => "cancel",
            Command::Retry { .. } => "retry",
        }
    }
}

/// A line that was meant as a command and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{line}`: {problem}")]
pub struct CommandError {
    /// The line as it was typed.
    pub line: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

#[cfg(test)]
mod tests;
