//! Going back, staying there, and moving on.

use insta::assert_snapshot;
use serde_json::json;

use super::language::release_name;
use super::story::Story;
use crate::engine::plan::Call;

const FILE: &str = "deploy/staging size=@/custom/size";

/// The r1 and the r2 of `api` were in staging, with a size of 1 and of 2; the size is 3 by now.
fn two_releases() -> Story {
    let mut story = Story::default();
    story.set("@/custom/size", json!(1));
    story.push("api", "a1", FILE);
    story.done("api/@r1/deploy/staging");
    story.set("@/custom/size", json!(2));
    story.push("api", "a2", FILE);
    story.done("api/@r2/deploy/staging");
    story.set("@/custom/size", json!(3));
    story
}

#[test]
fn a_rollback_brings_back_the_recorded_inputs_and_pins() {
    let mut story = two_releases();
    story.rollback("api/@r1/deploy/staging");
    assert_snapshot!(story.answers(), @"api/@r1 comes back to staging");
    assert_snapshot!(story.changes(), @r#"
    staging is a pin
    robin says deploy of api/@r1 in staging
    api/@/deploy/staging should be {"input":{"size":1},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.current().values["size"], json!(1));
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/2","type":"up"}
    api/@/deploy/staging = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/2","type":"up"}
    "#);
}

#[test]
fn a_rollback_runs_what_the_release_was_made_of() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging up:up_v1");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging up:up_v2");
    story.done("api/@r2/deploy/staging");
    story.rollback("api/@r1/deploy/staging");
    let starts: Vec<&Call> = story
        .plan
        .effects
        .iter()
        .map(|effect| &effect.call)
        .collect();
    let Call::Attempt { run, .. } = starts[0] else {
        panic!("{starts:?}");
    };
    let release = &story.snapshot.releases[&run.release];
    assert_eq!(release.commit, super::language::commit("a1"));
    let action = serde_json::to_value(&story.run("api/@r1/deploy/staging").1.current().action);
    assert_eq!(action.expect("JSON")["function"]["name"], json!("up_v1"));
}

#[test]
fn newer_releases_wait_while_it_is_pinned_and_go_on_after() {
    let mut story = two_releases();
    story.rollback("api/@r1/deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a3", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2: complete
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 waiting
      deploy/staging/1: pending held by pin of api/@r1
    ");
    story.unpin("api/staging");
    assert_snapshot!(story.answers(), @"staging is free of pin of api/@r1");
    assert_snapshot!(story.table_of("api/@r3"), @"
    api/@r3 running
      deploy/staging/1: starting
    ");
}

#[test]
fn a_pin_for_some_time_ends_by_itself() {
    let mut story = two_releases();
    story.rollback_for("api/@r1/deploy/staging", 3600);
    story.done("api/@r1/deploy/staging");
    story.push("api", "a3", FILE);
    assert_eq!(story.wakes.len(), 1);
    let at = *story.wakes.first().expect("a time");
    story.wake("1970-01-01T01:00:06Z");
    assert_snapshot!(story.table_of("api/@r3"), @"
    api/@r3 waiting
      deploy/staging/1: pending held by pin of api/@r1
    ");
    story.wake_at(at);
    assert_snapshot!(story.table_of("api/@r3"), @"
    api/@r3 running
      deploy/staging/1: starting
    ");
}

#[test]
fn a_release_on_its_way_when_people_go_back_is_gone_back_from() {
    let mut story = two_releases();
    story.push("api", "a3", FILE);
    story.claimed("api/@r3/deploy/staging");
    story.rollback("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: pending behind api/@r3
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 running
      deploy/staging/1: running
    ");
    story.done("api/@r3/deploy/staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2: complete
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn going_back_to_what_is_live_only_pins() {
    let mut story = two_releases();
    story.rollback("api/@r2/deploy/staging");
    assert_snapshot!(story.answers(), @"api/@r2 is in staging");
    assert_snapshot!(story.changes(), @"
    staging is a pin
    robin says deploy of api/@r2 in staging
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn going_back_twice_is_going_back_once() {
    let mut story = two_releases();
    story.rollback("api/@r1/deploy/staging");
    story.rollback("api/@r1/deploy/staging");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    ");
}

#[test]
fn there_is_no_way_back_to_what_never_was_there() {
    let mut story = two_releases();
    story.push("api", "a3", FILE);
    story.fails("api/@r3/deploy/staging", "no space left");
    story.rollback("api/@r3/deploy/staging");
    assert_snapshot!(story.answers(), @"api/@r3 never was in staging");
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn there_is_no_way_back_while_it_is_taken_down() {
    let mut story = two_releases();
    story.undeploy("api", "staging");
    story.rollback("api/@r2/deploy/staging");
    assert_snapshot!(story.answers(), @"api goes down in staging");
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn whoever_may_not_deploy_there_does_not_go_back() {
    let mut story = two_releases();
    story.rules("protect staging deploy:@ann");
    story.rollback("api/@r1/deploy/staging");
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn a_failed_rollback_stays_pinned_and_may_be_tried_again() {
    let mut story = two_releases();
    story.rollback("api/@r1/deploy/staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.retry("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: failed, no space left
      deploy/staging/3: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.current().values["size"], json!(1));
}

#[test]
fn only_what_is_live_can_be_pinned() {
    let mut story = two_releases();
    story.pin("api/@r1", "api/staging");
    assert_snapshot!(story.answers(), @"api is not in staging");
    story.pin("api/@r2", "api/staging");
    assert_snapshot!(story.answers(), @"staging has a pin of api/@r2");
}

#[test]
fn a_pull_request_waits_for_a_pin_too() {
    let mut story = two_releases();
    story.pin("api/@r2", "api/staging");
    story.propose(5, "b1", ("api", FILE), "staging");
    assert_snapshot!(story.table_of("api/@r3"), @"
    api/@r3 waiting
      deploy/staging/1: pending held by pin of api/@r2
    ");
}

#[test]
fn bringing_a_release_on_revives_what_was_given_up_on_the_way() {
    let mut story = Story::default();
    let file = "task/build | deploy/staging | deploy/production";
    story.push("api", "a1", file);
    story.done("api/@r1/task/build");
    story.push("api", "a2", file);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 superseded
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: superseded
    ");
    story.bring("api/@r1/deploy/production");
    assert_snapshot!(story.answers(), @"api/@r1 goes to production");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: superseded
      deploy/production/2: starting
    ");
}

#[test]
fn bringing_goes_farther_than_the_release_was_meant_to() {
    let mut story = Story::default();
    story.deploy_until(
        "api",
        "a1",
        "deploy/staging | deploy/eu, deploy/us",
        "staging",
    );
    story.done("api/@r1/deploy/staging");
    story.bring("api/@r1/deploy/us");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/us/1: starting
    ");
    let goals = &story.snapshot.releases[&release_name("api/@r1")].goals;
    assert_eq!(goals.as_ref().map(|goals| goals.len()), Some(2));
}

#[test]
fn bringing_does_not_go_back_behind_a_newer_release() {
    let mut story = two_releases();
    story.bring("api/@r1/deploy/staging");
    assert_snapshot!(story.answers(), @"api/@r1 is overtaken in staging by api/@r2");
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn bringing_what_is_there_or_goes_nowhere_says_so() {
    let mut story = two_releases();
    story.bring("api/@r2/deploy/staging");
    assert_snapshot!(story.answers(), @"api/@r2 is in staging");
    story.bring("api/@r2/deploy/production");
    assert_snapshot!(story.answers(), @"api/@r2 does not deploy to production");
}

#[test]
fn what_was_taken_down_may_be_brought_again() {
    let mut story = two_releases();
    story.undeploy("api", "staging");
    story.done("api/@r2/deploy/staging");
    story.bring("api/@r2/deploy/staging");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
      deploy/staging/3: starting
    ");
}

#[test]
fn a_pin_that_ends_before_the_rollback_does_changes_nothing_of_what_is_there() {
    let mut story = two_releases();
    story.rollback("api/@r1/deploy/staging");
    story.unpin("api/staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/2","type":"up"}
    api/@/deploy/staging = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/2","type":"up"}
    "#);
}
