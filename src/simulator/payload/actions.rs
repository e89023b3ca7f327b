//! Workflows, their runs, jobs and artifacts.

use serde_json::{Value, json};

use super::{node_id, time};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::workflow::{Artifact, Job, WorkflowRun};
use crate::simulator::state::world::World;
use crate::simulator::timestamp::iso8601;

impl World {
    /// A workflow file.
    pub(crate) fn workflow_json(
        &self,
        full_name: &str,
        path: &str,
        name: &str,
    ) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let id = *repository
            .workflows
            .get(path)
            .ok_or_else(Refusal::not_found)?;
        let disabled = repository.disabled_workflows.contains(path);
        Ok(json!({
            "id": id, "node_id": node_id("W", id), "name": name, "path": path,
            "state": if disabled { "disabled_manually" } else { "active" },
            "created_at": iso8601(repository.created_at), "updated_at": iso8601(repository.created_at),
            "url": format!("{}/repos/{full_name}/actions/workflows/{id}", self.url),
            "html_url": format!("{}/{full_name}/blob/{}/{path}", self.url, repository.default_branch),
            "badge_url": format!("{}/{full_name}/workflows/{name}/badge.svg", self.url),
        }))
    }

    pub(crate) fn workflow_json_of_run(&self, full_name: &str, run: u64) -> Result<Value, Refusal> {
        let run = self.workflow_run(full_name, run)?;
        self.workflow_json(full_name, &run.path, &run.name)
    }

    /// A workflow run. What was dispatched as inputs is not told, as on GitHub.
    pub(crate) fn workflow_run_json(&self, full_name: &str, id: u64) -> Result<Value, Refusal> {
        let run = self.workflow_run(full_name, id)?;
        let repository = self.repository_json(full_name)?;
        let url = format!("{}/repos/{full_name}/actions/runs/{id}", self.url);
        let suite = run.suite;
        let commit = self
            .repository(full_name)?
            .git
            .commit(&run.head_sha)
            .unwrap_or_default();
        let person = json!({"name": commit.author_name, "email": commit.author_email});
        let actor = self.user_json(&run.actor);
        Ok(json!({
            "id": id, "node_id": node_id("WFR", id), "name": run.name, "display_title": run.display_title,
            "path": run.path, "head_branch": run.reference.rsplit("refs/heads/").next(), "head_sha": run.head_sha,
            "run_number": run.run_number, "run_attempt": run.run_attempt, "event": "workflow_dispatch",
            "status": run.status, "conclusion": run.conclusion, "workflow_id": run.workflow_id,
            "check_suite_id": suite, "check_suite_node_id": node_id("CS", suite), "url": url,
            "html_url": format!("{}/{full_name}/actions/runs/{id}", self.url), "pull_requests": [],
            "actor": actor, "triggering_actor": actor, "created_at": iso8601(run.created_at),
            "run_started_at": iso8601(run.created_at), "updated_at": iso8601(run.updated_at),
            "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"), "cancel_url": format!("{url}/cancel"),
            "check_suite_url": format!("{}/repos/{full_name}/check-suites/{suite}", self.url),
            "artifacts_url": format!("{url}/artifacts"), "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": null, "referenced_workflows": [],
            "workflow_url": format!("{}/repos/{full_name}/actions/workflows/{}", self.url, run.workflow_id),
            "head_commit": {
                "id": run.head_sha, "tree_id": commit.tree, "message": commit.message,
                "timestamp": iso8601(commit.time), "author": person, "committer": person,
            },
            "repository": repository, "head_repository": repository,
        }))
    }

    /// A job of a workflow run.
    pub(crate) fn job_json(&self, full_name: &str, run: u64, job: u64) -> Result<Value, Refusal> {
        let run = self.workflow_run(full_name, run)?;
        let job = run
            .jobs
            .iter()
            .find(|candidate| candidate.id == job)
            .ok_or_else(Refusal::not_found)?;
        let id = job.id;
        let runner = job.started_at.map(|_| "laptop");
        let url = format!("{}/repos/{full_name}", self.url);
        Ok(json!({
            "id": id, "node_id": node_id("CR", id), "run_id": run.id, "run_url": format!("{url}/actions/runs/{}", run.id),
            "run_attempt": run.run_attempt, "name": job.name, "head_sha": run.head_sha,
            "head_branch": run.reference.rsplit("refs/heads/").next(), "workflow_name": run.name,
            "status": job.status, "conclusion": job.conclusion, "labels": job.labels,
            "runner_id": runner.map(|_| 1), "runner_name": runner, "runner_group_id": runner.map(|_| 1),
            "runner_group_name": runner.map(|_| "Default"), "url": format!("{url}/actions/jobs/{id}"),
            "html_url": format!("{}/{full_name}/actions/runs/{}/job/{id}", self.url, run.id),
            "check_run_url": format!("{url}/check-runs/{id}"), "created_at": iso8601(run.created_at),
            "started_at": iso8601(job.started_at.unwrap_or(run.created_at)), "completed_at": time(job.completed_at),
            "steps": steps_json(job),
        }))
    }

    /// An artifact of a workflow run.
    pub(crate) fn artifact_json(&self, run: &WorkflowRun, artifact: &Artifact) -> Value {
        let url = format!(
            "{}/repos/{}/actions/artifacts/{}",
            self.url, run.repository, artifact.id
        );
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &artifact.archive);
        let repository = self
            .repository(&run.repository)
            .map(|repository| repository.id)
            .ok();
        json!({
            "id": artifact.id, "node_id": node_id("AR", artifact.id), "name": artifact.name,
            "size_in_bytes": artifact.archive.len(), "url": url, "archive_download_url": format!("{url}/zip"),
            "expired": false, "digest": format!("sha256:{}", hex::encode(digest)),
            "created_at": iso8601(artifact.created_at), "updated_at": iso8601(artifact.created_at),
            "expires_at": iso8601(artifact.created_at + 90 * 86_400),
            "workflow_run": {
                "id": run.id, "repository_id": repository, "head_repository_id": repository,
                "head_branch": run.reference.rsplit("refs/heads/").next(), "head_sha": run.head_sha,
            },
        })
    }
}

fn steps_json(job: &Job) -> Vec<Value> {
    let step = |(position, step): (usize, &crate::simulator::state::workflow::Step)| {
        json!({
            "name": step.name, "number": position + 1, "status": step.status, "conclusion": step.conclusion,
            "started_at": null, "completed_at": null,
        })
    };
    job.steps.iter().enumerate().map(step).collect()
}
