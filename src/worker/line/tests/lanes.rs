//! Pull requests and the environments they hold: a decision about one sees what the others left, and what the default
//! branch had. Each story is told a second time with everything at hand, and must come to the same.

use insta::assert_snapshot;

use super::record::{
    Record, actor, commit, package, package_name, place, propose, push, release_name, wish,
};
use crate::engine::{Answer, Trigger, Unlock};
use crate::model::{LockScope, Package};

const OF_OWN_BUILD: &str = "image=./task/build#output/url";

fn to_staging() -> Package {
    package(&[("deploy/staging", &[])])
}

fn built_for_staging() -> Package {
    package(&[("task/build", &[]), ("deploy/staging", &[OF_OWN_BUILD])])
}

/// The default branch is live in staging, and pull request 4 after it.
async fn held() -> Record {
    let mut record = Record::new().await;
    record
        .decide(&[push(1, &[("api", built_for_staging())])])
        .await;
    record.done("api/@r1/task/build").await;
    record.done("api/@r1/deploy/staging").await;
    record
        .decide(&[propose(2, 4, &[("api", built_for_staging())], &["staging"])])
        .await;
    record.done("api/@r2/task/build").await;
    record.done("api/@r2/deploy/staging").await;
    record
}

#[tokio::test]
async fn what_is_given_back_is_what_the_default_branch_built() {
    let mut record = held().await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
    assert_snapshot!(record.holds().await, @"");
}

#[tokio::test]
async fn nothing_is_given_back_when_it_is_merged() {
    let mut record = held().await;
    record.closed(4, true).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/1 complete
    ");
    assert_snapshot!(record.holds().await, @"");
}

#[tokio::test]
async fn what_was_never_there_is_taken_down() {
    let mut record = Record::new().await;
    record
        .decide(&[propose(1, 4, &[("api", to_staging())], &["staging"])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/2 starting");
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[undeploy("api", None)]).await;
    let nothing = Answer::NotDeployed(package_name("api"), place("staging"));
    assert_eq!(record.plan.answers, [nothing]);
}

fn undeploy(package: &str, held_by: Option<i64>) -> Trigger {
    Trigger::Undeploy {
        package: package_name(package),
        environment: place("staging"),
        held_by,
        actor: actor("alice"),
    }
}

#[tokio::test]
async fn what_people_took_down_before_does_not_come_back() {
    let mut record = Record::new().await;
    record.decide(&[push(1, &[("api", to_staging())])]).await;
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[undeploy("api", None)]).await;
    record.done("api/@r1/deploy/staging").await;
    record
        .decide(&[propose(2, 4, &[("api", to_staging())], &["staging"])])
        .await;
    record.done("api/@r2/deploy/staging").await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/2 complete");
    assert_snapshot!(record.table("api/@r2").await, @"deploy/staging/2 starting");
}

#[tokio::test]
async fn what_people_brought_back_is_given_back() {
    let mut record = Record::new().await;
    for (seed, release) in [(1, "api/@r1"), (2, "api/@r2")] {
        record.decide(&[push(seed, &[("api", to_staging())])]).await;
        record.done(&format!("{release}/deploy/staging")).await;
    }
    record.now = record.now.plus_seconds(1);
    record
        .decide(&[Trigger::Rollback(to("api/@r1"), None)])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[record.unpin("api")]).await;
    record
        .decide(&[propose(3, 4, &[("api", to_staging())], &["staging"])])
        .await;
    record.done("api/@r3/deploy/staging").await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/3 starting");
    assert_snapshot!(record.table("api/@r2").await, @"deploy/staging/1 complete");
}

fn to(release: &str) -> crate::engine::Wish {
    crate::engine::Wish {
        environments: Some([place("staging")].into()),
        ..wish(release)
    }
}

#[tokio::test]
async fn undeploying_what_is_held_gives_it_back() {
    let mut record = held().await;
    record.decide(&[undeploy("api", Some(4))]).await;
    let given_back = Answer::GivenBack(package_name("api"), place("staging"));
    assert_eq!(record.plan.answers, [given_back]);
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
}

#[tokio::test]
async fn what_ends_after_the_pull_request_gives_the_environment_back() {
    let mut record = Record::new().await;
    record.decide(&[push(1, &[("api", to_staging())])]).await;
    record.done("api/@r1/deploy/staging").await;
    record
        .decide(&[propose(2, 4, &[("api", to_staging())], &["staging"])])
        .await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r2").await, @"deploy/staging/1 starting");
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/1 complete");
    record.done("api/@r2/deploy/staging").await;
    assert_snapshot!(record.table("api/@r1").await, @"deploy/staging/2 starting");
}

#[tokio::test]
async fn the_next_in_the_queue_gets_all_it_asked_for_at_once() {
    let mut record = Record::new().await;
    let both = [("api", to_staging()), ("web", to_staging())];
    record
        .decide(&[propose(1, 4, &both[..1], &["staging"])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.now = record.now.plus_seconds(1);
    record.decide(&[propose(2, 5, &both, &["staging"])]).await;
    record.now = record.now.plus_seconds(1);
    record
        .decide(&[propose(3, 6, &both[1..], &["staging"])])
        .await;
    assert_snapshot!(record.holds().await, @"
    #4 holds api staging
    #5 waits for api staging
    #5 waits for web staging
    #6 waits for web staging
    ");
    record.closed(4, true).await;
    assert_snapshot!(record.holds().await, @"
    #5 holds api staging
    #5 holds web staging
    #6 waits for web staging
    ");
    assert_snapshot!(record.table("api/@r2").await, @"deploy/staging/1 starting");
    assert_snapshot!(record.table("web/@r1").await, @"deploy/staging/1 starting");
}

#[tokio::test]
async fn a_head_that_moves_keeps_what_is_live_and_frees_the_rest() {
    let mut record = Record::new().await;
    let (api, web) = (("api", to_staging()), ("web", built_for_staging()));
    record
        .decide(&[propose(1, 4, &[api, web.clone()], &["staging"])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.decide(&[push(2, &[web])]).await;
    record.done("web/@r2/task/build").await;
    assert!(record.table("web/@r2").await.contains("ForGates([Held"));
    record.head_moved(4, &commit(3)).await;
    let stopped = Answer::Stopped(vec![release_name("web/@r1")]);
    assert_eq!(record.plan.answers, [stopped]);
    assert_snapshot!(record.holds().await, @"#4 holds api staging");
    assert_snapshot!(record.table("web/@r1").await, @"
    task/build/1 superseded
    deploy/staging/1 superseded
    ");
    assert_snapshot!(record.table("web/@r2").await, @"
    task/build/1 complete
    deploy/staging/1 starting
    ");
}

#[tokio::test]
async fn a_head_that_moves_keeps_what_an_older_head_has_live() {
    let mut record = held().await;
    record
        .decide(&[propose(3, 4, &[("api", built_for_staging())], &["staging"])])
        .await;
    record.head_moved(4, &commit(5)).await;
    assert_snapshot!(record.holds().await, @"#4 holds api staging");
    assert_snapshot!(record.table("api/@r3").await, @"
    task/build/1 superseded
    deploy/staging/1 superseded
    ");
}

#[tokio::test]
async fn a_head_that_moves_frees_what_its_older_heads_have_not_reached() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[]), ("deploy/production", &[])]);
    record
        .decide(&[propose(1, 4, &[("api", api)], &["production"])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    assert_snapshot!(record.holds().await, @"
    #4 holds api production
    #4 holds api staging
    ");
    record.head_moved(4, &commit(2)).await;
    assert_snapshot!(record.holds().await, @"#4 holds api staging");
    assert_snapshot!(record.table("api/@r1").await, @"
    deploy/production/1 superseded
    deploy/staging/1 complete
    ");
}

#[tokio::test]
async fn a_head_that_moves_stops_what_needs_no_environment() {
    let mut record = Record::new().await;
    let api = package(&[("task/build", &[])]);
    record.decide(&[propose(1, 4, &[("api", api)], &[])]).await;
    record.head_moved(4, &commit(2)).await;
    assert_snapshot!(record.table("api/@r1").await, @"task/build/1 superseded");
}

#[tokio::test]
async fn unlocking_takes_the_environment_from_a_pull_request() {
    let mut record = held().await;
    let holds = record.holds_of(4).await;
    let unlock = Unlock {
        environment: place("staging"),
        scope: LockScope::Repository(package_name("api").repository),
        kinds: ["lock"].into(),
        holds: holds.clone(),
        actor: actor("alice"),
        repository: package_name("api").repository,
    };
    record.decide(&[Trigger::Unlock(unlock)]).await;
    let unlocked = Answer::Unlocked(place("staging"), Vec::new(), holds);
    assert_eq!(record.plan.answers.last(), Some(&unlocked));
    assert_snapshot!(record.holds().await, @"");
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/2 starting
    ");
}

#[tokio::test]
async fn what_the_default_branch_brings_by_itself_is_not_given_back() {
    let mut record = held().await;
    record
        .decide(&[push(3, &[("api", built_for_staging())])])
        .await;
    record.done("api/@r3/task/build").await;
    record.closed(4, false).await;
    assert_snapshot!(record.table("api/@r1").await, @"
    task/build/1 complete
    deploy/staging/1 complete
    ");
    assert_snapshot!(record.table("api/@r3").await, @"
    task/build/1 complete
    deploy/staging/1 starting
    ");
}

#[tokio::test]
async fn what_is_merged_as_it_is_goes_on_as_the_default_branch() {
    let mut record = Record::new().await;
    let api = package(&[("deploy/staging", &[]), ("deploy/production", &[])]);
    record
        .decide(&[propose(1, 4, &[("api", api.clone())], &["staging"])])
        .await;
    record.done("api/@r1/deploy/staging").await;
    record.closed(4, true).await;
    record.decide(&[push(1, &[("api", api)])]).await;
    let released = Answer::Released(vec![release_name("api/@r1")]);
    assert_eq!(record.plan.answers, [released]);
    assert_snapshot!(record.table("api/@r1").await, @"
    deploy/production/1 starting
    deploy/staging/1 complete
    ");
}
