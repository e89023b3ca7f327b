//! Pull requests, issues, comments, reactions.

use serde_json::{Value, json};

use super::{node_id, time};
use crate::simulator::state::comment::{REACTIONS, Reaction};
use crate::simulator::state::installation::merge;
use crate::simulator::state::pull_request::PullRequest;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::repository::Permission;
use crate::simulator::state::world::World;
use crate::simulator::timestamp::iso8601;

impl World {
    /// A pull request. Only a REST answer of the version before 2026-03-10 tells the merge commit.
    pub(crate) fn pull_request_json(
        &self,
        full_name: &str,
        number: u64,
        api_version: Option<&str>,
    ) -> Result<Value, Refusal> {
        let pull_request = self.pull_request(full_name, number)?;
        let html_url = format!("{}/{full_name}/pull/{number}", self.url);
        let url = format!("{}/repos/{full_name}/pulls/{number}", self.url);
        let issue_url = format!("{}/repos/{full_name}/issues/{number}", self.url);
        let user = self.user_json(&pull_request.user);
        let mut json = json!({
            "id": pull_request.id, "node_id": node_id("PR", pull_request.id), "number": number, "url": url,
            "html_url": html_url, "diff_url": format!("{html_url}.diff"), "patch_url": format!("{html_url}.patch"),
            "issue_url": issue_url, "commits_url": format!("{url}/commits"), "comments_url": format!("{issue_url}/comments"),
            "review_comments_url": format!("{url}/comments"), "review_comment_url": format!("{url}/comments{{/number}}"),
            "statuses_url": format!("{}/repos/{full_name}/statuses/{}", self.url, pull_request.head_sha),
            "state": if pull_request.open { "open" } else { "closed" }, "locked": false, "title": pull_request.title,
            "body": pull_request.body, "user": user, "draft": pull_request.draft, "labels": self.labels(pull_request),
            "milestone": null, "assignees": [], "requested_reviewers": [], "requested_teams": [], "auto_merge": null,
        });
        let rest = json!({
            "active_lock_reason": null, "created_at": iso8601(pull_request.created_at),
            "updated_at": iso8601(pull_request.updated_at), "closed_at": time(pull_request.closed_at),
            "merged_at": time(pull_request.merged_at), "merged": pull_request.merged_at.is_some(),
            "merged_by": pull_request.merged_by.as_deref().map(|login| self.user_json(login)),
            "mergeable": null, "mergeable_state": "unknown", "rebaseable": null, "maintainer_can_modify": false,
            "comments": 0, "review_comments": 0, "commits": 1, "additions": 0, "deletions": 0, "changed_files": 1,
            "author_association": self.association(full_name, &pull_request.user),
            "head": self.branch_json(&pull_request.head_repository, &pull_request.head_branch, &pull_request.head_sha),
            "base": self.branch_json(full_name, &pull_request.base_branch, &pull_request.base_sha),
        });
        merge(&mut json, rest);
        let links = json!({
            "self": {"href": url}, "html": {"href": html_url}, "issue": {"href": issue_url},
            "comments": {"href": json["comments_url"]}, "review_comments": {"href": json["review_comments_url"]},
            "review_comment": {"href": json["review_comment_url"]}, "commits": {"href": json["commits_url"]},
            "statuses": {"href": json["statuses_url"]},
        });
        json["_links"] = links;
        if api_version.is_some_and(|version| version < "2026-03-10") {
            json["merge_commit_sha"] = json!(pull_request.merge_commit);
            json["assignee"] = Value::Null;
        }
        Ok(json)
    }

    fn labels(&self, pull_request: &PullRequest) -> Vec<Value> {
        let label = |(position, name): (usize, &String)| {
            json!({
                "id": position + 1, "node_id": node_id("LA", position as u64 + 1), "name": name, "color": "ededed",
                "default": false, "description": null, "url": format!("{}/labels/{name}", self.url),
            })
        };
        pull_request.labels.iter().enumerate().map(label).collect()
    }

    fn branch_json(&self, full_name: &str, branch: &str, sha: &str) -> Value {
        let owner = full_name.split('/').next().unwrap_or_default();
        json!({
            "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "user": self.user_json(owner),
            // Null once the fork is gone.
            "repo": self.repository_json(full_name).ok(),
        })
    }

    /// How GitHub describes the author of a comment; it says nothing about permissions.
    fn association(&self, full_name: &str, login: &str) -> &'static str {
        let Ok(repository) = self.repository(full_name) else {
            return "NONE";
        };
        if login.eq_ignore_ascii_case(&repository.owner) {
            return "OWNER";
        }
        match repository.permission(login) {
            Permission::None | Permission::Read => "NONE",
            _ => "COLLABORATOR",
        }
    }

    /// An issue; a pull request is one too.
    pub(crate) fn issue_json(&self, full_name: &str, number: u64) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let url = format!("{}/repos/{full_name}/issues/{number}", self.url);
        let pull_request = repository.pull_requests.get(&number);
        let issue = repository.issues.get(&number);
        let (title, user, created_at, kind) = match (pull_request, issue) {
            (Some(pull_request), _) => (
                &pull_request.title,
                &pull_request.user,
                pull_request.created_at,
                "pull",
            ),
            (None, Some(issue)) => (&issue.title, &issue.user, issue.created_at, "issues"),
            (None, None) => return Err(Refusal::not_found()),
        };
        let html_url = format!("{}/{full_name}/{kind}/{number}", self.url);
        let comments = repository
            .comments
            .values()
            .filter(|comment| comment.number == number)
            .count();
        let open = pull_request.is_none_or(|pull_request| pull_request.open);
        let mut json = json!({
            "id": 50_000_000 + number, "node_id": node_id("I", number), "number": number, "title": title, "url": url,
            "html_url": html_url, "repository_url": format!("{}/repos/{full_name}", self.url),
            "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
            "labels_url": format!("{url}/labels{{/name}}"), "timeline_url": format!("{url}/timeline"),
            "state": if open { "open" } else { "closed" }, "state_reason": null, "locked": false,
            "active_lock_reason": null, "user": self.user_json(user), "assignee": null, "assignees": [],
            "milestone": null, "comments": comments, "labels": [], "body": null,
            "author_association": self.association(full_name, user), "created_at": iso8601(created_at),
            "updated_at": iso8601(created_at), "closed_at": null, "performed_via_github_app": null,
            "reactions": reactions_json(&url, &[]),
        });
        if let Some(pull_request) = pull_request {
            json["draft"] = json!(pull_request.draft);
            json["pull_request"] = json!({
                "url": format!("{}/repos/{full_name}/pulls/{number}", self.url), "html_url": html_url,
                "diff_url": format!("{html_url}.diff"), "patch_url": format!("{html_url}.patch"),
                "merged_at": time(pull_request.merged_at),
            });
        }
        Ok(json)
    }

    /// A comment.
    pub(crate) fn comment_json(&self, full_name: &str, id: u64) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let comment = repository
            .comments
            .get(&id)
            .ok_or_else(Refusal::not_found)?;
        let kind = if repository.pull_requests.contains_key(&comment.number) {
            "pull"
        } else {
            "issues"
        };
        let url = format!("{}/repos/{full_name}/issues/comments/{id}", self.url);
        Ok(json!({
            "id": id, "node_id": node_id("IC", id), "url": url, "body": comment.body,
            "html_url": format!("{}/{full_name}/{kind}/{}#issuecomment-{id}", self.url, comment.number),
            "issue_url": format!("{}/repos/{full_name}/issues/{}", self.url, comment.number),
            "user": self.user_json(&comment.user), "created_at": iso8601(comment.created_at),
            "updated_at": iso8601(comment.updated_at),
            "author_association": self.association(full_name, &comment.user),
            "performed_via_github_app": comment.by_app.then(|| self.app_json()),
            "reactions": reactions_json(&url, &comment.reactions),
        }))
    }

    /// A reaction.
    pub(crate) fn reaction_json(&self, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id, "node_id": node_id("REA", reaction.id), "content": reaction.content,
            "user": self.user_json(&reaction.user), "created_at": iso8601(self.now()),
        })
    }
}

fn reactions_json(url: &str, reactions: &[Reaction]) -> Value {
    let mut json = json!({"url": format!("{url}/reactions"), "total_count": reactions.len()});
    for content in REACTIONS {
        let count = reactions
            .iter()
            .filter(|reaction| reaction.content == content)
            .count();
        json[content] = json!(count);
    }
    json
}
