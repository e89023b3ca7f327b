//! What a delivery can mean to us: a closed set. Everything else is [`Event::Ignored`].

use crate::model::{CommitSha, RepositoryName};

/// A delivery's payload, narrowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The installation it was sent for; absent for `ping` and in some published examples.
    pub installation_id: Option<i64>,
    /// The repository it is about.
    pub repository: Option<RepositoryFacts>,
    /// Who caused it; `None` for a deleted account.
    pub sender: Option<Sender>,
    /// What happened.
    pub event: Event,
}

/// What every payload tells about its repository. The id is what identifies it; names change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// GitHub's id.
    pub id: i64,
    /// Its name when the event happened.
    pub name: RepositoryName,
    /// The default branch, when the payload tells.
    pub default_branch: Option<String>,
    /// Whether it is not public.
    pub private: bool,
    /// Whether it is a fork.
    pub fork: bool,
    /// Whether it is read-only.
    pub archived: bool,
}

/// An account that acts: a person, a bot or an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its name.
    pub login: String,
    /// GitHub's id.
    pub id: i64,
    /// Whether it is a GitHub App or another bot.
    pub is_bot: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A branch or tag moved.
    Push(Push),
    /// Something happened to a pull request.
    PullRequest(Box<PullRequest>),
    /// Somebody wrote a comment on an issue or pull request. Edits are not commands and ignored.
    Comment(Comment),
    /// Somebody pressed something on a check run.
    CheckRunRequested {
        /// What was pressed.
        action: CheckRunAction,
        /// The check run.
        check_run_id: i64,
        /// Its name, empty when the payload does not tell.
        name: String,
        /// The commit it is on.
        head_sha: CommitSha,
        /// The id its creator gave it.
        external_id: Option<String>,
        /// The App that created it.
        app_id: Option<i64>,
    },
    /// Somebody pressed "Re-run all checks".
    CheckSuiteRerequested {
        /// The commit.
        head_sha: CommitSha,
        /// The App whose suite it is.
        app_id: Option<i64>,
    },
    /// A workflow run of GitHub Actions moved on.
    WorkflowRun(Box<WorkflowRun>),
    /// The merge queue tests a group of pull requests.
    MergeGroup {
        /// Whether it begins or is over.
        action: MergeGroupAction,
        /// The group's commit: the one a required check must conclude on.
        head_sha: CommitSha,
        /// The queue's own branch, without `refs/heads/`.
        head_ref: Option<String>,
        /// The commit it would be merged onto.
        base_sha: CommitSha,
        /// The branch it would be merged into, without `refs/heads/`.
        base_ref: String,
    },
    /// The App was installed, removed, or its installation changed.
    Installation {
        /// What happened.
        action: InstallationAction,
        /// Where it is installed.
        account: Option<Account>,
        /// Repositories it sees; may be incomplete for very large installations.
        repositories: Vec<RepositorySummary>,
    },
    /// Repositories were added to or removed from the installation.
    InstallationRepositories {
        /// Visible from now on.
        added: Vec<RepositorySummary>,
        /// Not visible any more.
        removed: Vec<RepositorySummary>,
    },
    /// The repository itself changed; its facts are the new ones.
    Repository {
        /// What happened.
        action: RepositoryAction,
        /// What it was called before, when it was renamed or transferred.
        old_name: Option<RepositoryName>,
    },
    /// GitHub tries the webhook out.
    Ping,
    /// Nothing we act on.
    Ignored {
        /// The event's name.
        event: String,
        /// Its action, when it has one.
        action: Option<String>,
    },
}

/// A branch or tag moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The branch, without `refs/heads/`; `None` for a tag.
    pub branch: Option<String>,
    /// The commit before; zero when the branch was created.
    pub before: CommitSha,
    /// The commit now; zero when the branch was deleted.
    pub after: CommitSha,
    /// Whether it did not exist before.
    pub created: bool,
    /// Whether it does not exist any more.
    pub deleted: bool,
    /// Whether commits were taken away.
    pub forced: bool,
}

/// The two ends of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadAndBase {
    /// The commit it proposes.
    pub head_sha: CommitSha,
    /// The branch it proposes, in the head's repository.
    pub head_ref: String,
    /// The repository of the head; `None` when it was deleted.
    pub head_repository_id: Option<i64>,
    /// The branch it would be merged into.
    pub base_ref: String,
    /// The tip of that branch.
    pub base_sha: CommitSha,
    /// Whether the head lives outside the base's repository, or nobody knows: not to be trusted.
    pub is_fork: bool,
}

/// Something happened to a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// What.
    pub action: PullRequestAction,
    /// Its number.
    pub number: i64,
    /// Where it comes from and goes to.
    pub ends: HeadAndBase,
    /// Whether it is a draft.
    pub draft: bool,
    /// Who opened it; `None` for a deleted account.
    pub author: Option<String>,
    /// Its title.
    pub title: String,
    /// The commit the merge made; not told from API version 2026-03-10 on.
    pub merge_commit_sha: Option<CommitSha>,
}

/// What happened to a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullRequestAction {
    /// It was opened.
    Opened,
    /// Its head moved.
    Synchronize,
    /// It was opened again.
    Reopened,
    /// It was closed.
    Closed {
        /// By merging it.
        merged: bool,
    },
    /// Its title, text or base changed.
    Edited {
        /// Whether the base branch is another one now.
        base_changed: bool,
    },
    /// It is no draft any more.
    ReadyForReview,
    /// Anything else, by GitHub's name.
    Other(String),
}

/// Somebody wrote a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// GitHub's id of it.
    pub id: i64,
    /// The or pull request's number.
    pub number: i64,
    /// The text.
    pub body: String,
    /// Who wrote it; `None` for a deleted account.
    pub author: Option<Sender>,
    /// Whether it is on a pull request.
    pub on_pull_request: bool,
    /// When it was written, RFC 3339.
    pub created_at: Option<String>,
    /// The App that wrote it on the author's behalf.
    pub by_app: Option<i64>,
}

/// What was pressed on a check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckRunAction {
    /// "Re-run".
    Rerequested,
    /// One of our own buttons.
    Button {
        /// The identifier the button was created with.
        identifier: String,
    },
}

/// A workflow run of GitHub Actions moved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRun {
    /// How far it is.
    pub action: WorkflowRunAction,
    /// GitHub's id of the run.
    pub id: i64,
    /// Which attempt of it, from 1.
    pub attempt: i64,
    /// What started it, such as `workflow_dispatch`.
    pub event: String,
    /// The workflow's file from the repository's root, without an `@ref`; may be empty.
    pub path: String,
    /// The run's name as people see it; may be empty.
    pub display_title: String,
    /// The commit the run is attached to.
    pub head_sha: CommitSha,
    /// GitHub's status, such as `in_progress`.
    pub status: String,
    /// GitHub's conclusion, once there is one.
    pub conclusion: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// When this attempt started, RFC 3339.
    pub run_started_at: Option<String>,
    /// When it last changed, RFC 3339.
    pub updated_at: Option<String>,
}

/// How far a workflow run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkflowRunAction {
    /// It was created. Not sent for re-runs.
    Requested,
    /// A runner took it.
    InProgress,
    /// It ended.
    Completed,
}

/// Whether a merge group begins or is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeGroupAction {
    /// Its checks must be reported.
    ChecksRequested,
    /// It is over.
    Destroyed {
        /// `merged`, `invalidated` or `dequeued`.
        reason: Option<String>,
    },
}

/// What happened to an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationAction {
    /// The App was installed.
    Created,
    /// The App was removed.
    Deleted,
    /// It may do nothing until unsuspended.
    Suspended,
    /// It may act again.
    Unsuspended,
    /// The account's owner accepted changed permissions.
    NewPermissions,
}

/// Where an App is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub login: String,
    /// GitHub's id.
    pub id: i64,
    /// `User`, `Organization` or `Enterprise`, as GitHub says.
    pub kind: String,
}

/// A repository as installations list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositorySummary {
    /// GitHub's id.
    pub id: i64,
    /// Its name, when the payload tells.
    pub name: Option<RepositoryName>,
}

/// What happened to a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositoryAction {
    /// It is new.
    Created,
    /// It has another name.
    Renamed,
    /// It has another owner, maybe another installation.
    Transferred,
    /// A setting changed.
    Edited {
        /// The default branch before, when it is another one now.
        default_branch_from: Option<String>,
    },
    /// It is gone.
    Deleted,
    /// It is read-only now.
    Archived,
    /// It is writable again.
    Unarchived,
    /// It is not public any more.
    Privatized,
    /// It is public now.
    Publicized,
}
