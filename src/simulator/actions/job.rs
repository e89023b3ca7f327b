//! One job: its directories, its environment, its outcome.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::expression::{Scope, condition, interpolate_text, interpolate_value, text_of, truthy};
use super::run::Machine;
use super::step::{Frame, Steps};
use crate::simulator::git::Git;
use crate::simulator::shared::Shared;
use crate::simulator::state::deployment::{NewDeployment, NewStatus};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::user::ACTIONS_BOT;
use crate::simulator::state::workflow::Step;

/// GitHub stops a job after six hours when it says nothing else.
const DEFAULT_MINUTES: u64 = 360;
/// A step's log ends here, in bytes.
const LOG_LIMIT: usize = 256 * 1024;

/// A job that is to run.
pub(super) struct JobPlan {
    pub(super) repository: String,
    pub(super) run: u64,
    pub(super) job: u64,
    pub(super) key: String,
    pub(super) environment: Option<String>,
    pub(super) workflow: Value,
    pub(super) definition: Value,
    pub(super) scope: Scope,
    pub(super) machine: Machine,
    /// Another job of the matrix failed.
    pub(super) stop: Arc<AtomicBool>,
}

/// How a job ended.
pub(super) struct JobOutcome {
    pub(super) key: String,
    /// For those that need it: a failure that may happen counts as success.
    pub(super) result: &'static str,
    pub(super) outputs: Map<String, Value>,
}

/// A job while it runs.
pub(super) struct RunningJob<'a> {
    pub(super) shared: &'a Shared,
    pub(super) plan: &'a JobPlan,
    pub(super) git: Git,
    pub(super) workspace: PathBuf,
    pub(super) temporary: PathBuf,
    /// Set by the machine and by GitHub; `env` does not show them to expressions.
    pub(super) base: BTreeMap<String, String>,
    /// Directories that steps added to `PATH`, newest first.
    pub(super) path: Vec<String>,
    pub(super) masks: Vec<String>,
    pub(super) deadline: Instant,
}

/// Runs a job to its end.
pub(super) fn execute_job(shared: &Arc<Shared>, plan: JobPlan) -> JobOutcome {
    let tolerated = truthy(&plan.definition["continue-on-error"]);
    let (conclusion, outputs) = if plan.stop.load(Ordering::SeqCst) || cancelled(shared, &plan) {
        ("cancelled", Map::new())
    } else {
        run_job(shared, &plan).unwrap_or_else(|error| {
            report(shared, &plan, &error);
            ("failure", Map::new())
        })
    };
    if let Err(refusal) =
        shared
            .lock()
            .complete_job(&plan.repository, plan.run, plan.job, conclusion)
    {
        tracing::warn!(%refusal, job = plan.job, "a job could not be completed");
    }
    let result = if tolerated && conclusion == "failure" {
        "success"
    } else {
        conclusion
    };
    JobOutcome {
        key: plan.key,
        result,
        outputs,
    }
}

fn cancelled(shared: &Shared, plan: &JobPlan) -> bool {
    let world = shared.lock();
    if world.is_stopping {
        return true;
    }
    world
        .workflow_run(&plan.repository, plan.run)
        .is_ok_and(|run| run.cancel_requested || run.is_completed())
}

/// What kept the job from running, where a person looks for it.
fn report(shared: &Shared, plan: &JobPlan, error: &str) {
    let mut world = shared.lock();
    if let Ok(run) = world.workflow_run_mut(&plan.repository, plan.run) {
        run.error.get_or_insert_with(|| error.to_owned());
    }
    if let Ok(job) = world.job_mut(&plan.repository, plan.run, plan.job) {
        let log = format!("##[error]{error}\n");
        let conclusion = Some("failure".to_owned());
        let step = Step {
            name: "Set up job".to_owned(),
            status: "completed".to_owned(),
            conclusion,
            log,
        };
        job.steps.insert(0, step);
    }
}

fn run_job(shared: &Shared, plan: &JobPlan) -> Result<(&'static str, Map<String, Value>), String> {
    let mut job = prepare(shared, plan).map_err(|error| error.to_string())?;
    let deployment = start_deployment(shared, plan).map_err(|refusal| refusal.message)?;
    let mut frame = Frame::of_job(&mut job)?;
    let steps = plan.definition["steps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let failed = Steps {
        job: &mut job,
        frame: &mut frame,
        shown: None,
        depth: 0,
    }
    .run(&steps)?;
    let outputs = match &plan.definition["outputs"] {
        Value::Null => Map::new(),
        outputs => {
            match interpolate_value(outputs, &frame.scope).map_err(|error| error.to_string())? {
                Value::Object(outputs) => outputs
                    .into_iter()
                    .map(|(name, value)| (name, json!(text_of(&value))))
                    .collect(),
                _ => Map::new(),
            }
        }
    };
    let conclusion = match (job.is_cancelled(), failed) {
        (true, _) => "cancelled",
        (false, true) => "failure",
        (false, false) => "success",
    };
    finish_deployment(shared, plan, deployment, conclusion, &frame.scope)
        .map_err(|refusal| refusal.message)?;
    Ok((conclusion, outputs))
}

fn prepare<'a>(shared: &'a Shared, plan: &'a JobPlan) -> anyhow::Result<RunningJob<'a>> {
    let mut world = shared.lock();
    world.start_job(&plan.repository, plan.run, plan.job)?;
    let attempt = world.workflow_run(&plan.repository, plan.run)?.run_attempt;
    let root = world
        .data_directory
        .join(format!("runs/{}/{attempt}/{}", plan.run, plan.job));
    let root = std::path::absolute(root)?;
    let repository = world.repository(&plan.repository)?;
    let (workspace, temporary, home) = (
        root.join(&repository.name),
        root.join("temp"),
        root.join("home"),
    );
    for directory in [&workspace, &temporary, &home] {
        std::fs::create_dir_all(directory)?;
    }
    let git = repository.git.clone();
    let mut base = world.job_environment(&plan.repository, plan.run, plan.job)?;
    drop(world);
    let places = [
        ("GITHUB_WORKSPACE", &workspace),
        ("RUNNER_TEMP", &temporary),
        ("HOME", &home),
    ];
    base.extend(places.map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned())));
    base.insert("LANG".to_owned(), "C.UTF-8".to_owned());
    let event = temporary.join("event.json");
    std::fs::write(
        &event,
        plan.scope
            .contexts
            .get("github")
            .map(|github| github["event"].to_string())
            .unwrap_or_default(),
    )?;
    base.insert(
        "GITHUB_EVENT_PATH".to_owned(),
        event.to_string_lossy().into_owned(),
    );
    let minutes = plan.definition["timeout-minutes"]
        .as_u64()
        .unwrap_or(DEFAULT_MINUTES);
    let deadline = Instant::now() + Duration::from_secs(minutes * 60);
    let request_token = base.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN").cloned();
    let (path, masks) = (Vec::new(), request_token.into_iter().collect());
    Ok(RunningJob {
        shared,
        plan,
        git,
        workspace,
        temporary,
        base,
        path,
        masks,
        deadline,
    })
}

/// A job that names an environment is a deployment, unless it says otherwise.
fn start_deployment(shared: &Shared, plan: &JobPlan) -> Result<Option<u64>, Refusal> {
    let Some(environment) = plan.environment.clone() else {
        return Ok(None);
    };
    if plan.definition["environment"]["deployment"] == json!(false) {
        return Ok(None);
    }
    let mut world = shared.lock();
    let run = world.workflow_run(&plan.repository, plan.run)?;
    let new = NewDeployment {
        reference: run.head_sha.clone(),
        task: "deploy".to_owned(),
        auto_merge: false,
        required_contexts: Some(Vec::new()),
        production: environment == "production",
        environment,
        payload: json!(""),
        description: None,
        transient: false,
    };
    let id = world.create_deployment(&plan.repository, new, ACTIONS_BOT)?;
    let status = NewStatus {
        state: "in_progress".to_owned(),
        ..NewStatus::default()
    };
    world.add_deployment_status(&plan.repository, id, status, ACTIONS_BOT)?;
    Ok(Some(id))
}

fn finish_deployment(
    shared: &Shared,
    plan: &JobPlan,
    deployment: Option<u64>,
    conclusion: &str,
    scope: &Scope,
) -> Result<(), Refusal> {
    let Some(id) = deployment else { return Ok(()) };
    let state = if conclusion == "success" {
        "success"
    } else {
        "failure"
    };
    let url = &plan.definition["environment"]["url"];
    let environment_url = interpolate_text(url, scope).unwrap_or_default();
    let status = NewStatus {
        state: state.to_owned(),
        environment_url,
        auto_inactive: true,
        ..NewStatus::default()
    };
    shared
        .lock()
        .add_deployment_status(&plan.repository, id, status, ACTIONS_BOT)
        .map(drop)
}

impl RunningJob<'_> {
    /// Whether the job has to stop.
    pub(super) fn is_cancelled(&self) -> bool {
        self.plan.stop.load(Ordering::SeqCst) || cancelled(self.shared, self.plan)
    }

    /// Appends a line to the log of a step, masked and bounded.
    pub(super) fn log(&mut self, step: usize, line: &str) {
        if let Some(secret) = line
            .strip_prefix("::add-mask::")
            .filter(|secret| !secret.trim().is_empty())
        {
            self.masks.push(secret.trim().to_owned());
            return;
        }
        let masked = self
            .masks
            .iter()
            .fold(line.to_owned(), |line, mask| line.replace(mask, "***"));
        self.change_step(step, |step| {
            if step.log.len() < LOG_LIMIT {
                step.log.push_str(&masked);
                step.log.push('\n');
                if step.log.len() >= LOG_LIMIT {
                    step.log.push_str("… the rest of the log is not kept\n");
                }
            }
        });
    }

    /// Changes what is shown of a step.
    pub(super) fn change_step(&self, step: usize, change: impl FnOnce(&mut Step)) {
        let mut world = self.shared.lock();
        if let Ok(job) = world.job_mut(&self.plan.repository, self.plan.run, self.plan.job)
            && let Some(step) = job.steps.get_mut(step)
        {
            change(step);
        }
    }

    /// Shows the steps of the job before they run.
    pub(super) fn show_steps(&self, names: Vec<String>) {
        let queued = |name| Step {
            name,
            status: "queued".to_owned(),
            ..Step::default()
        };
        let mut world = self.shared.lock();
        if let Ok(job) = world.job_mut(&self.plan.repository, self.plan.run, self.plan.job) {
            job.steps = names.into_iter().map(queued).collect();
        }
    }

    /// The `PATH` of a step: what steps added, then the machine's own programs, then the system's.
    pub(super) fn search_path(&self) -> String {
        let own = self
            .plan
            .machine
            .path_prefix
            .iter()
            .map(|path| path.to_string_lossy().into_owned());
        let system = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        let parts: Vec<String> = self
            .path
            .iter()
            .cloned()
            .chain(own)
            .chain([system])
            .collect();
        parts.join(":")
    }
}

/// Whether a step is to run.
pub(super) fn wanted(step: &Value, scope: &Scope) -> Result<bool, String> {
    let text = match &step["if"] {
        Value::Null => "success()".to_owned(),
        text => text_of(text),
    };
    condition(&text, scope).map_err(|error| error.to_string())
}

impl RunningJob<'_> {
    /// The job's own token: it reads its repository.
    pub(super) fn job_token(&self) -> String {
        let mut world = self.shared.lock();
        let Ok(repository) = world.repository(&self.plan.repository) else {
            return String::new();
        };
        let (Some(installation), id) = (repository.installation, repository.id) else {
            return String::new();
        };
        let read = |name: &str| (name.to_owned(), "read".to_owned());
        let permissions = BTreeMap::from([read("contents"), read("metadata")]);
        world
            .issue_token(installation, Some([id].into()), permissions)
            .0
    }
}
