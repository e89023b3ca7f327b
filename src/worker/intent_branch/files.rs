//! The files of a branch: which of them are to be looked at, and what they say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::config::intent_file::{WrongFile, reference_of, value_of};
use crate::engine::Snapshot;
use crate::model::{EnvironmentName, IntentFile, Reference, SubPathKind};
use crate::store::Repository;

/// A branch whose files say what should be.
#[derive(Clone, Copy)]
pub struct Branch<'a> {
    /// The repository it is in.
    pub repository: &'a Repository,
    /// Its name.
    pub name: &'a str,
    /// The repositories that follow it, in the order of names.
    pub followers: &'a [Repository],
}

/// The files of a commit that say anything: by path, git's id of what is in each.
pub type Tree = BTreeMap<String, String>;

/// What is in files, by path, or why it cannot be read.
pub type Texts = BTreeMap<String, Result<String, WrongFile>>;

/// Paths with what is there now, if anything is.
pub type Own = BTreeSet<(String, Option<String>)>;

/// What is to be looked at.
pub struct Read<'a> {
    /// The files as they were taken over.
    pub known: &'a BTreeMap<String, IntentFile>,
    /// The files as they are.
    pub tree: &'a Tree,
    /// What the pusher has changed: paths with what is there now, if anything is.
    pub own: &'a Own,
    /// Who that is.
    pub pusher: Option<&'a str>,
}

/// What a file says that has to be looked at.
#[derive(Debug)]
pub struct Said {
    /// Where it is.
    pub path: String,
    /// What is in it; `None` when it is gone.
    pub blob: Option<String>,
    /// In whose name it is said, if anybody's.
    pub pusher: Option<String>,
    /// What it speaks of, or what is wrong with it; `None` when another file speaks of the same now.
    pub reference: Result<Option<Reference>, WrongFile>,
    /// What should be there.
    pub value: Option<Value>,
    /// What it spoke of when that was last made so.
    pub made_so: Option<Reference>,
}

impl Said {
    /// What it speaks of.
    pub fn speaks_of(&self) -> Option<&Reference> {
        self.reference.as_ref().ok()?.as_ref()
    }

    /// When its turn comes among others: environments come first and go last.
    fn turn(&self) -> (u8, String) {
        let subpath = self
            .speaks_of()
            .and_then(|reference| reference.subpath.as_ref());
        let kind = subpath.map(|(kind, _)| *kind);
        let turn = match (kind, self.value.is_some()) {
            (Some(SubPathKind::Environment), true) => 0,
            (Some(SubPathKind::Custom), true) => 1,
            (_, true) => 2,
            (Some(SubPathKind::Environment), false) => 5,
            (Some(SubPathKind::Custom), false) => 4,
            (_, false) => 3,
        };
        (turn, self.path.clone())
    }
}

impl<'a> Read<'a> {
    /// The files that nothing has to be done about.
    pub fn unchanged(&self) -> impl Iterator<Item = &'a IntentFile> {
        let known = self.known.values();
        known.filter(|file| !self.is_new(&file.path) && !file.has_failed)
    }

    /// The paths of the files that have to be read.
    pub fn to_read(&self) -> impl Iterator<Item = (&'a String, &'a String)> {
        let tree = self.tree.iter();
        tree.filter(|(path, _)| {
            let has_failed = self.known.get(*path).is_some_and(|file| file.has_failed);
            self.is_new(path) || has_failed
        })
    }

    fn is_new(&self, path: &str) -> bool {
        let (before, now) = (self.known.get(path), self.tree.get(path));
        before.map(|file| &file.blob) != now
    }

    /// In whose name the file is looked at: a push answers for what it changed, and for nothing else.
    fn pusher_of(&self, path: &str) -> Option<String> {
        let now = self.tree.get(path).cloned();
        if self.own.contains(&(path.to_owned(), now)) {
            return self.pusher.map(str::to_owned);
        }
        let known = self.known.get(path).filter(|_| !self.is_new(path));
        known.and_then(|file| file.pusher.clone())
    }
}

impl Branch<'_> {
    /// A file as it is before anybody reads it: what it speaks of is known by its path.
    pub fn unread(&self, path: String, blob: String) -> IntentFile {
        let reference = reference_of(&path).and_then(Result::ok);
        IntentFile {
            reference: reference.and_then(|reference| self.absolute(reference).ok()),
            path,
            blob,
            value: None,
            pusher: None,
            has_failed: false,
        }
    }

    /// A ref with the repository it lacks, if one of those that follow is meant by it.
    fn absolute(&self, mut reference: Reference) -> Result<Reference, WrongFile> {
        if reference.global {
            return Ok(reference);
        }
        if matches!(reference.repository.as_str(), "" | ".") {
            let own = self.followers.iter();
            let own = own
                .clone()
                .find(|follower| follower.id == self.repository.id);
            let meant = match (own, self.followers) {
                (Some(own), _) => own,
                (None, [only]) => only,
                _ => {
                    let names = self.followers.iter();
                    let names: Vec<&str> = names.map(|name| name.reference_name.as_str()).collect();
                    return Err(wrong(format!(
                        "several repositories follow this branch: begin the path with one of {}, and `/-/`",
                        names.join(", ")
                    )));
                }
            };
            reference.repository.clone_from(&meant.reference_name);
        }
        let mut followers = self.followers.iter();
        if followers.any(|follower| follower.reference_name == reference.repository) {
            return Ok(reference);
        }
        Err(wrong(format!(
            "{} does not follow this branch: its repo.ocu.star says where what it wants is kept, with store.set(…, \
             intent = store.git(…))",
            reference.repository
        )))
    }

    /// The repository in which a ref is wanted: its own, or of an environment the one that registered it.
    pub fn follower(&self, reference: &Reference, snapshot: &Snapshot) -> &Repository {
        let owner = match &reference.subpath {
            Some((SubPathKind::Environment, name)) if reference.global => {
                let name: Option<EnvironmentName> = name.parse().ok();
                let known = name.and_then(|name| snapshot.registrations.get(&name));
                known.and_then(|known| known.repository.clone())
            }
            _ => Some(reference.repository.clone()),
        };
        let mut followers = self.followers.iter();
        let own = followers.find(|follower| Some(&follower.reference_name) == owner.as_ref());
        own.unwrap_or(&self.followers[0])
    }
}

/// What the files say that are new, gone, or could not be used before, each when its turn comes among others.
pub fn say(branch: &Branch<'_>, read: &Read<'_>, texts: &Texts) -> Vec<Said> {
    let mut said = Vec::new();
    let mut speaks: BTreeMap<Reference, &String> = BTreeMap::new();
    for file in read.unchanged() {
        if let Some(reference) = &file.reference {
            speaks.insert(reference.clone(), &file.path);
        }
    }
    for (path, blob) in read.to_read() {
        let found = understood(branch, path, texts).and_then(|(reference, value)| {
            match speaks.insert(reference.clone(), path) {
                Some(other) => Err(wrong(format!("{other} speaks of the same"))),
                None => Ok((reference, value)),
            }
        });
        let (reference, value) = match found {
            // A link of the original's says nothing of its own.
            Ok((_, None)) => continue,
            Ok((reference, value)) => (Ok(Some(reference)), value),
            Err(wrong) => (Err(wrong), None),
        };
        said.push(Said {
            path: path.clone(),
            blob: Some(blob.clone()),
            pusher: read.pusher_of(path),
            reference,
            value,
            made_so: read.known.get(path).and_then(|file| file.reference.clone()),
        });
    }
    let known = read.known.values();
    for file in known.filter(|file| !read.tree.contains_key(&file.path)) {
        // What another file speaks of now is not gone.
        let reference = file.reference.clone();
        let reference = reference.filter(|reference| !speaks.contains_key(reference));
        said.push(Said {
            path: file.path.clone(),
            blob: None,
            pusher: read.pusher_of(&file.path),
            reference: Ok(reference),
            value: None,
            made_so: file.reference.clone(),
        });
    }
    said.sort_by_key(Said::turn);
    said
}

fn understood(
    branch: &Branch<'_>,
    path: &str,
    texts: &Texts,
) -> Result<(Reference, Option<Value>), WrongFile> {
    let reference = reference_of(path).unwrap_or_else(|| Err(wrong("it says nothing")))?;
    let reference = branch.absolute(reference)?;
    let text = texts.get(path).cloned();
    let text = text.unwrap_or_else(|| Err(wrong("it was not read")))?;
    let value = value_of(path, &reference, &text)?;
    Ok((reference, value))
}

/// A file that cannot be used as a whole.
pub fn wrong(message: impl Into<String>) -> WrongFile {
    WrongFile {
        line: 0,
        message: message.into(),
    }
}
