//! Who waits for what a deployment leaves goes on when that does not come, in whatever package it is.

use insta::assert_snapshot;
use serde_json::json;

use super::record::{
    INSTALLATION, Record, actor, done, failed, package, package_name, place, push, task_name, wish,
};
use crate::engine::Trigger;
use crate::model::{
    Lock, LockKind, LockScope, Package, Reference, RunName, RunNumber, SubPathKind,
};

const SIZE: &str = "size=@/custom/size";

/// Reads a value of the workspace, and what `base` leaves.
fn reader() -> Package {
    let url = format!("url={}/@/deploy/staging#output/url", package_name("base"));
    package(&[("deploy/staging", &[&url, SIZE])])
}

fn size(value: i64) -> Trigger {
    Trigger::SetCustom {
        reference: Reference::global(SubPathKind::Custom, "size"),
        value: Some(json!(value)),
    }
}

fn base() -> RunName {
    let (release, key) = task_name("base/@r1/deploy/staging");
    RunName {
        release,
        key,
        number: RunNumber(2),
    }
}

/// `base` and `web`, which reads it, are live, and both are to be deployed again: `web` after `base`.
async fn cascade(mut record: Record) -> Record {
    record.decide(&[size(1)]).await;
    let base = package(&[("deploy/staging", &[SIZE])]);
    record
        .decide(&[push(1, &[("base", base), ("web", reader())])])
        .await;
    for name in ["base", "web"] {
        let task = format!("{name}/@r1/deploy/staging");
        record.ended(&task, done(json!({ "url": 1 }))).await;
    }
    record.decide(&[size(2)]).await;
    record
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_repetition_that_was_cancelled_before_a_job_took_it() {
    let mut record = cascade(Record::new().await).await;
    assert_snapshot!(record.table("web/@r1").await, @r#"deploy/staging/2 pending ForDeployment(DeploymentName { package: PackageName { repository: "github.com/acme/shop", path: "base/release.ocu.star" }, environment: EnvironmentName("staging") }) <- github.com/acme/shop/-/base/release.ocu.star/@/deploy/staging"#);
    record.decide(&[Trigger::Cancel(wish("base/@r1"))]).await;
    assert_snapshot!(record.table("base/@r1").await, @"deploy/staging/2 cancelled");
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/2 starting");
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_repetition_that_was_given_up_by_a_second_cancel() {
    let mut record = cascade(Record::new().await).await;
    let claimed = Trigger::Claimed {
        run: base(),
        fence: 1,
    };
    record.decide(&[claimed]).await;
    record.decide(&[Trigger::Cancel(wish("base/@r1"))]).await;
    assert_snapshot!(record.table("web/@r1").await, @r#"deploy/staging/2 pending ForDeployment(DeploymentName { package: PackageName { repository: "github.com/acme/shop", path: "base/release.ocu.star" }, environment: EnvironmentName("staging") }) <- github.com/acme/shop/-/base/release.ocu.star/@/deploy/staging"#);
    record.decide(&[Trigger::Cancel(wish("base/@r1"))]).await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/2 starting");
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_repetition_whose_wave_is_lost() {
    let mut record = cascade(Record::new().await).await;
    let lost = Trigger::Ended {
        run: base(),
        fence: 1,
        outcome: failed(),
    };
    record.decide(&[lost]).await;
    assert_snapshot!(record.table("base/@r1").await, @"deploy/staging/2 failed");
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/2 starting");
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_repetition_that_is_put_back_behind_a_lock() {
    let mut record = cascade(Record::new().await).await;
    let lock = Lock {
        repository: package_name("base").repository,
        environment: place("staging"),
        scope: LockScope::Package(package_name("base")),
        kind: LockKind::Lock,
        by: "carol".to_owned(),
        reason: None,
        since: record.now,
        until: None,
    };
    record.decide(&[Trigger::Lock(lock, actor("carol"))]).await;
    let back = Trigger::PutBack {
        run: base(),
        fence: 1,
    };
    record.decide(&[back]).await;
    assert_snapshot!(record.table("base/@r1").await, @r#"deploy/staging/2 pending ForGates([Locked(Lock { environment: EnvironmentName("staging"), scope: Package(PackageName { repository: "github.com/acme/shop", path: "base/release.ocu.star" }), kind: Lock, repository: "github.com/acme/shop", by: "carol", reason: None, since: Timestamp(1000), until: None })]) <- @/environment/staging"#);
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/2 starting");
}

/// How many messages of a decision are due.
async fn messages(record: &Record) -> usize {
    let due = record.store.due_deliveries(INSTALLATION, record.now).await;
    due.expect("an inbox").len()
}

#[tokio::test]
async fn nobody_is_woken_where_nobody_waits() {
    let mut record = cascade(Record::alone().await).await;
    record.decide(&[Trigger::Cancel(wish("web/@r1"))]).await;
    record.decide(&[Trigger::Cancel(wish("base/@r1"))]).await;
    assert_eq!(messages(&record).await, 0);
    let mut record = cascade(Record::alone().await).await;
    record.decide(&[Trigger::Cancel(wish("base/@r1"))]).await;
    assert_eq!(messages(&record).await, 1);
}
