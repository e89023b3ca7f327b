//! What a store would keep of a decision, and show again at the next one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::story::Story;
use crate::engine::{Change, Release};
use crate::model::{
    DeploymentName, Environment, GuardFile, Hold, Reference, ReleaseName, ReleaseNumber, RunKind,
    RunState, SubPathKind,
};

impl Story {
    pub(super) fn keep(&mut self, change: &Change) {
        match change {
            Change::PutRelease(release) => self.keep_release(release),
            Change::PutRun(name, run) => {
                let release = self.snapshot.releases.get_mut(&name.release);
                let runs = &mut release.expect("a run's release is put before it").runs;
                runs.insert((name.key.clone(), name.number), (**run).clone());
            }
            Change::PutDocument(reference, value) => self.keep_document(reference, Some(value)),
            Change::DeleteDocument(reference) => self.keep_document(reference, None),
            Change::PutTag(package, tag, release) => {
                let key = (package.clone(), tag.clone());
                self.tags.insert(key, release.clone());
                self.read_by_tag(tag, release);
            }
            Change::WatchAlso(package, paths) => {
                self.watched.insert(package.clone(), paths.clone());
            }
            Change::PutCommitReport { commit, report, .. } => {
                self.reports.insert(commit.clone(), (**report).clone());
            }
            Change::Replan(package) => {
                self.replans.insert(package.clone());
            }
            Change::ReplanAll => self
                .replans
                .extend(self.snapshot.next_numbers.keys().cloned()),
            Change::Wake { at, .. } => {
                self.wakes.insert(at.unwrap_or_default());
            }
            Change::LetGo(package, environment, pull_request) => {
                let left = (package.clone(), environment.clone(), *pull_request);
                self.left.insert(left);
            }
            Change::PutReads(deployment, reads) => {
                self.snapshot
                    .reads
                    .insert(deployment.clone(), reads.clone());
            }
            Change::PutIntent(reference, value) => {
                let intents = &mut self.snapshot.intents;
                intents.insert(reference.clone(), value.clone());
            }
            Change::DeleteIntent(reference) => {
                self.snapshot.intents.remove(reference);
            }
            Change::PutRegistration(name, registration) => {
                if registration.is_leaving() {
                    self.snapshot.environments.remove(name);
                }
                self.snapshot.gone.remove(name);
                let registrations = &mut self.snapshot.registrations;
                registrations.insert(name.clone(), registration.clone());
            }
            Change::DeleteRegistration(name) => {
                self.snapshot.registrations.remove(name);
                self.snapshot.gone.insert(name.clone());
            }
            standing => self.keep_standing(standing),
        }
    }

    /// What a store answers when it is asked for what a tag means.
    fn read_by_tag(&mut self, tag: &str, release: &ReleaseName) {
        let documents = self.snapshot.documents.clone();
        let number = Some(release.number.to_string());
        for (reference, value) in documents {
            if reference.package().as_ref() == Some(&release.package) && reference.release == number
            {
                let by_tag = Reference {
                    release: Some(tag.to_owned()),
                    ..reference
                };
                self.snapshot.documents.insert(by_tag, value);
            }
        }
    }

    /// What a store answers when it is asked what is live in environments.
    pub(super) fn look_who_is_where(&mut self) {
        self.snapshot.occupants.clear();
        for name in self.snapshot.registrations.keys() {
            let document = |reference: &&Reference| reference.release.as_deref() == Some("");
            let references = self.snapshot.documents.keys().filter(document);
            let deployments = references.filter_map(DeploymentName::of_reference);
            let here = deployments.filter(|deployment| deployment.environment == *name);
            let occupants = &mut self.snapshot.occupants;
            occupants.insert(name.clone(), here.collect());
        }
    }

    /// Rules, locks, holds, and what people said.
    fn keep_standing(&mut self, change: &Change) {
        let snapshot = &mut self.snapshot;
        match change {
            Change::PutGuards(file) => {
                let others = |other: &GuardFile| other.path != file.path;
                snapshot.guards.retain(others);
                snapshot.guards.push((**file).clone());
            }
            Change::DeleteGuards(_, path) => snapshot.guards.retain(|file| file.path != *path),
            Change::PutLock(lock) => {
                snapshot.locks.retain(|other| other.key() != lock.key());
                snapshot.locks.push(lock.clone());
            }
            Change::DeleteLock(lock) => snapshot.locks.retain(|other| other.key() != lock.key()),
            Change::PutHold(hold) => {
                snapshot.holds.retain(|other| !is_same(other, hold));
                snapshot.holds.push(hold.clone());
            }
            Change::DeleteHold(hold) => snapshot.holds.retain(|other| !is_same(other, hold)),
            Change::DeleteApprovals(release, environment) => {
                let key = (release.clone(), environment.clone());
                snapshot.approvals.remove(&key);
            }
            Change::PutApproval(release, environment, approval) => {
                let key = (release.clone(), environment.clone());
                let said = snapshot.approvals.entry(key).or_default();
                let kind = approval.kind.as_str();
                said.retain(|other| other.by != approval.by || other.kind.as_str() != kind);
                said.push((**approval).clone());
            }
            _ => {}
        }
    }

    /// What a store answers when it is asked what may be given back.
    pub(super) fn remember_what_the_default_branch_brought(&mut self) {
        let mut last = BTreeMap::new();
        let releases = self.snapshot.releases.values();
        for release in releases.filter(|release| release.lane.is_none()) {
            for ((key, number), run) in &release.runs {
                let is_success = run.kind == RunKind::Up && run.state == RunState::Complete;
                let Some(environment) = key.environment().filter(|_| is_success) else {
                    continue;
                };
                let place = (release.name.package.clone(), environment.clone());
                let ended = (run.finished_at, release.name.number, *number);
                let known = last.entry(place).or_insert((ended, release.name.clone()));
                if ended > known.0 {
                    *known = (ended, release.name.clone());
                }
            }
        }
        let last = last
            .into_iter()
            .map(|(place, (_, release))| (place, release));
        self.snapshot.last_of_default = last.collect();
    }

    /// A release's row without its runs: they must come as changes of their own.
    fn keep_release(&mut self, release: &Release) {
        let name = release.name.clone();
        let runs = self.snapshot.releases.remove(&name).map(|old| old.runs);
        let is_new = runs.is_none();
        let row = Release {
            runs: runs.unwrap_or_default(),
            ..release.clone()
        };
        let next = self
            .snapshot
            .next_numbers
            .entry(name.package.clone())
            .or_insert(ReleaseNumber(1));
        next.0 = next.0.max(name.number.0 + 1);
        let key = (name.package.clone(), row.commit.clone());
        if is_new {
            let at_commit = self.snapshot.at_commit.insert(key, name.clone());
            assert!(
                at_commit.is_none() || release.is_again,
                "{name} is a second release of its commit"
            );
        }
        self.snapshot.releases.insert(name, row);
    }

    fn keep_document(&mut self, reference: &Reference, value: Option<&Value>) {
        match value {
            Some(value) => {
                self.snapshot
                    .documents
                    .insert(reference.clone(), value.clone());
            }
            None => {
                self.snapshot.documents.remove(reference);
            }
        }
        if let (Some(value), Some((SubPathKind::Environment, _))) = (value, &reference.subpath) {
            let environment: Environment =
                serde_json::from_value(value.clone()).expect("an environment's document");
            self.snapshot
                .environments
                .insert(environment.name.clone(), environment);
        }
    }
}

fn is_same(one: &Hold, other: &Hold) -> bool {
    one.is_same_place(other) && one.pull_request == other.pull_request
}
