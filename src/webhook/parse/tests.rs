use serde_json::{Value, json};

use super::{ParseError, parse};
use crate::webhook::{
    CheckRunAction, Event, InstallationAction, MergeGroupAction, Parsed, PullRequestAction,
    RepositoryAction, WorkflowRunAction,
};

const SHA: &str = "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d";
const OTHER_SHA: &str = "380387fbc80638b734a49e1be1c4dfec1c01b33c";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn read(event: &str, body: &Value) -> Result<Parsed, ParseError> {
    parse(event, body.to_string().as_bytes())
}

fn event(event: &str, body: &Value) -> Event {
    read(event, body).expect("a readable payload").event
}

fn ignored(event: &str, action: Option<&str>) -> Event {
    Event::Ignored {
        event: event.to_owned(),
        action: action.map(str::to_owned),
    }
}

fn repository() -> Value {
    json!({"id": 11, "full_name": "Acme/Api", "default_branch": "main", "private": true})
}

fn pull_request(action: &str) -> Value {
    json!({
        "action": action,
        "repository": repository(),
        "pull_request": {
            "number": 5,
            "head": {"sha": SHA, "ref": "feature", "repo": {"id": 11}},
            "base": {"sha": OTHER_SHA, "ref": "main", "repo": {"id": 11}},
            "user": {"id": 3, "login": "ann"},
        },
    })
}

fn pull(body: &Value) -> crate::webhook::PullRequest {
    match event("pull_request", body) {
        Event::PullRequest(pull) => *pull,
        other => panic!("a pull request, not {other:?}"),
    }
}

#[test]
fn every_payload_tells_where_and_who() {
    let body = json!({
        "zen": "Keep it logically awesome.",
        "installation": {"id": 7},
        "repository": repository(),
        "sender": {"id": 3, "login": "dependabot[bot]", "type": "Bot"},
    });
    let parsed = read("ping", &body).expect("a ping");
    assert_eq!(parsed.event, Event::Ping);
    assert_eq!(parsed.installation_id, Some(7));
    let facts = parsed.repository.expect("a repository");
    assert_eq!((facts.id, facts.name.as_str()), (11, "acme/api"));
    assert!(facts.private && !facts.fork && !facts.archived);
    let sender = parsed.sender.expect("a sender");
    assert!(sender.is_bot);
    assert_eq!((sender.login.as_str(), sender.id), ("dependabot[bot]", 3));
}

#[test]
fn a_push_to_a_branch_and_to_a_tag_differ() {
    let push = |reference: &str| {
        let body = json!({
            "ref": reference, "before": ZERO, "after": SHA, "created": true, "deleted": false,
        });
        match event("push", &body) {
            Event::Push(push) => push,
            other => panic!("a push, not {other:?}"),
        }
    };
    let branch = push("refs/heads/release/1.x");
    assert_eq!(branch.branch.as_deref(), Some("release/1.x"));
    assert!(branch.created && !branch.deleted && !branch.forced);
    assert!(branch.before.is_zero());
    assert_eq!(branch.after.as_str(), SHA);
    assert_eq!(push("refs/tags/v1").branch, None);
}

#[test]
fn a_pull_request_is_a_fork_unless_its_head_is_known_to_be_inside() {
    let mut body = pull_request("opened");
    assert!(!pull(&body).ends.is_fork);
    body["pull_request"]["base"]["repo"] = Value::Null;
    assert!(
        !pull(&body).ends.is_fork,
        "the repository itself is the base"
    );
    body["pull_request"]["head"]["repo"]["id"] = json!(12);
    assert!(pull(&body).ends.is_fork);
    body["pull_request"]["head"]["repo"] = Value::Null;
    let pull = pull(&body);
    assert!(pull.ends.is_fork);
    assert_eq!(pull.ends.head_repository_id, None);
}

#[test]
fn what_happened_to_a_pull_request_is_told_apart() {
    assert_eq!(
        pull(&pull_request("opened")).action,
        PullRequestAction::Opened
    );
    let closed = |merged: bool| {
        let mut body = pull_request("closed");
        body["pull_request"]["merged"] = json!(merged);
        pull(&body).action
    };
    assert_eq!(closed(true), PullRequestAction::Closed { merged: true });
    assert_eq!(closed(false), PullRequestAction::Closed { merged: false });
    let edited = |changes: Value| {
        let mut body = pull_request("edited");
        body["changes"] = changes;
        pull(&body).action
    };
    assert_eq!(
        edited(json!({"base": {"ref": {"from": "main"}}})),
        PullRequestAction::Edited { base_changed: true }
    );
    assert_eq!(
        edited(json!({"title": {"from": "Old"}})),
        PullRequestAction::Edited {
            base_changed: false
        }
    );
    assert_eq!(
        pull(&pull_request("stacked")).action,
        PullRequestAction::Other(String::from("stacked"))
    );
}

#[test]
fn only_a_created_comment_is_a_comment() {
    let mut body = json!({
        "action": "created",
        "issue": {"number": 5, "pull_request": {"url": "https://api.github.com/x"}},
        "comment": {
            "id": 9, "body": "/ocuroot help", "user": {"id": 3, "login": "ann", "type": "User"},
            "created_at": "2026-11-23T09:00:00Z", "performed_via_github_app": {"id": 77},
        },
    });
    let Event::Comment(comment) = event("issue_comment", &body) else {
        panic!("a comment")
    };
    assert_eq!((comment.id, comment.number), (9, 5));
    assert!(comment.on_pull_request);
    assert_eq!(comment.by_app, Some(77));
    assert_eq!(comment.author.map(|author| author.id), Some(3));
    body["comment"]["user"] = Value::Null;
    body["issue"]["pull_request"] = Value::Null;
    let Event::Comment(comment) = event("issue_comment", &body) else {
        panic!("a comment")
    };
    assert_eq!(comment.author, None);
    assert!(!comment.on_pull_request);
    for action in ["edited", "deleted", "pinned"] {
        body["action"] = json!(action);
        assert_eq!(
            event("issue_comment", &body),
            ignored("issue_comment", Some(action))
        );
    }
}

#[test]
fn a_pressed_button_names_itself_and_its_app() {
    let body = json!({
        "action": "requested_action",
        "requested_action": {"identifier": "approve"},
        "check_run": {
            "id": 4, "name": "ocuroot", "head_sha": SHA, "external_id": "", "app": {"id": 77},
        },
    });
    let Event::CheckRunRequested {
        action,
        external_id,
        app_id,
        ..
    } = event("check_run", &body)
    else {
        panic!("a request")
    };
    let identifier = String::from("approve");
    assert_eq!(action, CheckRunAction::Button { identifier });
    assert_eq!(external_id, None);
    assert_eq!(app_id, Some(77));
    let created = json!({"action": "created", "check_run": {"id": 4, "head_sha": SHA}});
    assert_eq!(
        event("check_run", &created),
        ignored("check_run", Some("created"))
    );
    let nameless = json!({"action": "requested_action", "check_run": {"id": 4, "head_sha": SHA}});
    assert!(read("check_run", &nameless).is_err());
}

#[test]
fn a_workflow_run_is_read_with_its_attempt_and_plain_path() {
    let body = json!({
        "action": "completed",
        "workflow_run": {
            "id": 30_433_642, "run_attempt": 2, "event": "workflow_dispatch",
            "path": ".github/workflows/ocuroot.yml@main", "display_title": "ocuroot 12",
            "head_sha": SHA, "status": "completed", "conclusion": "startup_failure",
        },
    });
    let Event::WorkflowRun(run) = event("workflow_run", &body) else {
        panic!("a workflow run")
    };
    assert_eq!(run.action, WorkflowRunAction::Completed);
    assert_eq!((run.id, run.attempt), (30_433_642, 2));
    assert_eq!(run.path, ".github/workflows/ocuroot.yml");
    assert_eq!(run.conclusion.as_deref(), Some("startup_failure"));
}

#[test]
fn a_destroyed_merge_group_tells_why() {
    let body = json!({
        "action": "destroyed", "reason": "dequeued",
        "merge_group": {
            "head_sha": SHA, "head_ref": "refs/heads/gh-readonly-queue/main/pr-1-0",
            "base_sha": OTHER_SHA, "base_ref": "refs/heads/main",
        },
    });
    let Event::MergeGroup {
        action,
        base_ref,
        head_ref,
        ..
    } = event("merge_group", &body)
    else {
        panic!("a merge group")
    };
    let reason = Some(String::from("dequeued"));
    assert_eq!(action, MergeGroupAction::Destroyed { reason });
    assert_eq!(base_ref, "main");
    assert_eq!(head_ref.as_deref(), Some("gh-readonly-queue/main/pr-1-0"));
}

#[test]
fn an_installation_names_its_account_and_repositories() {
    let body = json!({
        "action": "suspend",
        "installation": {
            "id": 7, "account": {"id": 2, "login": "acme", "type": "Organization"},
            "updated_at": 1_600_000_000,
        },
        "repositories": [{"id": 11, "full_name": "acme/api"}, {"full_name": "acme/unknown"}],
    });
    let parsed = read("installation", &body).expect("an installation");
    assert_eq!(parsed.installation_id, Some(7));
    let Event::Installation {
        action,
        account,
        repositories,
    } = parsed.event
    else {
        panic!("an installation")
    };
    assert_eq!(action, InstallationAction::Suspended);
    let account = account.expect("an account");
    assert_eq!(account.kind, "Organization");
    assert_eq!(repositories.len(), 1);
    let body = json!({
        "action": "removed", "installation": {"id": 7}, "repositories_removed": [{"id": 11}],
    });
    let Event::InstallationRepositories { added, removed } =
        event("installation_repositories", &body)
    else {
        panic!("repositories")
    };
    assert_eq!((added.len(), removed[0].id), (0, 11));
}

#[test]
fn a_moved_repository_tells_its_old_name() {
    let mut body = json!({
        "action": "renamed", "repository": repository(),
        "changes": {"repository": {"name": {"from": "Backend"}}},
    });
    let moved = |body: &Value| match event("repository", body) {
        Event::Repository { action, old_name } => (action, old_name.map(|name| name.to_string())),
        other => panic!("a repository event, not {other:?}"),
    };
    let (action, old_name) = moved(&body);
    assert_eq!(action, RepositoryAction::Renamed);
    assert_eq!(old_name.as_deref(), Some("acme/backend"));
    body["action"] = json!("transferred");
    body["changes"] = json!({"owner": {"from": {"user": {"id": 1, "login": "octocat"}}}});
    let (action, old_name) = moved(&body);
    assert_eq!(action, RepositoryAction::Transferred);
    assert_eq!(old_name.as_deref(), Some("octocat/api"));
    body["action"] = json!("edited");
    body["changes"] = json!({"default_branch": {"from": "master"}});
    let default_branch_from = Some(String::from("master"));
    assert_eq!(
        moved(&body).0,
        RepositoryAction::Edited {
            default_branch_from
        }
    );
}

#[test]
fn unknown_events_and_actions_are_ignored_whatever_they_hold() {
    let odd = json!({"action": "flew", "repository": {"id": "x"}, "sender": 3});
    assert_eq!(event("unicorn", &odd), ignored("unicorn", Some("flew")));
    assert_eq!(event("unicorn", &json!({})), ignored("unicorn", None));
    for known in ["workflow_run", "installation", "merge_group", "check_suite"] {
        let body = json!({"action": "flew"});
        assert_eq!(event(known, &body), ignored(known, Some("flew")));
    }
}

#[test]
fn what_is_useless_is_refused_with_its_reason() {
    let reason = |event: &str, body: &str| {
        parse(event, body.as_bytes())
            .expect_err("not readable")
            .to_string()
    };
    assert_eq!(
        reason("push", r#"{"ref":"refs/heads/main","before":"0"}"#),
        "the payload of `push` cannot be read: missing field `after` at line 1 column 38"
    );
    let short = r#"{"ref":"refs/heads/main","before":"0","after":"1"}"#;
    assert_eq!(
        reason("push", short),
        "the payload of `push` cannot be read: before: `0` is not a full commit id"
    );
    assert_eq!(
        reason("push", "[]"),
        "the payload of `push` cannot be read: it is not a JSON object"
    );
    assert!(reason("unicorn", "{").contains("EOF"));
}

#[test]
fn a_reason_does_not_repeat_the_whole_payload() {
    let body = format!(
        "{{\"ref\": \"refs/heads/main\", \"before\": \"{}\"}}",
        "x".repeat(100_000)
    );
    let error = parse("push", body.as_bytes()).expect_err("no commit");
    assert!(error.reason.len() <= 400, "{}", error.reason.len());
}
