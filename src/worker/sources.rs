//! The Starlark files of a commit, from the record or from GitHub.

use std::collections::BTreeMap;

use super::{Problem, Worker};
use crate::config::SourceTree;
use crate::model::CommitSha;
use crate::store::Repository;

/// The files of a commit that matter to us.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// The texts of the Starlark files.
    pub(super) tree: SourceTree,
    /// Every `*.ocu.star` but `repo.ocu.star`, sorted.
    pub(super) package_files: Vec<String>,
    /// Workflow files (path to blob), read only when a config file names one.
    pub(super) workflows: BTreeMap<String, String>,
    /// Whether there is a `repo.ocu.star`: whether the repository uses Ocuroot at all.
    pub(super) is_ours: bool,
}

impl Sources {
    /// Whether the commit has this config file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.tree.get(path).is_some()
    }
}

const WORKFLOWS: &str = ".github/workflows/";

/// Whether a path is that of a config file, or of a file that one may load.
pub(super) fn is_starlark(path: &str) -> bool {
    path.ends_with(".star")
}

fn is_workflow(path: &str) -> bool {
    path.starts_with(WORKFLOWS) && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

impl Worker {
    /// The files of `commit`. What was read once is not asked for again: commits and blobs never change.
    pub(super) async fn sources(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<Sources, Problem> {
        let files = match self.store.source_tree(repository.id, commit).await? {
            Some(files) => files,
            None => self.files_on_github(repository, commit).await?,
        };
        let is_ours = files.contains_key("repo.ocu.star");
        let blobs: Vec<String> = files
            .iter()
            .filter(|(path, _)| is_ours && is_starlark(path))
            .map(|(_, blob)| blob.clone())
            .collect();
        let texts = self.texts(repository, commit, &files, &blobs).await?;
        let mut sources = Sources {
            is_ours,
            ..Sources::default()
        };
        for (path, blob) in files {
            if is_workflow(&path) {
                sources.workflows.insert(path, blob);
            } else if let Some(text) = texts.get(&blob) {
                if path.ends_with(".ocu.star") && path != "repo.ocu.star" {
                    sources.package_files.push(path.clone());
                }
                sources.tree.insert(&path, text.as_str());
            }
        }
        Ok(sources)
    }

    /// The text of a workflow file of the commit, if there is such a file.
    pub(super) async fn workflow_text(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        sources: &Sources,
        file: &str,
    ) -> Result<Option<String>, Problem> {
        let Some(blob) = sources.workflows.get(&format!("{WORKFLOWS}{file}")) else {
            return Ok(None);
        };
        let blobs = [blob.clone()];
        let texts = self
            .texts(repository, commit, &BTreeMap::new(), &blobs)
            .await?;
        Ok(texts.get(blob).cloned())
    }

    async fn files_on_github(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let tree = self
            .github
            .installation(repository.installation_id)
            .tree(&repository.name, commit)
            .await?;
        let files = tree.entries.into_iter();
        Ok(files
            .filter(|entry| is_starlark(&entry.path) || is_workflow(&entry.path))
            .map(|entry| (entry.path, entry.blob_sha))
            .collect())
    }

    /// The texts of `blobs`, reading from GitHub and keeping what is not in the record yet.
    async fn texts(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        files: &BTreeMap<String, String>,
        blobs: &[String],
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut texts = self.store.source_blobs(repository.id, blobs).await?;
        let installation = self.github.installation(repository.installation_id);
        let mut new = BTreeMap::new();
        for blob in blobs {
            if !texts.contains_key(blob) && !new.contains_key(blob) {
                match installation.blob_text(&repository.name, blob).await {
                    Ok(text) => drop(new.insert(blob.clone(), text)),
                    Err(error) => {
                        // What was read is kept: the next try goes on from here, however little it may ask.
                        self.store
                            .put_sources(repository.id, commit, files, &new)
                            .await?;
                        return Err(error.into());
                    }
                }
            }
        }
        if !new.is_empty() || !files.is_empty() {
            self.store
                .put_sources(repository.id, commit, files, &new)
                .await?;
        }
        texts.extend(new);
        Ok(texts)
    }
}
