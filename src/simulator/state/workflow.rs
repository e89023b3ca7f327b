//! Workflow runs, their jobs and artifacts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::{CheckApp, CheckRunChange};
use super::refusal::Refusal;
use super::user::ACTIONS_BOT;
use super::world::World;
use crate::simulator::keys::random_hex;
use crate::simulator::options::Execution;

/// A run of a workflow.
#[derive(Clone, Debug)]
pub struct WorkflowRun {
    /// GitHub's id.
    pub id: u64,
    /// The repository's full name.
    pub repository: String,
    /// The workflow's id.
    pub workflow_id: u64,
    /// `.github/workflows/….yml`.
    pub path: String,
    /// The workflow's name.
    pub name: String,
    /// What `run-name` gave.
    pub display_title: String,
    /// The branch or tag it was dispatched on.
    pub reference: String,
    /// The tip of that ref.
    pub head_sha: String,
    /// Counts per workflow.
    pub run_number: u64,
    /// Counts how often it was started.
    pub run_attempt: u64,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// Set when completed.
    pub conclusion: Option<String>,
    /// As dispatched, with defaults filled in.
    pub inputs: BTreeMap<String, String>,
    /// The same with numbers and booleans as such, as the `inputs` context shows them.
    pub(crate) typed_inputs: Value,
    /// Who dispatched it.
    pub actor: String,
    /// Its check suite.
    pub suite: u64,
    /// In the order of the file, matrix jobs expanded.
    pub jobs: Vec<Job>,
    /// What was uploaded.
    pub artifacts: Vec<Artifact>,
    /// Why it could not run, when the workflow itself is at fault.
    pub error: Option<String>,
    /// Cancellation was asked for.
    pub cancel_requested: bool,
    /// It cannot be stopped.
    pub(crate) is_undead: bool,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub updated_at: i64,
}

/// One job of a workflow run.
#[derive(Clone, Debug)]
pub struct Job {
    /// GitHub's id, which is the id of its check run too.
    pub id: u64,
    /// As shown.
    pub name: String,
    /// The key in the workflow file.
    pub key: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// Set when completed.
    pub conclusion: Option<String>,
    /// What `runs-on` gave.
    pub labels: Vec<String>,
    /// The environment the job names.
    pub environment: Option<String>,
    /// Whether the job may ask for an identity token.
    pub identity: bool,
    /// The bearer token its identity tokens are asked for with.
    pub(crate) request_token: RequestToken,
    /// In order.
    pub steps: Vec<Step>,
    /// Seconds since 1970.
    pub started_at: Option<i64>,
    /// Seconds since 1970.
    pub completed_at: Option<i64>,
}

/// A bearer token that `Debug` does not show.
#[derive(Clone)]
pub(crate) struct RequestToken(pub(crate) String);

impl std::fmt::Debug for RequestToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("(redacted)")
    }
}

/// One step of a job.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// As shown.
    pub name: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// Set when completed.
    pub conclusion: Option<String>,
    /// What it printed.
    pub log: String,
}

/// Files a job uploaded.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// GitHub's id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// A zip archive.
    pub(crate) archive: Vec<u8>,
    /// Seconds since 1970.
    pub created_at: i64,
}

/// A job before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) labels: Vec<String>,
    pub(crate) environment: Option<String>,
    pub(crate) identity: bool,
}

impl WorkflowRun {
    /// Whether it is over.
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }
}

impl World {
    /// A workflow run by its id.
    pub(crate) fn workflow_run(&self, full_name: &str, id: u64) -> Result<&WorkflowRun, Refusal> {
        self.repository(full_name)?
            .workflow_runs
            .get(&id)
            .ok_or_else(Refusal::not_found)
    }

    /// A workflow run by its id, to change it.
    pub(crate) fn workflow_run_mut(
        &mut self,
        full_name: &str,
        id: u64,
    ) -> Result<&mut WorkflowRun, Refusal> {
        let now = self.now();
        let run = self
            .repository_mut(full_name)?
            .workflow_runs
            .get_mut(&id)
            .ok_or_else(Refusal::not_found)?;
        run.updated_at = now;
        Ok(run)
    }

    /// The repository that has this workflow run.
    pub(crate) fn repository_of_run(&self, id: u64) -> Result<String, Refusal> {
        let mut repositories = self.repositories.values();
        let found = repositories.find(|repository| repository.workflow_runs.contains_key(&id));
        found
            .map(|repository| repository.full_name.clone())
            .ok_or_else(Refusal::not_found)
    }

    /// Adds jobs to a run, queued, each with its check run.
    pub(crate) fn add_jobs(
        &mut self,
        full_name: &str,
        run: u64,
        jobs: Vec<NewJob>,
    ) -> Result<Vec<u64>, Refusal> {
        let head_sha = self.workflow_run(full_name, run)?.head_sha.clone();
        let mut ids = Vec::new();
        for job in jobs {
            let change = CheckRunChange {
                name: Some(job.name.clone()),
                ..CheckRunChange::default()
            };
            let id = self.create_check_run(
                full_name,
                &head_sha,
                CheckApp::Actions,
                change,
                ACTIONS_BOT,
            )?;
            self.workflow_run_mut(full_name, run)?.jobs.push(Job {
                id,
                name: job.name,
                key: job.key,
                status: "queued".to_owned(),
                conclusion: None,
                labels: job.labels,
                environment: job.environment,
                identity: job.identity,
                request_token: RequestToken(random_hex(24)),
                steps: Vec::new(),
                started_at: None,
                completed_at: None,
            });
            self.emit_job(full_name, run, id, "queued")?;
            ids.push(id);
        }
        Ok(ids)
    }

    /// Moves a run to `in_progress`.
    pub(crate) fn start_run(&mut self, full_name: &str, id: u64) -> Result<(), Refusal> {
        let run = self.workflow_run_mut(full_name, id)?;
        if run.status != "queued" {
            return Ok(());
        }
        run.status = "in_progress".to_owned();
        self.emit_run(full_name, id, "in_progress")
    }

    /// Moves a job to `in_progress`.
    pub(crate) fn start_job(&mut self, full_name: &str, run: u64, job: u64) -> Result<(), Refusal> {
        let now = self.now();
        let record = self.job_mut(full_name, run, job)?;
        if record.status != "queued" {
            return Ok(());
        }
        record.status = "in_progress".to_owned();
        record.started_at = Some(now);
        self.mirror_job(full_name, job, "in_progress", None)?;
        self.emit_job(full_name, run, job, "in_progress")
    }

    /// Completes a job.
    pub(crate) fn complete_job(
        &mut self,
        full_name: &str,
        run: u64,
        job: u64,
        conclusion: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let record = self.job_mut(full_name, run, job)?;
        if record.status == "completed" {
            return Ok(());
        }
        record.status = "completed".to_owned();
        record.conclusion = Some(conclusion.to_owned());
        record.completed_at = Some(now);
        self.mirror_job(full_name, job, "completed", Some(conclusion))?;
        self.emit_job(full_name, run, job, "completed")
    }

    /// Completes a run and whatever of it is still open.
    pub(crate) fn complete_run(
        &mut self,
        full_name: &str,
        id: u64,
        conclusion: &str,
    ) -> Result<(), Refusal> {
        let run = self.workflow_run(full_name, id)?;
        if run.is_completed() {
            return Ok(());
        }
        let open: Vec<u64> = run
            .jobs
            .iter()
            .filter(|job| job.status != "completed")
            .map(|job| job.id)
            .collect();
        for job in open {
            self.complete_job(full_name, id, job, conclusion)?;
        }
        let run = self.workflow_run_mut(full_name, id)?;
        run.status = "completed".to_owned();
        run.conclusion = Some(conclusion.to_owned());
        self.emit_run(full_name, id, "completed")
    }

    /// Starts the same run once more, as "Re-run all jobs" does: a new attempt, and no `requested` event.
    pub(crate) fn rerun(&mut self, full_name: &str, id: u64) -> Result<(), Refusal> {
        let run = self.workflow_run_mut(full_name, id)?;
        if !run.is_completed() {
            return Err(Refusal::new(403, "This workflow is already running"));
        }
        run.run_attempt += 1;
        run.status = "queued".to_owned();
        run.conclusion = None;
        run.cancel_requested = false;
        run.error = None;
        let jobs = std::mem::take(&mut run.jobs).into_iter().map(|job| NewJob {
            name: job.name,
            key: job.key,
            labels: job.labels,
            environment: job.environment,
            identity: job.identity,
        });
        let jobs = jobs.collect();
        if matches!(self.execution, Execution::Laptop { .. }) {
            self.enqueue_on_laptop(full_name, id);
            return Ok(());
        }
        self.add_jobs(full_name, id, jobs).map(drop)
    }

    /// Attaches an artifact; one of the same name is replaced.
    pub(crate) fn add_artifact(
        &mut self,
        full_name: &str,
        run: u64,
        name: &str,
        archive: Vec<u8>,
    ) -> Result<u64, Refusal> {
        let (id, created_at) = (self.ids.next("artifact"), self.now());
        let run = self.workflow_run_mut(full_name, run)?;
        run.artifacts.retain(|artifact| artifact.name != name);
        run.artifacts.push(Artifact {
            id,
            name: name.to_owned(),
            archive,
            created_at,
        });
        Ok(id)
    }

    /// A job of a run, to change it.
    pub(crate) fn job_mut(
        &mut self,
        full_name: &str,
        run: u64,
        job: u64,
    ) -> Result<&mut Job, Refusal> {
        let run = self.workflow_run_mut(full_name, run)?;
        run.jobs
            .iter_mut()
            .find(|candidate| candidate.id == job)
            .ok_or_else(Refusal::not_found)
    }

    pub(crate) fn emit_run(
        &mut self,
        full_name: &str,
        id: u64,
        action: &str,
    ) -> Result<(), Refusal> {
        let actor = self.workflow_run(full_name, id)?.actor.clone();
        let fields = json!({
            "workflow_run": self.workflow_run_json(full_name, id)?,
            "workflow": self.workflow_json_of_run(full_name, id)?,
        });
        self.emit(full_name, "workflow_run", Some(action), &actor, fields)
    }

    fn emit_job(
        &mut self,
        full_name: &str,
        run: u64,
        job: u64,
        action: &str,
    ) -> Result<(), Refusal> {
        let actor = self.workflow_run(full_name, run)?.actor.clone();
        let fields =
            json!({"workflow_job": self.job_json(full_name, run, job)?, "deployment": null});
        self.emit(full_name, "workflow_job", Some(action), &actor, fields)
    }
}
