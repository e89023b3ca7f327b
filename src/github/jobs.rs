//! The jobs of workflow runs, and what GitHub notes on them.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::call::Call;
use super::client::Installation;
use super::error::GitHubError;
use crate::model::{JobFacts, RepositoryName, Timestamp};

#[derive(Deserialize)]
struct JobsPage {
    jobs: Vec<JobItem>,
}

#[derive(Deserialize)]
struct JobItem {
    id: i64,
    status: Option<String>,
    conclusion: Option<String>,
    #[serde(default)]
    labels: BTreeSet<String>,
    runner_id: Option<i64>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    message: Option<String>,
}

impl Installation {
    /// The jobs of the latest attempt of a workflow run. What GitHub has noted on them is asked for only where
    /// `with_notes` and no machine has taken the job: there it says why.
    ///
    /// # Errors
    /// `NotFound` when there is no such workflow run.
    pub async fn jobs(
        &self,
        repository: &RepositoryName,
        run: i64,
        with_notes: bool,
    ) -> Result<Vec<JobFacts>, GitHubError> {
        let path = Call::path(repository, &format!("actions/runs/{run}/jobs"));
        let call = Call::get(path).query("filter", "latest");
        let items = self.caller.pages(call, |page: JobsPage| page.jobs).await?;
        let mut jobs = Vec::new();
        let mut has_asked = false;
        for item in items {
            let (id, mut job) = item.read();
            // All jobs of a run are kept from starting by the same thing.
            if with_notes && !job.has_machine && !has_asked {
                has_asked = true;
                job.notes = self.notes(repository, id).await?;
            }
            jobs.push(job);
        }
        Ok(jobs)
    }

    /// What is noted on a job: its check run has the same id.
    async fn notes(
        &self,
        repository: &RepositoryName,
        job: i64,
    ) -> Result<Vec<String>, GitHubError> {
        let path = Call::path(repository, &format!("check-runs/{job}/annotations"));
        let notes = self
            .caller
            .pages(Call::get(path), |page: Vec<Note>| page)
            .await?;
        Ok(notes.into_iter().filter_map(|note| note.message).collect())
    }
}

impl JobItem {
    fn read(self) -> (i64, JobFacts) {
        let created_at = self.created_at.as_deref();
        let job = JobFacts {
            status: self.status.unwrap_or_default(),
            conclusion: self.conclusion,
            labels: self.labels,
            // GitHub writes 0 for none.
            has_machine: self.runner_id.is_some_and(|id| id > 0),
            created_at: created_at
                .and_then(Timestamp::from_rfc3339)
                .unwrap_or_default(),
            notes: Vec::new(),
        };
        (self.id, job)
    }
}
