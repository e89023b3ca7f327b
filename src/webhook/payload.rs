//! The parts of GitHub's payloads we read, as they are on the wire.
//!
//! Only ids and what an event is useless without are required: GitHub's own examples do not
//! satisfy GitHub's schemas (reference/github.md §13). Any user may be null (a deleted account).

use serde::Deserialize;

#[derive(Default, Deserialize)]
pub(super) struct Envelope {
    pub(super) action: Option<String>,
    pub(super) installation: Option<Installation>,
    pub(super) repository: Option<Repository>,
    pub(super) sender: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct Installation {
    pub(super) id: i64,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) id: i64,
    pub(super) full_name: String,
    pub(super) default_branch: Option<String>,
    pub(super) private: Option<bool>,
    pub(super) fork: Option<bool>,
    pub(super) archived: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) login: Option<String>,
    pub(super) slug: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// Anything of which only the id matters.
#[derive(Deserialize)]
pub(super) struct Identified {
    pub(super) id: i64,
}

#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) created: Option<bool>,
    pub(super) deleted: Option<bool>,
    pub(super) forced: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct PullRequestEvent {
    pub(super) pull_request: PullRequest,
    pub(super) changes: Option<PullRequestChanges>,
}

#[derive(Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: i64,
    pub(super) head: Head,
    pub(super) base: Head,
    pub(super) user: Option<User>,
    pub(super) draft: Option<bool>,
    pub(super) merged: Option<bool>,
    pub(super) title: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) sha: String,
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) repo: Option<Identified>,
}

#[derive(Deserialize)]
pub(super) struct PullRequestChanges {
    pub(super) base: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct CommentEvent {
    pub(super) issue: Issue,
    pub(super) comment: Comment,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub(super) number: i64,
    pub(super) pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub(super) id: i64,
    pub(super) body: Option<String>,
    pub(super) user: Option<User>,
    pub(super) created_at: Option<String>,
    pub(super) performed_via_github_app: Option<Identified>,
}

#[derive(Deserialize)]
pub(super) struct CheckRunEvent {
    pub(super) check_run: CheckRun,
    pub(super) requested_action: Option<RequestedAction>,
}

#[derive(Deserialize)]
pub(super) struct CheckRun {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) head_sha: String,
    pub(super) external_id: Option<String>,
    pub(super) app: Option<Identified>,
}

#[derive(Deserialize)]
pub(super) struct RequestedAction {
    pub(super) identifier: String,
}

#[derive(Deserialize)]
pub(super) struct CheckSuiteEvent {
    pub(super) check_suite: CheckSuite,
}

#[derive(Deserialize)]
pub(super) struct CheckSuite {
    pub(super) head_sha: String,
    pub(super) app: Option<Identified>,
}

#[derive(Deserialize)]
pub(super) struct WorkflowRunEvent {
    pub(super) workflow_run: WorkflowRun,
}

#[derive(Deserialize)]
pub(super) struct WorkflowRun {
    pub(super) id: i64,
    pub(super) run_attempt: Option<i64>,
    pub(super) event: Option<String>,
    pub(super) path: Option<String>,
    pub(super) display_title: Option<String>,
    pub(super) head_sha: String,
    pub(super) status: Option<String>,
    pub(super) conclusion: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) run_started_at: Option<String>,
    pub(super) updated_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MergeGroupEvent {
    pub(super) merge_group: MergeGroup,
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MergeGroup {
    pub(super) head_sha: String,
    pub(super) head_ref: Option<String>,
    pub(super) base_sha: String,
    pub(super) base_ref: String,
}

#[derive(Deserialize)]
pub(super) struct InstallationEvent {
    pub(super) installation: FullInstallation,
    pub(super) repositories: Option<Vec<ShortRepository>>,
}

#[derive(Deserialize)]
pub(super) struct FullInstallation {
    pub(super) account: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct ShortRepository {
    /// A removed repository's fields may all be missing.
    pub(super) id: Option<i64>,
    pub(super) full_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct InstallationRepositoriesEvent {
    pub(super) repositories_added: Option<Vec<ShortRepository>>,
    pub(super) repositories_removed: Option<Vec<ShortRepository>>,
}

#[derive(Deserialize)]
pub(super) struct RepositoryEvent {
    pub(super) changes: Option<RepositoryChanges>,
}

#[derive(Default, Deserialize)]
pub(super) struct RepositoryChanges {
    pub(super) repository: Option<RenamedRepository>,
    pub(super) owner: Option<ChangedOwner>,
    pub(super) default_branch: Option<Change>,
}

#[derive(Deserialize)]
pub(super) struct RenamedRepository {
    pub(super) name: Option<Change>,
}

#[derive(Deserialize)]
pub(super) struct ChangedOwner {
    pub(super) from: Option<FormerOwner>,
}

#[derive(Deserialize)]
pub(super) struct FormerOwner {
    pub(super) user: Option<User>,
    pub(super) organization: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) from: Option<String>,
}
