//! What was deployed again and again for years is decided about like what was deployed yesterday.

use insta::assert_snapshot;
use serde_json::json;

use super::cost::{Steps, assert_same, counts, step};
use super::record::{Record, done, package, package_name, push, task_name, wish};
use crate::engine::{Change, Release, Run, Trigger};
use crate::model::{Package, Reference, RunName, RunNumber, RunState, SubPathKind, TaskKey};
use crate::store::Scope;

const SIZE: &str = "size=@/custom/size";

fn reader() -> Package {
    let url = format!("url={}/@/deploy/staging#output/url", package_name("base"));
    package(&[("deploy/staging", &[&url])])
}

fn size(value: i64) -> Trigger {
    Trigger::SetCustom {
        reference: Reference::global(SubPathKind::Custom, "size"),
        value: Some(json!(value)),
    }
}

fn deployment(package: &str) -> String {
    format!("{package}/@r1/deploy/staging")
}

/// The release of the package as decisions see it.
async fn seen(record: &Record, package: &str) -> Release {
    let (name, _) = task_name(&deployment(package));
    let scope = Scope::of_release(super::record::INSTALLATION, &name);
    let (mut snapshot, _) = record.store.snapshot(&scope).await.expect("a snapshot");
    snapshot.releases.remove(&name).expect("a release")
}

/// `base` and `web`, which reads it, are live after so many repetitions of both: most succeeded, some failed, some were
/// given up before they began.
async fn live(repetitions: i64) -> Record {
    let mut record = Record::alone().await;
    record.decide(&[size(1)]).await;
    let base = package(&[("deploy/staging", &[SIZE])]);
    record
        .decide(&[push(1, &[("base", base), ("web", reader())])])
        .await;
    for name in ["base", "web"] {
        record
            .ended(&deployment(name), done(json!({ "url": 1 })))
            .await;
        let release = seen(&record, name).await;
        let (_, key) = task_name(&deployment(name));
        let (_, first) = release.latest_run(&key).expect("a run");
        let history = (2..=repetitions + 1).map(|number| repetition(&release, &key, number, first));
        record.write(history.collect()).await;
    }
    record
}

fn repetition(release: &Release, key: &TaskKey, number: i64, first: &Run) -> Change {
    let state = match number % 5 {
        3 => RunState::Failed,
        4 => RunState::Superseded,
        _ => RunState::Complete,
    };
    let mut run = Run {
        state,
        cascade: Some(crate::engine::Cascade::default()),
        ..first.clone()
    };
    if state != RunState::Complete {
        run.calls[0].values.clear();
    }
    let name = RunName {
        release: release.name.clone(),
        key: key.clone(),
        number: RunNumber(number),
    };
    Change::PutRun(name, Box::new(run))
}

/// Another value, which both follow; one is tried again, and goes.
async fn life(record: &mut Record) -> Steps {
    let mut steps = vec![step(record, "value set", vec![size(2)]).await];
    for (name, url) in [("base", 2), ("web", 3)] {
        let ended = end(record, name, Some(url)).await;
        steps.push(step(record, "done", vec![ended]).await);
    }
    steps.push(step(record, "another value", vec![size(3)]).await);
    let failed = end(record, "base", None).await;
    steps.push(step(record, "failed", vec![failed]).await);
    let retry = vec![Trigger::Retry(wish("base/@r1"))];
    steps.push(step(record, "retry", retry).await);
    let cancel = vec![Trigger::Cancel(wish("base/@r1"))];
    steps.push(step(record, "cancel", cancel).await);
    let undeploy = Trigger::Undeploy {
        package: package_name("base"),
        environment: "staging".parse().expect("a name"),
        held_by: None,
        actor: wish("base/@r1").actor,
    };
    steps.push(step(record, "undeploy", vec![undeploy]).await);
    steps
}

async fn end(record: &Record, name: &str, url: Option<i64>) -> Trigger {
    let (run, fence) = record.start_of(&deployment(name)).await;
    let outcome = match url {
        Some(url) => done(json!({ "url": url })),
        None => super::record::failed(),
    };
    Trigger::Ended {
        run,
        fence,
        outcome,
    }
}

#[tokio::test]
async fn a_deployment_that_was_repeated_for_years_is_decided_about_like_a_new_one() {
    let few = life(&mut live(1).await).await;
    let many = life(&mut live(10_001).await).await;
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    value set: 29 statements
    done: 34 statements
    done: 30 statements
    another value: 29 statements
    failed: 27 statements
    retry: 24 statements
    cancel: 26 statements
    undeploy: 25 statements
    ");
}

#[tokio::test]
async fn of_ten_thousand_runs_decisions_see_those_since_the_last_success_but_one() {
    let record = live(10_001).await;
    let release = seen(&record, "base").await;
    let seen: Vec<String> = release
        .runs
        .iter()
        .map(|((_, number), run)| format!("{number} {:?}", run.state))
        .collect();
    assert_snapshot!(seen.join("\n"), @"
    10001 Complete
    10002 Complete
    ");
}

#[tokio::test]
async fn a_run_that_ended_long_ago_is_there_for_whoever_asks_for_it() {
    let record = live(20).await;
    let (name, key) = task_name(&deployment("base"));
    let run = RunName {
        release: name,
        key,
        number: RunNumber(3),
    };
    let scope = Scope::of_run(super::record::INSTALLATION, &run);
    let (snapshot, _) = record.store.snapshot(&scope).await.expect("a snapshot");
    assert_eq!(
        snapshot.run(&run).map(|run| run.state),
        Some(RunState::Failed)
    );
}
