//! Buttons and re-runs of checks.

use crate::simulator::start::Simulator;
use crate::simulator::state::refusal::Refusal;

impl Simulator {
    /// Presses a button of a check run.
    pub fn press_button(
        &self,
        full_name: &str,
        check_run: u64,
        identifier: &str,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared
            .lock()
            .press_button(full_name, check_run, identifier, user)
    }

    /// Has GitHub show a check run in progress whatever was last written to it.
    pub fn reopen_check_run(&self, full_name: &str, check_run: u64) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let repository = world.repository_mut(full_name)?;
        let check = repository.check_runs.get_mut(&check_run);
        let check = check.ok_or_else(Refusal::not_found)?;
        check.status = "in_progress".to_owned();
        check.conclusion = None;
        Ok(())
    }

    /// "Re-run" of one check run.
    pub fn rerequest_check_run(
        &self,
        full_name: &str,
        check_run: u64,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared
            .lock()
            .rerequest_check_run(full_name, check_run, user)
    }

    /// "Re-run all checks" of a suite.
    pub fn rerequest_check_suite(
        &self,
        full_name: &str,
        suite: u64,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared
            .lock()
            .rerequest_check_suite(full_name, suite, user)
    }
}
