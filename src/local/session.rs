//! The record of a project, open to be written or only read.

use std::sync::Arc;

use anyhow::bail;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::narrator::Narrator;
use super::project::Project;
use super::state_file::{Lock, StateFile};
use crate::clock::Clock;
use crate::engine::{Change, Plan, Release, Snapshot, Trigger};
use crate::model::{Environment, Outcome, Reference, ReleaseName, RepositoryName};
use crate::runner::Stop;
use crate::store::{Committed, Done, Repository, Scope, Store};
use crate::worker::{self, release_meant};

/// The one workspace of a state file.
pub const WORKSPACE: i64 = 1;

/// The record, to look at.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Where the command was given.
    pub project: Project,
    /// The record.
    pub store: Store,
}

/// The record, to write to: nobody else does while this is there.
pub struct Session {
    /// The same, to look at.
    pub reader: Reader,
    /// Where the state is.
    pub state_file: StateFile,
    pub(super) repository: Repository,
    pub(super) clock: Clock,
    pub(super) narrator: Arc<Narrator>,
    /// Asks everything that runs to end.
    pub stop: Stop,
    /// Wakes whoever waits for what runs, once `stop` was asked.
    pub(super) asked_to_end: Arc<Notify>,
    /// How many runs may be executed at a time.
    pub jobs: usize,
    _lock: Lock,
}

impl Reader {
    /// Opens a project's record to read only.
    ///
    /// # Errors
    /// When there is none yet, or it cannot be read.
    pub async fn open(project: Project) -> anyhow::Result<Reader> {
        let state_file = StateFile::of(&project)?;
        let Some(store) = state_file.open_read_only().await? else {
            bail!(
                "nothing is recorded yet: {} is not there. `ocuroot release new <file>` makes the first record",
                state_file.path().display()
            );
        };
        Ok(Reader { project, store })
    }

    /// A release with everything that says how it stands, if there is such a release.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn release(&self, name: &ReleaseName) -> anyhow::Result<Option<(Release, Snapshot)>> {
        let scope = Scope::of_release(WORKSPACE, name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let release = snapshot.releases.get(name).cloned();
        Ok(release.map(|release| (release, snapshot)))
    }

    /// The release that a ref means: its number, its tag, or the latest of the package.
    ///
    /// # Errors
    /// When the ref names no package, or there is no such release.
    pub async fn release_name(&self, reference: &Reference) -> anyhow::Result<ReleaseName> {
        let meant = release_meant(&self.store, WORKSPACE, reference).await?;
        meant.map_err(anyhow::Error::msg)
    }

    /// The registered environments.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn environments(&self) -> anyhow::Result<Vec<Environment>> {
        let scope = Scope {
            installation_id: WORKSPACE,
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot.environments.into_values().collect())
    }
}

impl Session {
    /// Takes the state file for this command, and fails what an earlier one left running when it was killed.
    ///
    /// # Errors
    /// When another process has it, or it cannot be written.
    pub async fn open(
        project: Project,
        command: &str,
        narrator: Arc<Narrator>,
    ) -> anyhow::Result<Session> {
        let state_file = StateFile::of(&project)?;
        let lock = state_file.lock(&project, command)?;
        let store = state_file.open().await?;
        let name: RepositoryName = format!("local/{}", project.name.replace('/', "-")).parse()?;
        let id = repository_id(&project.name);
        let repository = store
            .put_repository(WORKSPACE, id, &name, &project.name, "main")
            .await?;
        let (stop, asked_to_end) = (Stop::new(), Arc::new(Notify::new()));
        tokio::spawn(listen(stop.clone(), asked_to_end.clone()));
        let session = Session {
            reader: Reader { project, store },
            state_file,
            repository,
            clock: Clock::System,
            narrator,
            stop,
            asked_to_end,
            jobs: std::thread::available_parallelism().map_or(2, usize::from),
            _lock: lock,
        };
        session.fail_what_is_lost().await?;
        session.put_remotes().await?;
        Ok(session)
    }

    /// Decides and writes the decision down.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn decide(&self, triggers: Vec<Trigger>, done: Done<'_>) -> anyhow::Result<Plan> {
        let store = &self.reader.store;
        Ok(worker::decide(store, &self.clock, WORKSPACE, &triggers, done).await?)
    }

    /// Whoever holds the lock is the only one who executes: what is said to run and is not ours runs no more.
    async fn fail_what_is_lost(&self) -> anyhow::Result<()> {
        for run in self.reader.store.taken_runs(WORKSPACE).await? {
            let message = "lost: the command that executed it ended before it did".to_owned();
            self.narrator.note(&format!(
                "{} was left running: it is recorded as failed",
                run.name
            ));
            let trigger = Trigger::Ended {
                run: run.name,
                fence: run.fence,
                outcome: Outcome::Failed { message },
            };
            self.decide(vec![trigger], Done::Nothing).await?;
        }
        Ok(())
    }

    /// Writes down where this repository can be cloned from, for work in it that is found from others.
    async fn put_remotes(&self) -> anyhow::Result<()> {
        let project = &self.reader.project;
        let remotes = project.remotes();
        if self.remotes(&project.name).await? == remotes {
            return Ok(());
        }
        let reference = config_reference(&project.name);
        let store = &self.reader.store;
        loop {
            let mut draft = worker::Draft::of(store, &self.clock, WORKSPACE, &[]).await?;
            let document = json!({ "remotes": remotes });
            let change = Change::PutDocument(reference.clone(), document);
            draft.plan.changes.push(change);
            if draft.write(store, Done::Nothing, None).await? == Committed::Yes {
                return Ok(());
            }
        }
    }

    /// Where a repository can be cloned from.
    pub(super) async fn remotes(&self, repository: &str) -> anyhow::Result<Vec<String>> {
        let reference = config_reference(repository);
        let document = self.reader.store.document(WORKSPACE, &reference).await?;
        let remotes = document.map(|document| document["remotes"].clone());
        Ok(remotes
            .and_then(|remotes| serde_json::from_value(remotes).ok())
            .unwrap_or_default())
    }

    /// Closes the file, and lets others have it.
    pub async fn close(self) {
        self.reader.store.close().await;
    }
}

/// Where the record keeps what a repository says of itself.
fn config_reference(repository: &str) -> Reference {
    Reference {
        repository: repository.to_owned(),
        path: "repo.ocu.star".to_owned(),
        release: Some(String::new()),
        ..Reference::default()
    }
}

/// GitHub would give it a number; here its name does.
fn repository_id(name: &str) -> i64 {
    let digest = Sha256::digest(name);
    let bytes = digest.first_chunk::<8>().copied().unwrap_or_default();
    i64::from_be_bytes(bytes) & i64::MAX
}

/// Somebody presses ctrl-c, or ends the job that the command is part of.
async fn listen(stop: Stop, asked_to_end: Arc<Notify>) {
    let interrupted = signal(SignalKind::interrupt());
    let terminated = signal(SignalKind::terminate());
    let (Ok(mut interrupted), Ok(mut terminated)) = (interrupted, terminated) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        stop.interrupt();
        asked_to_end.notify_one();
    }
}
