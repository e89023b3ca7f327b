//! Workflow runs that a test plays.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use anyhow::Context;
use serde_json::{Map, Value};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::simulator::oidc::Signer;
use crate::simulator::start::Simulator;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::workflow::WorkflowRun;

impl Simulator {
    /// Every workflow run of every repository, oldest first.
    pub fn workflow_runs(&self) -> Vec<WorkflowRun> {
        let world = self.shared.lock();
        let mut runs: Vec<WorkflowRun> = world
            .repositories
            .values()
            .flat_map(|repository| repository.workflow_runs.values().cloned())
            .collect();
        runs.sort_by_key(|run| run.id);
        runs
    }

    /// A workflow run by its id.
    pub fn workflow_run(&self, id: u64) -> Option<WorkflowRun> {
        self.workflow_runs().into_iter().find(|run| run.id == id)
    }

    /// Dispatches a workflow as a person, with "Run workflow". Returns the run.
    pub fn dispatch_workflow(
        &self,
        full_name: &str,
        file: &str,
        reference: &str,
        inputs: &[(&str, &str)],
        user: &str,
    ) -> Result<u64, Refusal> {
        let inputs: Map<String, Value> = inputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        self.shared
            .lock()
            .dispatch_workflow(full_name, file, reference, &inputs, user)
    }

    /// Starts a queued run and its jobs.
    pub fn start_workflow_run(&self, id: u64) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.start_run(&repository, id)?;
        let jobs: Vec<u64> = world
            .workflow_run(&repository, id)?
            .jobs
            .iter()
            .map(|job| job.id)
            .collect();
        jobs.into_iter()
            .try_for_each(|job| world.start_job(&repository, id, job))
    }

    /// Lets a run go on that GitHub kept back: somebody approved it, or its turn has come.
    pub fn release_workflow_run(&self, id: u64) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.hold_run(&repository, id, "queued")
    }

    /// Takes a run away, whatever it is at.
    pub fn remove_workflow_run(&self, id: u64) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.repository_mut(&repository)?.workflow_runs.remove(&id);
        Ok(())
    }

    /// Completes one job: its position in the run, and `success`, `failure`, `cancelled` …
    pub fn complete_workflow_job(
        &self,
        id: u64,
        job_index: usize,
        conclusion: &str,
    ) -> Result<(), Refusal> {
        let (repository, job) = self.job(id, job_index)?;
        self.shared
            .lock()
            .complete_job(&repository, id, job, conclusion)
    }

    /// Completes a run with the jobs that are still open: `success`, `failure`, `cancelled`, `timed_out` …
    pub fn complete_workflow_run(&self, id: u64, conclusion: &str) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.complete_run(&repository, id, conclusion)
    }

    /// "Re-run all jobs" of a completed run.
    pub fn rerun_workflow_run(&self, id: u64) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.rerun(&repository, id)
    }

    /// Uploads files as an artifact of a run.
    pub fn upload_artifact(
        &self,
        id: u64,
        name: &str,
        files: &[(&str, &[u8])],
    ) -> Result<u64, Refusal> {
        let archive = archive(files)?;
        let mut world = self.shared.lock();
        let repository = world.repository_of_run(id)?;
        world.add_artifact(&repository, id, name, archive)
    }

    /// Disables a workflow file (its name below `.github/workflows`), or enables it again.
    pub fn disable_workflow(
        &self,
        full_name: &str,
        file: &str,
        disabled: bool,
    ) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let path = world.workflow_path(full_name, file)?;
        let workflows = &mut world.repository_mut(full_name)?.disabled_workflows;
        let _ = if disabled {
            workflows.insert(path)
        } else {
            workflows.remove(&path)
        };
        Ok(())
    }

    /// The variables a real job would see, `ACTIONS_ID_TOKEN_REQUEST_URL` and `_TOKEN` among them.
    pub fn job_environment(
        &self,
        run: u64,
        job_index: usize,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let (repository, job) = self.job(run, job_index)?;
        self.shared.lock().job_environment(&repository, run, job)
    }

    /// An identity token of a job with some claims altered (null removes one), signed by the issuer or by a stranger.
    pub fn identity_token(
        &self,
        run: u64,
        job_index: usize,
        audience: &str,
        altered: &[(&str, Value)],
        signer: Signer,
    ) -> Result<String, Refusal> {
        let (repository, job) = self.job(run, job_index)?;
        let mut world = self.shared.lock();
        let mut claims = world.identity_claims(&repository, run, job, Some(audience))?;
        for (name, value) in altered {
            if value.is_null() {
                claims.remove(*name);
            } else {
                claims.insert((*name).to_owned(), value.clone());
            }
        }
        world.sign_identity(&claims, signer)
    }

    fn job(&self, run: u64, index: usize) -> Result<(String, u64), Refusal> {
        let world = self.shared.lock();
        let repository = world.repository_of_run(run)?;
        let job = world
            .workflow_run(&repository, run)?
            .jobs
            .get(index)
            .map(|job| job.id);
        Ok((repository, job.ok_or_else(Refusal::not_found)?))
    }
}

/// A zip archive of files in memory.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .context("a file can be added to the archive")?;
        writer
            .write_all(bytes)
            .context("a file can be written to the archive")?;
    }
    Ok(writer
        .finish()
        .context("the archive can be finished")?
        .into_inner())
}
