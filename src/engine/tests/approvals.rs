//! Who may let a release go on, of what, and who may not.

use insta::assert_snapshot;

use super::cockpit::{admin, wish_of};
use super::story::{Story, actor};
use crate::engine::{NewReleases, Trigger};
use crate::model::{Actor, Permission};

const FILE: &str = "deploy/staging | deploy/production";

/// `api` r1, written by @wren, would go to staging, were it not for the rules.
fn waiting(rules: &str) -> Story {
    let mut story = Story::default();
    story.rules(rules);
    story.release(NewReleases {
        authors: ["wren".to_owned()].into(),
        ..super::language::push("a1", &[("api", FILE)])
    });
    story
}

#[test]
fn an_approval_is_written_down_and_lets_the_release_go_on() {
    let mut story = waiting("protect staging approvals:1");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"approved api/@r1: staging");
    assert_snapshot!(story.changes(), @r#"
    ann says approve of api/@r1 in staging
    api/@/deploy/staging should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn approvals_are_of_so_many_different_people() {
    let mut story = waiting("protect staging approvals:3");
    for login in ["ann", "Bob", "Ann", "bob", "ANN"] {
        story.approve_as(login, "api/@r1");
    }
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [ann Bob] of 3 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
    story.approve_as("cleo", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn nobody_approves_their_own_work() {
    let mut story = waiting("protect staging approvals:1");
    story.approve_as("Wren", "api/@r1");
    assert_snapshot!(story.answers(), @"api/@r1 is their own work in staging (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn own_work_may_be_approved_where_the_rule_says_so() {
    let mut story = waiting("protect staging approvals:1 allow_self");
    story.approve_as("wren", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn whoever_deploys_a_pull_request_does_not_approve_it() {
    let mut story = Story::default();
    story.rules("protect staging pull_requests approvals:1");
    story.propose(5, "b1", ("api", FILE), "staging");
    story.approve_as("robin", "api/@r1");
    assert_snapshot!(story.answers(), @"api/@r1 is their own work in staging (acme/shop repo.ocu.star:1)");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
}

#[test]
fn only_those_whom_the_rule_names_approve() {
    let mut story = waiting("protect staging approvals:1 approve:@ann,permission:maintain");
    story.approve_as("bob", "api/@r1");
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann, permission:maintain (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
    let wish = wish_of(admin("ada"), "api/@r1");
    story.decide(&[Trigger::Approve(wish)]);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn whoever_cannot_push_approves_nothing() {
    let mut story = waiting("protect staging approvals:1 approve:@ann");
    let reader = Actor {
        permission: Permission::Read,
        ..actor("ann")
    };
    story.decide(&[Trigger::Approve(wish_of(reader, "api/@r1"))]);
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn each_rule_counts_for_itself() {
    let mut story = waiting(
        "protect staging approvals:1 approve:@ann; protect staging approvals:1 approve:@bob",
    );
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:2)
      deploy/production/1: pending after p1
    ");
    story.approve_as("bob", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn an_approval_is_of_the_environment_as_it_was() {
    let mut story = waiting("protect staging approvals:2");
    story.environment_with("staging", &[("size", "small")]);
    story.approve_as("ann", "api/@r1");
    story.environment_with("staging", &[("size", "large")]);
    story.approve_as("bob", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [bob] of 2 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn an_approval_is_of_the_rules_as_they_were() {
    let mut story = waiting("protect staging approvals:2");
    story.approve_as("ann", "api/@r1");
    story.rules("protect staging approvals:2 window:Thu_UTC");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 2 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn a_rule_that_only_moves_in_its_file_is_the_same_rule() {
    let mut story = waiting("protect staging approvals:2");
    story.approve_as("ann", "api/@r1");
    story.rules("protect production approvals:1; protect staging approvals:2");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [ann] of 2 (acme/shop repo.ocu.star:2)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn an_approval_is_of_what_the_file_said() {
    let mut story = waiting("protect staging approvals:2");
    story.approve_as("ann", "api/@r1");
    story.replan("api/@r1", "deploy/staging up:other | deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 2 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn an_approval_of_one_release_is_none_of_the_next() {
    let mut story = waiting("protect staging approvals:1");
    story.lock("staging");
    story.approve_as("ann", "api/@r1");
    story.push("api", "a2", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: superseded
      deploy/production/1: superseded
    api/@r2 blocked
      deploy/staging/1: pending held by lock of @robin, approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn only_a_named_environment_is_approved_ahead() {
    let mut story = waiting("protect staging,production approvals:1");
    story.approve_as("ann", "api/@r1/deploy/production");
    assert_snapshot!(story.answers(), @"approved api/@r1: production");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"approved api/@r1: staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn without_a_name_only_what_waits_now_is_approved() {
    let mut story = waiting("protect staging,production approvals:1");
    story.approve_as("ann", "api/@r1");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_second_approval_of_the_same_is_nothing_to_give() {
    let mut story = waiting("protect staging approvals:1");
    story.approve_as("ann", "api/@r1");
    story.approve_as("bob", "api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
}

#[test]
fn a_rejected_release_does_not_go_there() {
    let mut story = waiting("protect staging approvals:1");
    story.reject_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"rejected api/@r1: production, staging");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, rejected by @ann
      deploy/production/1: cancelled, rejected by @ann
    ");
    story.approve_as("bob", "api/@r1");
    assert_snapshot!(story.answers(), @"nothing to approve in api/@r1");
    story.retry("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: cancelled, rejected by @ann
      deploy/staging/2: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: cancelled, rejected by @ann
    ");
}

#[test]
fn one_environment_may_be_rejected() {
    let mut story = waiting("protect production approvals:1");
    story.reject_as("ann", "api/@r1/deploy/production");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: complete
      deploy/production/1: cancelled, rejected by @ann
    ");
    story.reject_as("ann", "api/@r1");
    assert_snapshot!(story.answers(), @"nothing to reject in api/@r1");
}

#[test]
fn who_may_neither_approve_nor_deploy_rejects_nothing() {
    let mut story = waiting("protect staging approvals:1 approve:@ann deploy:@ann");
    story.reject_as("bob", "api/@r1/deploy/staging");
    assert_snapshot!(story.answers(), @"
    denied for api in staging: only @ann (acme/shop repo.ocu.star:1)
    nothing to reject in api/@r1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn whoever_asks_for_a_release_there_does_not_approve_it() {
    let mut story = waiting("protect production approvals:1");
    story.done("api/@r1/deploy/staging");
    story.bring("api/@r1/deploy/production");
    story.approve_as("Robin", "api/@r1");
    assert_snapshot!(story.answers(), @"api/@r1 is their own work in production (acme/shop repo.ocu.star:1)");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn an_approval_does_not_count_once_its_giver_asks_for_the_release() {
    let mut story = waiting("protect production approvals:1");
    story.approve_as("robin", "api/@r1/deploy/production");
    story.bring("api/@r1/deploy/production");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
    ");
}
