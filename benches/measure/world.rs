//! A database with live deployments, and decisions about them, each with what it cost.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ocuroot::engine::{Candidate, NewReleases, Trigger, plan};
use ocuroot::model::{
    CommitSha, Outcome, Package, PackageName, Reference, ReleaseName, ReleaseNumber, RunName,
    RunNumber, TaskKey, Timestamp, latest_document,
};
use ocuroot::store::{Commit, Committed, Done, Scope, Store};
use serde_json::{Value, json};

use crate::measure::{Times, process_cpu};

const INSTALLATION: i64 = 7;

/// What one decision cost.
pub struct Cost {
    snapshot: Duration,
    plan: Duration,
    commit: Duration,
    cpu: Duration,
}

/// What decisions of one kind cost.
#[derive(Default)]
pub struct Costs {
    snapshot: Times,
    plan: Times,
    commit: Times,
    cpu: Times,
}

impl Costs {
    pub fn add(&mut self, cost: Cost) {
        self.snapshot.add(cost.snapshot);
        self.plan.add(cost.plan);
        self.commit.add(cost.commit);
        self.cpu.add(cost.cpu);
    }

    /// Milliseconds of the three parts.
    pub fn together(&mut self) -> f64 {
        self.snapshot.median() + self.plan.median() + self.commit.median()
    }

    /// Milliseconds of processor time, on average: its clock is too coarse for one decision.
    pub fn processor(&self) -> f64 {
        self.cpu.mean()
    }

    /// Snapshot, plan, commit, together and processor, in milliseconds.
    pub fn line(&mut self) -> String {
        let (snapshot, plan) = (self.snapshot.median(), self.plan.median());
        let (commit, together) = (self.commit.median(), self.together());
        let cpu = self.processor();
        format!("{snapshot:.2} | {plan:.3} | {commit:.2} | {together:.2} | {cpu:.2}")
    }
}

/// A database file.
pub struct World {
    pub store: Store,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn open() -> World {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("state.db").display());
        World {
            store: Store::open(&url).await.expect("a database"),
            _directory: directory,
        }
    }

    /// Makes that many live deployments that nothing reads, two of each package.
    pub async fn fill(&self, deployments: usize) {
        let start = Instant::now();
        let names: Vec<PackageName> = (0..deployments / 2)
            .map(|index| name(&format!("other{index}")))
            .collect();
        self.deploy(&names, &file(2)).await;
        let seconds = start.elapsed().as_secs_f64();
        println!("{deployments} deployments made in {seconds:.1} s");
    }

    /// The first release of each of the packages, deployed everywhere.
    pub async fn deploy(&self, names: &[PackageName], package: &Package) {
        for names in names.chunks(250) {
            let (scope, trigger) = push(1, names, package);
            self.decide(scope, &[trigger]).await;
            for key in package.tasks().map(|task| &task.key) {
                let ends = names.iter().map(|name| ended(name, ReleaseNumber(1), key));
                self.decide_together(ends).await;
            }
        }
    }

    /// One decision about all of the triggers.
    pub async fn decide_together(&self, each: impl Iterator<Item = (Scope, Trigger)>) -> Cost {
        let mut scope = Scope {
            installation_id: INSTALLATION,
            ..Scope::default()
        };
        let mut triggers = Vec::new();
        for (own, trigger) in each {
            scope.releases.extend(own.releases);
            scope.writes.extend(own.writes);
            triggers.push(trigger);
        }
        self.decide(scope, &triggers).await
    }

    pub async fn decide(&self, scope: Scope, triggers: &[Trigger]) -> Cost {
        let now = Timestamp(1);
        let (cpu, start) = (process_cpu(), Instant::now());
        let (snapshot, version) = self.store.snapshot(&scope).await.expect("a snapshot");
        let read = Instant::now();
        let plan = plan(snapshot, triggers, now);
        let planned = Instant::now();
        let commit = Commit {
            installation_id: INSTALLATION,
            version,
            plan: &plan,
            done: Done::Nothing,
            released: None,
            now,
        };
        let committed = self.store.commit(&commit).await;
        let written = Instant::now();
        assert_eq!(committed.expect("a commit"), Committed::Yes);
        assert!(!plan.changes.is_empty(), "it decided something");
        Cost {
            snapshot: read - start,
            plan: planned - read,
            commit: written - planned,
            cpu: process_cpu() - cpu,
        }
    }

    /// How many deployments are live.
    pub async fn count(&self) -> usize {
        let found = self.store.deployments(INSTALLATION).await;
        found.expect("deployments").len()
    }
}

pub fn name(directory: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: format!("{directory}/release.ocu.star"),
    }
}

/// One phase of that many deployments.
pub fn file(deployments: usize) -> Package {
    let tasks = (0..deployments).map(|index| {
        json!({ "key": format!("deploy/e{index}"), "inputs": { "size": { "value": 3 } },
                "action": { "function": { "file": "f", "name": "up" } } })
    });
    let tasks: Vec<_> = tasks.collect();
    serde_json::from_value(json!({ "phases": [{ "name": "all", "tasks": tasks }] }))
        .expect("a package")
}

pub fn push(number: i64, names: &[PackageName], package: &Package) -> (Scope, Trigger) {
    let commit: CommitSha = format!("{number:040x}").parse().expect("a commit");
    let candidates = names.iter().map(|name| Candidate {
        name: name.clone(),
        package: package.clone(),
        reason: String::new(),
    });
    let scope = Scope {
        installation_id: INSTALLATION,
        packages: names.iter().cloned().collect(),
        commit: Some(commit.clone()),
        files: names
            .iter()
            .map(|name| (name.clone(), package.clone()))
            .collect(),
        ..Scope::default()
    };
    let new = NewReleases {
        packages: candidates.collect(),
        ..NewReleases::of(11, commit)
    };
    (scope, Trigger::Release(new))
}

/// The first run of a task has ended as it always does.
pub fn ended(package: &PackageName, number: ReleaseNumber, key: &TaskKey) -> (Scope, Trigger) {
    let outputs = json!({ "url": "https://api.example", "version": "1.2.3" });
    ended_with(package, number, key, RunNumber(1), &outputs)
}

/// A run has ended and left these outputs.
pub fn ended_with(
    package: &PackageName,
    number: ReleaseNumber,
    key: &TaskKey,
    run: RunNumber,
    outputs: &Value,
) -> (Scope, Trigger) {
    let release = ReleaseName {
        package: package.clone(),
        number,
    };
    let writes: BTreeSet<Reference> =
        BTreeSet::from([release.document(key), latest_document(package, key)]);
    let scope = Scope {
        installation_id: INSTALLATION,
        releases: BTreeSet::from([release.clone()]),
        writes,
        ..Scope::default()
    };
    let trigger = Trigger::Ended {
        run: RunName {
            release,
            key: key.clone(),
            number: run,
        },
        fence: 1,
        outcome: Outcome::Done {
            outputs: serde_json::from_value(outputs.clone()).expect("an object"),
            tags: Vec::new(),
            watch: Vec::new(),
        },
    };
    (scope, trigger)
}
