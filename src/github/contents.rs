//! Reading a repository at a commit.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::call::{Call, segment, segments};
use super::client::Installation;
use super::error::GitHubError;
use super::pulls::{ChangedFile, changed_paths};
use crate::model::{CommitSha, RepositoryName};

/// The most files a comparison lists (reference/github.md §5).
const COMPARED_FILES: usize = 300;

/// The most requests one tree may cost when it is too large for a single answer.
const TREE_REQUESTS: usize = 200;

/// The most requests one comparison may cost, of 100 commits each.
const COMPARISON_REQUESTS: usize = 10;

/// All files of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Its files, in no particular order.
    pub entries: Vec<TreeEntry>,
    /// Whether files are missing because the tree is too large even in parts.
    pub truncated: bool,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path from the repository's root.
    pub path: String,
    /// The id of its content; the same content has the same id everywhere.
    pub blob_sha: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its content is the path of another file.
    pub is_symlink: bool,
}

/// How a head relates to a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Which has commits the other has not.
    pub status: ComparisonStatus,
    /// Their newest common ancestor.
    pub merge_base: CommitSha,
    /// Paths that differ between the merge base and the head; a rename counts with both.
    pub changed_paths: Vec<String>,
    /// Whether there may be more changed paths than GitHub lists.
    pub truncated: bool,
    /// Logins of the authors of the commits that only the head has, merge commits left out. A commit whose author's address belongs to no
    /// account adds nobody.
    pub authors: BTreeSet<String>,
    /// Whether there may be more authors: there are more commits than are read.
    pub authors_truncated: bool,
}

/// Which of two commits has commits the other has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComparisonStatus {
    /// Only the head.
    Ahead,
    /// Only the base.
    Behind,
    /// Both.
    Diverged,
    /// Neither.
    Identical,
}

#[derive(Deserialize)]
struct TreeAnswer {
    sha: String,
    tree: Vec<TreeItem>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct TreeItem {
    path: String,
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    sha: Option<String>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct ComparisonAnswer {
    status: ComparisonStatus,
    merge_base_commit: Commit,
    files: Option<Vec<ChangedFile>>,
    #[serde(default)]
    commits: Vec<AuthoredCommit>,
}

/// The pages after the first one are only read for their commits.
#[derive(Deserialize)]
struct CommitsPage {
    #[serde(default)]
    commits: Vec<AuthoredCommit>,
}

#[derive(Deserialize)]
struct AuthoredCommit {
    author: Option<Author>,
    #[serde(default)]
    parents: Vec<serde::de::IgnoredAny>,
}

/// GitHub says "no account" with `null` or with an empty object.
#[derive(Deserialize)]
struct Author {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

#[derive(Deserialize)]
struct ReferenceAnswer {
    object: Commit,
}

impl Installation {
    /// All files at `commit`. A tree too large for one answer is read in parts.
    ///
    /// # Errors
    /// `NotFound` for an unknown commit; `Rejected` with 409 for an empty repository.
    pub async fn tree(
        &self,
        repository: &RepositoryName,
        commit: &CommitSha,
    ) -> Result<Tree, GitHubError> {
        let whole = self.tree_part(repository, commit.as_str(), true).await?;
        let mut tree = Tree::default();
        if !whole.truncated {
            tree.add("", whole.tree, &mut Vec::new());
            return Ok(tree);
        }
        let mut parts = vec![(String::new(), whole.sha, true)];
        let mut requests = 1;
        while let Some((folder, sha, is_too_large)) = parts.pop() {
            if requests >= TREE_REQUESTS {
                tree.truncated = true;
                break;
            }
            requests += 1;
            let part = self.tree_part(repository, &sha, !is_too_large).await?;
            if part.truncated && !is_too_large {
                parts.push((folder, sha, true));
                continue;
            }
            tree.truncated |= part.truncated;
            let mut folders = Vec::new();
            tree.add(&folder, part.tree, &mut folders);
            if is_too_large {
                parts.extend(folders.into_iter().map(|(path, sha)| (path, sha, false)));
            }
        }
        Ok(tree)
    }

    async fn tree_part(
        &self,
        repository: &RepositoryName,
        sha: &str,
        recursive: bool,
    ) -> Result<TreeAnswer, GitHubError> {
        let path = Call::path(repository, &format!("git/trees/{}", segment(sha)));
        let call = Call::get(path);
        // Any value means recursive, so that it must be left out otherwise.
        let call = if recursive {
            call.query("recursive", "1")
        } else {
            call
        };
        self.caller.json(call).await
    }

    /// The text of a file by the id of its content.
    ///
    /// # Errors
    /// `Unreadable` when it is not UTF-8.
    pub async fn blob_text(
        &self,
        repository: &RepositoryName,
        blob_sha: &str,
    ) -> Result<String, GitHubError> {
        let path = Call::path(repository, &format!("git/blobs/{}", segment(blob_sha)));
        let mut answer = self.caller.send(Call::get(path).raw()).await?;
        String::from_utf8(std::mem::take(&mut answer.body))
            .map_err(|_| answer.unreadable("the file is not UTF-8 text"))
    }

    /// The text of the file at `path` as of `git_ref`; `None` when there is no such file.
    ///
    /// # Errors
    /// `Unreadable` when it is not UTF-8.
    pub async fn file_text(
        &self,
        repository: &RepositoryName,
        path: &str,
        git_ref: &str,
    ) -> Result<Option<String>, GitHubError> {
        let path = Call::path(repository, &format!("contents/{}", segments(path)));
        let call = Call::get(path).raw().query("ref", git_ref);
        let mut answer = match self.caller.send(call).await {
            Err(GitHubError::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        let text = String::from_utf8(std::mem::take(&mut answer.body));
        text.map(Some)
            .map_err(|_| answer.unreadable("the file is not UTF-8 text"))
    }

    /// What `head` changes since it left `base`. Both are commits, branches or tags.
    ///
    /// # Errors
    /// `NotFound` when one is unknown or they have no common ancestor.
    pub async fn compare(
        &self,
        repository: &RepositoryName,
        base: &str,
        head: &str,
    ) -> Result<Comparison, GitHubError> {
        let range = format!("compare/{}...{}", segments(base), segments(head));
        let call = Call::get(Call::path(repository, &range)).query("per_page", "100");
        let answer = self.caller.send(call.clone()).await?;
        let wire: ComparisonAnswer = answer.json()?;
        // The files are all on the first page, however many commits there are.
        let files = wire.files.unwrap_or_default();
        let truncated = files.len() >= COMPARED_FILES;
        let merge_base = wire.merge_base_commit.sha.parse();
        let mut comparison = Comparison {
            status: wire.status,
            merge_base: merge_base.map_err(|error| answer.unreadable(&format!("{error}")))?,
            changed_paths: changed_paths(files),
            truncated,
            authors: logins(wire.commits).collect(),
            authors_truncated: false,
        };
        let mut next = self.caller.next_page(&call, &answer);
        for _ in 1..COMPARISON_REQUESTS {
            let Some(call) = next else { break };
            let answer = self.caller.send(call.clone()).await?;
            let page: CommitsPage = answer.json()?;
            comparison.authors.extend(logins(page.commits));
            next = self.caller.next_page(&call, &answer);
        }
        comparison.authors_truncated = next.is_some();
        Ok(comparison)
    }

    /// The commit a branch is at.
    ///
    /// # Errors
    /// `NotFound` when there is no such branch.
    pub async fn branch_head(
        &self,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<CommitSha, GitHubError> {
        let path = Call::path(repository, &format!("git/ref/heads/{}", segments(branch)));
        let answer = self.caller.send(Call::get(path)).await?;
        let wire: ReferenceAnswer = answer.json()?;
        let sha = wire.object.sha.parse();
        sha.map_err(|error| answer.unreadable(&format!("{error}")))
    }
}

fn logins(commits: Vec<AuthoredCommit>) -> impl Iterator<Item = String> {
    // Whoever presses "Merge" is the author of the merge commit, and of nothing in it.
    let written = commits
        .into_iter()
        .filter(|commit| commit.parents.len() < 2);
    let authors = written.filter_map(|commit| commit.author);
    authors.filter_map(|author| author.login)
}

impl Tree {
    fn add(&mut self, folder: &str, items: Vec<TreeItem>, folders: &mut Vec<(String, String)>) {
        for item in items {
            let Some(sha) = item.sha else { continue };
            let path = format!("{folder}{}", item.path);
            match item.kind.as_str() {
                "blob" => self.entries.push(TreeEntry {
                    path,
                    blob_sha: sha,
                    size: item.size.unwrap_or(0),
                    is_symlink: item.mode.as_deref() == Some("120000"),
                }),
                "tree" => folders.push((format!("{path}/"), sha)),
                // A submodule has no files here.
                _ => {}
            }
        }
    }
}
