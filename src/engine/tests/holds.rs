//! Environments that pull requests hold, and give back.

use insta::assert_snapshot;

use super::story::{Story, actor};
use crate::engine::Trigger;

const ONE: (&str, &str) = ("api", "deploy/staging");

/// The default branch's r1 was in staging; the r2 of #5 is there now.
fn held() -> Story {
    let mut story = Story::default();
    story.push("api", "a1", ONE.1);
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r2/deploy/staging");
    story
}

#[test]
fn a_deployment_of_a_pull_request_holds_the_environment() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    assert_snapshot!(story.answers(), @"released api/@r1");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/commit/b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1 = {"time":"1970-01-01T00:00:01Z"}
    #5 asks for api staging
    #5 holds api staging
    api/@/deploy/staging should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
}

#[test]
fn a_closed_pull_request_gives_back_what_the_default_branch_had() {
    let mut story = held();
    story.close(5);
    assert_snapshot!(story.answers(), @"api staging is given back");
    assert_snapshot!(story.changes(), @r#"
    #5 gives back api staging
    api/@/deploy/staging should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/deploy/staging/2 1
    release check api/@r1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn where_the_default_branch_had_nothing_it_is_taken_down() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r1/deploy/staging");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
    ");
}

#[test]
fn what_people_had_taken_down_before_does_not_come_back() {
    let mut story = Story::default();
    story.push("api", "a1", ONE.1);
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r2/deploy/staging");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
    api/@r2 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
    ");
}

#[test]
fn a_merged_pull_request_leaves_things_as_they_are_for_the_release_that_comes() {
    let mut story = held();
    story.merge(5);
    assert_snapshot!(story.changes(), @"#5 gives back api staging");
    story.push("api", "a2", ONE.1);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 running
      deploy/staging/1: starting
    ");
}

#[test]
fn nothing_comes_back_where_a_newer_release_is_on_its_way() {
    let mut story = held();
    story.push("api", "a2", ONE.1);
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 running
      deploy/staging/1: starting
    ");
}

#[test]
fn the_last_release_comes_back_while_a_newer_one_waits_for_people() {
    let mut story = held();
    story.rules("protect staging queue:manual pull_requests");
    story.bring("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging go=./custom/go");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: superseded
      deploy/staging/3: starting
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 blocked
      deploy/staging/1: pending held by nobody asking (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_pull_request_that_never_got_there_gives_nothing_back() {
    let mut story = held();
    story.propose(6, "c1", ONE, "staging");
    story.close(6);
    assert_snapshot!(story.changes(), @"#6 gives back api staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 superseded
      deploy/staging/1: superseded
    ");
}

#[test]
fn the_next_in_the_queue_goes_before_the_default_branch() {
    let mut story = held();
    story.propose(6, "c1", ONE, "staging");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/staging/2: pending held by #6
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 running
      deploy/staging/1: starting
    ");
    story.done("api/@r3/deploy/staging");
    story.close(6);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn undeploying_in_a_pull_request_gives_back() {
    let mut story = held();
    story.decide(&[Trigger::Undeploy {
        package: super::language::package_name("api"),
        environment: super::guards::environment("staging"),
        held_by: Some(5),
        actor: actor("robin"),
    }]);
    assert_snapshot!(story.answers(), @"api staging is given back");
    assert_snapshot!(story.queue(), @"");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn what_was_given_back_can_be_deployed_again() {
    let mut story = held();
    story.close(5);
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b1", ONE, "staging");
    assert_snapshot!(story.queue(), @"#5 holds api staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/staging/2: complete
    api/@r2 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    ");
}

#[test]
fn what_failed_is_deployed_again_by_the_same_command() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.propose(5, "b1", ONE, "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: failed, no space left
      deploy/staging/2: starting
    ");
}

#[test]
fn what_is_live_is_not_deployed_again_by_the_same_command() {
    let mut story = held();
    story.propose(5, "b1", ONE, "staging");
    assert_snapshot!(story.changes(), @"");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn what_was_given_back_is_not_claimed_on_the_way_to_the_next_environment() {
    let mut story = Story::default();
    let file = ("api", "deploy/staging | deploy/production");
    story.push("api", "a1", file.1);
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b1", file, "staging");
    story.done("api/@r2/deploy/staging");
    story.close(5);
    story.propose(5, "b1", file, "production");
    assert_snapshot!(story.queue(), @"#5 holds api production");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      deploy/staging/1: complete
      deploy/production/1: pending behind api/@r1
    ");
}

#[test]
fn unlocking_takes_the_environment_from_the_pull_request() {
    let mut story = held();
    story.propose(6, "c1", ONE, "staging");
    story.unlock("api/staging");
    assert_snapshot!(story.answers(), @"
    api staging is given back
    staging is free of #5 #6
    ");
    assert_snapshot!(story.queue(), @"");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    api/@r3 superseded
      deploy/staging/1: superseded
    ");
}

#[test]
fn a_retry_of_a_pull_request_that_is_over_waits_for_people() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.close(5);
    story.retry("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: failed, no space left
      deploy/staging/2: pending held by not being held by #5
    ");
}

#[test]
fn a_deployment_that_ends_after_the_close_is_given_back() {
    let mut story = Story::default();
    story.push("api", "a1", ONE.1);
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b1", ONE, "staging");
    story.claimed("api/@r2/deploy/staging");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 running
      deploy/staging/1: running
    ");
    story.done("api/@r2/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r2/deploy/staging = {"input":{},"output":{},"pull_request":5,"release":"api/@r2","run_ref":"api/@r2/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"pull_request":5,"release":"api/@r2","run_ref":"api/@r2/deploy/staging/1","type":"up"}
    #5 lets go of api staging
    "#);
    story.give_back_what_is_left();
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn a_later_deployment_of_a_closed_pull_request_is_taken_down_in_the_end() {
    let mut story = Story::default();
    story.propose(5, "b1", ONE, "staging");
    story.done("api/@r1/deploy/staging");
    story.propose(5, "b2", ONE, "staging");
    story.close(5);
    story.done("api/@r2/deploy/staging");
    story.give_back_what_is_left();
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      deploy/staging/2 (down): superseded
    api/@r2 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
    ");
}

#[test]
fn what_is_given_back_waits_for_locks_like_everything_else() {
    let mut story = held();
    story.lock("staging");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/staging/2: pending held by lock of @robin
    api/@r2 complete
      deploy/staging/1: complete
    ");
    story.unlock("staging");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    ");
}
