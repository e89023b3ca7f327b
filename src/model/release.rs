//! Names of releases and runs, and the facts stored about a run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::NameError;
use super::{PackageName, Reference, ReleaseNumber, RunNumber, SubPathKind, TaskKey};

/// A release by its ref: `<package>/@rN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseName {
    /// What is released.
    pub package: PackageName,
    /// The how-manieth release of the package.
    pub number: ReleaseNumber,
}

impl ReleaseName {
    /// The ref of the document that `key` leaves in this release once it succeeded.
    pub fn document(&self, key: &TaskKey) -> Reference {
        task_document(&self.package, &self.number.to_string(), key)
    }

    /// The ref of a custom value of this release, such as an approval.
    pub fn custom(&self, name: &str) -> Reference {
        Reference::of_package(
            &self.package,
            &self.number.to_string(),
            SubPathKind::Custom,
            name,
        )
    }
}

/// The ref of the document that the latest successful run of `key` left: `<package>/@/deploy/production`.
pub fn latest_document(package: &PackageName, key: &TaskKey) -> Reference {
    task_document(package, "", key)
}

fn task_document(package: &PackageName, release: &str, key: &TaskKey) -> Reference {
    match key {
        TaskKey::Task(name) => Reference::of_package(package, release, SubPathKind::Task, name),
        TaskKey::Deploy(name) => {
            Reference::of_package(package, release, SubPathKind::Deploy, name.as_str())
        }
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/@{}", self.package, self.number)
    }
}

impl FromStr for ReleaseName {
    type Err = NameError;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(text: &str) -> Result<ReleaseName, NameError> {
        let not_a_release = || NameError(format!("`{text}` does not name a release"));
        let reference: Reference = text.parse().map_err(|_| not_a_release())?;
        let package = reference.package().ok_or_else(not_a_release)?;
        let number = reference.release.as_deref().unwrap_or("").parse()?;
        let name = ReleaseName { package, number };
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(not_a_release())
        }
    }
}

/// A run by its ref: `<package>/@rN/deploy/production/2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunName {
    /// The release it belongs to.
    pub release: ReleaseName,
    /// The task it attempts.
    pub key: TaskKey,
    /// The how-manieth attempt.
    pub number: RunNumber,
}

impl fmt::Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.release, self.key, self.number)
    }
}

impl FromStr for RunName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<RunName, NameError> {
        let not_a_run = || NameError(format!("`{text}` does not name a run"));
        let reference: Reference = text.parse().map_err(|_| not_a_run())?;
        let package = reference.package().ok_or_else(not_a_run)?;
        let number = reference.release.as_deref().unwrap_or("").parse()?;
        let (kind, subpath) = reference.subpath.as_ref().ok_or_else(not_a_run)?;
        let (name, run) = subpath.rsplit_once('/').ok_or_else(not_a_run)?;
        Ok(RunName {
            release: ReleaseName { package, number },
            key: format!("{}/{name}", kind.as_str()).parse()?,
            number: RunNumber(run.parse().map_err(|_| not_a_run())?),
        })
    }
}

/// What a run is for; a retry keeps it (reference/ocuroot.md Q-E4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// A `task(...)`.
    Task,
    /// Bringing a deployment up.
    Up,
    /// Taking a deployment down.
    Down,
}

/// Where a run stands: a fact that is stored, unlike a release's status, which is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for its phase, its inputs or its environment.
    Pending,
    /// Decided to start; the effect that starts it is written down.
    Starting,
    /// A job has claimed it.
    Running,
    /// Asked to stop; it goes on until its end is known.
    Cancelling,
    /// Between two functions of its chain, waiting for inputs.
    Paused,
    /// Succeeded.
    Complete,
    /// Ended with an error.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Not needed any more: a newer release took its place before it began.
    Superseded,
}

impl RunState {
    /// All of them.
    pub const ALL: [RunState; 9] = [
        RunState::Pending,
        RunState::Starting,
        RunState::Running,
        RunState::Cancelling,
        RunState::Paused,
        RunState::Complete,
        RunState::Failed,
        RunState::Cancelled,
        RunState::Superseded,
    ];

    /// Whether something is (or is about to be) executing.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            RunState::Starting | RunState::Running | RunState::Cancelling
        )
    }

    /// The word that people, refs and commands know it by: what is about to start is still pending, what is about to
    /// stop still runs.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Pending | RunState::Starting => "pending",
            RunState::Running | RunState::Cancelling => "running",
            RunState::Paused => "paused",
            RunState::Complete => "complete",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::Superseded => "superseded",
        }
    }

    /// Whether nothing will ever change it again.
    pub fn is_finished(self) -> bool {
        match self {
            RunState::Complete | RunState::Failed | RunState::Cancelled | RunState::Superseded => {
                true
            }
            RunState::Pending
            | RunState::Starting
            | RunState::Running
            | RunState::Cancelling
            | RunState::Paused => false,
        }
    }
}

/// What a person may do in a repository, as GitHub answers when asked
/// (`GET …/collaborators/{user}/permission`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Not even see it.
    None,
    /// See it and comment.
    Read,
    /// Manage issues.
    Triage,
    /// Push.
    Write,
    /// Manage the repository.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// The word GitHub has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::None => "none",
            Permission::Read => "read",
            Permission::Triage => "triage",
            Permission::Write => "write",
            Permission::Maintain => "maintain",
            Permission::Admin => "admin",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Permission, NameError> {
        let all = [
            Permission::None,
            Permission::Read,
            Permission::Triage,
            Permission::Write,
            Permission::Maintain,
            Permission::Admin,
        ];
        let found = all.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| NameError(format!("`{text}` is no permission")))
    }
}

#[cfg(test)]
mod tests {
    use super::RunName;

    #[test]
    fn a_run_is_found_by_the_text_it_prints() {
        for text in [
            "github.com/acme/shop/-/api/release.ocu.star/@r7/deploy/production/2",
            "github.com/acme/shop/-/release.ocu.star/@r12/task/build image/1",
        ] {
            let run: RunName = text.parse().expect(text);
            assert_eq!(run.to_string(), text);
        }
        assert!(
            "github.com/acme/shop/-/release.ocu.star/@r7/task/build"
                .parse::<RunName>()
                .is_err()
        );
    }
}
