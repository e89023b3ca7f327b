//! Whose word counts for what is done along with what they ask for.

use insta::assert_snapshot;

use super::cockpit::lock;
use super::story::{Story, actor};
use crate::engine::Trigger;
use crate::model::LockKind;

#[test]
fn what_is_on_the_way_is_for_those_whom_its_rules_let() {
    let mut story = Story::default();
    story.rules("protect staging deploy:@ann");
    story.push("api", "a1", "deploy/staging | deploy/production");
    story.cancel("api/@r1/deploy/staging");
    story.bring("api/@r1/deploy/production");
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, cancelled by @robin
      deploy/production/1: pending after p1
    ");
}

#[test]
fn a_lock_of_a_guarded_package_does_not_go_with_those_of_the_repository() {
    let mut story = Story::default();
    story.guards(
        "acme/shop api/release.ocu.star",
        "protect staging deploy:@ann pull_requests",
    );
    let of_ann = lock(LockKind::Lock, "api/staging", story.now());
    story.decide(&[Trigger::Lock(of_ann, actor("ann"))]);
    story.unlock("staging");
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann (acme/shop api:1)");
    assert_eq!(story.snapshot.locks.len(), 1);
}

#[test]
fn going_back_to_what_was_approved_needs_no_other_approval() {
    let mut story = Story::default();
    story.rules("protect staging approvals:1");
    for (at, release) in [("a1", "api/@r1"), ("a2", "api/@r2")] {
        story.push("api", at, "deploy/staging");
        story.approve_as("robin", release);
        story.done(&format!("{release}/deploy/staging"));
    }
    story.rollback("api/@r1/deploy/staging");
    assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2: starting
    ");
}
