//! Check suites and check runs.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::state::check::{CheckApp, CheckRun, CheckSuite};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;
use crate::simulator::timestamp::iso8601;

/// The id of GitHub Actions among the Apps.
pub(crate) const ACTIONS_APP_ID: u64 = 15_368;

impl World {
    fn check_app_json(&self, app: CheckApp) -> Value {
        match app {
            CheckApp::Ours => self.app_json(),
            CheckApp::Actions => json!({
                "id": ACTIONS_APP_ID, "slug": "github-actions", "node_id": node_id("A", ACTIONS_APP_ID),
                "client_id": "Iv1.actions", "name": "GitHub Actions", "description": "Automate your workflow",
                "owner": self.user_json("github"), "external_url": "https://help.github.com/en/actions",
                "html_url": format!("{}/apps/github-actions", self.url), "created_at": iso8601(0),
                "updated_at": iso8601(0), "permissions": {}, "events": [],
            }),
        }
    }

    /// Pull requests of this very repository whose head is the commit; those of forks are not listed.
    fn pull_requests_at(&self, full_name: &str, sha: &str) -> Result<Vec<Value>, Refusal> {
        let repository = self.repository(full_name)?;
        let short = json!({
            "id": repository.id, "name": repository.name, "url": format!("{}/repos/{full_name}", self.url),
        });
        let here = repository.pull_requests.values().filter(|pull_request| {
            pull_request.open
                && pull_request.head_sha == sha
                && pull_request
                    .head_repository
                    .eq_ignore_ascii_case(&repository.full_name)
        });
        let json = here.map(|pull_request| {
            json!({
                "id": pull_request.id, "number": pull_request.number,
                "url": format!("{}/repos/{full_name}/pulls/{}", self.url, pull_request.number),
                "head": {"ref": pull_request.head_branch, "sha": pull_request.head_sha, "repo": short},
                "base": {"ref": pull_request.base_branch, "sha": pull_request.base_sha, "repo": short},
            })
        });
        Ok(json.collect())
    }

    /// A check suite, its status derived from its runs.
    pub(crate) fn check_suite_json(&self, full_name: &str, id: u64) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let suite = repository
            .check_suites
            .get(&id)
            .ok_or_else(Refusal::not_found)?;
        let runs: Vec<&CheckRun> = repository
            .check_runs
            .values()
            .filter(|run| run.suite == id)
            .collect();
        let (status, conclusion) = suite_state(&runs);
        let url = format!("{}/repos/{full_name}/check-suites/{id}", self.url);
        let commit = repository.git.commit(&suite.head_sha).unwrap_or_default();
        let person = json!({"name": commit.author_name, "email": commit.author_email});
        let created_at = iso8601(suite.created_at);
        Ok(json!({
            "id": id, "node_id": node_id("CS", id), "head_branch": head_branch(suite), "head_sha": suite.head_sha,
            "status": status, "conclusion": conclusion, "url": url, "before": suite.before, "after": suite.head_sha,
            "pull_requests": self.pull_requests_at(full_name, &suite.head_sha)?, "app": self.check_app_json(suite.app),
            "created_at": created_at, "updated_at": created_at, "rerequestable": true, "runs_rerequestable": true,
            "latest_check_runs_count": runs.len(), "check_runs_url": format!("{url}/check-runs"),
            "head_commit": {
                "id": suite.head_sha, "tree_id": commit.tree, "message": commit.message,
                "timestamp": iso8601(commit.time), "author": person, "committer": person,
            },
        }))
    }

    /// A check run.
    pub(crate) fn check_run_json(&self, full_name: &str, id: u64) -> Result<Value, Refusal> {
        let check_run = self.check_run(full_name, id)?;
        let suite = self
            .repository(full_name)?
            .check_suites
            .get(&check_run.suite)
            .ok_or_else(Refusal::not_found)?;
        let url = format!("{}/repos/{full_name}/check-runs/{id}", self.url);
        let html_url = format!("{}/{full_name}/runs/{id}", self.url);
        let pull_requests = self.pull_requests_at(full_name, &check_run.head_sha)?;
        Ok(json!({
            "id": id, "node_id": node_id("CR", id), "name": check_run.name, "head_sha": check_run.head_sha,
            "external_id": check_run.external_id.clone().unwrap_or_default(), "url": url, "html_url": html_url,
            "details_url": check_run.details_url.clone().unwrap_or_else(|| html_url.clone()),
            "status": check_run.status, "conclusion": check_run.conclusion, "started_at": check_run.started_at,
            "completed_at": check_run.completed_at, "app": self.check_app_json(check_run.app),
            "pull_requests": pull_requests,
            "output": {
                "title": check_run.title, "summary": check_run.summary, "text": check_run.text,
                "annotations_count": check_run.annotations.len(), "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": {
                "id": suite.id, "node_id": node_id("CS", suite.id), "head_branch": head_branch(suite),
                "head_sha": suite.head_sha, "status": check_run.status, "conclusion": check_run.conclusion,
                "url": format!("{}/repos/{full_name}/check-suites/{}", self.url, suite.id), "before": suite.before,
                "after": suite.head_sha, "pull_requests": pull_requests, "app": self.check_app_json(suite.app),
                "created_at": iso8601(suite.created_at), "updated_at": iso8601(suite.created_at),
            },
        }))
    }
}

fn head_branch(suite: &CheckSuite) -> Value {
    json!(suite.head_branch)
}

fn suite_state(runs: &[&CheckRun]) -> (&'static str, Option<&'static str>) {
    if runs.is_empty() || runs.iter().all(|run| run.status == "queued") {
        return ("queued", None);
    }
    if runs.iter().any(|run| run.status != "completed") {
        return ("in_progress", None);
    }
    let order = [
        "failure",
        "timed_out",
        "cancelled",
        "action_required",
        "startup_failure",
        "success",
        "neutral",
    ];
    let worst = order.into_iter().find(|known| {
        runs.iter()
            .any(|run| run.conclusion.as_deref() == Some(known))
    });
    ("completed", Some(worst.unwrap_or("skipped")))
}
