//! `workflow_dispatch`: from a request to a queued run.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check::CheckApp;
use super::refusal::Refusal;
use super::workflow::WorkflowRun;
use super::world::World;
use crate::simulator::actions::expression::{Scope, text_of};
use crate::simulator::actions::workflow::{Input, Workflow, WorkflowError};
use crate::simulator::faults::RunFault;
use crate::simulator::options::Execution;

/// More inputs than this are refused.
const INPUT_COUNT: usize = 25;
/// Characters of the compact JSON of all inputs.
const INPUT_CHARACTERS: usize = 65_535;

impl World {
    /// The path of a workflow that is named by its file or its id.
    pub(crate) fn workflow_path(
        &mut self,
        full_name: &str,
        file_or_id: &str,
    ) -> Result<String, Refusal> {
        if let Ok(id) = file_or_id.parse::<u64>() {
            let workflows = &self.repository(full_name)?.workflows;
            let found = workflows.iter().find(|(_, known)| **known == id);
            return found
                .map(|(path, _)| path.clone())
                .ok_or_else(Refusal::not_found);
        }
        let path = format!(".github/workflows/{file_or_id}");
        let repository = self.repository(full_name)?;
        let tip = repository.default_tip().ok_or_else(Refusal::not_found)?;
        repository
            .git
            .entry(&tip, &path)?
            .ok_or_else(Refusal::not_found)?;
        self.workflow_id(full_name, &path)?;
        Ok(path)
    }

    /// The id of a workflow file, given on first sight.
    pub(crate) fn workflow_id(&mut self, full_name: &str, path: &str) -> Result<u64, Refusal> {
        let next = self.ids.next("workflow");
        Ok(*self
            .repository_mut(full_name)?
            .workflows
            .entry(path.to_owned())
            .or_insert(next))
    }

    /// Starts a run of a workflow; it is queued until someone runs it.
    pub(crate) fn dispatch_workflow(
        &mut self,
        full_name: &str,
        file_or_id: &str,
        reference: &str,
        inputs: &Map<String, Value>,
        login: &str,
    ) -> Result<u64, Refusal> {
        let path = self.workflow_path(full_name, file_or_id)?;
        let repository = self.repository(full_name)?;
        if repository.disabled_workflows.contains(&path) {
            return Err(Refusal::new(
                403,
                "Cannot trigger a 'workflow_dispatch' on a disabled workflow",
            ));
        }
        let tip = repository.default_tip().ok_or_else(Refusal::not_found)?;
        self.dispatchable(full_name, &tip, &path)?;
        let (name, sha) = self.branch_or_tag(full_name, reference)?;
        let (workflow, declared) = self.dispatchable(full_name, &sha, &path)?;
        let values = checked_inputs(&declared, inputs)?;
        let id = self.create_run(full_name, &path, &workflow, (&name, &sha), values, login)?;
        self.emit_run(full_name, id, "requested")?;
        match self.faults.next_run_fault() {
            Some(RunFault::Zombie) => {}
            Some(RunFault::StartupFailure) => {
                self.complete_run(full_name, id, "startup_failure")?
            }
            Some(RunFault::Undead) => self.workflow_run_mut(full_name, id)?.is_undead = true,
            Some(fault) => {
                self.queue_run(full_name, id, &workflow)?;
                self.keep_back(full_name, id, fault)?;
            }
            None => self.queue_run(full_name, id, &workflow)?,
        }
        Ok(id)
    }

    /// Something of GitHub's own keeps a run from being started.
    fn keep_back(&mut self, full_name: &str, id: u64, fault: RunFault) -> Result<(), Refusal> {
        match fault {
            RunFault::Waiting => self.hold_run(full_name, id, "waiting"),
            RunFault::Pending => self.hold_run(full_name, id, "pending"),
            RunFault::Replaced => {
                let note = "Canceling since a higher priority waiting request for 'deploy' exists";
                self.note_on_jobs(full_name, id, note)?;
                self.complete_run(full_name, id, "cancelled")
            }
            RunFault::Unpaid => {
                let note = "The job was not started because recent account payments have failed or your spending \
                            limit needs to be increased. Please check the 'Billing & plans' section in your settings";
                self.note_on_jobs(full_name, id, note)?;
                self.complete_run(full_name, id, "failure")
            }
            RunFault::Zombie | RunFault::StartupFailure | RunFault::Undead => Ok(()),
        }
    }

    fn dispatchable(
        &self,
        full_name: &str,
        sha: &str,
        path: &str,
    ) -> Result<(Workflow, Vec<Input>), Refusal> {
        let missing =
            || Refusal::unprocessable("Workflow does not have 'workflow_dispatch' trigger");
        let text = self
            .repository(full_name)?
            .git
            .file(sha, path)
            .ok_or_else(missing)?;
        let workflow = Workflow::parse(&text).map_err(|error| {
            Refusal::unprocessable(format!("failed to parse workflow {path}: {error}"))
        })?;
        let inputs = workflow.dispatch_inputs().ok_or_else(missing)?;
        Ok((workflow, inputs))
    }

    fn branch_or_tag(&self, full_name: &str, reference: &str) -> Result<(String, String), Refusal> {
        let git = &self.repository(full_name)?.git;
        let name = reference
            .trim_start_matches("refs/heads/")
            .trim_start_matches("refs/tags/");
        let candidates = [format!("refs/heads/{name}"), format!("refs/tags/{name}")];
        let found = candidates.iter().find_map(|candidate| {
            let allowed = !reference.starts_with("refs/") || reference == candidate;
            git.resolve(candidate)
                .filter(|_| allowed)
                .map(|sha| (candidate.clone(), sha))
        });
        found.ok_or_else(|| Refusal::unprocessable(format!("No ref found for: {reference}")))
    }

    fn create_run(
        &mut self,
        full_name: &str,
        path: &str,
        workflow: &Workflow,
        (reference, sha): (&str, &str),
        inputs: BTreeMap<String, String>,
        login: &str,
    ) -> Result<u64, Refusal> {
        self.user(login);
        let declared = workflow.dispatch_inputs().unwrap_or_default();
        let typed_inputs = typed(&declared, &inputs);
        let (id, now) = (self.ids.next("workflow_run"), self.now());
        let workflow_id = self.workflow_id(full_name, path)?;
        let branch = reference.strip_prefix("refs/heads/");
        let suite = self.check_suite(full_name, sha, branch, CheckApp::Actions)?;
        let repository = self.repository_mut(full_name)?;
        let earlier = repository
            .workflow_runs
            .values()
            .filter(|run| run.workflow_id == workflow_id)
            .count();
        let run = WorkflowRun {
            id,
            repository: repository.full_name.clone(),
            workflow_id,
            path: path.to_owned(),
            name: workflow.name(path),
            display_title: String::new(),
            reference: reference.to_owned(),
            head_sha: sha.to_owned(),
            run_number: earlier as u64 + 1,
            run_attempt: 1,
            status: "queued".to_owned(),
            conclusion: None,
            inputs,
            typed_inputs,
            actor: login.to_owned(),
            suite,
            jobs: Vec::new(),
            artifacts: Vec::new(),
            error: None,
            cancel_requested: false,
            is_undead: false,
            created_at: now,
            updated_at: now,
        };
        repository.workflow_runs.insert(id, run);
        let scope = self.run_scope(full_name, id)?;
        let title = workflow
            .run_name(path, &scope)
            .unwrap_or_else(|_| workflow.name(path));
        self.workflow_run_mut(full_name, id)?.display_title = title;
        Ok(id)
    }

    /// Queues the jobs for a test to complete, or hands the run to the laptop, which makes jobs as it reaches them.
    fn queue_run(&mut self, full_name: &str, id: u64, workflow: &Workflow) -> Result<(), Refusal> {
        if matches!(self.execution, Execution::Laptop { .. }) {
            self.enqueue_on_laptop(full_name, id);
            return Ok(());
        }
        let scope = self.run_scope(full_name, id)?;
        match scripted_jobs(workflow, &scope) {
            Ok(jobs) => self.add_jobs(full_name, id, jobs).map(drop),
            Err(error) => {
                self.workflow_run_mut(full_name, id)?.error = Some(error.to_string());
                self.complete_run(full_name, id, "startup_failure")
            }
        }
    }

    /// Leaves a run to the laptop's workers, if there are any.
    pub(crate) fn enqueue_on_laptop(&mut self, full_name: &str, id: u64) {
        if matches!(self.execution, Execution::Laptop { .. }) {
            self.laptop_queue.push((full_name.to_owned(), id));
            self.runs_wake.notify_one();
        }
    }

    /// The contexts that every expression of a run sees.
    pub(crate) fn run_scope(&self, full_name: &str, id: u64) -> Result<Scope, Refusal> {
        let run = self.workflow_run(full_name, id)?;
        let repository = self.repository(full_name)?;
        let (kind, name) = match run.reference.strip_prefix("refs/tags/") {
            Some(tag) => ("tag", tag),
            None => ("branch", run.reference.trim_start_matches("refs/heads/")),
        };
        let mut scope = Scope::default();
        scope.set("inputs", run.typed_inputs.clone());
        scope.set("vars", json!({}));
        scope.set("env", json!({}));
        scope.set("needs", json!({}));
        scope.set("secrets", json!({}));
        scope.set(
            "github",
            json!({
                "repository": repository.full_name, "repository_owner": repository.owner,
                "repository_id": repository.id.to_string(), "sha": run.head_sha, "ref": run.reference,
                "ref_name": name, "ref_type": kind, "run_id": run.id.to_string(),
                "run_number": run.run_number.to_string(), "run_attempt": run.run_attempt.to_string(),
                "actor": run.actor, "triggering_actor": run.actor, "event_name": "workflow_dispatch",
                "workflow": run.name, "server_url": self.url, "api_url": self.url, "token": "",
                "event": {"inputs": run.inputs, "ref": run.reference, "workflow": run.path},
            }),
        );
        Ok(scope)
    }
}

/// All jobs at once. One whose matrix depends on another job's outputs stands for itself.
fn scripted_jobs(
    workflow: &Workflow,
    scope: &Scope,
) -> Result<Vec<super::workflow::NewJob>, WorkflowError> {
    let mut jobs = Vec::new();
    for key in workflow.job_keys() {
        jobs.extend(
            workflow
                .expand(&key, scope)?
                .into_iter()
                .map(|expanded| expanded.job),
        );
    }
    Ok(jobs)
}

fn checked_inputs(
    declared: &[Input],
    given: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, Refusal> {
    if given.len() > INPUT_COUNT {
        return Err(Refusal::unprocessable(format!(
            "you may only define up to {INPUT_COUNT} inputs"
        )));
    }
    if Value::Object(given.clone()).to_string().chars().count() > INPUT_CHARACTERS {
        return Err(Refusal::unprocessable("inputs are too large."));
    }
    let unexpected: Vec<&String> = given
        .keys()
        .filter(|name| !declared.iter().any(|input| input.name == **name))
        .collect();
    if !unexpected.is_empty() {
        return Err(Refusal::unprocessable(format!(
            "Unexpected inputs provided: {}",
            json!(unexpected)
        )));
    }
    let mut values = BTreeMap::new();
    for input in declared {
        let value = given.get(&input.name).map(text_of);
        let value = match (value, &input.default) {
            (Some(value), _) => value,
            (None, Some(default)) => default.clone(),
            (None, None) if input.required => {
                return Err(Refusal::unprocessable(format!(
                    "Required input '{}' not provided",
                    input.name
                )));
            }
            (None, None) => if input.kind == "boolean" { "false" } else { "" }.to_owned(),
        };
        if input.kind == "choice" && !value.is_empty() && !input.options.contains(&value) {
            return Err(Refusal::unprocessable(format!(
                "Provided value '{value}' for input '{}' not in the list of allowed values",
                input.name
            )));
        }
        values.insert(input.name.clone(), value);
    }
    Ok(values)
}

/// Booleans and numbers in their own type.
fn typed(declared: &[Input], values: &BTreeMap<String, String>) -> Value {
    let value = |input: &Input| {
        let text = values.get(&input.name).cloned().unwrap_or_default();
        let typed = match input.kind.as_str() {
            "boolean" => json!(text == "true"),
            "number" => text
                .parse::<serde_json::Number>()
                .map_or(json!(text), Value::Number),
            _ => json!(text),
        };
        (input.name.clone(), typed)
    };
    Value::Object(declared.iter().map(value).collect())
}
