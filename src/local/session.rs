//! The record of a project, open to be written or only read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::narrator::Narrator;
use super::project::{Project, SETTINGS_FILE};
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

/// The record, to write to.
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
    /// The number of the signal that asked; 0 when none has.
    pub(super) signal: Arc<AtomicU8>,
    /// How many runs may be executed at a time.
    pub jobs: usize,
    /// The keys of the calls that came of this command's decisions.
    own: Mutex<BTreeSet<String>>,
    /// The right to execute.
    lock: Option<Lock>,
}

impl Reader {
    /// Opens a project's record to read only.
    ///
    /// # Errors
    /// When there is none yet, or it cannot be read.
    pub async fn open(project: Project) -> anyhow::Result<Reader> {
        let path = StateFile::of(&project)?.path().display().to_string();
        let reader = Reader::find(project).await?;
        reader.with_context(|| {
            format!(
                "nothing is recorded yet: {path} is not there. `ocuroot release new <file>` makes the first record"
            )
        })
    }

    /// The same; `None` when there is none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn find(project: Project) -> anyhow::Result<Option<Reader>> {
        let store = StateFile::of(&project)?.open_read_only().await?;
        Ok(store.map(|store| Reader { project, store }))
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
    /// Takes the state file for this command, once no other one has it, and fails what an earlier one left running when
    /// it was killed.
    ///
    /// # Errors
    /// When a run has started this command, or the file cannot be written.
    pub async fn open(
        project: Project,
        command: &str,
        narrator: Arc<Narrator>,
    ) -> anyhow::Result<Session> {
        let state_file = StateFile::of(&project)?;
        let lock = state_file.lock(&project, command, |text| narrator.note(text))?;
        Session::with(project, state_file, Some(lock), narrator).await
    }

    /// The same for a command that only says what should be, or has what is follow that: it executes nothing, so it
    /// need not wait for one that does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn open_beside(
        project: Project,
        command: &str,
        narrator: Arc<Narrator>,
    ) -> anyhow::Result<Session> {
        let state_file = StateFile::of(&project)?;
        let lock = match state_file.try_lock(&project, command)? {
            // Whoever has the lock may be making the file at this moment.
            None if !state_file.is_there().await => {
                Some(state_file.lock(&project, command, |text| narrator.note(text))?)
            }
            lock => lock,
        };
        Session::with(project, state_file, lock, narrator).await
    }

    async fn with(
        project: Project,
        state_file: StateFile,
        lock: Option<Lock>,
        narrator: Arc<Narrator>,
    ) -> anyhow::Result<Session> {
        let store = state_file.open().await?;
        let name: RepositoryName = format!("local/{}", project.name.replace('/', "-")).parse()?;
        let id = repository_id(&project.name);
        let repository = store
            .put_repository(WORKSPACE, id, &name, &project.name, "main")
            .await?;
        let (stop, asked_to_end) = (Stop::new(), Arc::new(Notify::new()));
        let signal = Arc::new(AtomicU8::new(0));
        tokio::spawn(listen(stop.clone(), asked_to_end.clone(), signal.clone()));
        let session = Session {
            reader: Reader { project, store },
            state_file,
            repository,
            clock: Clock::System,
            narrator,
            stop,
            asked_to_end,
            signal,
            jobs: std::thread::available_parallelism().map_or(2, usize::from),
            own: Mutex::default(),
            lock,
        };
        // Without the lock, what runs is what another command executes.
        if session.lock.is_some() {
            session.fail_what_is_lost().await?;
        }
        session.put_settings().await?;
        Ok(session)
    }

    /// Decides and writes the decision down.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn decide(&self, triggers: Vec<Trigger>, done: Done<'_>) -> anyhow::Result<Plan> {
        let store = &self.reader.store;
        let plan = worker::decide(store, &self.clock, WORKSPACE, &triggers, done).await?;
        self.own(&plan);
        Ok(plan)
    }

    /// Keeps in mind that what a decision calls for came of this command.
    pub(super) fn own(&self, plan: &Plan) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.extend(plan.effects.iter().map(|effect| effect.call.key()));
    }

    /// Whether a call came of this command, or of what others did meanwhile.
    pub(super) fn is_own(&self, key: &str) -> bool {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.contains(key)
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

    /// Writes down what the repository says of itself at this commit, and where it can be cloned from: for work in it
    /// that is found from others.
    async fn put_settings(&self) -> anyhow::Result<()> {
        let project = &self.reader.project;
        let told = json!({ "commit": project.commit, "Remotes": project.remotes() });
        if self.told(&project.name).await?.as_ref() == Some(&told) {
            return Ok(());
        }
        let store = &self.reader.store;
        let text = std::fs::read_to_string(project.root.join(SETTINGS_FILE))?;
        let blob = hex::encode(Sha256::digest(&text));
        let files = BTreeMap::from([(SETTINGS_FILE.to_owned(), blob.clone())]);
        let texts = BTreeMap::from([(blob, text)]);
        store
            .put_sources(self.repository.id, &project.commit, &files, &texts)
            .await?;
        let reference = config_reference(&project.name);
        loop {
            let mut draft = worker::Draft::of(store, &self.clock, WORKSPACE, &[]).await?;
            let change = Change::PutDocument(reference.clone(), told.clone());
            draft.plan.changes.push(change);
            if draft.write(store, Done::Nothing, None).await? == Committed::Yes {
                return Ok(());
            }
        }
    }

    /// Where a repository can be cloned from.
    pub(super) async fn remotes(&self, repository: &str) -> anyhow::Result<Vec<String>> {
        let told = self.told(repository).await?.unwrap_or_default();
        let remotes = told["Remotes"].as_array().into_iter().flatten();
        let urls = remotes.filter_map(|remote| remote["URL"].as_str());
        Ok(urls.map(str::to_owned).collect())
    }

    /// What checkouts of a repository have told of it.
    async fn told(&self, repository: &str) -> anyhow::Result<Option<Value>> {
        let reference = config_reference(repository);
        Ok(self.reader.store.document(WORKSPACE, &reference).await?)
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
        path: SETTINGS_FILE.to_owned(),
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
async fn listen(stop: Stop, asked_to_end: Arc<Notify>, asked_by: Arc<AtomicU8>) {
    let interrupted = signal(SignalKind::interrupt());
    let terminated = signal(SignalKind::terminate());
    let (Ok(mut interrupted), Ok(mut terminated)) = (interrupted, terminated) else {
        return;
    };
    loop {
        let kind = tokio::select! {
            _ = interrupted.recv() => SignalKind::interrupt(),
            _ = terminated.recv() => SignalKind::terminate(),
        };
        let number = u8::try_from(kind.as_raw_value()).unwrap_or_default();
        asked_by.store(number, Ordering::Relaxed);
        stop.interrupt();
        asked_to_end.notify_one();
    }
}
