//! Reading the files of a branch from GitHub.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Problem, Worker};
use super::files::{Own, Read, Texts, Tree, wrong};
use super::messages::IntentPush;
use crate::config::intent_file::reference_of;
use crate::github::GitHubError;
use crate::model::CommitSha;
use crate::store::Repository;

/// The most that a file may hold, in bytes.
const MOST: usize = 1024 * 1024;

impl Worker {
    /// The files of a commit that say what should be.
    pub(super) async fn intent_tree(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<Tree, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let tree = installation.tree(&repository.name, commit).await?;
        if tree.truncated {
            // Files that are not listed would look as if they were gone.
            let what = format!(
                "GitHub does not list all files of {} at {commit}",
                repository.name
            );
            return Err(Problem::Impossible(what));
        }
        let files = tree.entries.into_iter();
        let files = files.filter(|entry| !entry.is_symlink && reference_of(&entry.path).is_some());
        Ok(files.map(|entry| (entry.path, entry.blob_sha)).collect())
    }

    /// What a push has changed; nothing if nobody is known to have pushed it. `trees` are those that are known.
    pub(super) async fn pushed_files(
        &self,
        repository: &Repository,
        pushed: &IntentPush,
        trees: &BTreeMap<CommitSha, Tree>,
    ) -> Result<Own, Problem> {
        if pushed.pusher.is_none() {
            return Ok(Own::new());
        }
        let after = match trees.get(&pushed.after) {
            Some(known) => known.clone(),
            None => self.intent_tree(repository, &pushed.after).await?,
        };
        let known = pushed.before.as_ref().map(|before| trees.get(before));
        let before = match (&pushed.before, known.flatten()) {
            (None, _) => Tree::new(),
            (Some(_), Some(known)) => known.clone(),
            (Some(before), None) => match self.intent_tree(repository, before).await {
                // What it replaced is gone: nobody can say what is the pusher's own.
                Err(Problem::GitHub(GitHubError::NotFound { .. })) => return Ok(Own::new()),
                before => before?,
            },
        };
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let own = paths
            .into_iter()
            .filter(|path| before.get(*path) != after.get(*path));
        Ok(own
            .map(|path| (path.clone(), after.get(path).cloned()))
            .collect())
    }

    /// What is in the files that have to be read.
    pub(super) async fn intent_texts(
        &self,
        repository: &Repository,
        read: &Read<'_>,
    ) -> Result<Texts, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let mut texts = Texts::new();
        for (path, blob) in read.to_read() {
            let text = match installation.blob_text(&repository.name, blob).await {
                Err(GitHubError::Unreadable { .. }) => Err(wrong("it is not UTF-8 text")),
                text => Ok(text?),
            };
            let text = text.and_then(|text| match text.len() > MOST {
                true => Err(wrong("it is larger than 1 MiB")),
                false => Ok(text),
            });
            texts.insert(path.clone(), text);
        }
        Ok(texts)
    }
}
