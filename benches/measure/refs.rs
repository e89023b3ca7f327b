//! What looking for refs costs among few and among many of them: as many are found each time.

use std::time::Instant;

use ocuroot::engine::{Change, Plan};
use ocuroot::model::{Glob, PackageName, Reference, SubPathKind, Timestamp};
use ocuroot::store::{Commit, Committed, Documents, Done, MatchOptions, Scope, Store};
use serde_json::json;

use crate::measure::{Times, timed};

const INSTALLATION: i64 = 7;
const TOTALS: [usize; 3] = [1_000, 100_000, 1_000_000];
const LIVE: usize = 1_000;
const BELOW: usize = 100;
const REPEATS: usize = 30;

pub async fn run() {
    println!("refs | 1000 live deployments ms | 100 below a directory ms | one record ms");
    for total in TOTALS {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("state.db").display());
        let store = Store::open(&url).await.expect("a database");
        let start = Instant::now();
        fill(&store, total).await;
        let seconds = start.elapsed().as_secs_f64();
        let live = find(&store, "**/@/deploy/production", LIVE).await;
        let below = find(&store, "github.com/acme/shop0/-/api0/**", BELOW).await;
        let one = one(&store).await;
        println!("{total} | {live:.2} | {below:.2} | {one:.3} (made in {seconds:.0} s)");
    }
}

/// Milliseconds that it takes to find those.
async fn find(store: &Store, glob: &str, count: usize) -> f64 {
    let glob: Glob = glob.parse().expect("a glob");
    let options = MatchOptions::default();
    let mut times = Times::default();
    for _ in 0..REPEATS {
        let found = timed(&mut times, store.matching(INSTALLATION, &glob, &options)).await;
        assert_eq!(found.expect("refs").len(), count);
    }
    times.median()
}

/// Milliseconds that it takes to read an output of a live deployment.
async fn one(store: &Store) -> f64 {
    let mut times = Times::default();
    for index in 0..REPEATS * 10 {
        let mut wanted = live(index % BELOW);
        wanted.fragment = Some("output/url".to_owned());
        let record = store.record(INSTALLATION, &wanted, Documents::State);
        let record = timed(&mut times, record).await.expect("a database");
        assert!(record.is_some_and(|record| record.is_link()));
    }
    times.median()
}

fn package(index: usize) -> PackageName {
    PackageName {
        repository: format!("github.com/acme/shop{}", index / 10),
        path: format!("service{}/release.ocu.star", index % 10),
    }
}

fn live(index: usize) -> Reference {
    Reference::of_package(&package(index), "", SubPathKind::Deploy, "production")
}

/// A thousand live deployments, of a tenth of them what they link to, a directory of values, and past releases.
async fn fill(store: &Store, total: usize) {
    let body = |index: usize| {
        let release = format!("{}/@r1", package(index));
        json!({ "release": release, "output": { "url": "https://example.com" } })
    };
    let put = |reference, value| Change::PutDocument(reference, value);
    let mut changes: Vec<Change> = (0..LIVE)
        .map(|index| put(live(index), body(index)))
        .collect();
    for index in 0..BELOW {
        let target = Reference {
            release: Some("r1".to_owned()),
            ..live(index)
        };
        changes.push(put(target, body(index)));
        let directory = PackageName {
            repository: package(0).repository,
            path: "api0/release.ocu.star".to_owned(),
        };
        let name = format!("value{index}");
        let value = Reference::of_package(&directory, "", SubPathKind::Custom, &name);
        changes.push(put(value, json!(index)));
    }
    for index in changes.len()..total {
        let number = format!("r{}", 2 + index / LIVE);
        let past = match index % 2 {
            0 => (SubPathKind::Deploy, "production"),
            _ => (SubPathKind::Task, "build"),
        };
        let past = Reference::of_package(&package(index % LIVE), &number, past.0, past.1);
        changes.push(put(past, body(index % LIVE)));
    }
    for changes in changes.chunks(10_000) {
        write(store, changes.to_vec()).await;
    }
}

async fn write(store: &Store, changes: Vec<Change>) {
    let scope = Scope {
        installation_id: INSTALLATION,
        ..Scope::default()
    };
    let (_, version) = store.snapshot(&scope).await.expect("a snapshot");
    let plan = Plan {
        changes,
        ..Plan::default()
    };
    let commit = Commit {
        installation_id: INSTALLATION,
        version,
        plan: &plan,
        done: Done::Nothing,
        released: None,
        now: Timestamp(1),
    };
    let committed = store.commit(&commit).await.expect("a commit");
    assert_eq!(committed, Committed::Yes);
}
