//! What follows from one change costs what it reaches, however much is deployed that it does not reach.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::cost::{Steps, assert_same, counts, others, step};
use super::record::{Record, actor, done, package, package_name, push, release_name, task_name};
use crate::engine::{Application, NewReleases, Trigger};
use crate::model::{Package, Reference, RunName, RunNumber, SubPathKind};

/// Deployed with a size that the workspace gives.
fn base() -> Package {
    package(&[("deploy/preview", &["size=@/custom/size"])])
}

/// Deployed with what `base` leaves.
fn reader() -> Package {
    let url = format!("url={}/@/deploy/preview#output/url", package_name("base"));
    package(&[("deploy/preview", &[&url])])
}

fn size(value: i64) -> Trigger {
    Trigger::SetCustom {
        reference: Reference::global(SubPathKind::Custom, "size"),
        value: Some(json!(value)),
    }
}

/// The run of the package's first release has ended and left a URL.
fn ended(name: &str, run: i64, url: i64) -> Trigger {
    let (release, key) = task_name(&format!("{name}/@r1/deploy/preview"));
    Trigger::Ended {
        run: RunName {
            release,
            key,
            number: RunNumber(run),
        },
        fence: 1,
        outcome: done(json!({ "url": url })),
    }
}

fn each_ended(readers: &[String], run: i64) -> Vec<Trigger> {
    let readers = readers.iter();
    readers.map(|name| ended(name, run, run)).collect()
}

/// An environment in which `base` and that many readers of it are live.
async fn deployed(record: &mut Record, readers: usize) -> Vec<String> {
    let names: Vec<String> = (0..readers).map(|index| format!("reader{index}")).collect();
    record.decide(&[size(1)]).await;
    let preview = json!([{ "name": "preview", "attributes": {} }]);
    let Trigger::Release(new) = push(1, &[("base", base())]) else {
        unreachable!("a push makes releases")
    };
    let new = NewReleases {
        environments: serde_json::from_value(preview).expect("environments"),
        ..new
    };
    record.decide(&[Trigger::Release(new)]).await;
    record.decide(&[ended("base", 1, 1)]).await;
    let packages: Vec<(&str, Package)> =
        names.iter().map(|name| (name.as_str(), reader())).collect();
    record.decide(&[push(2, &packages)]).await;
    record.decide(&each_ended(&names, 1)).await;
    names
}

/// A value changes, the deployment that reads it is deployed again, and those that read what it leaves.
async fn cascade(record: &mut Record, readers: usize) -> Steps {
    let names = deployed(record, readers).await;
    vec![
        step(record, "value set", vec![size(2)]).await,
        step(record, "base done", vec![ended("base", 2, 2)]).await,
        step(record, "readers done", each_ended(&names, 2)).await,
    ]
}

/// The environment goes, with all that is live in it.
async fn teardown(record: &mut Record, readers: usize) -> Steps {
    let names = deployed(record, readers).await;
    let preview = Reference::global(SubPathKind::Environment, "preview");
    let mut steps = intent(record, &preview, None).await;
    steps.push(step(record, "readers down", each_ended(&names, 2)).await);
    steps.push(step(record, "base down", vec![ended("base", 2, 2)]).await);
    steps
}

/// What should be is written down, and applied.
async fn intent(record: &mut Record, reference: &Reference, value: Option<Value>) -> Steps {
    let intend = Trigger::Intend {
        reference: reference.clone(),
        value,
    };
    let apply = Trigger::Apply(Application {
        reference: reference.clone(),
        actor: actor("alice"),
        repository: Some(package_name("").repository),
        is_retry: false,
    });
    vec![
        step(record, "intended", vec![intend]).await,
        step(record, "applied", vec![apply]).await,
    ]
}

/// A deployment should have other inputs, and the value that it reads should be another one.
async fn intents(record: &mut Record, readers: usize) -> Steps {
    deployed(record, readers).await;
    let live = release_name("base/@r1");
    let deployment = Reference::of_package(&live.package, "", SubPathKind::Deploy, "preview");
    let wanted = json!({ "release": live.to_string(), "input": { "size": 3 } });
    let mut steps = intent(record, &deployment, Some(wanted)).await;
    steps.push(step(record, "base done", vec![ended("base", 2, 2)]).await);
    let value = Reference::global(SubPathKind::Custom, "other");
    steps.extend(intent(record, &value, Some(json!(2))).await);
    steps
}

/// A record with that many packages that read nothing of what changes.
async fn among(count: usize) -> Record {
    let mut record = Record::alone().await;
    others(&mut record, count).await;
    record
}

const FEW: usize = 2;
const MANY: usize = 150;
const READERS: usize = 3;

#[tokio::test]
async fn a_cascade_costs_the_same_among_few_and_among_many_deployments() {
    let few = cascade(&mut among(FEW).await, READERS).await;
    let many = cascade(&mut among(MANY).await, READERS).await;
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    value set: 29 statements
    base done: 42 statements
    readers done: 42 statements
    ");
}

#[tokio::test]
async fn taking_an_environment_down_costs_the_same_among_few_and_among_many_deployments() {
    let few = teardown(&mut among(FEW).await, READERS).await;
    let many = teardown(&mut among(MANY).await, READERS).await;
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    intended: 7 statements
    applied: 54 statements
    readers down: 51 statements
    base down: 37 statements
    ");
}

#[tokio::test]
async fn applying_an_intent_costs_the_same_among_few_and_among_many_deployments() {
    let few = intents(&mut among(FEW).await, READERS).await;
    let many = intents(&mut among(MANY).await, READERS).await;
    assert_same(&few, &many);
    assert_snapshot!(counts(&few), @"
    intended: 7 statements
    applied: 25 statements
    base done: 43 statements
    intended: 7 statements
    applied: 14 statements
    ");
}

/// That is its run, what should be, and two calls; later what it leaves, what it reads, and the calls about its end.
#[tokio::test]
async fn a_further_reader_costs_a_few_statements_and_none_to_find_it() {
    let few = cascade(&mut among(FEW).await, READERS).await;
    let more = cascade(&mut among(FEW).await, READERS + 1).await;
    let further = few.iter().zip(&more).map(|((name, few), (_, more))| {
        let further = more.len() - few.len();
        format!("{name}: {further} statements\n")
    });
    assert_snapshot!(further.collect::<String>(), @"
    value set: 0 statements
    base done: 4 statements
    readers done: 6 statements
    ");
}
