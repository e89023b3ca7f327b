//! Decisions on a database: with what their triggers can affect at hand, or with everything.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::TempDir;

use super::record::INSTALLATION;
use crate::engine::{Plan, Trigger, plan};
use crate::model::{ReleaseName, ReleaseNumber, RunNumber, Timestamp};
use crate::store::{Commit, Committed, Done, Scope, Store};
use crate::worker::line::scope::scope;

pub(super) async fn open(directory: &TempDir, name: &str) -> Store {
    let file = directory.path().join(format!("{name}.db"));
    let store = Store::open(&format!("sqlite://{}", file.display())).await;
    store.expect("a database")
}

pub(super) async fn decide(
    store: &Store,
    scope: &Scope,
    triggers: &[Trigger],
    done: Done<'_>,
    now: Timestamp,
) -> Plan {
    let (snapshot, version) = store.snapshot(scope).await.expect("a snapshot");
    let plan = plan(snapshot, triggers, now);
    commit_plan(store, version, &plan, done, now).await;
    plan
}

pub(super) async fn commit_plan(
    store: &Store,
    version: i64,
    plan: &Plan,
    done: Done<'_>,
    now: Timestamp,
) {
    let commit = Commit {
        installation_id: INSTALLATION,
        version,
        plan,
        done,
        released: None,
        now,
    };
    let committed = store.commit(&commit).await.expect("a commit");
    assert_eq!(committed, Committed::Yes);
}

/// A message of an earlier decision that is due, as intake reads it.
pub(super) async fn message(store: &Store, now: Timestamp) -> Option<(i64, Trigger)> {
    let claimed = store.claim_delivery(now, 60, &BTreeSet::new()).await;
    let delivery = claimed.expect("an inbox")?;
    let body: Value = serde_json::from_slice(&delivery.body).expect("JSON");
    let read = |key: &str| body[key].clone();
    let trigger = match delivery.event.as_str() {
        "ocuroot.wake" => Trigger::Wake {
            packages: serde_json::from_value(read("packages")).expect("packages"),
            environments: serde_json::from_value(read("environments")).expect("environments"),
            documents: serde_json::from_value(read("documents")).expect("documents"),
        },
        "ocuroot.let_go" => Trigger::LetGo {
            package: serde_json::from_value(read("package")).expect("a package"),
            environment: serde_json::from_value(read("environment")).expect("a name"),
            pull_request: serde_json::from_value(read("pull_request")).expect("a number"),
            is_given_back: true,
        },
        other => panic!("{other} is no message of a decision's"),
    };
    Some((delivery.id, trigger))
}

/// What the triggers are about, and everything else there is.
pub(super) async fn whole(store: &Store, triggers: &[Trigger]) -> Scope {
    let mut scope = scope(INSTALLATION, triggers);
    let none = BTreeSet::new();
    let released = store.released_packages(INSTALLATION, &none).await;
    scope.packages.extend(released.expect("packages"));
    let (snapshot, _) = store.snapshot(&scope).await.expect("a snapshot");
    for (package, next) in &snapshot.next_numbers {
        let numbers = (1..next.0).map(ReleaseNumber);
        let released = numbers.map(|number| ReleaseName {
            package: package.clone(),
            number,
        });
        scope.releases.extend(released);
        for environment in snapshot.environments.keys() {
            let place = (package.clone(), environment.clone());
            scope.live.insert(place.clone());
            scope.returns.insert(place);
        }
    }
    // Decisions are not about what every run came to that there ever was.
    let (snapshot, _) = store.snapshot(&scope).await.expect("a snapshot");
    for release in snapshot.releases.values() {
        for (key, (newest, _)) in release.latest_runs() {
            let numbers = (1..=newest.0).map(RunNumber);
            scope
                .runs
                .extend(numbers.map(|number| release.run_name(key, number)));
        }
    }
    scope
}

/// All that is recorded, but for what runs wait for: that is as new as the last decision that looked at them.
pub(super) async fn everything(store: &Store) -> String {
    let scope = whole(store, &[]).await;
    let (mut snapshot, _) = store.snapshot(&scope).await.expect("a snapshot");
    let releases = snapshot.releases.values_mut();
    for run in releases.flat_map(|release| release.runs.values_mut()) {
        run.waits.clear();
        run.wakes_at = None;
    }
    format!("{snapshot:#?}")
}
