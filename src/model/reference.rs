//! The ref grammar: one text form that names every record.
//!
//! `[repository]/-/[path]/@[release]/[kind]/[subpath]#[fragment]`, as reference/ocuroot.md §1 describes it, with the
//! corrections of its §12: an empty subpath is an error instead of a lost file (Q-R1), an explicit release is never
//! overwritten and a release is inherited only within the same file (Q-R2), a repository's name does not begin with `/`
//! (Q-R3), `..` is refused (Q-R5). `docs/refs.md` is the grammar (Q-R6).

mod directory;
mod parse;
mod repository;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::PackageName;

pub use parse::ReferenceError;
pub use repository::canonical_repository;

/// What the part after the release names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubPathKind {
    /// A task of a release.
    Task,
    /// A deployment of a release.
    Deploy,
    /// A value people or other tools set.
    Custom,
    /// An environment of the workspace.
    Environment,
    /// A commit a release was made from.
    Commit,
    /// What is known about a repository's pushes.
    Push,
    /// Queued engine work.
    Op,
}

impl SubPathKind {
    /// The word used in a ref.
    pub fn as_str(self) -> &'static str {
        match self {
            SubPathKind::Task => "task",
            SubPathKind::Deploy => "deploy",
            SubPathKind::Custom => "custom",
            SubPathKind::Environment => "environment",
            SubPathKind::Commit => "commit",
            SubPathKind::Push => "push",
            SubPathKind::Op => "op",
        }
    }

    fn parse(word: &str) -> Option<SubPathKind> {
        Some(match word {
            "task" | "call" => SubPathKind::Task,
            "deploy" => SubPathKind::Deploy,
            "custom" => SubPathKind::Custom,
            "environment" => SubPathKind::Environment,
            "commit" => SubPathKind::Commit,
            "push" => SubPathKind::Push,
            "op" => SubPathKind::Op,
            _ => return None,
        })
    }
}

/// A parsed ref. `.` in `repository` or `path` means "the current one".
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The part before `/-/`; empty when the ref does not name one.
    pub repository: String,
    /// The config file within the repository; empty when the ref does not name one.
    pub path: String,
    /// Whether the ref starts with `@`: it belongs to the workspace, not to a package.
    pub global: bool,
    /// `None`: not stated. `Some("")`: the latest (`@`). Otherwise `rN`, a tag or a commit.
    pub release: Option<String>,
    /// What the subpath names, with the subpath: `deploy/production` is `(Deploy, "production")`.
    pub subpath: Option<(SubPathKind, String)>,
    /// Keys into the document, separated by `/`.
    pub fragment: Option<String>,
}

impl Reference {
    /// The ref of a workspace-wide record, such as `@/environment/staging`.
    pub fn global(kind: SubPathKind, name: &str) -> Reference {
        Reference {
            global: true,
            release: Some(String::new()),
            subpath: Some((kind, name.to_owned())),
            ..Reference::default()
        }
    }

    /// The ref of a record of `package`. `release` as in [`Reference::release`].
    pub fn of_package(
        package: &PackageName,
        release: &str,
        kind: SubPathKind,
        name: &str,
    ) -> Reference {
        Reference {
            repository: package.repository.clone(),
            path: package.path.clone(),
            global: false,
            release: Some(release.to_owned()),
            subpath: Some((kind, name.to_owned())),
            fragment: None,
        }
    }

    /// The ref of a release of `package`. `release` as in [`Reference::release`].
    pub fn of_release(package: &PackageName, release: &str) -> Reference {
        Reference {
            repository: package.repository.clone(),
            path: package.path.clone(),
            release: Some(release.to_owned()),
            ..Reference::default()
        }
    }

    /// The tag that it names a release by, if it does.
    pub fn tag(&self) -> Option<&str> {
        let release = self.release.as_deref()?;
        let is_tag = !release.is_empty() && release.parse::<super::ReleaseNumber>().is_err();
        is_tag.then_some(release)
    }

    /// Whether something can be wanted there: an environment, a custom value, or what is live of a package.
    pub fn can_be_intended(&self) -> bool {
        let is_latest = self.release.as_deref().is_none_or(str::is_empty);
        match self.subpath {
            Some((SubPathKind::Environment, _)) => self.global,
            Some((SubPathKind::Custom, _)) => true,
            Some((SubPathKind::Deploy, _)) => is_latest && !self.global,
            _ => false,
        }
    }

    /// The package this ref points into, once it is absolute.
    pub fn package(&self) -> Option<PackageName> {
        let is_named = |part: &str| !part.is_empty() && part != ".";
        (!self.global && is_named(&self.repository) && is_named(&self.path)).then(|| PackageName {
            repository: self.repository.clone(),
            path: self.path.clone(),
        })
    }

    /// The same record without the fragment: what is stored as one document.
    pub fn document(&self) -> Reference {
        Reference {
            fragment: None,
            ..self.clone()
        }
    }

    /// What the fragment says within a document: its keys, one after the other, through objects and lists. `None` when
    /// there is no such key; null is a value (Q-S7).
    pub fn within<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        let mut value = document;
        for key in self.fragment.iter().flat_map(|keys| keys.split('/')) {
            value = match value {
                Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                _ => value.get(key)?,
            };
        }
        Some(value)
    }

    /// This ref as read from `release` of `package` (§1.4 with Q-R2 corrected).
    ///
    /// A named repository or a global ref stays as it is. A release is filled in only when the ref ends up in the
    /// same file and states none.
    pub fn relative_to(&self, package: &PackageName, release: &str) -> Reference {
        if self.global {
            return self.clone();
        }
        let mut absolute = self.clone();
        if matches!(absolute.repository.as_str(), "" | ".") {
            absolute.repository.clone_from(&package.repository);
        }
        if matches!(absolute.path.as_str(), "" | ".") {
            absolute.path.clone_from(&package.path);
        }
        let same_file = absolute.repository == package.repository && absolute.path == package.path;
        if absolute.release.is_none() {
            let inherited = if same_file { release } else { "" };
            absolute.release = Some(inherited.to_owned());
        }
        absolute
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        if !self.global {
            if !self.repository.is_empty() {
                parts.push(self.repository.clone());
                parts.push("-".to_owned());
            }
            if !self.path.is_empty() {
                parts.push(self.path.clone());
            }
        }
        if let Some(release) = &self.release {
            parts.push(format!("@{release}"));
        }
        if let Some((kind, subpath)) = &self.subpath {
            parts.push(kind.as_str().to_owned());
            parts.push(subpath.clone());
        }
        formatter.write_str(&parts.join("/"))?;
        match &self.fragment {
            Some(fragment) => write!(formatter, "#{fragment}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reference, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
