//! What happens around check runs: buttons, re-runs, completions.

use serde_json::json;

use super::check::CheckRunChange;
use super::refusal::Refusal;
use super::user::ACTIONS_BOT;
use super::world::World;

impl World {
    /// Presses a button of a check run.
    pub(crate) fn press_button(
        &mut self,
        full_name: &str,
        id: u64,
        identifier: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let check_run = self.check_run(full_name, id)?;
        if !check_run
            .actions
            .iter()
            .any(|action| action.identifier == identifier)
        {
            return Err(Refusal::unprocessable(format!(
                "the check run {} has no button {identifier}",
                check_run.name
            )));
        }
        let fields = json!({
            "check_run": self.check_run_json(full_name, id)?, "requested_action": {"identifier": identifier},
        });
        self.emit(
            full_name,
            "check_run",
            Some("requested_action"),
            login,
            fields,
        )
    }

    /// Asks for a check run again, as "Re-run" does.
    pub(crate) fn rerequest_check_run(
        &mut self,
        full_name: &str,
        id: u64,
        login: &str,
    ) -> Result<(), Refusal> {
        self.emit_check_run(full_name, id, "rerequested", login)
    }

    /// Asks for a whole suite again, as "Re-run all checks" does.
    pub(crate) fn rerequest_check_suite(
        &mut self,
        full_name: &str,
        id: u64,
        login: &str,
    ) -> Result<(), Refusal> {
        let suite = self.check_suite_json(full_name, id)?;
        self.emit(
            full_name,
            "check_suite",
            Some("rerequested"),
            login,
            json!({"check_suite": suite}),
        )
    }

    pub(super) fn emit_check_run(
        &mut self,
        full_name: &str,
        id: u64,
        action: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let check_run = self.check_run_json(full_name, id)?;
        self.emit(
            full_name,
            "check_run",
            Some(action),
            login,
            json!({"check_run": check_run}),
        )
    }

    /// The completion of a check run, and of its suite when it was the last one.
    pub(super) fn emit_completion(
        &mut self,
        full_name: &str,
        id: u64,
        login: &str,
    ) -> Result<(), Refusal> {
        let check_run = self.check_run(full_name, id)?.clone();
        if check_run.status != "completed" {
            return Ok(());
        }
        self.emit_check_run(full_name, id, "completed", login)?;
        let repository = self.repository(full_name)?;
        let mut siblings = repository
            .check_runs
            .values()
            .filter(|other| other.suite == check_run.suite);
        if siblings.all(|other| other.status == "completed") {
            let suite = self.check_suite_json(full_name, check_run.suite)?;
            self.emit(
                full_name,
                "check_suite",
                Some("completed"),
                login,
                json!({"check_suite": suite}),
            )?;
        }
        Ok(())
    }

    /// The check run of an Actions job follows the job.
    pub(crate) fn mirror_job(
        &mut self,
        full_name: &str,
        id: u64,
        status: &str,
        conclusion: Option<&str>,
    ) -> Result<(), Refusal> {
        let change = CheckRunChange {
            status: Some(status.to_owned()),
            conclusion: conclusion.map(str::to_owned),
            ..CheckRunChange::default()
        };
        self.change_check_run(full_name, id, change, ACTIONS_BOT)
    }
}
