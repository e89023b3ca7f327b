//! Drives the engine the way a store and a worker do: keeps what a decision says to keep, and shows it again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::language::{
    commit, environment, function, inputs, package, package_name, push, reference, release_name,
    task_name,
};
use super::laws;
use crate::engine::{
    self, Change, Command, CommitReport, NewReleases, Plan, Release, Run, Snapshot, Trigger,
};
use crate::model::{
    CommitSha, Environment, Outcome, PackageName, Reference, ReleaseName, ReleaseNumber, RunName,
    SubPathKind, Timestamp,
};

#[derive(Default)]
pub(super) struct Story {
    pub(super) snapshot: Snapshot,
    pub(super) tags: BTreeMap<(PackageName, String), ReleaseName>,
    pub(super) watched: BTreeMap<PackageName, Vec<String>>,
    pub(super) reports: BTreeMap<CommitSha, CommitReport>,
    /// Packages that the last decision wants to have evaluated again.
    pub(super) replans: BTreeSet<PackageName>,
    /// The last decision.
    pub(super) plan: Plan,
    clock: i64,
}

impl Story {
    /// One decision, kept as a store keeps it.
    pub(super) fn decide(&mut self, triggers: &[Trigger]) {
        self.clock += 1000;
        let now = Timestamp(self.clock);
        let before = self.snapshot.clone();
        let plan = engine::plan(before.clone(), triggers, now);
        let again = engine::plan(before.clone(), triggers, now);
        assert_eq!(plan, again, "the same input gave two plans");
        self.replans.clear();
        for change in &plan.changes {
            self.keep(change);
        }
        laws::check(&before, &self.snapshot);
        let rest = engine::plan(self.snapshot.clone(), &[], now);
        assert_eq!(rest, Plan::default(), "the decision left something undone");
        self.plan = plan;
    }

    fn keep(&mut self, change: &Change) {
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
            // Nothing is decided by what the audit record says.
            Change::Audit(_) => {}
        }
    }

    /// A release's row without its runs: they must come as changes of their own.
    fn keep_release(&mut self, release: &Release) {
        let name = release.name.clone();
        let runs = self.snapshot.releases.remove(&name).map(|old| old.runs);
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
        let at_commit = self.snapshot.at_commit.insert(key, name.clone());
        assert!(
            at_commit.is_none_or(|other| other == name),
            "{name} is a second release of its commit"
        );
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

    /// A push that changes one package.
    pub(super) fn push(&mut self, package: &str, commit: &str, text: &str) {
        self.release(push(commit, &[(package, text)]));
    }

    /// A push or a `deploy` command, with all it can say.
    pub(super) fn release(&mut self, new: NewReleases) {
        self.decide(&[Trigger::Release(new)]);
    }

    /// A push that registers an environment.
    pub(super) fn environment(&mut self, name: &str) {
        self.environment_with(name, &[]);
    }

    pub(super) fn environment_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let packages = self.snapshot.next_numbers.keys().cloned();
        let new = NewReleases {
            environments: vec![environment(name, attributes)],
            others: packages.collect(),
            ..push("ee", &[])
        };
        self.release(new);
    }

    /// A command releases the package at a commit as far as `until`.
    pub(super) fn deploy_until(&mut self, name: &str, at: &str, text: &str, until: &str) {
        self.release(NewReleases {
            until: Some(until.parse().expect("an environment's name")),
            ..push(at, &[(name, text)])
        });
    }

    /// The release's file was evaluated again.
    pub(super) fn replan(&mut self, release: &str, text: &str) {
        self.decide(&[Trigger::Replanned {
            release: release_name(release),
            package: package(text),
        }]);
    }

    /// The latest run of a task, such as `api/@r1/task/build`.
    pub(super) fn run(&self, task: &str) -> (RunName, &Run) {
        let (release, key) = task_name(task);
        let release = self.snapshot.releases.get(&release).expect("a release");
        let (number, run) = release.latest_run(&key).expect("a run of the task");
        (release.run_name(&key, number), run)
    }

    /// News of the latest run of a task, with the fence it has now.
    pub(super) fn ended(&mut self, task: &str, outcome: Outcome) {
        let (run, fence) = self.start_of(task);
        self.decide(&[Trigger::Ended {
            run,
            fence,
            outcome,
        }]);
    }

    /// What names the present start of a task's latest run.
    pub(super) fn start_of(&self, task: &str) -> (RunName, i64) {
        let (name, run) = self.run(task);
        (name, run.fence)
    }

    pub(super) fn done(&mut self, task: &str) {
        self.ended(task, done(json!({})));
    }

    pub(super) fn outputs(&mut self, task: &str, outputs: Value) {
        self.ended(task, done(outputs));
    }

    pub(super) fn fails(&mut self, task: &str, message: &str) {
        self.ended(task, failed(message));
    }

    /// The run hands over to another function.
    pub(super) fn next(&mut self, task: &str, name: &str, needs: &str) {
        let outcome = Outcome::Next {
            function: function(name),
            inputs: inputs(needs),
        };
        self.ended(task, outcome);
    }

    pub(super) fn needs_runner(&mut self, task: &str) {
        let (run, fence) = self.start_of(task);
        self.decide(&[Trigger::NeedsRunner { run, fence }]);
    }

    pub(super) fn claimed(&mut self, task: &str) {
        let (run, fence) = self.start_of(task);
        self.decide(&[Trigger::Claimed { run, fence }]);
    }

    /// A person sets a custom value.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.decide(&[Trigger::SetCustom {
            reference: reference(name),
            value: Some(value),
        }]);
    }

    pub(super) fn approve(&mut self, wish: &str) {
        self.decide(&[Trigger::Approve(command(wish))]);
    }

    pub(super) fn retry(&mut self, wish: &str) {
        self.decide(&[Trigger::Retry(command(wish))]);
    }

    pub(super) fn cancel(&mut self, wish: &str) {
        self.decide(&[Trigger::Cancel(command(wish))]);
    }

    pub(super) fn undeploy(&mut self, package: &str, environment: &str) {
        self.decide(&[Trigger::Undeploy {
            package: package_name(package),
            environment: environment.parse().expect("an environment's name"),
        }]);
    }

    /// What the check run `ocuroot` says about a commit.
    pub(super) fn report(&self, at: &str) -> &CommitReport {
        &self.reports[&commit(at)]
    }
}

/// What @robin wants of a release (`api/@r1`) or of one of its tasks (`api/@r1/task/build`).
pub(super) fn command(wish: &str) -> Command {
    let is_of_a_task = wish.matches('/').count() > 1;
    let (release, task) = if is_of_a_task {
        let (release, key) = task_name(wish);
        (release, Some(key))
    } else {
        (release_name(wish), None)
    };
    Command {
        release,
        task,
        by: "robin".to_owned(),
        reply_to: None,
    }
}

pub(super) fn done(outputs: Value) -> Outcome {
    Outcome::Done {
        outputs: serde_json::from_value(outputs).expect("an object"),
        tags: Vec::new(),
        watch: Vec::new(),
    }
}

pub(super) fn failed(message: &str) -> Outcome {
    Outcome::Failed {
        message: message.to_owned(),
    }
}
