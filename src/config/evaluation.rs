//! One config file → what it declares.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::capabilities::Denied;
use super::limits::Limits;
use super::session::Session;
use super::tree::SourceTree;
use crate::model::{Diagnostic, Environment, Guards, Package};

/// What evaluating one file came to. Problems are diagnostics; with an error among them nothing else is usable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The package, if the file declares tasks or phases and has no error.
    pub package: Option<Package>,
    /// What the file registers with `register_environment`, in order.
    #[serde(default)]
    pub environments: Vec<Environment>,
    /// The repository's settings, if the file is `repo.ocu.star` and has no error.
    pub repository: Option<RepositorySettings>,
    /// What it guards with `protect` and `freeze`; nothing if it has an error.
    #[serde(default, skip_serializing_if = "Guards::is_empty")]
    pub guards: Guards,
    /// Every file that was loaded, directly or through others.
    #[serde(default)]
    pub loads: BTreeSet<String>,
    /// What is wrong or worth knowing. A finding may be in a loaded file.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
    /// The lines it printed, secrets masked.
    #[serde(default)]
    pub prints: Vec<String>,
}

impl Evaluation {
    /// An evaluation that came to nothing but this finding.
    pub fn failed(diagnostic: Diagnostic) -> Evaluation {
        Evaluation {
            diagnostics: vec![diagnostic],
            ..Evaluation::default()
        }
    }

    /// Whether the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// What `repo.ocu.star` says about the repository. Stores, remotes and triggers are for those who work without a
/// server; that keeps the state itself and ignores them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySettings {
    /// The name to use in refs instead of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Globs of config files that are not to be released.
    #[serde(default)]
    pub release_ignore: Vec<String>,
    /// Where the state is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_store: Option<StoreSettings>,
    /// Where the intent is kept; with the state unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent_store: Option<StoreSettings>,
    /// Addresses to clone the repository from, in the order to try them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remotes: Vec<String>,
    /// Which of the kept functions `trigger(fn)` was given.
    #[serde(skip)]
    pub(super) trigger: Option<usize>,
}

impl RepositorySettings {
    /// Whether there is a `trigger(fn)`, see [`super::call_trigger`].
    pub fn has_trigger(&self) -> bool {
        self.trigger.is_some()
    }
}

/// `store.fs(…)` or `store.git(…)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreSettings {
    /// A folder, relative to the repository's root unless it is absolute.
    Fs {
        /// The folder.
        path: String,
    },
    /// A branch of a repository.
    Git {
        /// The repository's address.
        remote_url: String,
        /// The branch; the remote's own choice unless given.
        #[serde(default)]
        branch: Option<String>,
    },
}

/// Evaluates one entry file. Never fails: problems are diagnostics.
pub fn evaluate(
    tree: &SourceTree,
    path: &str,
    environments: &[Environment],
    limits: &Limits,
) -> Evaluation {
    Session::planning(tree, environments, &Denied, limits).evaluate(path)
}
