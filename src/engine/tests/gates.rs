//! What deployments wait for besides their phase and their inputs, and what lets them go on.

use insta::assert_snapshot;

use super::story::Story;
use crate::model::Timestamp;

const FILE: &str = "deploy/staging | deploy/production";

/// `api` r1 is in staging and would go to production, were it not for the rules.
fn before_production(rules: &str) -> Story {
    let mut story = Story::default();
    story.rules(rules);
    story.push("api", "a1", FILE);
    story.done("api/@r1/deploy/staging");
    story
}

#[test]
fn a_lock_holds_until_it_is_taken_away() {
    let mut story = Story::default();
    story.lock("api/staging");
    story.push("api", "a1", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: pending held by lock of @robin
      deploy/production/1: pending after p1
    ");
    story.unlock("api/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn a_lock_that_expires_opens_by_itself_and_not_before() {
    let mut story = Story::default();
    story.lock_for("staging", 3600);
    story.push("api", "a1", FILE);
    assert_snapshot!(story.changes(), @r#"
    api/@r1/commit/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 = {"time":"1970-01-01T00:00:02Z"}
    report of a1a1a1a
    wake 3600000
    "#);
    story.wake("1970-01-01T00:59:59Z");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: pending held by lock of @robin
      deploy/production/1: pending after p1
    ");
    story.wake("1970-01-01T01:00:01Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
      deploy/production/1: pending after p1
    ");
}

#[test]
fn a_freeze_of_a_person_holds_every_package_until_it_is_taken_away() {
    let mut story = Story::default();
    story.freeze("staging");
    story.push("api", "a1", "deploy/staging, deploy/eu");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: starting
      deploy/staging/1: pending held by freeze of @robin
    ");
    story.unfreeze("staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: starting
      deploy/staging/1: starting
    ");
}

#[test]
fn a_lock_of_another_package_or_kind_is_none_of_its_business() {
    let mut story = Story::default();
    story.lock("web/staging");
    story.unfreeze("web/staging");
    assert_snapshot!(story.answers(), @"nothing to unlock in staging");
    story.push("api", "a1", "deploy/staging");
    story.push("web", "b1", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    web/@r1 waiting
      deploy/staging/1: pending held by lock of @robin
    ");
}

#[test]
fn a_frozen_environment_opens_when_the_freeze_ends() {
    let mut story = before_production(
        "freeze production window:1970-01-01..1970-01-03_UTC reason:the_holidays",
    );
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by freeze until 1970-01-04T00:00:00Z for the holidays (acme/shop repo.ocu.star:1)
    ");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    wake 259200000
    "#);
    story.wake("1970-01-03T23:59:59Z");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by freeze until 1970-01-04T00:00:00Z for the holidays (acme/shop repo.ocu.star:1)
    ");
    story.wake("1970-01-04T00:00:00Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn outside_of_its_windows_an_environment_is_closed() {
    let mut story =
        before_production("protect production window:Fri_09:00-17:00_UTC window:Sat_UTC");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by window that opens 1970-01-02T09:00:00Z (acme/shop repo.ocu.star:1)
    ");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    wake 118800000
    "#);
    story.wake("1970-01-02T08:59:59Z");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by window that opens 1970-01-02T09:00:00Z (acme/shop repo.ocu.star:1)
    ");
    story.wake("1970-01-02T09:00:00Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_window_that_never_comes_again_says_so() {
    let story = before_production("protect production window:1969-01-01..1969-02-01_UTC");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by window that opens never (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_release_soaks_where_it_was_before() {
    let mut story = before_production("protect production soak:600");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by soak until 1970-01-01T00:10:03Z (acme/shop repo.ocu.star:1)
    ");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    wake 603000
    "#);
    story.wake("1970-01-01T00:10:02Z");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by soak until 1970-01-01T00:10:03Z (acme/shop repo.ocu.star:1)
    ");
    story.wake("1970-01-01T00:10:03Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_soak_counts_from_the_last_of_the_environments_before() {
    let mut story = Story::default();
    story.rules("protect production soak:600");
    story.push("api", "a1", "deploy/eu, deploy/us | deploy/production");
    story.done("api/@r1/deploy/eu");
    story.clock = 300_000;
    story.done("api/@r1/deploy/us");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/eu/1: complete
      deploy/us/1: complete
      deploy/production/1: pending held by soak until 1970-01-01T00:15:01Z (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_soak_of_the_first_environment_is_nothing_to_wait_for() {
    let mut story = Story::default();
    story.rules("protect staging soak:600");
    story.push("api", "a1", "task/build | deploy/staging");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: starting
    ");
}

#[test]
fn all_rules_hold_together() {
    let mut story = before_production(
        "protect production approvals:1; protect production soak:600 window:Fri_UTC; \
         freeze production window:1970-01-01..1970-01-02_UTC reason:audit",
    );
    story.lock("production");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by lock of @robin, freeze until 1970-01-03T00:00:00Z for audit (acme/shop repo.ocu.star:3), window that opens 1970-01-02T00:00:00Z (acme/shop repo.ocu.star:2), approvals [] of 1 (acme/shop repo.ocu.star:1), soak until 1970-01-01T00:10:03Z (acme/shop repo.ocu.star:2)
    ");
    // It is looked at when the first of them opens.
    let (_, run) = story.run("api/@r1/deploy/production");
    assert_eq!(run.wakes_at, Some(Timestamp(603_000)));
    story.unlock("production");
    story.approve_as("ann", "api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by freeze until 1970-01-03T00:00:00Z for audit (acme/shop repo.ocu.star:3), window that opens 1970-01-02T00:00:00Z (acme/shop repo.ocu.star:2), soak until 1970-01-01T00:10:03Z (acme/shop repo.ocu.star:2)
    ");
    story.wake("1970-01-03T00:00:00Z");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/production/1: pending held by window that opens 1970-01-09T00:00:00Z (acme/shop repo.ocu.star:2)
    ");
    story.wake("1970-01-09T00:00:00Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn steps_have_no_gates() {
    let mut story = Story::default();
    story.rules("protect staging approvals:1");
    story.lock("staging");
    story.push("api", "a1", "task/build | deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    ");
}

#[test]
fn what_is_to_go_down_waits_for_locks_and_windows_but_for_no_approval() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.rules("protect staging approvals:1 window:Fri_UTC");
    story.lock("staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/staging/2 (down): pending held by lock of @robin, window that opens 1970-01-02T00:00:00Z (acme/shop repo.ocu.star:1)
    ");
    story.unlock("staging");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      deploy/staging/1: complete
      deploy/staging/2 (down): pending held by window that opens 1970-01-02T00:00:00Z (acme/shop repo.ocu.star:1)
    ");
    story.wake("1970-01-02T00:00:00Z");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
    ");
}
