//! What stands in the way of deployments: locks, freezes and pins of people, and the holds of pull requests.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EnvironmentName, PackageName, ReleaseName, Timestamp};

/// What of an environment stands still.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LockScope {
    /// Every package of the workspace.
    Workspace,
    /// The packages of one repository, as refs call it.
    Repository(String),
    /// One package.
    Package(PackageName),
}

impl LockScope {
    /// Whether it concerns `package`.
    pub fn covers(&self, package: &PackageName) -> bool {
        match self {
            LockScope::Workspace => true,
            LockScope::Repository(repository) => *repository == package.repository,
            LockScope::Package(own) => own == package,
        }
    }

    /// The package it is limited to.
    pub fn package(&self) -> Option<&PackageName> {
        match self {
            LockScope::Package(package) => Some(package),
            LockScope::Workspace | LockScope::Repository(_) => None,
        }
    }
}

/// Why it stands still.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// A person keeps everybody out.
    Lock,
    /// A person has stopped the line.
    Freeze,
    /// This release stays there.
    Pin(ReleaseName),
}

impl LockKind {
    /// The word for it, as it is stored and typed.
    pub fn as_str(&self) -> &'static str {
        match self {
            LockKind::Lock => "lock",
            LockKind::Freeze => "freeze",
            LockKind::Pin(_) => "pin",
        }
    }
}

impl fmt::Display for LockKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A person's word that something stays as it is. There is one of each kind for an environment and scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lock {
    /// Where.
    pub environment: EnvironmentName,
    /// For what.
    pub scope: LockScope,
    /// What it does.
    pub kind: LockKind,
    /// The repository it was said in, as refs call it.
    pub repository: String,
    /// Who said so, by GitHub login.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; `None` means never.
    pub until: Option<Timestamp>,
}

impl Lock {
    /// Whether it still counts.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// What makes it the same lock as another.
    pub fn key(&self) -> (EnvironmentName, LockScope, &'static str) {
        let scope = self.scope.clone();
        (self.environment.clone(), scope, self.kind.as_str())
    }
}

/// A pull request's claim on the environment of one package. All claims of a pull request that wait are granted
/// together, in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hold {
    /// Whose environment.
    pub package: PackageName,
    /// Which.
    pub environment: EnvironmentName,
    /// The pull request, in the package's repository.
    pub pull_request: i64,
    /// Who asked, by GitHub login.
    pub by: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was granted; `None` while it waits.
    pub granted_at: Option<Timestamp>,
}

impl Hold {
    /// Whether two claims are about the same place.
    pub fn is_same_place(&self, other: &Hold) -> bool {
        self.package == other.package && self.environment == other.environment
    }
}
