//! What is wrong with workflow runs: asked of GitHub, diagnosed, and shown where people look.

use std::collections::BTreeSet;

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::Effect;
use crate::engine::doctor::diagnose;
use crate::engine::plan::Call;
use crate::github::{GitHubError, WorkflowRun};
use crate::model::{Diagnosis, JobFacts, Progress, ReleaseName, Timestamp, WorkflowRunFacts};
use crate::report;
use crate::store::{Done, Repository, Wave};

/// The words for a workflow run that is not there any more, in place of a conclusion of GitHub's.
pub(super) const DELETED: &str = "deleted on GitHub";

impl Worker {
    /// Where the runs of a release can be watched, how long they usually take, and what keeps them from going on.
    pub(super) async fn progress(
        &self,
        installation_id: i64,
        release: &ReleaseName,
    ) -> Result<Progress, Problem> {
        let mut progress = self.store.progress(installation_id, release).await?;
        self.store
            .add_troubles(installation_id, release, &mut progress)
            .await?;
        Ok(progress)
    }

    /// Looks at a workflow run that has not ended, and has people told if something is in its way.
    pub(super) async fn examine(
        &self,
        repository: &Repository,
        wave: &Wave,
        run: &WorkflowRun,
    ) -> Result<(), Problem> {
        let time = |text: &str| Timestamp::from_rfc3339(text).unwrap_or(wave.created_at);
        let facts = WorkflowRunFacts {
            status: run.status.clone(),
            conclusion: None,
            created_at: time(&run.created_at),
            updated_at: time(&run.updated_at),
            is_stopped_by_us: false,
            jobs: self.jobs(repository, run.id, false).await?,
        };
        let found = diagnose(&facts, self.clock.now());
        if !self.store.put_diagnosis(&wave.key, found.as_ref()).await? {
            return Ok(());
        }
        tracing::info!(wave = wave.key, ?found, "what is wrong with a workflow run");
        self.store
            .watch_wave_at(&wave.key, self.clock.now())
            .await?;
        self.show_wave(wave).await
    }

    /// Has the check runs of all that travels in the wave written again.
    async fn show_wave(&self, wave: &Wave) -> Result<(), Problem> {
        let active = self.store.active_runs_of_wave(&wave.key).await?;
        let releases: BTreeSet<_> = active.iter().map(|run| run.name.release.clone()).collect();
        let releases = releases
            .into_iter()
            .map(|release| Call::ReleaseCheck { release });
        let mut calls: Vec<Call> = releases.collect();
        for run in active {
            let call = Call::RunCheck { run: run.name };
            let key = call.key();
            let known = self.store.github_object(wave.installation_id, &key).await?;
            calls.extend(known.map(|_| call));
        }
        let mut decision = Decision::new(wave.installation_id, Vec::new(), Done::Nothing);
        decision
            .effects
            .extend(calls.into_iter().map(|call| Effect {
                repository_id: wave.repository_id,
                call,
            }));
        self.decide(decision).await?;
        Ok(())
    }

    /// Why a workflow run has ended without its job telling, in words for people.
    pub(super) async fn why_ended(
        &self,
        repository: &Repository,
        wave: &Wave,
        workflow_run_id: i64,
        conclusion: &str,
    ) -> Result<String, Problem> {
        let tells_all = ["success", "startup_failure", "timed_out", "action_required"];
        let jobs = match conclusion {
            DELETED => Vec::new(),
            told if tells_all.contains(&told) => Vec::new(),
            _ => self.jobs(repository, workflow_run_id, true).await?,
        };
        let facts = WorkflowRunFacts {
            status: "completed".to_owned(),
            conclusion: Some(conclusion.to_owned()),
            created_at: wave.created_at,
            updated_at: self.clock.now(),
            is_stopped_by_us: self.store.is_wave_stopped(&wave.key).await?,
            jobs,
        };
        let found = match conclusion {
            DELETED => Some(Diagnosis::Deleted),
            _ => diagnose(&facts, self.clock.now()),
        };
        let found = found.unwrap_or(Diagnosis::Ended {
            conclusion: conclusion.to_owned(),
        });
        Ok(report::diagnosis(&found, &wave.workflow))
    }

    /// None when GitHub knows no such workflow run, or does not let us look.
    async fn jobs(
        &self,
        repository: &Repository,
        workflow_run_id: i64,
        with_notes: bool,
    ) -> Result<Vec<JobFacts>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let jobs = installation
            .jobs(&repository.name, workflow_run_id, with_notes)
            .await;
        match jobs {
            Err(GitHubError::NotFound { .. } | GitHubError::Forbidden { .. }) => Ok(Vec::new()),
            jobs => Ok(jobs?),
        }
    }
}
