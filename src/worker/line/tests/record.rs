//! A database with packages in it, driven trigger by trigger.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine::trigger::Command;
use crate::engine::{Candidate, NewReleases, Plan, Trigger, plan, status};
use crate::model::{
    CommitSha, Environment, Outcome, Package, PackageName, ReleaseName, RunName, RunState, TaskKey,
    Timestamp,
};
use crate::store::{Commit, Committed, Done, Scope, Store};
use crate::worker::line::scope;

pub(super) const INSTALLATION: i64 = 7;

pub(super) struct Record {
    pub(super) store: Store,
    pub(super) plan: Plan,
    _directory: TempDir,
}

impl Record {
    pub(super) async fn new() -> Record {
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("ocuroot.db");
        let store = Store::open(&format!("sqlite://{}", file.display()))
            .await
            .expect("a database");
        Record {
            store,
            plan: Plan::default(),
            _directory: directory,
        }
    }

    /// One decision, as the worker makes it.
    pub(super) async fn decide(&mut self, triggers: &[Trigger]) {
        let scope = scope(INSTALLATION, triggers);
        let now = Timestamp(1_000);
        let (snapshot, version) = self.store.snapshot(&scope).await.expect("a snapshot");
        self.plan = plan(snapshot, triggers, now);
        let commit = Commit {
            installation_id: INSTALLATION,
            version,
            plan: &self.plan,
            done: Done::Nothing,
            released: None,
            now,
        };
        let committed = self.store.commit(&commit).await.expect("a commit");
        assert_eq!(committed, Committed::Yes);
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
            let waiting = status::waiting(release, key, run, &snapshot);
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
        repository_id: 11,
        commit: commit(seed),
        packages: candidates.collect(),
        environments: ["staging", "production"].map(environment).to_vec(),
        diagnostics: Vec::new(),
        until: None,
        pull_request: None,
        reply_to: None,
        others: std::collections::BTreeSet::new(),
    })
}

fn environment(name: &str) -> Environment {
    serde_json::from_value(json!({ "name": name, "attributes": {} })).expect("an environment")
}

pub(super) fn wish(release: &str) -> Command {
    Command {
        release: release_name(release),
        task: None,
        by: "alice".to_owned(),
        reply_to: None,
    }
}
