//! Going past what stands in the way, for a reason.

use insta::assert_snapshot;

use super::cockpit::{admin, proposal, wish_of};
use super::language::push;
use super::story::{Story, actor};
use crate::engine::{NewReleases, Trigger, Wish};

const FILE: &str = "deploy/staging | deploy/production";

/// `api` r1, written by @wren, would go to staging, were it not for the rules.
fn waiting(rules: &str) -> Story {
    let mut story = Story::default();
    story.rules(rules);
    story.release(NewReleases {
        authors: ["wren".to_owned()].into(),
        ..push("a1", &[("api", FILE)])
    });
    story
}

#[test]
fn breaking_the_glass_goes_past_locks_freezes_windows_soak_approvals_and_the_queue() {
    let mut story = waiting(
        "protect production approvals:2 soak:600 window:Fri_UTC queue:manual; \
         freeze production window:1970-01-01..1970-01-02_UTC reason:audit",
    );
    story.lock("production");
    story.freeze("production");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by lock of @robin, freeze of @robin, freeze until 1970-01-03T00:00:00Z for audit (acme/shop repo.ocu.star:2), window that opens 1970-01-02T00:00:00Z (acme/shop repo.ocu.star:1), soak until 1970-01-01T00:10:05Z (acme/shop repo.ocu.star:1), approvals [] of 2 (acme/shop repo.ocu.star:1), nobody asking (acme/shop repo.ocu.star:1)
    ");
    story.break_glass("api/@r1/deploy/production");
    assert_snapshot!(story.answers(), @"approved api/@r1: production");
    assert_snapshot!(story.changes(), @r#"
    ada says break_glass of api/@r1 in production
    api/@/deploy/production should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn breaking_the_glass_goes_past_no_pin() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.pin("api/@r1", "api/staging");
    story.lock("staging");
    story.push("api", "a2", "deploy/staging");
    story.break_glass("api/@r2/deploy/staging");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 waiting
      deploy/staging/1: pending held by pin of api/@r1
    ");
}

#[test]
fn breaking_the_glass_goes_past_no_pull_request() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", "deploy/staging"), "staging");
    story.done("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    story.propose(6, "b2", ("api", "deploy/staging"), "staging");
    for release in ["api/@r2", "api/@r3"] {
        story.break_glass(&format!("{release}/deploy/staging"));
    }
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 waiting
      deploy/staging/1: pending held by #5
    api/@r3 waiting
      deploy/staging/1: pending held by queue of 1: #5
    ");
}

#[test]
fn breaking_the_glass_is_for_administrators_or_whom_the_rule_names() {
    let mut story = waiting("protect staging approvals:1; protect production break_glass:@ann");
    let wish = |who: &str, place: &str| Wish {
        breaks_glass: true,
        reason: Some("it burns".to_owned()),
        ..wish_of(actor(who), &format!("api/@r1/deploy/{place}"))
    };
    story.lock("production");
    story.decide(&[Trigger::Approve(wish("ann", "staging"))]);
    assert_snapshot!(story.answers(), @"denied for api in staging: only permission:admin (acme/shop repo.ocu.star:1)");
    story.decide(&[Trigger::Approve(wish("ann", "production"))]);
    assert_snapshot!(story.answers(), @"approved api/@r1: production");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/production/1: pending after p1
    ");
}

#[test]
fn a_broken_glass_is_of_this_plan_only() {
    let mut story = waiting("protect production approvals:1");
    story.lock("production");
    story.break_glass("api/@r1/deploy/production");
    story.environment_with("production", &[("size", "large")]);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: pending held by lock of @robin, approvals [] of 1 (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_deployment_of_a_pull_request_may_break_the_glass() {
    let mut story = Story::default();
    story.rules("protect staging pull_requests approvals:1");
    story.release(NewReleases {
        asked: Some(admin("ada")),
        breaks_glass: Some("it burns".to_owned()),
        ..proposal(5, "b1", &[("api", FILE)], "staging")
    });
    assert_snapshot!(story.changes(), @r#"
    api/@r1/commit/b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1 = {"time":"1970-01-01T00:00:02Z"}
    ada says break_glass of api/@r1 in staging
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
fn a_broken_glass_is_for_one_deployment() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    story.lock("staging");
    story.push("api", "a2", "deploy/staging");
    story.break_glass("api/@r2/deploy/staging");
    story.done("api/@r2/deploy/staging");
    story.unlock("staging");
    story.push("api", "a3", "deploy/staging");
    story.done("api/@r3/deploy/staging");
    // Somebody locks again; who may deploy is not who may go past that.
    story.lock("staging");
    story.rollback("api/@r2/deploy/staging");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 waiting
      deploy/staging/1: complete
      deploy/staging/2: pending held by lock of @robin
    ");
}
