//! The children in use, and the requests that are spread over them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::process::{Failure, Process};
use super::protocol::{Open, Request};
use crate::config::{Evaluation, Limits, SourceTree};
use crate::model::{Diagnostic, Environment, FunctionName, Invocation, Outcome};

/// How a sandbox spends the machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Children at the same time; each may use up to 1 GiB of memory.
    pub processes: usize,
    /// Wall-clock time for one file or one function.
    pub wall_clock: Duration,
    /// Requests one child answers before it is replaced.
    pub jobs_per_process: u32,
    /// Files of one request that may end a child before the rest is not tried any more.
    pub max_failures: usize,
    /// The bounds inside a child.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            processes: 2,
            wall_clock: Duration::from_secs(2),
            jobs_per_process: 500,
            max_failures: 10,
            limits: Limits::default(),
        }
    }
}

/// Why nothing could be evaluated. It is no fault of a config file, and a later try may work.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a process to evaluate config files: {0}")]
pub struct SandboxError(#[from] std::io::Error);

/// Evaluates config files in child processes.
pub struct Sandbox {
    executable: PathBuf,
    settings: Settings,
    permits: Semaphore,
    idle: Mutex<Vec<Process>>,
}

/// A child works at most this long before it is replaced, well below its processor limit.
const MAX_BUSY: Duration = Duration::from_secs(30);
/// Files per child that make a second child worth its cost.
const FILES_PER_LANE: usize = 16;

impl Sandbox {
    /// A sandbox whose children run `executable eval-worker`. Children start when they are first needed.
    pub fn new(executable: PathBuf, settings: Settings) -> Sandbox {
        Sandbox {
            executable,
            permits: Semaphore::new(settings.processes.max(1)),
            settings,
            idle: Mutex::default(),
        }
    }

    /// Evaluates `paths` of one tree, in that order in the answer. A file that ends its child gets a diagnostic, the
    /// others go on in a fresh one.
    ///
    /// # Errors
    /// When no child can be started.
    pub async fn evaluate(
        &self,
        tree: &SourceTree,
        paths: &[String],
        environments: &[Environment],
    ) -> Result<Vec<(String, Evaluation)>, SandboxError> {
        let batch = Batch {
            open: Request::Open(Open::new(tree, environments, &self.settings.limits)),
            paths,
            next: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
        };
        let lanes = paths
            .len()
            .div_ceil(FILES_PER_LANE)
            .min(self.settings.processes.max(1));
        // One lane is needed, further ones are worth it only while nobody else wants the children.
        let mut permits = vec![self.permits.acquire().await.ok()];
        permits.extend((1..lanes).map_while(|_| self.permits.try_acquire().ok().map(Some)));
        let lanes = permits.into_iter().map(|permit| self.lane(&batch, permit));
        let mut results: Vec<(usize, Evaluation)> =
            try_join_all(lanes).await?.into_iter().flatten().collect();
        results.sort_by_key(|(index, _)| *index);
        Ok(results
            .into_iter()
            .map(|(index, evaluation)| (paths[index].clone(), evaluation))
            .collect())
    }

    /// Calls one function with resolved inputs and no host. A function that ends its child has failed.
    ///
    /// # Errors
    /// When no child can be started.
    pub async fn invoke(
        &self,
        tree: &SourceTree,
        entry: &str,
        function: &FunctionName,
        inputs: &BTreeMap<String, Value>,
        environments: &[Environment],
    ) -> Result<Invocation, SandboxError> {
        let open = Request::Open(Open::new(tree, environments, &self.settings.limits));
        let request = Request::Invoke {
            entry: entry.into(),
            function: std::borrow::Cow::Borrowed(function),
            inputs: std::borrow::Cow::Borrowed(inputs),
        };
        let _permit = self.permits.acquire().await;
        let mut process = None;
        let answer = self.ask(&mut process, &open, &request).await?;
        self.put_back(process);
        Ok(answer.unwrap_or_else(|failure| Invocation::Finished {
            outcome: Outcome::Failed {
                message: format!("{function}: {}", failure.message(self.settings.wall_clock)),
            },
            logs: Vec::new(),
        }))
    }

    /// Works through the batch's files with one child at a time.
    async fn lane(
        &self,
        batch: &Batch<'_>,
        _permit: Option<SemaphorePermit<'_>>,
    ) -> Result<Vec<(usize, Evaluation)>, SandboxError> {
        let mut process = None;
        let mut results = Vec::new();
        while let Some((index, path)) = batch.take() {
            if batch.failures.load(Ordering::Relaxed) > self.settings.max_failures {
                results.push((index, not_tried(path)));
                continue;
            }
            let request = Request::Evaluate { path: path.into() };
            let answer = self.ask(&mut process, &batch.open, &request).await?;
            let evaluation = answer.unwrap_or_else(|failure| {
                batch.failures.fetch_add(1, Ordering::Relaxed);
                let message = failure.message(self.settings.wall_clock);
                Evaluation::failed(Diagnostic::error(path, 0, 0, message))
            });
            results.push((index, evaluation));
        }
        self.put_back(process);
        Ok(results)
    }

    /// Asks the child in `process`, taking one and opening the tree in it first if there is none. After a failure
    /// there is none again.
    async fn ask<Answer: DeserializeOwned>(
        &self,
        process: &mut Option<Process>,
        open: &Request<'_>,
        request: &Request<'_>,
    ) -> Result<Result<Answer, Failure>, SandboxError> {
        let limit = self.settings.wall_clock;
        let mut current = match process.take().filter(|process| self.is_usable(process)) {
            Some(current) => current,
            None => self.opened(open).await?,
        };
        let answer = current.ask(request, limit).await;
        if answer.is_ok() {
            *process = Some(current);
        }
        Ok(answer)
    }

    /// A child that has the tree: a waiting one, or a new one.
    async fn opened(&self, open: &Request<'_>) -> Result<Process, SandboxError> {
        // Handing over a tree is our own work, not a stranger's: slowness is the machine's.
        let limit = self.settings.wall_clock.max(Duration::from_secs(10));
        while let Some(mut waiting) = self.take_idle() {
            if waiting.is_alive() && waiting.tell(open, limit).await.is_ok() {
                return Ok(waiting);
            }
        }
        let mut fresh = Process::start(&self.executable).await?;
        fresh
            .tell(open, limit)
            .await
            .map_err(|failure| std::io::Error::other(format!("it took no files: {failure:?}")))?;
        Ok(fresh)
    }

    fn is_usable(&self, process: &Process) -> bool {
        process.jobs < self.settings.jobs_per_process && process.busy < MAX_BUSY
    }

    fn take_idle(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    fn put_back(&self, process: Option<Process>) {
        if let Some(process) = process.filter(|process| self.is_usable(process)) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(process);
        }
    }
}

/// One request's files, shared by the lanes that work on it.
struct Batch<'a> {
    open: Request<'a>,
    paths: &'a [String],
    next: AtomicUsize,
    failures: AtomicUsize,
}

impl Batch<'_> {
    fn take(&self) -> Option<(usize, &str)> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Some((index, self.paths.get(index)?))
    }
}

fn not_tried(path: &str) -> Evaluation {
    let message = "not evaluated: too many other files of this commit had to be stopped";
    Evaluation::failed(Diagnostic::error(path, 0, 0, message))
}
