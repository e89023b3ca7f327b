//! What the engine counts on finding in a snapshot is there: nothing waits for what exists, or acts on what it was not
//! shown.

use insta::assert_snapshot;
use serde_json::json;

use super::record::{Record, done, failed, package, package_name, push, release_name, wish};
use crate::engine::{Answer, Trigger};
use crate::model::{FunctionName, Input, Outcome};

const OF_BUILD: &str = "image=./@/task/build#output/url";
const OF_OWN_BUILD: &str = "image=./task/build#output/url";
const OF_API: &str = "api=github.com/acme/shop/-/api/release.ocu.star/@/deploy/staging#output/url";

#[tokio::test]
async fn a_retried_deployment_reads_what_its_release_built() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[]), ("deploy/staging", &[OF_OWN_BUILD])]);
    record.decide(&[push(1, &[("api", api)])]).await;
    record.done("api/@r1/task/build").await;
    record.ended("api/@r1/deploy/staging", failed()).await;
    record.decide(&[Trigger::Retry(wish("api/@r1"))]).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
}

#[tokio::test]
async fn a_deployment_that_is_retried_by_itself_reads_its_first_inputs_again() {
    let mut record = Record::new().await;
    let mut api = package(&[("task/build", &[]), ("deploy/staging", &[OF_OWN_BUILD])]);
    api.phases[1].tasks[0].retries = 1;
    record.decide(&[push(1, &[("api", api)])]).await;
    record.done("api/@r1/task/build").await;
    let next = Outcome::Next {
        function: FunctionName {
            file: "f".to_owned(),
            name: "second".to_owned(),
        },
        inputs: std::collections::BTreeMap::new(),
    };
    record.ended("api/@r1/deploy/staging", next).await;
    record.ended("api/@r1/deploy/staging", failed()).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
}

#[tokio::test]
async fn a_new_release_reads_what_another_package_left_before() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[])]);
    record.decide(&[push(1, &[("api", api)])]).await;
    record.done("api/@r1/deploy/staging").await;
    let web = package(&[("deploy/staging", &[OF_API])]);
    record.decide(&[push(2, &[("web", web)])]).await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn what_waits_for_another_package_starts_when_that_is_done() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[])]);
    let web = package(&[("deploy/staging", &[OF_API])]);
    record
        .decide(&[push(1, &[("api", api), ("web", web)])])
        .await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 pending ForInputs({Reference { repository: \"github.com/acme/shop\", path: \"api/release.ocu.star\", global: false, release: Some(\"\"), subpath: Some((Deploy, \"staging\")), fragment: Some(\"output/url\") }}) <- github.com/acme/shop/-/api/release.ocu.star/@/deploy/staging");
    record.done("api/@r1/deploy/staging").await;
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn a_function_that_goes_on_reads_what_is_there() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[]), ("deploy/staging", &[])]);
    record.decide(&[push(1, &[("api", api)])]).await;
    record.done("api/@r1/task/build").await;
    let reference = OF_BUILD.trim_start_matches("image=");
    let input = Input::Reference {
        reference: reference.parse().expect("a ref"),
        default: None,
    };
    let next = Outcome::Next {
        function: FunctionName {
            file: "f".to_owned(),
            name: "second".to_owned(),
        },
        inputs: [("image".to_owned(), input)].into(),
    };
    record.ended("api/@r1/deploy/staging", next).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/1 starting
    ");
}

fn undeploy() -> Trigger {
    Trigger::Undeploy {
        package: package_name("api"),
        environment: "staging".parse().expect("a name"),
        held_by: None,
        actor: wish("api/@r1").actor,
    }
}

#[tokio::test]
async fn the_release_that_is_live_goes_down_with_its_own_inputs_however_old_it_is() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[]), ("deploy/staging", &[OF_OWN_BUILD])]);
    record.decide(&[push(1, &[("api", api.clone())])]).await;
    record.done("api/@r1/task/build").await;
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[push(2, &[("api", api)])]).await;
    record.ended("api/@r2/task/build", failed()).await;
    record.decide(&[undeploy()]).await;
    let environment = "staging".parse().expect("a name");
    let going = Answer::GoingDown(package_name("api"), environment);
    assert_eq!(record.plan.answers, [going]);
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[undeploy()]).await;
    let environment = "staging".parse().expect("a name");
    let nothing = Answer::NotDeployed(package_name("api"), environment);
    assert_eq!(record.plan.answers, [nothing]);
}

#[tokio::test]
async fn what_a_file_has_lost_can_still_be_taken_down() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[]), ("deploy/staging", &[])]);
    record.decide(&[push(1, &[("api", api)])]).await;
    record.done("api/@r1/task/build").await;
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[undeploy()]).await;
    record.ended("api/@r1/deploy/staging", failed()).await;
    let replanned = Trigger::Replanned {
        release: release_name("api/@r1"),
        package: package(&[("task/build", &[])]),
    };
    record.decide(&[replanned]).await;
    record.decide(&[Trigger::Retry(wish("api/@r1"))]).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/3 starting
    ");
}

#[tokio::test]
async fn a_file_that_is_read_again_sees_what_its_new_deployments_read() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[])]);
    let web = package(&[("task/build", &[])]);
    record
        .decide(&[push(1, &[("api", api), ("web", web)])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.done("web/@r1/task/build").await;
    let both = ["image=./task/build#output/url", OF_API];
    let replanned = Trigger::Replanned {
        release: release_name("web/@r1"),
        package: package(&[("task/build", &[]), ("deploy/staging", &both)]),
    };
    record.decide(&[replanned]).await;
    assert_snapshot!(record.table("web/@r1").await, @"
    task/build/1 complete
    deploy/staging/1 starting
    ");
}

#[tokio::test]
async fn an_approval_is_seen_by_every_package_that_waits_for_it() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &["by=./custom/approval"])]);
    let of_api = "by=github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval";
    let web = package(&[("deploy/staging", &[of_api])]);
    record
        .decide(&[push(1, &[("api", api), ("web", web)])])
        .await;
    record.decide(&[Trigger::Approve(wish("api/@r1"))]).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/1 starting");
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn a_commit_is_released_once_and_numbers_go_on_after_finished_releases() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[])]);
    for (seed, release) in [(1, "api/@r1"), (1, "api/@r1"), (2, "api/@r2")] {
        record.decide(&[push(seed, &[("api", api.clone())])]).await;
        let released = Answer::Released(vec![release_name(release)]);
        assert_eq!(record.plan.answers, [released]);
        if record.table(release).await.contains("starting") {
            record
                .ended(&format!("{release}/task/build"), done(json!({})))
                .await;
        }
    }
}

#[tokio::test]
async fn an_older_release_that_is_extended_knows_who_is_live() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[]), ("deploy/staging", &[])]);
    let mut short = push(1, &[("api", api.clone())]);
    if let Trigger::Release(new) = &mut short {
        new.goals = Some(["production".parse().expect("a name")].into());
    }
    record.decide(&[short]).await;
    record.done("api/@r1/task/build").await;
    record.decide(&[push(2, &[("api", api.clone())])]).await;
    record.done("api/@r2/task/build").await;
    record.done("api/@r2/deploy/staging").await;
    record.decide(&[push(1, &[("api", api)])]).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/1 superseded
    ");
}
