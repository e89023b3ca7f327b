//! Branches whose files say what should be: `store.set(intent = store.git(…))` in a `repo.ocu.star` declares one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DeploymentName, Reference, RepositoryName, canonical_repository};

/// A branch of a repository on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IntentBranch {
    /// The repository.
    pub repository: RepositoryName,
    /// The branch; the repository's default branch unless given.
    pub branch: Option<String>,
}

impl IntentBranch {
    /// The branch at a git remote's address; `None` if that is none of a repository at `host`.
    pub fn at(host: &str, address: &str, branch: Option<&str>) -> Option<IntentBranch> {
        let name = canonical_repository(address).ok()?;
        let name = name.strip_prefix(host)?.strip_prefix('/')?;
        Some(IntentBranch {
            repository: name.parse().ok()?,
            branch: branch.map(str::to_owned),
        })
    }
}

/// A file of such a branch, as far as it was taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentFile {
    /// Where it is.
    pub path: String,
    /// Git's id of what is in it.
    pub blob: String,
    /// What it speaks of, or spoke of when that was last made so; `None` when that never was. What goes with the file.
    pub reference: Option<Reference>,
    /// What should be there, unless the file cannot be read.
    pub value: Option<Value>,
    /// Who has pushed it (GitHub login), if that is known.
    pub pusher: Option<String>,
    /// Whether what it says could not be made so: it is tried again with every push.
    pub has_failed: bool,
}

impl IntentItem {
    /// Whether what the file says is not made so.
    pub fn has_failed(&self) -> bool {
        self.wrong.is_some() || self.refused.is_some()
    }
}

/// What the check run `ocuroot / intent` says about a commit of such a branch, or of one that is to be merged into it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntentReport {
    /// The branch.
    pub branch: String,
    /// Whether it is only proposed.
    pub is_preview: bool,
    /// What it changes, and what is still wrong of what was pushed before.
    pub items: Vec<IntentItem>,
    /// What other files of the branch speak of and something else was decided about since, by commands or releases.
    pub differing: Vec<Reference>,
}

/// One thing that should be from now on, or should not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntentItem {
    /// The file.
    pub path: String,
    /// The line of it that is wrong; 0 means all of it.
    pub line: u32,
    /// What the file speaks of.
    pub reference: Option<Reference>,
    /// What should be there before.
    pub before: Option<Value>,
    /// What should be there now; `None` when nothing should.
    pub after: Option<Value>,
    /// Who has pushed the file (GitHub login), if that is known and matters.
    pub pusher: Option<String>,
    /// What it came to, in Markdown.
    pub said: Option<String>,
    /// What is wrong with the file, as plain text.
    pub wrong: Option<String>,
    /// Why what it says is not made so, in Markdown.
    pub refused: Option<String>,
    /// What would be deployed again because it reads it.
    pub readers: Vec<DeploymentName>,
}
