//! Approve, retry, cancel, and retries without anybody asking.

use insta::assert_snapshot;
use serde_json::json;

use super::language::{push, release_name};
use super::story::{Story, command};
use crate::engine::Trigger;
use crate::model::RunKind;

#[test]
fn approve_provides_what_the_release_itself_waits_for() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "deploy/staging go=./custom/approval url=web/@/deploy/staging#output/url size=./@/custom/size",
    );
    story.approve("api/@r1");
    assert_snapshot!(story.answers(), @"approved api/@r1: api/@r1/custom/approval");
    assert_snapshot!(story.changes(), @r#"api/@r1/custom/approval = {"approved_at":"1970-01-01T00:00:02Z","approved_by":"robin"}"#);
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending without api/@/custom/size web/@/deploy/staging#output/url
    ");
    story.approve("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn approve_reaches_only_the_phase_that_waits() {
    let mut story = Story::default();
    let text = "deploy/staging go=./custom/staging | deploy/production go=./custom/production";
    story.push("api", "a1", text);
    story.approve("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn approve_in_one_environment_leaves_the_others() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "deploy/eu go=./custom/eu, deploy/us go=./custom/us",
    );
    story.approve("api/@r1/deploy/us");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: pending without api/@r1/custom/eu
      deploy/us/1: starting
    ");
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/deploy/us/1 1
    release check api/@r1
    ");
}

#[test]
fn approve_does_not_make_up_what_a_task_has_not_left() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/build | deploy/staging url=./task/build#output/url",
    );
    story.done("api/@r1/task/build");
    story.approve("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn approve_of_what_does_not_exist_is_answered() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.approve("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn retry_repeats_what_failed_and_nothing_else() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/build, task/lint, task/test, task/ask x=./custom/x",
    );
    story.done("api/@r1/task/build");
    story.fails("api/@r1/task/lint", "line too long");
    story.retry("api/@r1");
    assert_snapshot!(story.answers(), @"retried api/@r1: task/lint");
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/task/lint/2 1
    release check api/@r1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/ask/1: pending without api/@r1/custom/x
      task/build/1: complete
      task/lint/1: failed, line too long
      task/lint/2: starting
      task/test/1: starting
    ");
    story.retry("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to retry in api/@r1");
}

#[test]
fn retry_in_one_environment_leaves_the_others() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/eu, deploy/us");
    story.fails("api/@r1/deploy/eu", "no space");
    story.fails("api/@r1/deploy/us", "no route");
    story.retry("api/@r1/deploy/us");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: failed, no space
      deploy/us/1: failed, no route
      deploy/us/2: starting
    ");
}

#[test]
fn q_e4_retry_of_a_down_stays_a_down() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.fails("api/@r1/deploy/staging", "is in use");
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      deploy/staging/1: complete
      deploy/staging/2 (down): failed, is in use
    ");
    story.retry("api/@r1");
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.kind, RunKind::Down);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/3","type":"down"}
    api/@/deploy/staging is gone
    "#);
}

#[test]
fn retry_reads_its_inputs_again() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask size=./custom/size");
    story.set("api/@r1/custom/size", json!(1));
    story.fails("api/@r1/task/ask", "too small");
    story.set("api/@r1/custom/size", json!(2));
    story.retry("api/@r1");
    let (_, run) = story.run("api/@r1/task/ask");
    assert_eq!(run.current().values["size"], json!(2));
}

#[test]
fn automatic_retries_end() {
    let mut story = Story::default();
    story.push("api", "a1", "task/flaky retries:2");
    for attempt in 1..=3 {
        story.fails("api/@r1/task/flaky", &format!("attempt {attempt}"));
    }
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/flaky/1: failed, attempt 1
      task/flaky/2: failed, attempt 2
      task/flaky/3: failed, attempt 3
    ");
    story.retry("api/@r1");
    story.fails("api/@r1/task/flaky", "attempt 4");
    assert_snapshot!(story.answers(), @"");
    assert_eq!(
        story.snapshot.releases[&release_name("api/@r1")].runs.len(),
        4
    );
}

#[test]
fn a_down_has_its_own_automatic_retries() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging retries:1");
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.fails("api/@r1/deploy/staging", "is in use");
    story.fails("api/@r1/deploy/staging", "is still in use");
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      deploy/staging/1: complete
      deploy/staging/2 (down): failed, is in use
      deploy/staging/3 (down): failed, is still in use
    ");
}

#[test]
fn cancel_stops_everything_that_is_not_finished() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/build, task/test, task/ask | deploy/staging",
    );
    story.done("api/@r1/task/build");
    story.next("api/@r1/task/ask", "answer", "x=./custom/x");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      task/ask/1: cancelled, cancelled by @robin
      task/build/1: complete
      task/test/1: cancelled, cancelled by @robin
      deploy/staging/1: cancelled, cancelled by @robin
    ");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/ask/1
    cancel api/@r1/task/test/1 1
    run check api/@r1/task/test/1
    release check api/@r1
    ");
    assert_snapshot!(story.answers(), @"cancelled api/@r1: task/ask, task/test, deploy/staging");
    story.cancel("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to cancel in api/@r1");
}

#[test]
fn cancel_in_one_environment_is_shown_while_the_others_go_on() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/eu, deploy/us");
    story.cancel("api/@r1/deploy/us");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: starting
      deploy/us/1: cancelled, cancelled by @robin
    ");
    assert_snapshot!(story.effects(), @"
    cancel api/@r1/deploy/us/1 1
    run check api/@r1/deploy/us/1
    release check api/@r1
    ");
}

#[test]
fn cancel_makes_way_for_the_release_behind() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.push("api", "a2", "deploy/staging");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, cancelled by @robin
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn what_a_job_is_at_keeps_its_environment_until_its_end_is_known() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.claimed("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: cancelling, cancelled by @robin
    api/@r2 running
      deploy/staging/1: pending behind api/@r1
    ");
    story.fails("api/@r1/deploy/staging", "ended without a word");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, cancelled by @robin
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn what_succeeds_before_it_could_be_stopped_is_done() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.claimed("api/@r1/task/build");
    story.cancel("api/@r1");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
    ");
}

#[test]
fn a_workflow_that_may_have_started_is_waited_for() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build workflow:build.yml");
    story.cancel("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: cancelling, cancelled by @robin
    ");
    story.fails("api/@r1/task/build", "cancelled before it was started");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      task/build/1: cancelled, cancelled by @robin
    ");
}

#[test]
fn what_was_cancelled_can_be_retried() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    story.cancel("api/@r1");
    story.retry("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: cancelled, cancelled by @robin
      task/build/2: starting
      deploy/staging/1: cancelled, cancelled by @robin
      deploy/staging/2: pending after p1
    ");
}

#[test]
fn a_wish_about_a_release_that_is_not_there_does_nothing() {
    let mut story = Story::default();
    story.release(push("a1", &[("api", "task/build")]));
    let wish = command("api/@r7");
    story.decide(&[
        Trigger::Approve(wish.clone()),
        Trigger::Retry(wish.clone()),
        Trigger::Cancel(wish),
    ]);
    assert_snapshot!(story.answers(), @"
    nothing to approve in api/@r7
    nothing to retry in api/@r7
    nothing to cancel in api/@r7
    ");
    assert_snapshot!(story.effects(), @"");
}
