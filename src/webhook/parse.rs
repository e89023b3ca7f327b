//! From the bytes of a delivery to an [`Event`]. Pure.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::event::{
    Account, CheckRunAction, Comment, Event, HeadAndBase, InstallationAction, MergeGroupAction,
    Parsed, PullRequest, PullRequestAction, Push, RepositoryAction, RepositoryFacts,
    RepositorySummary, Sender, WorkflowRun, WorkflowRunAction,
};
use super::payload;
use crate::model::{CommitSha, RepositoryName};

/// The most characters of a reason: it repeats what it complains about, which may be the whole payload.
const LONGEST_REASON: usize = 400;

/// Why a payload of an event we act on could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload of `{event}` cannot be read: {reason}")]
pub struct ParseError {
    /// The event's name.
    pub event: String,
    /// What is wrong, with its place where the parser knows it.
    pub reason: String,
}

/// Narrows the payload `body` of the event named `event` (`X-GitHub-Event`).
///
/// # Errors
/// When `body` is not a JSON object, or the event is one we act on and a field is missing that
/// it is useless without. An unknown event or action is [`Event::Ignored`], never an error.
pub fn parse(event: &str, body: &[u8]) -> Result<Parsed, ParseError> {
    narrow(event, body).map_err(|reason| ParseError {
        event: event.to_owned(),
        reason: reason.chars().take(LONGEST_REASON).collect(),
    })
}

/// How urgent it is to get a delivery that was missed: 0 for what only the webhook tells, people's words above all, 1 for
/// what GitHub shows, too; `None` for what nobody acts on.
pub fn urgency(event: &str, action: Option<&str>) -> Option<i64> {
    match (event, action) {
        ("issue_comment", Some("created"))
        | ("check_run" | "check_suite", Some("rerequested"))
        | ("check_run", Some("requested_action"))
        | ("merge_group" | "installation" | "installation_repositories" | "repository", _) => {
            Some(0)
        }
        ("push" | "pull_request", _) | ("workflow_run", Some("completed")) => Some(1),
        _ => None,
    }
}

fn narrow(event: &str, body: &[u8]) -> Result<Parsed, String> {
    let envelope: payload::Envelope = match read(body) {
        Ok(envelope) => envelope,
        Err(_) if !is_acted_on(event) => object_only(body)?,
        Err(reason) => return Err(reason),
    };
    let repository = envelope.repository.map(repository_facts).transpose();
    let repository = match repository {
        Err(_) if !is_acted_on(event) => None,
        other => other?,
    };
    let action = envelope.action;
    let narrowed = match (event, action.as_deref()) {
        ("push", _) => Some(push(read(body)?)?),
        ("pull_request", Some(action)) => Some(pull_request(action, read(body)?, &repository)?),
        ("issue_comment", Some("created")) => Some(comment(read(body)?)),
        ("check_run", Some(action @ ("rerequested" | "requested_action"))) => {
            Some(check_run(action, read(body)?)?)
        }
        ("check_suite", Some("rerequested")) => Some(check_suite(read(body)?)?),
        ("workflow_run", Some(action)) => workflow_run(action, body)?,
        ("merge_group", Some(action)) => merge_group(action, body)?,
        ("installation", Some(action)) => installation(action, body)?,
        ("installation_repositories", Some("added" | "removed")) => {
            Some(installation_repositories(read(body)?))
        }
        ("repository", Some(action)) => repository_event(action, body, &repository)?,
        ("ping", _) => Some(Event::Ping),
        _ => None,
    };
    Ok(Parsed {
        installation_id: envelope.installation.map(|installation| installation.id),
        repository,
        sender: envelope.sender.and_then(sender),
        event: narrowed.unwrap_or(Event::Ignored {
            event: event.to_owned(),
            action,
        }),
    })
}

fn is_acted_on(event: &str) -> bool {
    matches!(
        event,
        "push"
            | "pull_request"
            | "issue_comment"
            | "check_run"
            | "check_suite"
            | "workflow_run"
            | "merge_group"
            | "installation"
            | "installation_repositories"
            | "repository"
    )
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // A derived struct would also read a JSON array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(String::from("it is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// For events nobody acts on: what can be read without insisting on any form.
fn object_only(body: &[u8]) -> Result<payload::Envelope, String> {
    let value: serde_json::Map<String, Value> = read(body)?;
    let action = value.get("action").and_then(Value::as_str);
    Ok(payload::Envelope {
        action: action.map(str::to_owned),
        ..payload::Envelope::default()
    })
}

fn push(wire: payload::Push) -> Result<Event, String> {
    Ok(Event::Push(Push {
        branch: wire
            .reference
            .strip_prefix("refs/heads/")
            .map(str::to_owned),
        before: commit("before", &wire.before)?,
        after: commit("after", &wire.after)?,
        created: wire.created.unwrap_or(false),
        deleted: wire.deleted.unwrap_or(false),
        forced: wire.forced.unwrap_or(false),
    }))
}

fn pull_request(
    action: &str,
    wire: payload::PullRequestEvent,
    repository: &Option<RepositoryFacts>,
) -> Result<Event, String> {
    let pull = wire.pull_request;
    let action = match action {
        "opened" => PullRequestAction::Opened,
        "synchronize" => PullRequestAction::Synchronize,
        "reopened" => PullRequestAction::Reopened,
        "closed" => PullRequestAction::Closed {
            merged: pull.merged.unwrap_or(false),
        },
        "edited" => PullRequestAction::Edited {
            base_changed: wire.changes.is_some_and(|changes| changes.base.is_some()),
        },
        "ready_for_review" => PullRequestAction::ReadyForReview,
        other => PullRequestAction::Other(other.to_owned()),
    };
    let base_id = pull.base.repo.map(|repository| repository.id);
    let base_id = base_id.or(repository.as_ref().map(|repository| repository.id));
    let head_id = pull.head.repo.map(|repository| repository.id);
    Ok(Event::PullRequest(Box::new(PullRequest {
        action,
        number: pull.number,
        ends: HeadAndBase {
            head_sha: commit("pull_request.head.sha", &pull.head.sha)?,
            head_ref: pull.head.reference,
            head_repository_id: head_id,
            base_ref: pull.base.reference,
            base_sha: commit("pull_request.base.sha", &pull.base.sha)?,
            is_fork: head_id.is_none() || head_id != base_id,
        },
        draft: pull.draft.unwrap_or(false),
        author: pull.user.and_then(|user| user.login),
        title: pull.title.unwrap_or_default(),
        merge_commit_sha: pull.merge_commit_sha.and_then(|sha| sha.parse().ok()),
    })))
}

fn comment(wire: payload::CommentEvent) -> Event {
    Event::Comment(Comment {
        id: wire.comment.id,
        number: wire.issue.number,
        body: wire.comment.body.unwrap_or_default(),
        author: wire.comment.user.and_then(sender),
        on_pull_request: wire.issue.pull_request.is_some(),
        created_at: wire.comment.created_at,
        by_app: wire.comment.performed_via_github_app.map(|app| app.id),
    })
}

fn check_run(action: &str, wire: payload::CheckRunEvent) -> Result<Event, String> {
    let action = if action == "rerequested" {
        CheckRunAction::Rerequested
    } else {
        let button = wire
            .requested_action
            .ok_or("missing field `requested_action`")?;
        CheckRunAction::Button {
            identifier: button.identifier,
        }
    };
    let check = wire.check_run;
    Ok(Event::CheckRunRequested {
        action,
        check_run_id: check.id,
        name: check.name.unwrap_or_default(),
        head_sha: commit("check_run.head_sha", &check.head_sha)?,
        external_id: check.external_id.filter(|id| !id.is_empty()),
        app_id: check.app.map(|app| app.id),
    })
}

fn check_suite(wire: payload::CheckSuiteEvent) -> Result<Event, String> {
    Ok(Event::CheckSuiteRerequested {
        head_sha: commit("check_suite.head_sha", &wire.check_suite.head_sha)?,
        app_id: wire.check_suite.app.map(|app| app.id),
    })
}

fn workflow_run(action: &str, body: &[u8]) -> Result<Option<Event>, String> {
    let action = match action {
        "requested" => WorkflowRunAction::Requested,
        "in_progress" => WorkflowRunAction::InProgress,
        "completed" => WorkflowRunAction::Completed,
        _ => return Ok(None),
    };
    let run = read::<payload::WorkflowRunEvent>(body)?.workflow_run;
    let path = run.path.unwrap_or_default();
    let path = path.split('@').next().unwrap_or_default();
    Ok(Some(Event::WorkflowRun(Box::new(WorkflowRun {
        action,
        id: run.id,
        attempt: run.run_attempt.unwrap_or(1),
        event: run.event.unwrap_or_default(),
        path: path.to_owned(),
        display_title: run.display_title.unwrap_or_default(),
        head_sha: commit("workflow_run.head_sha", &run.head_sha)?,
        status: run.status.unwrap_or_default(),
        conclusion: run.conclusion,
        html_url: run.html_url,
        run_started_at: run.run_started_at,
        updated_at: run.updated_at,
    }))))
}

fn merge_group(action: &str, body: &[u8]) -> Result<Option<Event>, String> {
    if !matches!(action, "checks_requested" | "destroyed") {
        return Ok(None);
    }
    let wire: payload::MergeGroupEvent = read(body)?;
    let action = if action == "destroyed" {
        MergeGroupAction::Destroyed {
            reason: wire.reason,
        }
    } else {
        MergeGroupAction::ChecksRequested
    };
    let group = wire.merge_group;
    Ok(Some(Event::MergeGroup {
        action,
        head_sha: commit("merge_group.head_sha", &group.head_sha)?,
        head_ref: group.head_ref.map(|reference| branch(&reference)),
        base_sha: commit("merge_group.base_sha", &group.base_sha)?,
        base_ref: branch(&group.base_ref),
    }))
}

fn installation(action: &str, body: &[u8]) -> Result<Option<Event>, String> {
    let action = match action {
        "created" => InstallationAction::Created,
        "deleted" => InstallationAction::Deleted,
        "suspend" => InstallationAction::Suspended,
        "unsuspend" => InstallationAction::Unsuspended,
        "new_permissions_accepted" => InstallationAction::NewPermissions,
        _ => return Ok(None),
    };
    let wire: payload::InstallationEvent = read(body)?;
    Ok(Some(Event::Installation {
        action,
        account: wire.installation.account.and_then(|account| {
            Some(Account {
                login: account.login.or(account.slug)?,
                id: account.id,
                kind: account.kind.unwrap_or_default(),
            })
        }),
        repositories: summaries(wire.repositories),
    }))
}

fn installation_repositories(wire: payload::InstallationRepositoriesEvent) -> Event {
    Event::InstallationRepositories {
        added: summaries(wire.repositories_added),
        removed: summaries(wire.repositories_removed),
    }
}

fn repository_event(
    action: &str,
    body: &[u8],
    repository: &Option<RepositoryFacts>,
) -> Result<Option<Event>, String> {
    let wire: payload::RepositoryEvent = read(body)?;
    let changes = wire.changes.unwrap_or_default();
    let current = repository.as_ref().ok_or("missing field `repository`")?;
    let name = &current.name;
    let mut old_name = None;
    let action = match action {
        "renamed" => {
            let from = changes.repository.and_then(|renamed| renamed.name?.from);
            old_name = from.and_then(|from| format!("{}/{from}", name.owner()).parse().ok());
            RepositoryAction::Renamed
        }
        "transferred" => {
            let from = changes.owner.and_then(|owner| owner.from);
            let from = from.and_then(|from| from.user.or(from.organization)?.login);
            old_name = from.and_then(|from| format!("{from}/{}", name.name()).parse().ok());
            RepositoryAction::Transferred
        }
        "edited" => RepositoryAction::Edited {
            default_branch_from: changes.default_branch.and_then(|change| change.from),
        },
        "created" => RepositoryAction::Created,
        "deleted" => RepositoryAction::Deleted,
        "archived" => RepositoryAction::Archived,
        "unarchived" => RepositoryAction::Unarchived,
        "privatized" => RepositoryAction::Privatized,
        "publicized" => RepositoryAction::Publicized,
        _ => return Ok(None),
    };
    Ok(Some(Event::Repository { action, old_name }))
}

fn repository_facts(wire: payload::Repository) -> Result<RepositoryFacts, String> {
    Ok(RepositoryFacts {
        id: wire.id,
        name: wire
            .full_name
            .parse::<RepositoryName>()
            .map_err(|error| format!("repository.full_name: {error}"))?,
        default_branch: wire.default_branch,
        private: wire.private.unwrap_or(false),
        fork: wire.fork.unwrap_or(false),
        archived: wire.archived.unwrap_or(false),
    })
}

fn summaries(wire: Option<Vec<payload::ShortRepository>>) -> Vec<RepositorySummary> {
    wire.into_iter()
        .flatten()
        .filter_map(|repository| {
            Some(RepositorySummary {
                id: repository.id?,
                name: repository.full_name.and_then(|name| name.parse().ok()),
            })
        })
        .collect()
}

fn sender(user: payload::User) -> Option<Sender> {
    let login = user.login?;
    let is_bot = user.kind.as_deref() == Some("Bot") || login.ends_with("[bot]");
    Some(Sender {
        login,
        id: user.id,
        is_bot,
    })
}

fn commit(field: &str, text: &str) -> Result<CommitSha, String> {
    text.parse().map_err(|error| format!("{field}: {error}"))
}

fn branch(reference: &str) -> String {
    let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    name.to_owned()
}

#[cfg(test)]
mod tests;
