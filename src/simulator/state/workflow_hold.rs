//! What of GitHub's own keeps runs from being started.

use super::check::{Annotation, CheckApp};
use super::refusal::Refusal;
use super::world::World;

impl World {
    /// Keeps a queued run and its jobs back as `waiting` or `pending`; `queued` lets them go.
    pub(crate) fn hold_run(
        &mut self,
        full_name: &str,
        id: u64,
        status: &str,
    ) -> Result<(), Refusal> {
        let run = self.workflow_run_mut(full_name, id)?;
        run.status = status.to_owned();
        for job in &mut run.jobs {
            job.status = status.to_owned();
        }
        Ok(())
    }

    /// Puts a remark on the check run of every job of a run.
    pub(crate) fn note_on_jobs(
        &mut self,
        full_name: &str,
        id: u64,
        message: &str,
    ) -> Result<(), Refusal> {
        let jobs: Vec<u64> = self
            .workflow_run(full_name, id)?
            .jobs
            .iter()
            .map(|job| job.id)
            .collect();
        let repository = self.repository_mut(full_name)?;
        for job in jobs {
            let check = repository
                .check_runs
                .get_mut(&job)
                .filter(|check| check.app == CheckApp::Actions)
                .ok_or_else(Refusal::not_found)?;
            check.annotations.push(Annotation {
                path: ".github".to_owned(),
                start_line: 1,
                end_line: 1,
                start_column: None,
                end_column: None,
                annotation_level: "failure".to_owned(),
                message: message.to_owned(),
                title: None,
                raw_details: None,
            });
        }
        Ok(())
    }
}
