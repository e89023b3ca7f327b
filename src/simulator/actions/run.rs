//! A workflow run on this machine: its jobs in the order their needs allow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};

use serde_json::{Map, Value, json};

use super::expression::{Scope, condition, interpolate, text_of, truthy};
use super::job::{JobOutcome, JobPlan, execute_job};
use super::support;
use super::workflow::{ExpandedJob, Workflow, WorkflowError};
use crate::simulator::options::Execution;
use crate::simulator::shared::Shared;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::workflow::NewJob;

/// Jobs of one run that run at the same time.
const PARALLEL_JOBS: usize = 2;

/// What the machine offers to jobs.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    pub(super) path_prefix: Vec<PathBuf>,
    pub(super) actions: BTreeMap<String, PathBuf>,
}

/// Takes queued runs until the simulator is gone; each runs on a thread of its own.
pub(crate) async fn work(shared: Arc<Shared>) {
    let wake = shared.lock().runs_wake.clone();
    loop {
        let queued = std::mem::take(&mut shared.lock().laptop_queue);
        for (repository, id) in queued {
            let shared = shared.clone();
            tokio::task::spawn_blocking(move || execute(&shared, &repository, id));
        }
        wake.notified().await;
    }
}

fn execute(shared: &Arc<Shared>, repository: &str, id: u64) {
    let conclusion = match Schedule::prepare(shared, repository, id) {
        Ok(mut schedule) => schedule.execute(),
        Err(error) => {
            let mut world = shared.lock();
            if let Ok(run) = world.workflow_run_mut(repository, id) {
                run.error = Some(error.0);
            }
            "startup_failure"
        }
    };
    if let Err(refusal) = shared.lock().complete_run(repository, id, conclusion) {
        tracing::warn!(%refusal, id, "a workflow run could not be completed");
    }
}

impl From<Refusal> for WorkflowError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.message)
    }
}

/// All matrix jobs of one key.
#[derive(Default)]
struct Group {
    left: usize,
    results: BTreeSet<&'static str>,
    outputs: Map<String, Value>,
    stop: Arc<AtomicBool>,
    fail_fast: bool,
    max_parallel: usize,
    running: usize,
}

struct Schedule<'a> {
    shared: &'a Arc<Shared>,
    repository: &'a str,
    run: u64,
    workflow: Workflow,
    machine: Machine,
    scope: Scope,
    waiting: Vec<String>,
    groups: BTreeMap<String, Group>,
    queue: Vec<JobPlan>,
    /// `needs` context: results and outputs of finished keys.
    finished: Map<String, Value>,
    failed: bool,
}

impl<'a> Schedule<'a> {
    fn prepare(
        shared: &'a Arc<Shared>,
        repository: &'a str,
        run: u64,
    ) -> Result<Self, WorkflowError> {
        let mut world = shared.lock();
        let record = world.workflow_run(repository, run)?;
        let (sha, path) = (record.head_sha.clone(), record.path.clone());
        let missing = || WorkflowError(format!("{path} is not there any more"));
        let text = world
            .repository(repository)?
            .git
            .file(&sha, &path)
            .ok_or_else(missing)?;
        let workflow = Workflow::parse(&text)?;
        let machine = match &world.execution {
            Execution::Laptop {
                path_prefix,
                actions,
            } => Machine {
                path_prefix: path_prefix.clone(),
                actions: actions.clone(),
            },
            Execution::Scripted => Machine::default(),
        };
        support::check(&workflow, &machine.actions)?;
        let scope = world.run_scope(repository, run)?;
        world.start_run(repository, run)?;
        drop(world);
        let waiting = workflow.job_keys();
        let (groups, finished) = (BTreeMap::new(), Map::new());
        let queue = Vec::new();
        Ok(Self {
            shared,
            repository,
            run,
            workflow,
            machine,
            scope,
            waiting,
            groups,
            queue,
            finished,
            failed: false,
        })
    }

    /// Runs everything and returns the run's conclusion.
    fn execute(&mut self) -> &'static str {
        let shared = self.shared.clone();
        std::thread::scope(|threads| {
            let (sender, outcomes): (Sender<JobOutcome>, Receiver<JobOutcome>) = mpsc::channel();
            let mut running = 0;
            loop {
                self.release();
                while running < PARALLEL_JOBS
                    && let Some(plan) = self.next_job()
                {
                    running += 1;
                    let (shared, sender) = (shared.clone(), sender.clone());
                    threads.spawn(move || {
                        // The schedule outlives every job.
                        let _ = sender.send(execute_job(&shared, plan));
                    });
                }
                if running == 0 {
                    break;
                }
                let Ok(outcome) = outcomes.recv() else { break };
                running -= 1;
                self.finish_job(outcome);
            }
        });
        match (self.is_cancelled(), self.failed) {
            (true, _) => "cancelled",
            (false, true) => "failure",
            (false, false) => "success",
        }
    }

    fn is_cancelled(&self) -> bool {
        self.shared
            .lock()
            .workflow_run(self.repository, self.run)
            .is_ok_and(|run| run.cancel_requested)
    }

    /// Makes jobs of the keys whose needs are all finished.
    fn release(&mut self) {
        loop {
            let ready = |key: &String| {
                self.workflow
                    .needs(key)
                    .iter()
                    .all(|need| self.finished.contains_key(need))
            };
            let Some(position) = self.waiting.iter().position(ready) else {
                return;
            };
            let key = self.waiting.remove(position);
            if let Err(error) = self.release_key(&key) {
                self.reject(&key, &error);
            }
        }
    }

    fn release_key(&mut self, key: &str) -> Result<(), WorkflowError> {
        let mut scope = self.scope.clone();
        let needs = self.workflow.needs(key);
        let results: Map<String, Value> = needs
            .iter()
            .filter_map(|need| Some((need.clone(), self.finished.get(need)?.clone())))
            .collect();
        scope.failed = results.values().any(|result| result["result"] == "failure");
        scope.cancelled = self.is_cancelled();
        let skipped_need = results.values().any(|result| result["result"] == "skipped");
        scope.set("needs", Value::Object(results));
        let definition = self.workflow.document["jobs"][key].clone();
        let wanted = match &definition["if"] {
            Value::Null => !scope.failed && !scope.cancelled && !skipped_need,
            text => condition(&text_of(text), &scope)?,
        };
        if !wanted {
            let name = definition["name"].as_str().unwrap_or(key).to_owned();
            let job = NewJob {
                name,
                key: key.to_owned(),
                labels: Vec::new(),
                environment: None,
                identity: false,
            };
            let mut world = self.shared.lock();
            for id in world.add_jobs(self.repository, self.run, vec![job])? {
                world.complete_job(self.repository, self.run, id, "skipped")?;
            }
            drop(world);
            self.finished
                .insert(key.to_owned(), json!({"result": "skipped", "outputs": {}}));
            return Ok(());
        }
        let expanded = self.workflow.expand(key, &scope)?;
        self.queue_jobs(key, &definition, expanded, &scope)
    }

    fn queue_jobs(
        &mut self,
        key: &str,
        definition: &Value,
        expanded: Vec<ExpandedJob>,
        scope: &Scope,
    ) -> Result<(), WorkflowError> {
        let setting = |name: &str| match &definition["strategy"][name] {
            Value::String(text) => interpolate(text, scope),
            other => Ok(other.clone()),
        };
        let (fail_fast, max_parallel) = (setting("fail-fast")?, setting("max-parallel")?);
        let group = Group {
            left: expanded.len(),
            fail_fast: fail_fast.is_null() || truthy(&fail_fast),
            max_parallel: max_parallel
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(usize::MAX),
            ..Group::default()
        };
        let jobs: Vec<NewJob> = expanded
            .iter()
            .map(|expanded| expanded.job.clone())
            .collect();
        let ids = self
            .shared
            .lock()
            .add_jobs(self.repository, self.run, jobs)?;
        for (id, expanded) in ids.into_iter().zip(expanded) {
            let mut scope = scope.clone();
            scope.set("matrix", expanded.matrix);
            self.queue.push(JobPlan {
                repository: self.repository.to_owned(),
                run: self.run,
                job: id,
                key: key.to_owned(),
                environment: expanded.job.environment,
                workflow: self.workflow.document.clone(),
                definition: definition.clone(),
                scope,
                machine: self.machine.clone(),
                stop: group.stop.clone(),
            });
        }
        self.groups.insert(key.to_owned(), group);
        Ok(())
    }

    /// A key whose jobs cannot even be made fails with the reason.
    fn reject(&mut self, key: &str, error: &WorkflowError) {
        self.failed = true;
        self.finished
            .insert(key.to_owned(), json!({"result": "failure", "outputs": {}}));
        let mut world = self.shared.lock();
        let job = NewJob {
            name: key.to_owned(),
            key: key.to_owned(),
            labels: Vec::new(),
            environment: None,
            identity: false,
        };
        let added = world
            .add_jobs(self.repository, self.run, vec![job])
            .unwrap_or_default();
        for id in added {
            let _ = world.complete_job(self.repository, self.run, id, "failure");
        }
        if let Ok(run) = world.workflow_run_mut(self.repository, self.run) {
            run.error = Some(error.to_string());
        }
    }

    fn next_job(&mut self) -> Option<JobPlan> {
        let groups = &self.groups;
        let allowed = |plan: &JobPlan| {
            groups
                .get(&plan.key)
                .is_none_or(|group| group.running < group.max_parallel)
        };
        let position = self.queue.iter().position(allowed)?;
        let plan = self.queue.remove(position);
        if let Some(group) = self.groups.get_mut(&plan.key) {
            group.running += 1;
        }
        Some(plan)
    }

    fn finish_job(&mut self, outcome: JobOutcome) {
        let Some(group) = self.groups.get_mut(&outcome.key) else {
            return;
        };
        group.running -= 1;
        group.left -= 1;
        group.results.insert(outcome.result);
        group.outputs.extend(outcome.outputs);
        if outcome.result == "failure" && group.fail_fast {
            group.stop.store(true, Ordering::SeqCst);
        }
        if group.left == 0 {
            let order = ["failure", "cancelled", "success"];
            let result = order
                .into_iter()
                .find(|result| group.results.contains(result))
                .unwrap_or("success");
            self.failed |= result == "failure";
            let outputs = std::mem::take(&mut group.outputs);
            self.finished
                .insert(outcome.key, json!({"result": result, "outputs": outputs}));
        }
    }
}
