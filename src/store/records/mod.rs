//! Every record by its ref: one resolver for links, one reader for documents, and globs as indexed queries.

mod conditions;
mod documents;
mod links;
mod matching;
mod places;
mod queued;
mod released;
mod repositories;
mod runs;
mod shapes;
mod stored;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Documents, Result, Store};
use crate::model::{Glob, Reference, SubPathKind};

pub(super) use links::tagged;
pub use matching::MatchOptions;

/// The file that tells of a repository instead of a package.
const REPOSITORY_FILE: &str = "repo.ocu.star";

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// A repository at a commit: `<repository>/-/repo.ocu.star/@<commit>`.
    Repository,
    /// What of a repository is released at a commit.
    Push,
    /// An environment.
    Environment,
    /// A value that people or tools have set.
    Custom,
    /// A release.
    Release,
    /// A release by one of its tags.
    Tag,
    /// From which commit a release was made.
    Commit,
    /// Work of the engine that is queued for a release.
    Op,
    /// What the last successful run of a task or a deployment has left; as intent, what should be deployed.
    Task,
    /// One attempt of a task or a deployment.
    Run,
    /// Where a run stands.
    Status,
    /// What a run has printed.
    Log,
}

impl RecordKind {
    /// The word people know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Repository => "repository",
            RecordKind::Push => "push",
            RecordKind::Environment => "environment",
            RecordKind::Custom => "custom",
            RecordKind::Release => "release",
            RecordKind::Tag => "tag",
            RecordKind::Commit => "commit",
            RecordKind::Op => "op",
            RecordKind::Task => "task",
            RecordKind::Run => "run",
            RecordKind::Status => "status",
            RecordKind::Log => "log",
        }
    }
}

/// What a ref leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The ref that was asked for, with its fragment.
    pub reference: Reference,
    /// What it is about.
    pub kind: RecordKind,
    /// The document's own ref; another one than `reference` when that is, or goes by, a link (`@`, a tag).
    pub target: Reference,
    /// The document, or what the fragment names within it.
    pub value: Value,
}

impl Record {
    /// Whether the ref is, or goes by, a link.
    pub fn is_link(&self) -> bool {
        self.target != self.reference.document()
    }
}

impl Store {
    /// What an absolute ref leads to. `None` when there is no such record, or its document has no such key.
    ///
    /// # Errors
    /// When the database does.
    pub async fn record(
        &self,
        installation_id: i64,
        reference: &Reference,
        of: Documents,
    ) -> Result<Option<Record>> {
        let document = reference.document();
        let mut transaction = self.readers.begin().await?;
        let target = match of {
            Documents::State => {
                links::resolve(&mut transaction, installation_id, &document).await?
            }
            Documents::Intent => Some(document.clone()),
        };
        let Some(target) = target else {
            return Ok(None);
        };
        let found = documents::read(&mut transaction, installation_id, &target, of).await?;
        let Some((kind, value)) = found else {
            return Ok(None);
        };
        let is_tag = kind == RecordKind::Release && document.release.as_deref() != Some("");
        let value = reference.within(&value).cloned();
        Ok(value.map(|value| Record {
            reference: reference.clone(),
            kind: match is_tag && target != document {
                true => RecordKind::Tag,
                false => kind,
            },
            target,
            value,
        }))
    }

    /// The records directly below a ref: those that no other record stands between. Of a package (no release) these are
    /// its releases and tags, of a repository (`<repository>/-`) its own file and the latest release of each package.
    ///
    /// # Errors
    /// When the database does.
    pub async fn children(
        &self,
        installation_id: i64,
        reference: &Reference,
        of: Documents,
    ) -> Result<Vec<Reference>> {
        let options = MatchOptions {
            of,
            ..MatchOptions::default()
        };
        let own = reference.document().to_string();
        let text = Glob::escaped(&own);
        let text = match (&reference.release, of) {
            _ if own.is_empty() => "{@/**,**/@}".to_owned(),
            (Some(_), _) | (None, Documents::Intent) => format!("{text}/**"),
            (None, Documents::State) if reference.path.is_empty() => format!("{text}/**/@"),
            (None, Documents::State) => format!("{text}/@*"),
        };
        // Escaping can make a long ref longer than a glob may be; nothing that long was ever stored.
        let Ok(glob) = text.parse::<Glob>() else {
            return Ok(Vec::new());
        };
        let below = self.matching(installation_id, &glob, &options).await?;
        let texts: BTreeSet<String> = below.iter().map(Reference::to_string).collect();
        let begin = own.len() + usize::from(!own.is_empty());
        let is_direct = |text: &String| {
            let mut above = text[begin..].match_indices('/');
            !above.any(|(at, _)| texts.contains(&text[..begin + at]))
        };
        let direct = below.into_iter().zip(&texts);
        let direct = direct.filter(|(_, text)| is_direct(text));
        Ok(direct.map(|(reference, _)| reference).collect())
    }
}

/// The parts of `task/build/3/status/failed` and the like.
#[derive(Debug, PartialEq, Eq)]
enum TaskRecord<'r> {
    /// What the task has left.
    Document,
    /// A run.
    Run(i64),
    /// What it printed.
    Logs(i64),
    /// A word for where it stands.
    Status(i64, &'r str),
}

/// The task (`task/build`, `deploy/staging`) that a ref of one of its records is about, and which record it is.
fn task_record(reference: &Reference) -> Option<(String, TaskRecord<'_>)> {
    let (kind @ (SubPathKind::Task | SubPathKind::Deploy), name) = reference.subpath.as_ref()?
    else {
        return None;
    };
    let segments: Vec<&str> = name.split('/').collect();
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
    let (task, record) = match segments.as_slice() {
        [task @ .., run, "status", word] if !task.is_empty() && number(run).is_some() => {
            (task, TaskRecord::Status(number(run)?, word))
        }
        [task @ .., run, "logs"] if !task.is_empty() && number(run).is_some() => {
            (task, TaskRecord::Logs(number(run)?))
        }
        [task @ .., run] if !task.is_empty() && number(run).is_some() => {
            (task, TaskRecord::Run(number(run)?))
        }
        task => (task, TaskRecord::Document),
    };
    Some((format!("{}/{}", kind.as_str(), task.join("/")), record))
}
