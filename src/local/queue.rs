//! The outbox as a queue of work: which of it a command is for, and doing it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use serde::Deserialize;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::execute::{Line, Start, Taken, started_by};
use super::session::{Session, WORKSPACE};
use crate::engine::{Release, Trigger};
use crate::model::{
    CommitSha, EnvironmentName, Outcome, PackageName, Reference, ReleaseName, RunName,
};
use crate::store::{Done, PendingEffect};

/// Which work a command does; it leaves the rest in the queue.
#[derive(Clone, Debug)]
pub enum Selection {
    /// That of one release.
    Release(ReleaseName),
    /// That of the releases of one commit of a repository.
    Commit(String, CommitSha),
    /// That which comes of what the command does itself; what others add meanwhile is left.
    Own,
    /// All of it.
    Everything,
}

impl Selection {
    pub(super) fn includes_release(&self, release: &Release) -> bool {
        match self {
            Selection::Release(name) => release.name == *name,
            Selection::Commit(repository, commit) => {
                release.name.package.repository == *repository && release.commit == *commit
            }
            Selection::Own | Selection::Everything => true,
        }
    }
}

/// What a command has done.
#[derive(Clone, Debug, Default)]
pub struct Worked {
    /// The runs it executed, with whether they failed.
    pub runs: BTreeMap<RunName, bool>,
    /// What could not be done, and why, in words. It stays as it is.
    pub problems: BTreeSet<String>,
    /// How many packages were evaluated again.
    pub operations: usize,
    /// The signal that ended it before its time.
    pub ended_by: Option<u8>,
}

impl Worked {
    /// Adds what another pass did.
    pub fn extend(&mut self, other: Worked) {
        self.runs.extend(other.runs);
        self.problems.extend(other.problems);
        self.operations += other.operations;
        self.ended_by = self.ended_by.or(other.ended_by);
    }

    /// Whether something failed, and was not made good by another run of it, or could not be begun.
    pub fn has_failed(&self) -> bool {
        // In the order of their numbers: what is kept of a step is how its last run ended.
        let ends = self.runs.iter();
        let ends: BTreeMap<_, bool> = ends
            .map(|(run, failed)| ((&run.release, &run.key), *failed))
            .collect();
        ends.into_values().any(|failed| failed) || !self.problems.is_empty()
    }
}

/// What is being done.
struct Pass<'a> {
    selection: &'a Selection,
    taken: BTreeMap<String, Taken>,
    calls: JoinSet<(String, Outcome)>,
    to: UnboundedSender<Line>,
    lines: UnboundedReceiver<Line>,
    worked: Worked,
    /// Calls that are not to be looked at again in this pass.
    skipped: BTreeSet<String>,
}

/// What is to be looked at again.
#[derive(Deserialize)]
struct Wake {
    packages: BTreeSet<PackageName>,
    environments: BTreeSet<EnvironmentName>,
    #[serde(default)]
    documents: BTreeSet<Reference>,
}

impl Session {
    /// Does the selected work, and the work that comes of it, until there is none. As many runs as `jobs` are executed
    /// at a time, started in the order of the queue.
    ///
    /// # Errors
    /// When the record cannot be read or written. A run that fails is no error.
    pub async fn work(&self, selection: &Selection) -> anyhow::Result<Worked> {
        let (to, lines) = mpsc::unbounded_channel();
        let mut pass = Pass {
            selection,
            taken: BTreeMap::new(),
            calls: JoinSet::new(),
            to,
            lines,
            worked: Worked::default(),
            skipped: BTreeSet::new(),
        };
        loop {
            self.wake().await?;
            self.start(&mut pass).await?;
            if pass.calls.is_empty() {
                let signal = self.signal.load(Ordering::Relaxed);
                pass.worked.ended_by = (signal != 0).then_some(signal);
                return Ok(pass.worked);
            }
            self.await_one(&mut pass).await?;
        }
    }

    /// Starts what can be started now.
    async fn start(&self, pass: &mut Pass<'_>) -> anyhow::Result<()> {
        for effect in self.reader.store.waiting_effects(WORKSPACE).await? {
            if pass.taken.contains_key(&effect.key) || pass.skipped.contains(&effect.key) {
                continue;
            }
            let Some((run, _)) = started_by(&effect) else {
                // There is no GitHub to tell.
                self.settle(&effect).await?;
                continue;
            };
            if self.stop.is_asked() || pass.calls.len() >= self.jobs {
                return Ok(());
            }
            let Some((release, _)) = self.reader.release(&run.release).await? else {
                self.settle(&effect).await?;
                continue;
            };
            let is_others = matches!(pass.selection, Selection::Own) && !self.is_own(&effect.key);
            if is_others || !pass.selection.includes_release(&release) {
                pass.skipped.insert(effect.key);
                continue;
            }
            self.begin(pass, effect, &release).await?;
        }
        Ok(())
    }

    async fn begin(
        &self,
        pass: &mut Pass<'_>,
        effect: PendingEffect,
        release: &Release,
    ) -> anyhow::Result<()> {
        if let Err(error) = self.directory(release).await {
            if let Some((run, _)) = started_by(&effect) {
                let problem = format!("{run} was not begun: {error:#}");
                pass.worked.problems.insert(problem);
            }
            pass.skipped.insert(effect.key);
            return Ok(());
        }
        match self.take(&effect, release, pass.to.clone()).await? {
            Start::Stale => self.settle(&effect).await,
            Start::Failed(taken, message) => {
                pass.worked.runs.insert(taken.run.clone(), true);
                self.finish(&taken, Outcome::Failed { message }).await
            }
            Start::Ready(taken, call) => {
                let key = effect.key.clone();
                pass.taken.insert(key.clone(), *taken);
                pass.calls.spawn_blocking(move || (key, call.perform()));
                Ok(())
            }
        }
    }

    /// Waits until a run ends, and writes down what is said meanwhile.
    async fn await_one(&self, pass: &mut Pass<'_>) -> anyhow::Result<()> {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                _ = pass.lines.recv_many(&mut batch, 1000) => {
                    self.write(pass, batch).await?;
                }
                ended = pass.calls.join_next() => {
                    let Some(ended) = ended else { return Ok(()) };
                    let (key, outcome) = ended?;
                    while let Ok(line) = pass.lines.try_recv() {
                        batch.push(line);
                    }
                    self.write(pass, batch).await?;
                    if let Some(taken) = pass.taken.remove(&key) {
                        let has_failed = matches!(outcome, Outcome::Failed { .. });
                        pass.worked.runs.insert(taken.run.clone(), has_failed);
                        self.finish(&taken, outcome).await?;
                    }
                    return Ok(());
                }
                () = self.asked_to_end.notified() => {
                    self.narrator.note("stopping: what runs is asked to end");
                    for taken in pass.taken.values() {
                        taken.stop.interrupt();
                    }
                }
            }
        }
    }

    /// Keeps lines, and shows them.
    async fn write(&self, pass: &mut Pass<'_>, lines: Vec<Line>) -> anyhow::Result<()> {
        let mut by_run: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Line { key, text } in lines {
            if let Some(taken) = pass.taken.get(&key) {
                self.narrator.line(&taken.run, taken.kind, &text);
                by_run.entry(key).or_default().push(text);
            }
        }
        for (key, texts) in by_run {
            let Some(taken) = pass.taken.get_mut(&key) else {
                continue;
            };
            let store = &self.reader.store;
            store
                .append_logs(
                    taken.row,
                    taken.fence,
                    taken.lines,
                    &texts,
                    self.clock.now(),
                )
                .await?;
            taken.lines += i64::try_from(texts.len()).unwrap_or(0);
        }
        Ok(())
    }

    async fn settle(&self, effect: &PendingEffect) -> anyhow::Result<()> {
        let store = &self.reader.store;
        Ok(store.effect_done(effect, self.clock.now()).await?)
    }

    /// What is to be looked at again is looked at again; what is for GitHub is done without.
    pub(super) async fn wake(&self) -> anyhow::Result<()> {
        let store = &self.reader.store;
        for delivery in store.due_deliveries(WORKSPACE, self.clock.now()).await? {
            match delivery.event.as_str() {
                "ocuroot.wake" => {
                    let Wake {
                        packages,
                        environments,
                        documents,
                    } = serde_json::from_slice(&delivery.body)?;
                    let trigger = Trigger::Wake {
                        packages,
                        environments,
                        documents,
                    };
                    self.decide(vec![trigger], Done::Delivery(delivery.id))
                        .await?;
                }
                "ocuroot.replan_all" => {
                    let none = BTreeSet::new();
                    let packages = store.released_packages(WORKSPACE, &none).await?;
                    self.decide(vec![Trigger::Replan(packages)], Done::Delivery(delivery.id))
                        .await?;
                }
                "ocuroot.replan" => {}
                _ => {
                    let note = Some("there is no GitHub");
                    store.close_delivery(delivery.id, "ignored", note).await?;
                }
            }
        }
        Ok(())
    }
}
