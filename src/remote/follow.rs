//! A release, watched to its end: the server works, and the terminal shows what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::sleep;

use super::protocol::{Log, ReleaseView, RunView, plain};
use super::{Failure, Remote};
use crate::local::Narrator;
use crate::model::{ReleaseName, RunName, RunState};

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// Runs whose logs are shown while they run.
const MOST_LOGS: usize = 8;

/// What came of watching.
pub enum Watched {
    /// Nothing of the release runs any more.
    Ended(ReleaseView),
    /// The person does not want to watch any longer. The release goes on.
    Left,
}

/// How far a run was shown.
struct Shown {
    is_running: bool,
    fence: i64,
    /// The number of the next line.
    next: i64,
}

struct Follower<'a> {
    remote: &'a Remote,
    narrator: &'a Narrator,
    shown: BTreeMap<RunName, Shown>,
    /// Runs that had ended before.
    old: Option<BTreeSet<RunName>>,
}

impl Remote {
    /// Shows what happens in a release until nothing of it runs any more. What had ended when it began is left out, unless
    /// the release `is_new`.
    ///
    /// # Errors
    /// When the release is not there, or the server stays silent.
    pub async fn follow(
        &self,
        release: &ReleaseName,
        is_new: bool,
        narrator: &Narrator,
    ) -> Result<Watched, Failure> {
        let mut follower = Follower {
            remote: self,
            narrator,
            shown: BTreeMap::new(),
            old: is_new.then(BTreeSet::new),
        };
        tokio::select! {
            ended = follower.watch(release) => ended.map(Watched::Ended),
            _ = tokio::signal::ctrl_c() => Ok(Watched::Left),
        }
    }
}

impl Follower<'_> {
    async fn watch(&mut self, release: &ReleaseName) -> Result<ReleaseView, Failure> {
        let reference = release.to_string();
        let query = [("ref", reference.as_str())];
        let (mut tag, mut delay) = (None, FIRST_DELAY);
        let mut last: Option<ReleaseView> = None;
        loop {
            let client = &self.remote.client;
            match client.get_news("/release", &query, &mut tag).await? {
                Some(view) => {
                    let view: ReleaseView = view;
                    self.show(&view).await?;
                    delay = FIRST_DELAY;
                    last = Some(view);
                }
                None => delay = (delay * 2).min(LONGEST_DELAY),
            }
            if let Some(mut view) = last.take_if(|view| view.status != "running") {
                view.text = plain(&view.text);
                return Ok(view);
            }
            let running = last.iter().flat_map(|view| &view.runs);
            let running = running.filter(|run| run.state == RunState::Running);
            let running: Vec<RunView> = running.take(MOST_LOGS).cloned().collect();
            for run in running {
                self.lines(&run).await?;
            }
            sleep(delay).await;
        }
    }

    async fn show(&mut self, view: &ReleaseView) -> Result<(), Failure> {
        let old = self.old.get_or_insert_with(|| {
            let ended = view.runs.iter().filter(|run| run.state.is_finished());
            ended.map(|run| run.run.clone()).collect()
        });
        let runs: Vec<RunView> = view
            .runs
            .iter()
            .filter(|run| !old.contains(&run.run))
            .cloned()
            .collect();
        for run in runs {
            match run.state {
                RunState::Pending | RunState::Starting => {}
                RunState::Running | RunState::Cancelling => self.started(&run),
                RunState::Paused => self.left(&run, true).await?,
                RunState::Complete | RunState::Failed => {
                    self.started(&run);
                    self.left(&run, false).await?;
                    self.done(run.run);
                }
                RunState::Cancelled | RunState::Superseded => {
                    self.left(&run, false).await?;
                    self.done(run.run);
                }
            }
        }
        Ok(())
    }

    fn done(&mut self, run: RunName) {
        self.old.get_or_insert_default().insert(run);
    }

    fn started(&mut self, run: &RunView) {
        let shown = self.shown.entry(run.run.clone()).or_insert(Shown {
            is_running: false,
            fence: 0,
            next: 0,
        });
        if !shown.is_running {
            shown.is_running = true;
            self.narrator.started(&run.run, run.kind);
        }
    }

    /// It runs no more: what it still had to say, and how it was left.
    async fn left(&mut self, run: &RunView, is_pause: bool) -> Result<(), Failure> {
        if !self
            .shown
            .get(&run.run)
            .is_some_and(|shown| shown.is_running)
        {
            return Ok(());
        }
        self.lines(run).await?;
        if let Some(shown) = self.shown.get_mut(&run.run) {
            shown.is_running = false;
        }
        let error = run.error.as_deref().map(plain);
        let error = error.filter(|_| !is_pause && run.state == RunState::Failed);
        self.narrator
            .left(&run.run, run.kind, run.state, error.as_deref(), run.took());
        Ok(())
    }

    async fn lines(&mut self, run: &RunView) -> Result<(), Failure> {
        let name = run.run.to_string();
        loop {
            let Some(shown) = self.shown.get_mut(&run.run) else {
                return Ok(());
            };
            let first = shown.next.to_string();
            let query = [("run", name.as_str()), ("first", first.as_str())];
            let log: Log = self.remote.client.get("/logs", &query).await?;
            if log.fence != shown.fence {
                // Another start of the run: its log begins anew.
                let was_read = shown.next > 0;
                shown.fence = log.fence;
                shown.next = 0;
                if was_read {
                    continue;
                }
            }
            let Some(last) = log.lines.last() else {
                return Ok(());
            };
            shown.next = last.number + 1;
            for line in &log.lines {
                self.narrator.line(&run.run, run.kind, &plain(&line.text));
            }
        }
    }
}
