//! Accounts, installations, repositories, commits.

use serde_json::{Value, json};

use super::{node_id, time};
use crate::simulator::git::{Commit, FileChange};
use crate::simulator::state::installation::merge;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::{Installation, World};
use crate::simulator::timestamp::iso8601;

impl World {
    /// An account; one that was never mentioned is the ghost, as GitHub shows deleted accounts.
    pub(crate) fn user_json(&self, login: &str) -> Value {
        let (id, login, kind) = match self.known_user(login) {
            Some(user) => (user.id, user.login, user.kind),
            None => (10_137, "ghost".to_owned(), "User"),
        };
        let url = format!("{}/users/{login}", self.url);
        let html_url = match login.strip_suffix("[bot]") {
            Some(slug) => format!("{}/apps/{slug}", self.url),
            None => format!("{}/{login}", self.url),
        };
        json!({
            "login": login, "id": id, "node_id": node_id("U", id), "type": kind, "site_admin": false,
            "avatar_url": format!("{}/avatars/{id}", self.url), "gravatar_id": "", "url": url, "html_url": html_url,
            "followers_url": format!("{url}/followers"), "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"), "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"), "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
        })
    }

    /// The App, as its check runs and `GET /app` show it.
    pub(crate) fn app_json(&self) -> Value {
        let app = &self.app;
        json!({
            "id": app.id, "slug": app.slug, "client_id": app.client_id, "node_id": node_id("A", app.id),
            "name": app.manifest.name, "description": app.manifest.description, "external_url": app.manifest.url,
            "html_url": format!("{}/apps/{}", self.url, app.slug), "owner": self.user_json(&app.owner),
            "created_at": iso8601(0), "updated_at": iso8601(0),
            "permissions": app.manifest.default_permissions, "events": app.manifest.default_events,
        })
    }

    /// An installation, in full.
    pub(crate) fn installation_json(&self, installation: &Installation) -> Value {
        let id = installation.id;
        let account = self.user_json(&installation.account);
        json!({
            "id": id, "account": account, "app_id": self.app.id, "app_slug": self.app.slug,
            "client_id": self.app.client_id, "target_id": account["id"], "target_type": account["type"],
            "repository_selection": "selected", "permissions": self.app.manifest.default_permissions,
            "events": self.app.manifest.default_events, "single_file_name": null, "single_file_paths": [],
            "has_multiple_single_files": false, "suspended_by": null,
            "suspended_at": if installation.suspended { time(Some(self.now())) } else { Value::Null },
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.url),
            "repositories_url": format!("{}/installation/repositories", self.url),
            "html_url": format!("{}/settings/installations/{id}", self.url),
            "created_at": iso8601(installation.created_at), "updated_at": iso8601(installation.created_at),
        })
    }

    /// A repository in the few fields that installation events have.
    pub(crate) fn short_repository_json(&self, full_name: &str) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        Ok(json!({
            "id": repository.id, "node_id": node_id("R", repository.id), "name": repository.name,
            "full_name": repository.full_name, "private": repository.private,
        }))
    }

    /// A repository.
    pub(crate) fn repository_json(&self, full_name: &str) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let html_url = format!("{}/{}", self.url, repository.full_name);
        let url = format!("{}/repos/{}", self.url, repository.full_name);
        let mut json = json!({
            "id": repository.id, "node_id": node_id("R", repository.id), "name": repository.name,
            "full_name": repository.full_name, "private": repository.private, "owner": self.user_json(&repository.owner),
            "html_url": html_url, "description": null, "fork": repository.fork_of.is_some(), "url": url,
            "clone_url": format!("{html_url}.git"), "git_url": format!("{html_url}.git"),
            "ssh_url": format!("{html_url}.git"), "svn_url": html_url, "mirror_url": null, "homepage": null,
            "default_branch": repository.default_branch, "archived": repository.archived, "disabled": false,
            "visibility": if repository.private { "private" } else { "public" }, "language": null, "license": null,
        });
        let rest = json!({
            "created_at": iso8601(repository.created_at), "updated_at": iso8601(repository.pushed_at),
            "pushed_at": iso8601(repository.pushed_at), "size": 0, "topics": [], "is_template": false,
            "stargazers_count": 0, "watchers_count": 0, "forks_count": 0, "open_issues_count": 0, "forks": 0,
            "open_issues": 0, "watchers": 0, "network_count": 0, "subscribers_count": 0, "has_issues": true,
            "has_projects": false, "has_wiki": false, "has_pages": false, "has_downloads": false,
            "has_discussions": false, "has_pull_requests": true, "pull_request_creation_policy": "all",
            "allow_forking": true, "web_commit_signoff_required": false, "custom_properties": {},
        });
        merge(&mut json, rest);
        let members = [
            "archive",
            "assignees",
            "blobs",
            "branches",
            "collaborators",
            "comments",
            "commits",
            "compare",
            "contents",
            "contributors",
            "deployments",
            "downloads",
            "events",
            "forks",
            "git_commits",
            "git_refs",
            "git_tags",
            "hooks",
            "issue_comment",
            "issue_events",
            "issues",
            "keys",
            "labels",
            "languages",
            "merges",
            "milestones",
            "notifications",
            "pulls",
            "releases",
            "stargazers",
            "statuses",
            "subscribers",
            "subscription",
            "tags",
            "teams",
            "trees",
        ];
        for member in members {
            json[format!("{member}_url")] = json!(format!("{url}/{member}"));
        }
        Ok(json)
    }

    /// A commit with its files, as `GET …/commits/{ref}` answers.
    pub(crate) fn commit_json(&self, full_name: &str, commit: &Commit) -> Value {
        let html_url = format!("{}/{full_name}", self.url);
        let url = format!("{}/repos/{full_name}", self.url);
        let person = json!({
            "name": commit.author_name, "email": commit.author_email, "date": iso8601(commit.time),
        });
        let author = self
            .known_user(&commit.author_name)
            .map(|user| self.user_json(&user.login));
        let parent = |sha: &String| {
            json!({
                "sha": sha, "url": format!("{url}/commits/{sha}"), "html_url": format!("{html_url}/commit/{sha}"),
            })
        };
        json!({
            "sha": commit.sha, "node_id": format!("C_{}", commit.sha), "url": format!("{url}/commits/{}", commit.sha),
            "html_url": format!("{html_url}/commit/{}", commit.sha),
            "comments_url": format!("{url}/commits/{}/comments", commit.sha),
            "author": author, "committer": author, "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
            "commit": {
                "message": commit.message, "author": person, "committer": person, "comment_count": 0,
                "url": format!("{url}/git/commits/{}", commit.sha),
                "tree": {"sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree)},
                "verification": {
                    "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
                },
            },
        })
    }

    /// A changed file, as comparisons, commits and pull requests list it.
    pub(crate) fn file_json(&self, full_name: &str, head: &str, change: &FileChange) -> Value {
        let url = format!("{}/{full_name}", self.url);
        let path = &change.path;
        let mut json = json!({
            "sha": change.sha, "filename": path, "status": change.status, "additions": change.additions,
            "deletions": change.deletions, "changes": change.additions + change.deletions,
            "blob_url": format!("{url}/blob/{head}/{path}"), "raw_url": format!("{url}/raw/{head}/{path}"),
            "contents_url": format!("{}/repos/{full_name}/contents/{path}?ref={head}", self.url),
        });
        if let Some(previous) = &change.previous_path {
            json["previous_filename"] = json!(previous);
        }
        json
    }
}
