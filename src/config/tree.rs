//! The files of one commit, as far as they are known.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Paths from the repository's root with their text, at one commit.
///
/// A tree may know only some files (the config files, say). What it does not know for sure it does not answer: a
/// folder's content is only known once the tree is [complete](SourceTree::mark_complete).
#[derive(Clone, Debug, Default)]
pub struct SourceTree {
    files: BTreeMap<String, Option<Arc<str>>>,
    is_complete: bool,
}

impl SourceTree {
    /// An empty tree.
    pub fn new() -> SourceTree {
        SourceTree::default()
    }

    /// Adds a file with its text.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) {
        self.files.insert(path.into(), Some(text.into()));
    }

    /// Adds a file whose text was not fetched; keeps the text if it is known.
    pub fn insert_path(&mut self, path: impl Into<String>) {
        self.files.entry(path.into()).or_insert(None);
    }

    /// States that every path of the commit is in this tree, so that folders can be listed.
    pub fn mark_complete(&mut self) {
        self.is_complete = true;
    }

    /// Whether every path of the commit is known.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// A file's text, if it is known.
    pub fn get(&self, path: &str) -> Option<&Arc<str>> {
        self.files.get(path)?.as_ref()
    }

    /// Every known path, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every path whose text is known, with it.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_ref()?)))
    }

    /// Whether `path` is a folder, if the tree can tell.
    pub fn is_directory(&self, path: &str) -> Option<bool> {
        if path.is_empty() || self.below(path).next().is_some() {
            return Some(true);
        }
        (self.files.contains_key(path)).then_some(false)
    }

    /// The names in a folder, if the tree can tell; `None` also when there is no such folder.
    pub fn list(&self, folder: &str) -> Option<Vec<String>> {
        if !self.is_complete {
            return None;
        }
        let mut names: Vec<String> = Vec::new();
        for rest in self.below(folder) {
            let name = rest.split('/').next().unwrap_or(rest);
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
        }
        (!names.is_empty()).then_some(names)
    }

    /// The paths inside `folder`, relative to it.
    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let prefix = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let from = Bound::Included(prefix.clone());
        self.files
            .range((from, Bound::Unbounded))
            .map_while(move |(path, _)| path.strip_prefix(prefix.as_str()))
    }
}
