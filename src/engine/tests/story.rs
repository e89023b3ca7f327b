//! Drives the engine the way a store and a worker do: keeps what a decision says to keep, and shows it again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::language::{
    commit, environment, function, inputs, package, package_name, push, reference, release_name,
    task_name,
};
use super::laws;
use crate::engine::{self, CommitReport, NewReleases, Plan, Run, Snapshot, Trigger, Wish};
use crate::model::{
    Actor, CommitSha, EnvironmentName, Outcome, PackageName, Permission, ReleaseName, RunName,
    Timestamp,
};

#[derive(Default)]
pub(super) struct Story {
    pub(super) snapshot: Snapshot,
    pub(super) tags: BTreeMap<(PackageName, String), ReleaseName>,
    pub(super) watched: BTreeMap<PackageName, Vec<String>>,
    pub(super) reports: BTreeMap<CommitSha, CommitReport>,
    /// Packages that the last decision wants to have evaluated again.
    pub(super) replans: BTreeSet<PackageName>,
    /// When decisions want to be made again.
    pub(super) wakes: BTreeSet<Timestamp>,
    /// What pull requests that were over have brought somewhere all the same.
    pub(super) left: BTreeSet<(PackageName, EnvironmentName, i64)>,
    /// The last decision.
    pub(super) plan: Plan,
    pub(super) clock: i64,
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
        self.remember_what_the_default_branch_brought();
        self.look_who_is_where();
        laws::check(&before, &self.snapshot, now);
        let rest = engine::plan(self.snapshot.clone(), &[], now);
        assert_eq!(rest, Plan::default(), "the decision left something undone");
        self.plan = plan;
    }

    /// The time of the last decision.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock)
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
            goals: Some([until.parse().expect("an environment's name")].into()),
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

    /// A person takes a custom value away.
    pub(super) fn unset(&mut self, name: &str) {
        self.decide(&[Trigger::SetCustom {
            reference: reference(name),
            value: None,
        }]);
    }

    /// A task succeeds and names its release.
    pub(super) fn tagged(&mut self, task: &str, tag: &str) {
        let outcome = Outcome::Done {
            outputs: BTreeMap::new(),
            tags: vec![tag.to_owned()],
            watch: Vec::new(),
        };
        self.ended(task, outcome);
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
            held_by: None,
            actor: actor("robin"),
        }]);
    }

    /// What the check run `ocuroot` says about a commit.
    pub(super) fn report(&self, at: &str) -> &CommitReport {
        &self.reports[&commit(at)]
    }
}

/// What @robin wants of a release (`api/@r1`) or of one of its deployments (`api/@r1/deploy/staging`).
pub(super) fn command(wish: &str) -> Wish {
    let is_of_a_task = wish.matches('/').count() > 1;
    let (release, environments) = if is_of_a_task {
        let (release, key) = task_name(wish);
        let environment = key.environment().expect("a deployment").clone();
        (release, Some([environment].into()))
    } else {
        (release_name(wish), None)
    };
    Wish {
        release,
        environments,
        actor: actor("robin"),
        reason: None,
        breaks_glass: false,
        reply_to: None,
    }
}

/// Somebody who can push.
pub(super) fn actor(login: &str) -> Actor {
    Actor {
        login: login.to_owned(),
        permission: Permission::Write,
        grants: BTreeSet::new(),
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
