//! Pull requests.

use serde::Deserialize;

use super::call::Call;
use super::client::Installation;
use super::error::GitHubError;
use crate::model::{CommitSha, RepositoryName};

/// The most files GitHub lists for a pull request (reference/github.md §5).
const PULL_REQUEST_FILES: usize = 3000;

/// A pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// Whether it is open.
    pub state: PullRequestState,
    /// Whether it was merged.
    pub merged: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// The commit it proposes.
    pub head_sha: CommitSha,
    /// The branch it proposes, in the head's repository.
    pub head_ref: String,
    /// Whether the head lives outside the base's repository, or nobody knows: not to be trusted.
    pub is_fork: bool,
    /// The branch it would be merged into.
    pub base_ref: String,
    /// The tip of that branch when the pull request last changed.
    pub base_sha: CommitSha,
    /// Its title.
    pub title: String,
    /// Who opened it; `None` for a deleted account.
    pub author: Option<String>,
    /// When it last changed, RFC 3339.
    pub updated_at: String,
}

/// Whether a pull request is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullRequestState {
    /// It is.
    Open,
    /// It was merged or rejected.
    Closed,
}

/// The paths a pull request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPaths {
    /// Changed paths; a rename counts with both.
    pub paths: Vec<String>,
    /// Whether there may be more than GitHub lists.
    pub truncated: bool,
}

#[derive(Deserialize)]
struct PullRequestAnswer {
    number: i64,
    state: PullRequestState,
    merged: Option<bool>,
    merged_at: Option<String>,
    draft: Option<bool>,
    head: End,
    base: End,
    title: Option<String>,
    user: Option<User>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct End {
    sha: String,
    #[serde(rename = "ref")]
    reference: String,
    repo: Option<Identified>,
}

#[derive(Deserialize)]
pub(super) struct Identified {
    pub(super) id: i64,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct ChangedFile {
    filename: String,
    previous_filename: Option<String>,
}

impl Installation {
    /// The pull request with that number.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn pull_request(
        &self,
        repository: &RepositoryName,
        number: i64,
    ) -> Result<PullRequest, GitHubError> {
        let path = Call::path(repository, &format!("pulls/{number}"));
        let answer = self.caller.send(Call::get(path)).await?;
        let wire: PullRequestAnswer = answer.json()?;
        wire.read().map_err(|reason| answer.unreadable(&reason))
    }

    /// The pull requests whose head or merge contains `commit`, open and closed.
    ///
    /// # Errors
    /// `NotFound` or `Rejected` with 422 when there is no such commit.
    pub async fn pull_requests_of_commit(
        &self,
        repository: &RepositoryName,
        commit: &CommitSha,
    ) -> Result<Vec<PullRequest>, GitHubError> {
        let path = Call::path(repository, &format!("commits/{commit}/pulls"));
        self.pull_requests(Call::get(path)).await
    }

    /// The open pull requests.
    ///
    /// # Errors
    /// `NotFound` when there is no such repository.
    pub async fn open_pull_requests(
        &self,
        repository: &RepositoryName,
    ) -> Result<Vec<PullRequest>, GitHubError> {
        let call = Call::get(Call::path(repository, "pulls")).query("state", "open");
        self.pull_requests(call).await
    }

    async fn pull_requests(&self, call: Call) -> Result<Vec<PullRequest>, GitHubError> {
        let name = call.name();
        let wire = self
            .caller
            .pages(call, |page: Vec<PullRequestAnswer>| page)
            .await?;
        let read = |wire: PullRequestAnswer| {
            wire.read().map_err(|reason| GitHubError::Unreadable {
                call: name.clone(),
                reason,
            })
        };
        wire.into_iter().map(read).collect()
    }

    /// The paths the pull request changes.
    ///
    /// # Errors
    /// `NotFound` when there is no such pull request.
    pub async fn pull_request_files(
        &self,
        repository: &RepositoryName,
        number: i64,
    ) -> Result<ChangedPaths, GitHubError> {
        let path = Call::path(repository, &format!("pulls/{number}/files"));
        let files = self
            .caller
            .pages(Call::get(path), |page: Vec<ChangedFile>| page)
            .await?;
        let truncated = files.len() >= PULL_REQUEST_FILES;
        Ok(ChangedPaths {
            paths: changed_paths(files),
            truncated,
        })
    }
}

/// The paths a list of changed files names; a rename changes both its paths.
pub(super) fn changed_paths(files: Vec<ChangedFile>) -> Vec<String> {
    files
        .into_iter()
        .flat_map(|file| [Some(file.filename), file.previous_filename])
        .flatten()
        .collect()
}

impl PullRequestAnswer {
    fn read(self) -> Result<PullRequest, String> {
        let sha = |text: &str| text.parse::<CommitSha>().map_err(|error| error.to_string());
        let head_repository = self.head.repo.map(|repository| repository.id);
        let base_repository = self.base.repo.map(|repository| repository.id);
        Ok(PullRequest {
            number: self.number,
            state: self.state,
            merged: self.merged.unwrap_or(self.merged_at.is_some()),
            draft: self.draft.unwrap_or(false),
            head_sha: sha(&self.head.sha)?,
            head_ref: self.head.reference,
            is_fork: head_repository.is_none() || head_repository != base_repository,
            base_ref: self.base.reference,
            base_sha: sha(&self.base.sha)?,
            title: self.title.unwrap_or_default(),
            author: self.user.map(|user| user.login),
            updated_at: self.updated_at.unwrap_or_default(),
        })
    }
}
