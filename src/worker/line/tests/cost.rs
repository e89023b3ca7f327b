//! What one decision costs does not depend on what it cannot affect.

use insta::assert_snapshot;
use serde_json::json;

use super::record::{Record, done, failed, package, package_name, push, task_name, wish};
use crate::engine::Trigger;
use crate::model::{Package, RunName, RunNumber};
use crate::store::recorder::{Statement, record};

fn shop() -> Package {
    let image = "image=./task/build#output/url";
    package(&[
        ("task/build", &[]),
        ("deploy/staging", &[image]),
        ("deploy/production", &[image, "by=./custom/approval"]),
    ])
}

fn all_ended(names: &[String], task: &str) -> Vec<Trigger> {
    let names = names.iter();
    let triggers = names.map(|name| {
        let (release, key) = task_name(&format!("{name}/@r1/{task}"));
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
async fn others(record: &mut Record, count: usize) {
    let names: Vec<String> = (0..count).map(|index| format!("other{index}")).collect();
    let packages: Vec<(&str, Package)> = names.iter().map(|name| (name.as_str(), shop())).collect();
    record.decide(&[push(100, &packages)]).await;
    record.decide(&all_ended(&names, "task/build")).await;
    record.decide(&all_ended(&names, "deploy/staging")).await;
}

/// The statements and rows of each step of one package's life, one step a line.
async fn life(record_of: &mut Record) -> Vec<(&'static str, Vec<Statement>)> {
    let mut steps = Vec::new();
    let undeploy = Trigger::Undeploy {
        package: package_name("api"),
        environment: "staging".parse().expect("a name"),
    };
    let push = || push(1, &[("api", shop())]);
    steps.push(step(record_of, "push", vec![push()]).await);
    steps.push(step(record_of, "the same push", vec![push()]).await);
    let names = ["api".to_owned()];
    let ended = |task| all_ended(&names, task);
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

async fn step(
    record_of: &mut Record,
    name: &'static str,
    triggers: Vec<Trigger>,
) -> (&'static str, Vec<Statement>) {
    let (_, statements) = record(record_of.decide(&triggers)).await;
    (name, statements)
}

#[tokio::test]
async fn a_decision_makes_the_same_statements_among_few_and_among_many_deployments() {
    let mut few = Record::new().await;
    others(&mut few, 2).await;
    let mut many = Record::new().await;
    others(&mut many, 150).await;
    let (few, many) = (life(&mut few).await, life(&mut many).await);
    assert_eq!(few, many);
    let lines = few
        .iter()
        .map(|(name, statements)| format!("{name}: {} statements\n", statements.len()));
    assert_snapshot!(lines.collect::<String>(), @"
    push: 18 statements
    the same push: 15 statements
    build done: 20 statements
    staging done: 22 statements
    approve: 19 statements
    retry: 16 statements
    undeploy: 17 statements
    ");
}
