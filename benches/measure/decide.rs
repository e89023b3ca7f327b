//! One decision (snapshot, plan, commit) among few and among many live deployments, and the plan alone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ocuroot::engine::{Candidate, NewReleases, Trigger, plan};
use ocuroot::model::{
    CommitSha, Outcome, Package, PackageName, Reference, ReleaseName, ReleaseNumber, RunName,
    RunNumber, TaskKey, Timestamp, latest_document,
};
use ocuroot::store::{Commit, Committed, Done, Scope, Store};
use serde_json::json;

use crate::measure::{Times, process_cpu, timed};

const INSTALLATION: i64 = 7;
const FEW: usize = 1_000;
const MANY: usize = 100_000;
const REPEATS: i64 = 200;

/// A database with live deployments.
struct World {
    store: Store,
    deployments: usize,
    snapshot: Times,
    plan: Times,
    commit: Times,
    cpu: Duration,
    decisions: u32,
    _directory: tempfile::TempDir,
}

pub async fn run() {
    let mut worlds = [World::new(FEW).await, World::new(MANY).await];
    let package = file(2);
    for number in 1..=REPEATS {
        // Interleaved, so that a busy neighbour hits both.
        for world in &mut worlds {
            world.live(number, &package).await;
        }
    }
    println!("live deployments | snapshot ms | plan ms | commit ms | together ms | CPU ms");
    let mut together = Vec::new();
    let mut processor = Vec::new();
    for world in &mut worlds {
        let (snapshot, plan, commit) = (
            world.snapshot.median(),
            world.plan.median(),
            world.commit.median(),
        );
        let cpu = world.cpu.as_secs_f64() * 1000.0 / f64::from(world.decisions);
        let sum = snapshot + plan + commit;
        let count = world.deployments;
        println!("{count} | {snapshot:.2} | {plan:.3} | {commit:.2} | {sum:.2} | {cpu:.2}");
        together.push(sum);
        processor.push(cpu);
    }
    let (time, cpu) = (together[1] / together[0], processor[1] / processor[0]);
    println!("100 times the deployments cost {time:.2} times the time, {cpu:.2} times the CPU");
    plans(&mut worlds[0]).await;
}

/// `engine::plan` for a push of that many packages, and for the end of one step of twenty.
async fn plans(world: &mut World) {
    println!("plan alone | median ms");
    for (packages, tasks) in [(1, 2), (1, 20), (250, 2)] {
        let names: Vec<PackageName> = (0..packages)
            .map(|index| name(&format!("new{tasks}-{index}")))
            .collect();
        let (scope, trigger) = push(1, &names, &file(tasks));
        let (snapshot, _) = world.store.snapshot(&scope).await.expect("a snapshot");
        let mut times = Times::default();
        for _ in 0..30 {
            let (copy, triggers) = (snapshot.clone(), [trigger.clone()]);
            let start = Instant::now();
            let plan = plan(copy, &triggers, Timestamp(1));
            times.add(start.elapsed());
            assert!(!plan.changes.is_empty());
        }
        println!(
            "push of {packages} packages of {tasks} deployments | {:.3}",
            times.median()
        );
    }
}

impl World {
    async fn new(deployments: usize) -> World {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("state.db").display());
        let mut world = World {
            store: Store::open(&url).await.expect("a database"),
            deployments,
            snapshot: Times::default(),
            plan: Times::default(),
            commit: Times::default(),
            cpu: Duration::ZERO,
            decisions: 0,
            _directory: directory,
        };
        let start = Instant::now();
        let package = file(2);
        let names: Vec<PackageName> = (0..deployments / 2)
            .map(|index| name(&format!("other{index}")))
            .collect();
        for names in names.chunks(250) {
            let (scope, trigger) = push(1, names, &package);
            world.decide(scope, trigger).await;
            for key in package.tasks().map(|task| &task.key) {
                let mut scope = Scope::default();
                let mut triggers = Vec::new();
                for name in names {
                    let (own, trigger) = ended(name, ReleaseNumber(1), key);
                    scope.releases.extend(own.releases);
                    triggers.push(trigger);
                }
                scope.installation_id = INSTALLATION;
                world.decide_all(scope, &triggers).await;
            }
        }
        let found = world.store.deployments(INSTALLATION).await;
        assert_eq!(found.expect("deployments").len(), deployments);
        let seconds = start.elapsed().as_secs_f64();
        println!("{deployments} deployments made in {seconds:.1} s");
        world.reset();
        world
    }

    fn reset(&mut self) {
        self.snapshot = Times::default();
        self.plan = Times::default();
        self.commit = Times::default();
        self.cpu = Duration::ZERO;
        self.decisions = 0;
    }

    /// One release of one package, from its push to its last deployment.
    async fn live(&mut self, number: i64, package: &Package) {
        let name = name("mine");
        let (scope, trigger) = push(number, std::slice::from_ref(&name), package);
        self.decide(scope, trigger).await;
        for key in package.tasks().map(|task| &task.key) {
            let (scope, trigger) = ended(&name, ReleaseNumber(number), key);
            self.decide(scope, trigger).await;
        }
    }

    async fn decide(&mut self, scope: Scope, trigger: Trigger) {
        self.decide_all(scope, &[trigger]).await;
    }

    async fn decide_all(&mut self, scope: Scope, triggers: &[Trigger]) {
        let cpu = process_cpu();
        let now = Timestamp(1);
        let read = timed(&mut self.snapshot, self.store.snapshot(&scope)).await;
        let (snapshot, version) = read.expect("a snapshot");
        let plan = timed(&mut self.plan, async { plan(snapshot, triggers, now) }).await;
        let commit = Commit {
            installation_id: INSTALLATION,
            version,
            plan: &plan,
            done: Done::Nothing,
            released: None,
            now,
        };
        let committed = timed(&mut self.commit, self.store.commit(&commit)).await;
        assert_eq!(committed.expect("a commit"), Committed::Yes);
        assert!(!plan.changes.is_empty(), "it decided something");
        self.cpu += process_cpu() - cpu;
        self.decisions += 1;
    }
}

fn name(directory: &str) -> PackageName {
    PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: format!("{directory}/release.ocu.star"),
    }
}

/// One phase of that many deployments.
fn file(deployments: usize) -> Package {
    let tasks = (0..deployments).map(|index| {
        json!({ "key": format!("deploy/e{index}"), "inputs": { "size": { "value": 3 } },
                "action": { "function": { "file": "f", "name": "up" } } })
    });
    let tasks: Vec<_> = tasks.collect();
    serde_json::from_value(json!({ "phases": [{ "name": "all", "tasks": tasks }] }))
        .expect("a package")
}

fn push(number: i64, names: &[PackageName], package: &Package) -> (Scope, Trigger) {
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

fn ended(package: &PackageName, number: ReleaseNumber, key: &TaskKey) -> (Scope, Trigger) {
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
    let outputs = json!({ "url": "https://api.example", "version": "1.2.3" });
    let trigger = Trigger::Ended {
        run: RunName {
            release,
            key: key.clone(),
            number: RunNumber(1),
        },
        fence: 1,
        outcome: Outcome::Done {
            outputs: serde_json::from_value(outputs).expect("an object"),
            tags: Vec::new(),
            watch: Vec::new(),
        },
    };
    (scope, trigger)
}
