//! Several releases of one package.

use insta::assert_snapshot;
use serde_json::json;

use super::language::release_name;
use super::story::Story;

const FILE: &str = "task/build | deploy/staging | deploy/production approval=./custom/approval";

/// `api` r1 is in staging and waits for its approval.
fn waiting_for_approval() -> Story {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.done("api/@r1/task/build");
    story.done("api/@r1/deploy/staging");
    story
}

#[test]
fn a_newer_release_takes_over_what_older_ones_have_not_begun() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.push("api", "a2", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: superseded
      deploy/production/1: superseded
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
    assert_snapshot!(story.effects(), @"
    commit check a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2
    attempt api/@r2/task/build/1 1
    release check api/@r1
    release check api/@r2
    ");
}

#[test]
fn what_an_older_release_has_begun_is_not_interrupted() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.done("api/@r1/task/build");
    story.push("api", "a2", FILE);
    story.done("api/@r2/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: starting
      deploy/production/1: superseded
    api/@r2 running
      task/build/1: complete
      deploy/staging/1: pending behind api/@r1
      deploy/production/1: pending after p2
    ");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: superseded
    api/@r2 running
      task/build/1: complete
      deploy/staging/1: starting
      deploy/production/1: pending after p2
    ");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/1
    deployment api/@r1/deploy/staging/1
    attempt api/@r2/deploy/staging/1 1
    release check api/@r1
    ");
}

#[test]
fn a_pending_approval_of_an_obsolete_release_goes() {
    let mut story = Story::default();
    let text = "deploy/staging | task/approve approval=./custom/approval | deploy/production";
    story.push("api", "a1", text);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      task/approve/1: pending without api/@r1/custom/approval
      deploy/production/1: pending after p2
    ");
    story.push("api", "a2", text);
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      task/approve/1: superseded
      deploy/production/1: superseded
    api/@r2 running
      deploy/staging/1: starting
      task/approve/1: pending after p1
      deploy/production/1: pending after p2
    ");
    story.approve("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn tasks_that_serve_no_deployment_are_not_taken_over() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | task/publish size=./custom/size");
    story.push("api", "a2", "task/build | task/publish size=./custom/size");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      task/publish/1: pending after p1
    api/@r2 running
      task/build/1: starting
      task/publish/1: pending after p1
    ");
}

#[test]
fn packages_do_not_take_over_from_each_other() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.push("web", "a2", FILE);
    story.push("web", "a3", FILE);
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
}

#[test]
fn a_release_takes_over_only_as_far_as_it_goes() {
    let mut story = waiting_for_approval();
    story.deploy_until("api", "a2", FILE, "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: pending without api/@r1/custom/approval
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    ");
    story.approve("api/@r1");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn what_can_only_come_after_something_taken_over_goes_too() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.deploy_until("api", "a2", FILE, "staging");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: superseded
      deploy/production/1: superseded
    ");
}

#[test]
fn a_deployment_beside_one_that_is_taken_over_stays() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/eu, deploy/us | task/test");
    story.push("api", "a2", "task/build | deploy/eu | task/test");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      task/build/1: complete
      deploy/eu/1: superseded
      deploy/us/1: starting
      task/test/1: superseded
    ");
}

#[test]
fn a_release_that_is_sent_farther_takes_over_there_too() {
    let mut story = waiting_for_approval();
    story.deploy_until("api", "a2", FILE, "staging");
    story.deploy_until("api", "a2", FILE, "production");
    assert_snapshot!(story.answers(), @"released api/@r2");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: superseded
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
    story.deploy_until("api", "a2", FILE, "staging");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
    let goals = &story.snapshot.releases[&release_name("api/@r2")].goals;
    let goals: Vec<&str> = goals.iter().flatten().map(|name| name.as_str()).collect();
    assert_eq!(goals, ["production", "staging"]);
}

#[test]
fn an_older_release_that_is_sent_farther_takes_nothing_from_a_newer_one() {
    let mut story = Story::default();
    story.deploy_until("api", "a1", FILE, "staging");
    story.push("api", "a2", FILE);
    story.deploy_until("api", "a1", FILE, "production");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
}

#[test]
fn a_release_sent_everywhere_after_it_stopped_goes_on() {
    let mut story = Story::default();
    story.deploy_until("api", "a1", "deploy/staging | deploy/production", "staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    ");
    story.push("api", "a1", "deploy/staging | deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_release_that_is_to_stop_where_its_file_does_not_deploy_deploys_nowhere() {
    let mut story = Story::default();
    story.deploy_until("api", "a1", "task/build | deploy/production", "staging");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
    ");
}

#[test]
fn a_limited_release_of_a_package_that_deploys_nowhere_does_all_its_tasks() {
    let mut story = Story::default();
    story.deploy_until("api", "a1", "task/build | task/publish", "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      task/publish/1: pending after p1
    ");
}

#[test]
fn a_limited_release_does_not_go_farther_when_its_last_environment_goes() {
    let mut story = Story::default();
    story.deploy_until("api", "a1", "deploy/staging | deploy/production", "staging");
    story.done("api/@r1/deploy/staging");
    story.replan("api/@r1", " | deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn a_retry_does_not_overtake_a_newer_release() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.push("api", "a2", "deploy/staging");
    story.done("api/@r2/deploy/staging");
    story.retry("api/@r1");
    assert_snapshot!(story.answers(), @"
    api/@r1 is overtaken in staging by api/@r2
    nothing to retry in api/@r1
    ");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 failed
      deploy/staging/1: failed, no space left
    ");
}

#[test]
fn a_retry_that_waited_behind_a_newer_release_does_not_overtake_it() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.push("api", "a2", "deploy/staging");
    story.retry("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: failed, no space left
      deploy/staging/2: pending behind api/@r2
    api/@r2 running
      deploy/staging/1: starting
    ");
    story.done("api/@r2/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: failed, no space left
      deploy/staging/2: superseded
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn q_e7_an_older_release_sent_farther_late_does_not_overtake() {
    let mut story = Story::default();
    let text = "deploy/staging | deploy/production";
    story.deploy_until("api", "a1", text, "staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", text);
    story.done("api/@r2/deploy/staging");
    story.done("api/@r2/deploy/production");
    story.push("api", "a1", text);
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      deploy/production/1: superseded
    api/@r2 complete
      deploy/staging/1: complete
      deploy/production/1: complete
    ");
}

#[test]
fn a_task_that_ends_late_does_not_take_the_latest_document_back() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.push("api", "a2", "task/build");
    story.outputs("api/@r2/task/build", json!({"image": "api:2"}));
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    assert_snapshot!(story.changes(), @r#"api/@r1/task/build = {"input":{},"output":{"image":"api:1"},"release":"api/@r1","run_ref":"api/@r1/task/build/1","type":"task"}"#);
}

#[test]
fn an_approval_does_not_reach_a_newer_release() {
    let mut story = waiting_for_approval();
    story.push("api", "a2", FILE);
    story.done("api/@r2/task/build");
    story.done("api/@r2/deploy/staging");
    story.set("api/@r1/custom/approval", json!(1));
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 blocked
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: pending without api/@r2/custom/approval
    ");
}
