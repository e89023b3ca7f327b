//! A database with packages in it, driven trigger by trigger.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::database::{commit_plan, decide, everything, message, open, whole};
use crate::engine::{Candidate, Change, NewReleases, Plan, Trigger, Unlock, Wish, status};
use crate::model::{
    Actor, CommitSha, Environment, EnvironmentName, Hold, LockScope, Outcome, Package, PackageName,
    Permission, ReleaseName, RunName, RunState, TaskKey, Timestamp,
};
use crate::store::{Done, Scope, Store};
use crate::worker::line::scope::scope;

pub(super) const INSTALLATION: i64 = 7;
pub(super) const REPOSITORY: i64 = 11;

pub(super) struct Record {
    pub(super) store: Store,
    /// The last decision.
    pub(super) plan: Plan,
    pub(super) now: Timestamp,
    /// The same story, each decision of it made with everything at hand: both must come to the same.
    twin: Option<Store>,
    _directory: TempDir,
}

impl Record {
    pub(super) async fn new() -> Record {
        let mut record = Record::alone().await;
        record.twin = Some(open(&record._directory, "twin").await);
        record
    }

    /// Without a second record beside it: what a decision costs is that of one.
    pub(super) async fn alone() -> Record {
        let directory = TempDir::new().expect("a directory");
        Record {
            store: open(&directory, "ocuroot").await,
            plan: Plan::default(),
            now: Timestamp(1_000),
            twin: None,
            _directory: directory,
        }
    }

    /// One decision, as the worker makes it, and those that follow from it.
    pub(super) async fn decide(&mut self, triggers: &[Trigger]) {
        let scope = scope(INSTALLATION, triggers);
        self.plan = decide(&self.store, &scope, triggers, Done::Nothing, self.now).await;
        if let Some(twin) = &self.twin {
            let scope = whole(twin, triggers).await;
            let same = decide(twin, &scope, triggers, Done::Nothing, self.now).await;
            assert_eq!(self.plan.answers, same.answers);
        }
        self.settle().await;
    }

    /// Makes the decisions that earlier ones have left for later and that are due.
    pub(super) async fn settle(&self) {
        let Some(twin) = &self.twin else {
            return;
        };
        while let Some((delivery, trigger)) = message(&self.store, self.now).await {
            let triggers = [trigger];
            let (scope, done) = (scope(INSTALLATION, &triggers), Done::Delivery(delivery));
            decide(&self.store, &scope, &triggers, done, self.now).await;
        }
        while let Some((delivery, trigger)) = message(twin, self.now).await {
            let triggers = [trigger];
            let (scope, done) = (whole(twin, &triggers).await, Done::Delivery(delivery));
            decide(twin, &scope, &triggers, done, self.now).await;
        }
        assert_eq!(everything(&self.store).await, everything(twin).await);
    }

    /// A pull request is over, as the worker hears of it.
    pub(super) async fn closing(&self, pull_request: i64, is_merged: bool) -> Vec<Trigger> {
        let holds = self.holds_of(pull_request).await;
        let triggers = holds.into_iter().map(|hold| Trigger::LetGo {
            package: hold.package,
            environment: hold.environment,
            pull_request,
            is_given_back: !is_merged,
        });
        triggers.collect()
    }

    pub(super) async fn closed(&mut self, pull_request: i64, is_merged: bool) {
        let triggers = self.closing(pull_request, is_merged).await;
        self.decide(&triggers).await;
    }

    /// The head of a pull request is another one, as the worker hears of it.
    pub(super) async fn moved_head(&self, pull_request: i64, head: &CommitSha) -> Trigger {
        let packages = self.store.packages_of_lane(REPOSITORY, pull_request).await;
        Trigger::HeadMoved {
            packages: packages.expect("packages"),
            pull_request,
            head: head.clone(),
            holds: self.holds_of(pull_request).await,
        }
    }

    pub(super) async fn head_moved(&mut self, pull_request: i64, head: &CommitSha) {
        let moved = self.moved_head(pull_request, head).await;
        self.decide(&[moved]).await;
    }

    /// Writes changes down that no decision has made.
    pub(super) async fn write(&self, changes: Vec<Change>) {
        let scope = Scope {
            installation_id: INSTALLATION,
            ..Scope::default()
        };
        let (_, version) = self.store.snapshot(&scope).await.expect("a snapshot");
        let plan = Plan {
            changes,
            ..Plan::default()
        };
        commit_plan(&self.store, version, &plan, Done::Nothing, self.now).await;
    }

    pub(super) async fn holds_of(&self, pull_request: i64) -> Vec<Hold> {
        let repository = package_name("").repository;
        let holds = self
            .store
            .holds_of_pull_request(INSTALLATION, &repository, pull_request)
            .await;
        holds.expect("claims")
    }

    /// Takes the pin of a package in staging away.
    pub(super) fn unpin(&self, package: &str) -> Trigger {
        Trigger::Unlock(Unlock {
            environment: place("staging"),
            scope: LockScope::Package(package_name(package)),
            kinds: ["pin"].into(),
            holds: Vec::new(),
            actor: actor("alice"),
            repository: package_name(package).repository,
        })
    }

    /// What pull requests claim, in the order of their numbers.
    pub(super) async fn holds(&self) -> String {
        let scope = Scope {
            installation_id: INSTALLATION,
            repositories: [package_name("").repository].into(),
            ..Scope::default()
        };
        let (mut snapshot, _) = self.store.snapshot(&scope).await.expect("a snapshot");
        let place = |hold: &Hold| (hold.package.path.clone(), hold.environment.clone());
        let holds = &mut snapshot.holds;
        holds.sort_by_key(|hold| (hold.pull_request, place(hold)));
        let lines = snapshot.holds.iter().map(|hold| {
            let verb = hold.granted_at.map_or("waits for", |_| "holds");
            let (package, _) = hold.package.path.split_once('/').expect("a folder");
            let (number, environment) = (hold.pull_request, &hold.environment);
            format!("#{number} {verb} {package} {environment}\n")
        });
        lines.collect()
    }

    /// The latest run of a task, such as `api/@r1/task/build`, with its fence.
    pub(super) async fn start_of(&self, task: &str) -> (RunName, i64) {
        let (release, key) = task_name(task);
        let scope = Scope {
            installation_id: INSTALLATION,
            releases: std::iter::once(release.clone()).collect(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await.expect("a snapshot");
        let release = &snapshot.releases[&release];
        let (number, run) = release.latest_run(&key).expect("a run");
        (release.run_name(&key, number), run.fence)
    }

    pub(super) async fn ended(&mut self, task: &str, outcome: Outcome) {
        let (run, fence) = self.start_of(task).await;
        let trigger = Trigger::Ended {
            run,
            fence,
            outcome,
        };
        self.decide(&[trigger]).await;
    }

    pub(super) async fn done(&mut self, task: &str) {
        self.ended(task, done(json!({ "url": "https://a" }))).await;
    }

    /// The state of the latest run of each task of a release, and what it waits for.
    pub(super) async fn table(&self, release: &str) -> String {
        let name = release_name(release);
        let scope = Scope {
            installation_id: INSTALLATION,
            releases: std::iter::once(name.clone()).collect(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await.expect("a snapshot");
        let release = &snapshot.releases[&name];
        let runs = release.latest_runs().into_iter();
        let lines = runs.map(|(key, (number, run))| {
            let waiting = status::waiting(release, key, run, &snapshot, self.now);
            let waiting = waiting.map_or(String::new(), |waiting| format!(" {waiting:?}"));
            let waits: Vec<String> = run.waits.iter().map(|wait| format!(" <- {wait}")).collect();
            let state = state(run.state);
            format!("{key}/{number} {state}{waiting}{}\n", waits.concat())
        });
        lines.collect()
    }
}

fn state(state: RunState) -> String {
    format!("{state:?}").to_lowercase()
}

pub(super) fn done(outputs: Value) -> Outcome {
    Outcome::Done {
        outputs: serde_json::from_value(outputs).expect("an object"),
        tags: Vec::new(),
        watch: Vec::new(),
    }
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed {
        message: "no".to_owned(),
    }
}

pub(super) fn package_name(name: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: format!("{name}/release.ocu.star"),
    }
}

/// `api/@r1`.
pub(super) fn release_name(text: &str) -> ReleaseName {
    let (name, number) = text.split_once("/@").expect("package/@release");
    ReleaseName {
        package: package_name(name),
        number: number.parse().expect("a number"),
    }
}

/// `api/@r1/task/build`.
pub(super) fn task_name(text: &str) -> (ReleaseName, TaskKey) {
    let mut parts = text.splitn(3, '/');
    let (Some(name), Some(number), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        panic!("package/@release/kind/name, not {text}")
    };
    let release = release_name(&format!("{name}/{number}"));
    (release, key.parse().expect("a task"))
}

pub(super) fn commit(seed: u8) -> CommitSha {
    format!("{seed:02x}").repeat(20).parse().expect("a commit")
}

/// A package of phases with one task each: `build` without inputs, and `deploy/<environment>` with inputs that are
/// `name=ref`.
pub(super) fn package(tasks: &[(&str, &[&str])]) -> Package {
    let phases = tasks.iter().map(|(key, inputs)| {
        let inputs = inputs.iter().map(|input| {
            let (name, reference) = input.split_once('=').expect("name=ref");
            (name.to_owned(), json!({ "ref": reference }))
        });
        let inputs: serde_json::Map<String, Value> = inputs.collect();
        let function = |name: &str| json!({ "function": { "file": "f", "name": name } });
        json!({ "name": key, "tasks": [
            { "key": key, "inputs": inputs, "action": function("up"), "down": function("down") }
        ]})
    });
    let phases: Vec<Value> = phases.collect();
    serde_json::from_value(json!({ "phases": phases })).expect("a package")
}

/// A push that releases these packages.
pub(super) fn push(seed: u8, packages: &[(&str, Package)]) -> Trigger {
    let candidates = packages.iter().map(|(name, package)| Candidate {
        name: package_name(name),
        package: package.clone(),
        reason: "pushed".to_owned(),
    });
    Trigger::Release(NewReleases {
        packages: candidates.collect(),
        environments: ["staging", "production"].map(environment).to_vec(),
        ..NewReleases::of(11, commit(seed))
    })
}

fn environment(name: &str) -> Environment {
    serde_json::from_value(json!({ "name": name, "attributes": {} })).expect("an environment")
}

/// What a pull request proposes is to go to some environments.
pub(super) fn propose(
    seed: u8,
    pull_request: i64,
    packages: &[(&str, Package)],
    goals: &[&str],
) -> Trigger {
    let Trigger::Release(new) = push(seed, packages) else {
        unreachable!("a push makes releases")
    };
    Trigger::Release(NewReleases {
        environments: Vec::new(),
        goals: Some(goals.iter().map(|goal| place(goal)).collect()),
        pull_request: Some(pull_request),
        is_proposed: true,
        asked: Some(actor("bob")),
        ..new
    })
}

pub(super) fn place(environment: &str) -> EnvironmentName {
    environment.parse().expect("a name")
}

/// Somebody who can push.
pub(super) fn actor(login: &str) -> Actor {
    Actor {
        login: login.to_owned(),
        permission: Permission::Write,
        grants: BTreeSet::new(),
    }
}

pub(super) fn wish(release: &str) -> Wish {
    Wish {
        release: release_name(release),
        environments: None,
        actor: actor("alice"),
        reason: None,
        breaks_glass: false,
        reply_to: None,
    }
}
