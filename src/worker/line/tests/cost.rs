//! What one decision costs does not depend on what it cannot affect.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::json;

use super::record::{
    Record, commit, done, failed, package, package_name, place, propose, push, task_name, wish,
};
use crate::engine::{Change, Trigger};
use crate::model::{
    EnvironmentSelector, GuardFile, Guards, Hold, Lock, LockKind, LockScope, Package, PackageName,
    Protection, RunName, RunNumber,
};
use crate::store::recorder::{Statement, record};

fn shop() -> Package {
    let image = "image=./task/build#output/url";
    package(&[
        ("task/build", &[]),
        ("deploy/staging", &[image]),
        ("deploy/production", &[image, "by=./custom/approval"]),
    ])
}

pub(super) fn all_ended(names: &[String], number: i64, task: &str) -> Vec<Trigger> {
    let names = names.iter();
    let triggers = names.map(|name| {
        let (release, key) = task_name(&format!("{name}/@r{number}/{task}"));
        Trigger::Ended {
            run: RunName {
                release,
                key,
                number: RunNumber(1),
            },
            fence: 1,
            outcome: done(json!({ "url": "https://a" })),
        }
    });
    triggers.collect()
}

/// `count` other packages: live in staging, one release of each blocked before production, one finished.
pub(super) async fn others(record: &mut Record, count: usize) {
    let names: Vec<String> = (0..count).map(|index| format!("other{index}")).collect();
    let packages: Vec<(&str, Package)> = names.iter().map(|name| (name.as_str(), shop())).collect();
    record.decide(&[push(100, &packages)]).await;
    record.decide(&all_ended(&names, 1, "task/build")).await;
    record.decide(&all_ended(&names, 1, "deploy/staging")).await;
}

/// The statements of each step of a story, with how many rows each read or changed.
pub(super) type Steps = Vec<(&'static str, Vec<Statement>)>;

/// One package's life.
async fn life(record_of: &mut Record) -> Steps {
    let mut steps = Vec::new();
    let undeploy = Trigger::Undeploy {
        package: package_name("api"),
        environment: "staging".parse().expect("a name"),
        held_by: None,
        actor: wish("api/@r1").actor,
    };
    let push = || push(1, &[("api", shop())]);
    steps.push(step(record_of, "push", vec![push()]).await);
    steps.push(step(record_of, "the same push", vec![push()]).await);
    let names = ["api".to_owned()];
    let ended = |task| all_ended(&names, 1, task);
    steps.push(step(record_of, "build done", ended("task/build")).await);
    steps.push(step(record_of, "staging done", ended("deploy/staging")).await);
    let approve = vec![Trigger::Approve(wish("api/@r1"))];
    steps.push(step(record_of, "approve", approve).await);
    record_of.ended("api/@r1/deploy/production", failed()).await;
    let retry = vec![Trigger::Retry(wish("api/@r1"))];
    steps.push(step(record_of, "retry", retry).await);
    steps.push(step(record_of, "undeploy", vec![undeploy]).await);
    steps
}

pub(super) fn counts(steps: &Steps) -> String {
    let lines = steps
        .iter()
        .map(|(name, statements)| format!("{name}: {} statements\n", statements.len()));
    lines.collect()
}

pub(super) async fn step(
    record_of: &mut Record,
    name: &'static str,
    triggers: Vec<Trigger>,
) -> (&'static str, Vec<Statement>) {
    let (_, mut statements) = record(record_of.decide(&triggers)).await;
    // Whether a connection is back in its pool by now, or another one is opened, is a matter of luck.
    statements.retain(|statement| !statement.sql.starts_with("PRAGMA"));
    (name, statements)
}

/// `count` packages of a repository, each locked, guarded by its own file, and claimed by a pull request.
async fn stand(record: &Record, repository: &str, count: usize) {
    let mut changes = Vec::new();
    for index in 0..count {
        let package = PackageName {
            repository: repository.to_owned(),
            path: format!("other{index}/release.ocu.star"),
        };
        changes.push(Change::PutLock(Lock {
            repository: "github.com/acme/shop".to_owned(),
            environment: place("production"),
            scope: LockScope::Package(package.clone()),
            kind: LockKind::Lock,
            by: "carol".to_owned(),
            reason: None,
            since: record.now,
            until: None,
        }));
        changes.push(Change::PutGuards(Box::new(guard_file(&package))));
        changes.push(Change::PutHold(Hold {
            package,
            environment: place("production"),
            pull_request: 9,
            by: "carol".to_owned(),
            asked_at: record.now,
            granted_at: Some(record.now),
        }));
    }
    record.write(changes).await;
}

fn guard_file(package: &PackageName) -> GuardFile {
    let protection = Protection {
        environments: vec![EnvironmentSelector::Name(place("staging"))],
        approvals: 1,
        ..Protection::default()
    };
    GuardFile {
        repository: package.repository.clone(),
        name: "acme/shop".parse().expect("a name"),
        path: package.path.clone(),
        is_package: true,
        registers: BTreeSet::new(),
        guards: Guards {
            protections: vec![protection],
            freezes: Vec::new(),
        },
    }
}

#[tokio::test]
async fn a_decision_makes_the_same_statements_among_few_and_among_many_deployments() {
    let mut few = Record::alone().await;
    others(&mut few, 2).await;
    let mut many = Record::alone().await;
    others(&mut many, 150).await;
    let (few, many) = (life(&mut few).await, life(&mut many).await);
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    push: 27 statements
    the same push: 23 statements
    build done: 29 statements
    staging done: 33 statements
    approve: 28 statements
    retry: 24 statements
    undeploy: 26 statements
    ");
}

#[tokio::test]
async fn what_stands_in_other_repositories_is_not_read() {
    let few = &mut Record::alone().await;
    stand(few, "github.com/acme/other", 1).await;
    let many = &mut Record::alone().await;
    stand(many, "github.com/acme/other", 100).await;
    assert_same(&life(few).await, &life(many).await);
}

#[tokio::test]
async fn what_stands_in_the_repository_is_read_in_as_many_statements_however_much_it_is() {
    let few = &mut Record::alone().await;
    stand(few, &package_name("").repository, 1).await;
    let many = &mut Record::alone().await;
    stand(many, &package_name("").repository, 100).await;
    let (few, many) = (life(few).await, life(many).await);
    assert_same(&without_rows(few), &without_rows(many));
}

fn without_rows(mut steps: Steps) -> Steps {
    for (_, statements) in &mut steps {
        statements
            .iter_mut()
            .for_each(|statement| statement.rows = 0);
    }
    steps
}

/// Names the first statement that differs.
pub(super) fn assert_same(one: &Steps, other: &Steps) {
    for ((name, one), (_, other)) in one.iter().zip(other) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one, other, "{name}");
        }
        assert_eq!(one.len(), other.len(), "{name}");
    }
}

/// A pull request that deploys two packages and is closed.
async fn proposal(record: &mut Record) -> Steps {
    let mut steps = Vec::new();
    let names = ["api".to_owned(), "web".to_owned()];
    let packages = [("api", shop()), ("web", shop())];
    record.decide(&[push(1, &packages)]).await;
    record.decide(&all_ended(&names, 1, "task/build")).await;
    record.decide(&all_ended(&names, 1, "deploy/staging")).await;
    let propose = propose(2, 4, &packages, &["staging"]);
    steps.push(step(record, "propose", vec![propose]).await);
    record.decide(&all_ended(&names, 2, "task/build")).await;
    let done = all_ended(&names, 2, "deploy/staging");
    steps.push(step(record, "staging done", done).await);
    let moved = record.moved_head(4, &commit(3)).await;
    steps.push(step(record, "head moved", vec![moved]).await);
    let close = record.closing(4, false).await;
    steps.push(step(record, "close", close).await);
    steps
}

#[tokio::test]
async fn a_pull_request_costs_the_same_among_few_and_among_many_deployments() {
    let few = &mut Record::alone().await;
    others(few, 2).await;
    let many = &mut Record::alone().await;
    others(many, 150).await;
    let (few, many) = (proposal(few).await, proposal(many).await);
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    propose: 38 statements
    staging done: 40 statements
    head moved: 16 statements
    close: 32 statements
    ");
}
