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

/// What `repo.ocu.star` says about the repository. Stores, remotes and triggers of the original are accepted and
/// ignored: the server keeps the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositorySettings {
    /// The name to use in refs instead of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Globs of config files that are not to be released.
    #[serde(default)]
    pub release_ignore: Vec<String>,
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
