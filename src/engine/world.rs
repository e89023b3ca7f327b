//! The private copy of the snapshot that a decision works on, remembering what it touched.

mod conclusion;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cascade::Route;
use super::plan::{Answer, Call, Change, Effect};
use super::snapshot::{Release, Run, Snapshot};
use crate::model::{
    Approval, AuditEntry, DeploymentName, EnvironmentName, GuardFile, Hold, Lock, Reference,
    Registration, ReleaseName, RunName, Timestamp,
};

/// Releases with at most this many tasks show each task as a check run of its own (design §9).
const SMALL_RELEASE: usize = 6;

pub(super) struct World {
    pub(super) snapshot: Snapshot,
    pub(super) now: Timestamp,
    touched_releases: BTreeSet<ReleaseName>,
    touched_runs: BTreeSet<RunName>,
    /// Releases whose check run must be rewritten even if they do not settle: a wave of theirs starts.
    shown: BTreeSet<ReleaseName>,
    /// Releases that did not exist before.
    made: BTreeSet<ReleaseName>,
    changes: Vec<Change>,
    effects: Vec<Effect>,
    answers: Vec<Answer>,
    asked: Vec<usize>,
    /// How many triggers have been heard.
    heard: usize,
    records: Vec<AuditEntry>,
    /// Documents this decision has changed, with the deployments the change came through.
    changed: BTreeMap<Reference, Route>,
    /// Deployments whose run has ended in this decision.
    ended: BTreeSet<DeploymentName>,
    /// Deployments whose repetition was stopped in this decision before it left anything.
    stopped: BTreeSet<DeploymentName>,
}

impl World {
    pub(super) fn new(snapshot: Snapshot, now: Timestamp) -> World {
        World {
            snapshot,
            now,
            touched_releases: BTreeSet::new(),
            touched_runs: BTreeSet::new(),
            shown: BTreeSet::new(),
            made: BTreeSet::new(),
            changes: Vec::new(),
            effects: Vec::new(),
            answers: Vec::new(),
            asked: Vec::new(),
            heard: 0,
            records: Vec::new(),
            changed: BTreeMap::new(),
            ended: BTreeSet::new(),
            stopped: BTreeSet::new(),
        }
    }

    /// A release to change; its row is written.
    pub(super) fn release_mut(&mut self, name: &ReleaseName) -> Option<&mut Release> {
        let release = self.snapshot.releases.get_mut(name)?;
        self.touched_releases.insert(name.clone());
        Some(release)
    }

    pub(super) fn insert_release(&mut self, release: Release) {
        let name = release.name.clone();
        self.touched_releases.insert(name.clone());
        for (key, number) in release.runs.keys() {
            self.touched_runs.insert(release.run_name(key, *number));
        }
        self.shown.insert(name.clone());
        self.made.insert(name.clone());
        self.snapshot.releases.insert(name, release);
    }

    /// A run to change; its row is written.
    pub(super) fn run_mut(&mut self, name: &RunName) -> Option<&mut Run> {
        let release = self.snapshot.releases.get_mut(&name.release)?;
        let run = release.runs.get_mut(&(name.key.clone(), name.number))?;
        self.touched_runs.insert(name.clone());
        Some(run)
    }

    /// The run, if news that carry `fence` are still news: it is active and was not started again since.
    pub(super) fn awaited_run(&mut self, name: &RunName, fence: i64) -> Option<&mut Run> {
        let run = self.snapshot.run(name)?;
        if run.fence != fence || !run.state.is_active() {
            return None;
        }
        self.run_mut(name)
    }

    pub(super) fn insert_run(&mut self, name: RunName, run: Run) {
        if let Some(release) = self.snapshot.releases.get_mut(&name.release) {
            release.runs.insert((name.key.clone(), name.number), run);
            self.touched_runs.insert(name);
        }
    }

    pub(super) fn put_document(&mut self, reference: Reference, value: Option<Value>) {
        if self.snapshot.documents.get(&reference) != value.as_ref() {
            self.changed.entry(reference.clone()).or_default();
        }
        match value {
            Some(value) => {
                self.changes
                    .push(Change::PutDocument(reference.clone(), value.clone()));
                self.snapshot.documents.insert(reference, value);
            }
            None => {
                self.snapshot.documents.remove(&reference);
                self.changes.push(Change::DeleteDocument(reference));
            }
        }
    }

    /// Tells by which deployments the changes of a document came about.
    pub(super) fn came_through(&mut self, reference: &Reference, route: Route) {
        if let Some(known) = self.changed.get_mut(reference) {
            *known = route;
        }
    }

    /// What a name for a release means has changed.
    pub(super) fn moved(&mut self, link: Reference) {
        self.changed.entry(link).or_default();
    }

    pub(super) fn take_changed(&mut self) -> BTreeMap<Reference, Route> {
        std::mem::take(&mut self.changed)
    }

    /// A run of a deployment has ended.
    pub(super) fn has_ended(&mut self, deployment: DeploymentName) {
        self.ended.insert(deployment);
    }

    /// A repetition of a deployment was stopped: whoever waits for what it leaves waits in vain.
    pub(super) fn has_stopped(&mut self, deployment: DeploymentName) {
        self.stopped.insert(deployment);
    }

    pub(super) fn take_stopped(&mut self) -> BTreeSet<DeploymentName> {
        std::mem::take(&mut self.stopped)
    }

    pub(super) fn take_ended(&mut self) -> BTreeSet<DeploymentName> {
        std::mem::take(&mut self.ended)
    }

    /// What a live deployment reads from now on.
    pub(super) fn put_reads(&mut self, deployment: DeploymentName, reads: BTreeSet<Reference>) {
        let known = self.snapshot.reads.remove(&deployment);
        if !reads.is_empty() {
            self.snapshot
                .reads
                .insert(deployment.clone(), reads.clone());
        }
        if known.as_ref() != Some(&reads) {
            self.changes.push(Change::PutReads(deployment, reads));
        }
    }

    /// What should be, `None` if nothing.
    pub(super) fn put_intent(&mut self, reference: Reference, value: Option<Value>) {
        match value {
            Some(value) => {
                self.snapshot
                    .intents
                    .insert(reference.clone(), value.clone());
                self.changes.push(Change::PutIntent(reference, value));
            }
            None => {
                self.snapshot.intents.remove(&reference);
                self.changes.push(Change::DeleteIntent(reference));
            }
        }
    }

    pub(super) fn put_registration(&mut self, name: &EnvironmentName, new: Registration) {
        self.snapshot
            .registrations
            .insert(name.clone(), new.clone());
        self.changes
            .push(Change::PutRegistration(name.clone(), new));
    }

    pub(super) fn put_guards(&mut self, file: GuardFile) {
        self.forget_guards(&file.repository, &file.path);
        if file.guards.is_empty() {
            let (repository, path) = (file.repository, file.path);
            self.changes.push(Change::DeleteGuards(repository, path));
        } else {
            self.snapshot.guards.push(file.clone());
            self.changes.push(Change::PutGuards(Box::new(file)));
        }
    }

    pub(super) fn delete_guards(&mut self, repository: &str, path: &str) {
        self.forget_guards(repository, path);
        let change = Change::DeleteGuards(repository.to_owned(), path.to_owned());
        self.changes.push(change);
    }

    fn forget_guards(&mut self, repository: &str, path: &str) {
        let files = &mut self.snapshot.guards;
        files.retain(|file| file.repository != repository || file.path != path);
    }

    pub(super) fn put_lock(&mut self, lock: Lock) {
        self.snapshot
            .locks
            .retain(|other| other.key() != lock.key());
        self.snapshot.locks.push(lock.clone());
        self.changes.push(Change::PutLock(lock));
    }

    pub(super) fn delete_lock(&mut self, lock: &Lock) {
        self.snapshot.locks.retain(|other| other != lock);
        self.changes.push(Change::DeleteLock(lock.clone()));
    }

    pub(super) fn put_hold(&mut self, hold: Hold) {
        self.forget_hold(&hold);
        self.snapshot.holds.push(hold.clone());
        self.changes.push(Change::PutHold(hold));
    }

    pub(super) fn delete_hold(&mut self, hold: &Hold) {
        self.forget_hold(hold);
        self.changes.push(Change::DeleteHold(hold.clone()));
    }

    fn forget_hold(&mut self, hold: &Hold) {
        let is_it =
            |other: &Hold| other.is_same_place(hold) && other.pull_request == hold.pull_request;
        self.snapshot.holds.retain(|other| !is_it(other));
    }

    pub(super) fn delete_approvals(&mut self, release: &ReleaseName, place: &EnvironmentName) {
        let key = (release.clone(), place.clone());
        if self.snapshot.approvals.remove(&key).is_some() {
            let (release, place) = key;
            self.changes.push(Change::DeleteApprovals(release, place));
        }
    }

    pub(super) fn put_approval(
        &mut self,
        release: &ReleaseName,
        environment: &EnvironmentName,
        approval: Approval,
    ) {
        let key = (release.clone(), environment.clone());
        let said = self.snapshot.approvals.entry(key).or_default();
        let is_it = |other: &Approval| {
            other.by == approval.by && other.kind.as_str() == approval.kind.as_str()
        };
        said.retain(|other| !is_it(other));
        said.push(approval.clone());
        let (release, environment) = (release.clone(), environment.clone());
        let change = Change::PutApproval(release, environment, Box::new(approval));
        self.changes.push(change);
    }

    pub(super) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn call(&mut self, repository_id: i64, call: Call) {
        self.effects.push(Effect {
            repository_id,
            call,
        });
    }

    /// Makes `call` for the repository of `run`'s release.
    pub(super) fn call_for_run(&mut self, run: &RunName, call: Call) {
        if let Some(release) = self.snapshot.releases.get(&run.release) {
            let repository_id = release.repository_id;
            self.call(repository_id, call);
        }
    }

    /// Puts an entry into the audit record that no change tells by itself.
    pub(super) fn record(&mut self, entry: AuditEntry) {
        self.records.push(entry);
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
        self.asked.push(self.heard);
    }

    pub(super) fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// One more trigger has been heard.
    pub(super) fn heard(&mut self) {
        self.heard += 1;
    }

    /// Has the release's check run rewritten whether or not the release settles.
    pub(super) fn show(&mut self, release: &ReleaseName) {
        self.shown.insert(release.clone());
    }

    /// Has the run's own check run rewritten, if its release is small enough to have one for each run.
    pub(super) fn show_run(&mut self, run: &RunName) {
        let is_small = self
            .snapshot
            .releases
            .get(&run.release)
            .is_some_and(|release| release.package.tasks().count() <= SMALL_RELEASE);
        if is_small {
            self.call_for_run(run, Call::RunCheck { run: run.clone() });
        }
    }

    /// Has the comment on a pull request brought up to date.
    pub(super) fn overview(&mut self, repository_id: i64, pull_request: i64) {
        let call = Call::Overview {
            repository_id,
            pull_request,
        };
        let effect = Effect {
            repository_id,
            call,
        };
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }
}
