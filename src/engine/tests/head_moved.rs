//! The head of a pull request moves between a command and what comes of it.

use insta::assert_snapshot;

use super::story::Story;

const ONE: (&str, &str) = ("api", "deploy/staging");
const NATIVE: (&str, &str) = ("api", "deploy/staging workflow:deploy.yml");

#[test]
fn what_waits_is_given_up() {
    let mut story = Story::default();
    story.rules("protect staging pull_requests approvals:1");
    story.propose(5, "b1", ONE, "staging");
    story.head_moves(5, "b2");
    assert_snapshot!(story.answers(), @"stopped api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: superseded, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    ");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn what_no_job_has_taken_is_stopped_and_fenced_off() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    let (run, fence) = story.start_of("api/@r1/deploy/staging");
    story.head_moves(5, "b2");
    assert_snapshot!(story.effects(), @"
    cancel api/@r1/deploy/staging/1 1
    release check api/@r1
    overview 7 5
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: superseded, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    ");
    assert_eq!(story.start_of("api/@r1/deploy/staging").1, fence + 1);
    let outcome = super::story::done(serde_json::json!({}));
    let late = crate::engine::Trigger::Ended {
        run,
        fence,
        outcome,
    };
    story.decide(&[late]);
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn what_a_job_has_taken_goes_on() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.claimed("api/@r1/deploy/staging");
    story.head_moves(5, "b2");
    assert_snapshot!(story.answers(), @"");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: running
    ");
    assert_snapshot!(story.queue(), @"#5 holds api staging");
}

#[test]
fn a_workflow_that_may_be_at_work_keeps_others_out_until_it_has_stopped() {
    let mut story = Story::default();
    story.propose(5, "b1", NATIVE, "staging");
    story.push("api", "a1", NATIVE.1);
    story.head_moves(5, "b2");
    assert_snapshot!(story.effects(), @"
    cancel api/@r1/deploy/staging/1 1
    run check api/@r1/deploy/staging/1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: cancelling, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    api/@r2 running
      deploy/staging/1: pending behind api/@r1
    ");
    story.fails("api/@r1/deploy/staging", "cancelled");
    assert_snapshot!(story.queue(), @"");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn a_claim_that_serves_nothing_any_more_is_freed() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.push("api", "a1", ONE.1);
    story.propose(6, "c1", ONE, "staging");
    story.head_moves(6, "c2");
    assert_snapshot!(story.queue(), @"#5 holds api staging");
    story.head_moves(5, "b2");
    assert_snapshot!(story.queue(), @"");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: superseded, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    api/@r2 running
      deploy/staging/1: starting
    api/@r3 superseded
      deploy/staging/1: superseded, the head of the pull request moved to c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2 before this began
    ");
}

#[test]
fn what_is_live_stays_and_is_held() {
    let mut story = Story::default();
    let file = ("api", "deploy/staging | deploy/production go=./custom/go");
    story.propose(5, "b1", file, "production");
    story.done("api/@r1/deploy/staging");
    story.head_moves(5, "b2");
    assert_snapshot!(story.queue(), @"#5 holds api staging");
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      deploy/production/1: superseded, the head of the pull request moved to b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2 before this began
    ");
}

#[test]
fn what_is_of_the_head_is_not_stopped() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.head_moves(5, "b1");
    assert_snapshot!(story.answers(), @"");
    assert_snapshot!(story.changes(), @"");
}

#[test]
fn other_pull_requests_and_the_default_branch_are_not_concerned() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    story.propose(5, "b1", ("api", "task/build | deploy/staging"), "staging");
    story.propose(6, "c1", ("api", "task/build | deploy/staging"), "staging");
    story.head_moves(6, "c2");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    api/@r3 superseded
      task/build/1: superseded, the head of the pull request moved to c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2 before this began
      deploy/staging/1: superseded, the head of the pull request moved to c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2 before this began
    ");
}

#[test]
fn what_is_on_its_way_down_goes_on() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r1/deploy/staging");
    story.lock("staging");
    story.close(5);
    story.head_moves(5, "b2");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/staging/2 (down): pending held by lock of @robin
    ");
}

#[test]
fn the_new_head_is_deployed_by_a_new_command() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r1/deploy/staging");
    story.head_moves(5, "b2");
    story.propose(5, "b2", ONE, "staging");
    story.done("api/@r2/deploy/staging");
    assert_snapshot!(story.queue(), @"#5 holds api staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 complete
      deploy/staging/1: complete
    ");
}
