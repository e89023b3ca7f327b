//! What people ask for from a terminal, through the API: the verbs of the program where a server carries them out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Verb;
use crate::model::{CommitSha, Reference};

/// Something a person asks for through the API, about one repository. As JSON an object with one key, the name of what
/// is asked for: `{"release_retry": {"release": "…"}}`. Refs are absolute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// A release of one package at a commit of the default branch.
    ReleaseNew {
        /// The package's file, from the root of the repository.
        package: String,
        /// The commit.
        commit: CommitSha,
        /// Whether the commit is to be released although it was.
        #[serde(default)]
        force: bool,
        /// Whether this is the second word, where a rule wants one.
        #[serde(default)]
        confirm: bool,
    },
    /// What has failed in a release, once more.
    ReleaseRetry {
        /// The release: by its number, its tag, or the latest of the package.
        release: Reference,
    },
    /// To have a release looked at: it may be able to go on.
    ReleaseContinue {
        /// The release: by its number, its tag, or the latest of the package.
        release: Reference,
    },
    /// What should be.
    StateSet {
        /// Where.
        reference: Reference,
        /// What.
        value: Value,
    },
    /// That nothing should be there.
    StateDelete {
        /// Where.
        reference: Reference,
    },
    /// That what is follows what should be.
    StateApply {
        /// Where.
        reference: Reference,
        /// Whether this is the second word, where a rule wants one.
        #[serde(default)]
        confirm: bool,
    },
    /// The same for all of the repository and of the workspace that is not as it should be.
    WorkAny {
        /// Whether this is the second word, where a rule wants one.
        #[serde(default)]
        confirm: bool,
    },
    /// To have the head of the default branch looked at now.
    Push {},
}

impl Request {
    /// The command in comments whose right it takes.
    pub fn verb(&self) -> Verb {
        match self {
            Request::ReleaseNew { .. } | Request::Push {} => Verb::Deploy,
            Request::ReleaseRetry { .. } | Request::ReleaseContinue { .. } => Verb::Retry,
            Request::StateSet { .. } | Request::StateApply { .. } | Request::WorkAny { .. } => {
                Verb::Set
            }
            Request::StateDelete { .. } => Verb::Unset,
        }
    }

    /// Whether this is the second word of a person.
    pub fn is_confirmed(&self) -> bool {
        match self {
            Request::ReleaseNew { confirm, .. }
            | Request::StateApply { confirm, .. }
            | Request::WorkAny { confirm } => *confirm,
            Request::ReleaseRetry { .. }
            | Request::ReleaseContinue { .. }
            | Request::StateSet { .. }
            | Request::StateDelete { .. }
            | Request::Push {} => false,
        }
    }

    /// The words of the program for it, as the audit record shows them.
    pub fn line(&self) -> String {
        let option = |is_given: bool, option: &'static str| if is_given { option } else { "" };
        match self {
            Request::ReleaseNew {
                package,
                commit,
                force,
                confirm,
            } => format!(
                "ocuroot release new {package}{}{} (commit {commit})",
                option(*force, " --force"),
                option(*confirm, " --confirm")
            ),
            Request::ReleaseRetry { release } => format!("ocuroot release retry {release}"),
            Request::ReleaseContinue { release } => format!("ocuroot release continue {release}"),
            Request::StateSet { reference, value } => {
                format!("ocuroot state set {reference} {value}")
            }
            Request::StateDelete { reference } => format!("ocuroot state delete {reference}"),
            Request::StateApply { reference, confirm } => {
                format!(
                    "ocuroot state apply {reference}{}",
                    option(*confirm, " --confirm")
                )
            }
            Request::WorkAny { confirm } => {
                format!("ocuroot work any{}", option(*confirm, " --confirm"))
            }
            Request::Push {} => "ocuroot push".to_owned(),
        }
    }
}
