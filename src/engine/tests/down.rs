//! Taking deployments down.

use insta::assert_snapshot;
use serde_json::json;

use super::story::{Story, done};
use crate::engine::Trigger;
use crate::model::RunKind;

#[test]
fn a_down_removes_the_latest_document_and_keeps_the_history() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging size:=3");
    story.outputs("api/@r1/deploy/staging", json!({"url": "https://api"}));
    story.undeploy("api", "staging");
    assert_snapshot!(story.answers(), @"api goes down in staging");
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/deploy/staging/2 1
    release check api/@r1
    ");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{"size":{"value":3}},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/2","type":"down"}
    api/@/deploy/staging is gone
    "#);
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/2
    deployment api/@r1/deploy/staging/2
    release check api/@r1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
    ");
}

#[test]
fn a_down_runs_the_program_of_the_release_that_is_live() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging down:down_v1 size:=1");
    story.done("api/@r1/deploy/staging");
    story.push(
        "api",
        "a2",
        "task/build | deploy/staging down:down_v2 size:=2",
    );
    story.fails("api/@r2/task/build", "does not compile");
    story.undeploy("api", "staging");
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.kind, RunKind::Down);
    let call = serde_json::to_string(run.current()).expect("JSON");
    assert_snapshot!(call, @r#"{"action":{"function":{"file":"release.ocu.star","name":"down_v1"}},"inputs":{"size":{"value":1}},"values":{"size":1}}"#);
}

#[test]
fn an_environment_is_not_taken_down_twice() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.answers(), @"api goes down in staging");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.answers(), @"api is not in staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
    ");
}

#[test]
fn a_down_waits_for_its_turn_once() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    story.undeploy("api", "staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.answers(), @"api goes down in staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): pending behind api/@r2
    api/@r2 running
      deploy/staging/1: starting
    ");
    story.fails("api/@r2/deploy/staging", "no space left");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
    api/@r2 failed
      deploy/staging/1: failed, no space left
    ");
}

#[test]
fn a_down_that_waited_does_not_take_down_what_a_newer_release_has_put_up() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    story.undeploy("api", "staging");
    story.outputs("api/@r2/deploy/staging", json!({"url": "https://api"}));
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      deploy/staging/2 (down): superseded
    api/@r2 complete
      deploy/staging/1: complete
    ");
    assert_snapshot!(story.changes(), @r#"
    api/@r2/deploy/staging = {"input":{},"output":{"url":"https://api"},"release":"api/@r2","run_ref":"api/@r2/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{"url":"https://api"},"release":"api/@r2","run_ref":"api/@r2/deploy/staging/1","type":"up"}
    "#);
    story.undeploy("api", "staging");
    assert_snapshot!(story.effects(), @"
    attempt api/@r2/deploy/staging/2 1
    release check api/@r2
    ");
}

#[test]
fn a_failed_down_is_not_retried_over_a_newer_release() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.fails("api/@r1/deploy/staging", "is in use");
    story.push("api", "a2", "deploy/staging");
    story.done("api/@r2/deploy/staging");
    story.retry("api/@r1");
    assert_snapshot!(story.answers(), @"
    api/@r1 is overtaken in staging by api/@r2
    nothing to retry in api/@r1
    ");
}

#[test]
fn a_release_goes_up_again_after_a_down_only_as_a_new_release() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn what_was_never_deployed_or_knows_no_way_down_is_left_alone() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging down:none | deploy/production");
    story.undeploy("api", "production");
    assert_snapshot!(story.answers(), @"api is not in production");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.answers(), @"api is not in staging");
    story.undeploy("web", "staging");
    assert_snapshot!(story.answers(), @"web is not in staging");
}

#[test]
fn a_deployment_that_is_being_repeated_is_taken_down_after_that() {
    let mut story = Story::default();
    story.environment("staging");
    story.push("api", "a1", "deploy/staging size=@/custom/size?1");
    story.done("api/@r1/deploy/staging");
    story.set("@/custom/size", json!(2));
    let (run, fence) = story.start_of("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
      deploy/staging/3 (down): pending behind api/@r1
    ");
    let outcome = done(json!({}));
    story.decide(&[Trigger::Ended {
        run,
        fence,
        outcome,
    }]);
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.kind, RunKind::Down);
    assert_snapshot!(json!(run.current().values), @r#"{"size":2}"#);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2: complete
      deploy/staging/3 (down): superseded
      deploy/staging/4 (down): complete
    ");
}

#[test]
fn what_is_at_work_and_what_waits_behind_it_are_cancelled_together() {
    let mut story = Story::default();
    story.environment("staging");
    story.push("api", "a1", "deploy/staging size=@/custom/size?1");
    story.done("api/@r1/deploy/staging");
    story.set("@/custom/size", json!(2));
    story.undeploy("api", "staging");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: complete
      deploy/staging/2: cancelled, cancelled by @robin
      deploy/staging/3 (down): cancelled, cancelled by @robin
    ");
}
