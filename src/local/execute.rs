//! One run, executed in this process.

use std::path::PathBuf;

use anyhow::Context;
use tokio::sync::mpsc::UnboundedSender;

use super::project::Project;
use super::session::{Session, WORKSPACE};
use super::state_file::HELD;
use crate::engine::plan::Call;
use crate::engine::{Release, Run, Trigger};
use crate::model::{Action, Outcome, RunKind, RunName};
use crate::runner::{LocalCall, Output, Stop};
use crate::store::{Done, PendingEffect};

/// How long a function may take unless its task says otherwise.
const TIMEOUT_SECONDS: i64 = 6 * 3600;

/// A start that this process has taken.
pub(super) struct Taken {
    pub(super) effect: PendingEffect,
    pub(super) run: RunName,
    pub(super) kind: RunKind,
    pub(super) fence: i64,
    pub(super) row: i64,
    /// How many lines of its log are written.
    pub(super) lines: i64,
    /// Asks it alone to end.
    pub(super) stop: Stop,
}

/// A line of a run's log on its way to the record.
pub(super) struct Line {
    pub(super) key: String,
    pub(super) text: String,
}

/// What is made of a start in the queue.
pub(super) enum Start {
    /// It is not awaited any more.
    Stale,
    /// It failed before its function was called.
    Failed(Box<Taken>, String),
    /// Its function can be called.
    Ready(Box<Taken>, Box<LocalCall>),
}

/// The run that a call of the outbox starts.
pub(super) fn started_by(effect: &PendingEffect) -> Option<(&RunName, i64)> {
    match &effect.effect.call {
        Call::Attempt { run, fence }
        | Call::Dispatch { run, fence }
        | Call::DispatchWorkflow { run, fence } => Some((run, *fence)),
        _ => None,
    }
}

impl Session {
    /// Takes a start: from now on the run counts as running, and as lost if this process is killed.
    pub(super) async fn take(
        &self,
        effect: &PendingEffect,
        release: &Release,
        lines: UnboundedSender<Line>,
    ) -> anyhow::Result<Start> {
        let Some((name, fence)) = started_by(effect) else {
            return Ok(Start::Stale);
        };
        let key = (name.key.clone(), name.number);
        let run = release.runs.get(&key);
        let Some(run) = run.filter(|run| run.fence == fence && run.state.is_active()) else {
            return Ok(Start::Stale);
        };
        let claimed = Trigger::Claimed {
            run: name.clone(),
            fence,
        };
        self.decide(vec![claimed], Done::Nothing).await?;
        self.narrator.started(name, run.kind);
        let row = self.reader.store.run_by_name(WORKSPACE, name).await?;
        let taken = Box::new(Taken {
            effect: effect.clone(),
            run: name.clone(),
            kind: run.kind,
            fence,
            row: row.context("the run has no row")?.id,
            lines: 0,
            stop: Stop::new(),
        });
        let output = Box::new(Lines {
            key: effect.key.clone(),
            to: lines,
        });
        Ok(match self.call(&taken, release, run, output).await {
            Ok(call) => Start::Ready(taken, Box::new(call)),
            Err(error) => Start::Failed(taken, format!("{error:#}")),
        })
    }

    async fn call(
        &self,
        taken: &Taken,
        release: &Release,
        run: &Run,
        output: Box<dyn Output>,
    ) -> anyhow::Result<LocalCall> {
        let current = run.current();
        let Action::Function(function) = &current.action else {
            anyhow::bail!(
                "workflow(...) starts a workflow of GitHub Actions, which only a server can: give a function to work \
                 without one"
            );
        };
        let directory = self.directory(release).await?;
        let entry = release.name.package.path.clone();
        let tree = Project::sources(&directory, &entry)?;
        let mut variables = self.reader.project.variables.clone();
        let held = self.state_file.held_below(&variables);
        variables.insert(HELD.to_owned(), held);
        let task = release.package.task(&taken.run.key);
        Ok(LocalCall {
            tree,
            entry,
            function: function.clone(),
            inputs: current.values.clone(),
            environments: self.reader.environments().await?,
            directory,
            variables,
            timeout_seconds: task
                .and_then(|task| task.timeout_seconds)
                .unwrap_or(TIMEOUT_SECONDS),
            stop: taken.stop.clone(),
            output,
        })
    }

    /// The files of a release's commit.
    pub(super) async fn directory(&self, release: &Release) -> anyhow::Result<PathBuf> {
        let (project, name) = (&self.reader.project, &release.name.package.repository);
        let remotes = self.remotes(name).await?;
        let (project, name) = (project.clone(), name.clone());
        let commit = release.commit.clone();
        let checkout = move || project.checkout(&name, &commit, &remotes);
        tokio::task::spawn_blocking(checkout).await?
    }

    /// Writes down how a run has ended.
    pub(super) async fn finish(&self, taken: &Taken, outcome: Outcome) -> anyhow::Result<()> {
        self.narrator.ended(&taken.run, taken.kind, &outcome);
        let ended = Trigger::Ended {
            run: taken.run.clone(),
            fence: taken.fence,
            outcome,
        };
        self.decide(vec![ended], Done::Effect(&taken.effect))
            .await?;
        Ok(())
    }
}

/// Sends a run's lines to whoever writes them down.
struct Lines {
    key: String,
    to: UnboundedSender<Line>,
}

impl Output for Lines {
    fn line(&self, line: &str) {
        let line = Line {
            key: self.key.clone(),
            text: line.to_owned(),
        };
        // Nobody listens any more: the command is ending.
        let _ = self.to.send(line);
    }

    fn hide(&self, _: &str) {}
}
