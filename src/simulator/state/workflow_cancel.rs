//! Cancelling workflow runs.

use super::refusal::Refusal;
use super::world::World;

impl World {
    /// Asks a run to stop. A run that nobody works on stops at once.
    pub(crate) fn cancel_run(&mut self, full_name: &str, id: u64) -> Result<(), Refusal> {
        let run = self.workflow_run_mut(full_name, id)?;
        if run.is_completed() {
            return Err(Refusal::new(
                409,
                "Cannot cancel a workflow run that is completed.",
            ));
        }
        if run.is_undead {
            return Err(Refusal::new(409, "Cannot cancel a workflow run."));
        }
        run.cancel_requested = true;
        // In progress on the laptop: its worker sees the request. Scripted: the test completes it, or force-cancel does.
        if run.status != "in_progress" {
            self.complete_run(full_name, id, "cancelled")
        } else {
            Ok(())
        }
    }

    /// Stops a run whatever it does.
    pub(crate) fn force_cancel_run(&mut self, full_name: &str, id: u64) -> Result<(), Refusal> {
        let run = self.workflow_run_mut(full_name, id)?;
        if run.is_completed() {
            return Err(Refusal::new(
                409,
                "Cannot cancel a workflow run that is completed.",
            ));
        }
        if run.is_undead {
            return Err(Refusal::new(409, "Cannot cancel a workflow run."));
        }
        run.cancel_requested = true;
        self.complete_run(full_name, id, "cancelled")
    }
}
