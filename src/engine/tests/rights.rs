//! Whose word counts for what is done along with what they ask for.

use insta::assert_snapshot;

use super::cockpit::lock;
use super::language::{environment, push};
use super::story::{Story, actor};
use crate::engine::{NewReleases, Trigger, Unlock};
use crate::model::{Diagnostic, Lock, LockKind, LockScope, RunState};

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

#[test]
fn what_was_rejected_needs_its_approvals_anew() {
    let mut story = Story::default();
    story.rules("protect staging approvals:1");
    story.lock("staging");
    story.push("api", "a1", "deploy/staging");
    story.approve_as("ann", "api/@r1/deploy/staging");
    story.reject_as("bob", "api/@r1");
    story.unlock("staging");
    story.retry("api/@r1");
    let (_, run) = story.run("api/@r1/deploy/staging");
    assert_eq!(run.state, RunState::Pending);
}

#[test]
fn a_freeze_is_lifted_only_in_the_repository_it_was_put_in() {
    let mut story = Story::default();
    story.rules("protect staging deploy:@ann");
    let freeze = Lock {
        scope: LockScope::Workspace,
        ..lock(LockKind::Freeze, "staging", story.now())
    };
    story.decide(&[Trigger::Lock(freeze, actor("ann"))]);
    let lift = |who: &str, repository: &str| {
        Trigger::Unlock(Unlock {
            environment: "staging".parse().expect("a name"),
            scope: LockScope::Workspace,
            kinds: ["freeze"].into(),
            holds: Vec::new(),
            actor: actor(who),
            repository: repository.to_owned(),
        })
    };
    story.decide(&[lift("mallory", "github.com/acme/other")]);
    story.decide(&[lift("mallory", "github.com/acme/shop")]);
    assert_eq!(story.snapshot.locks.len(), 1);
    story.decide(&[lift("ann", "github.com/acme/shop")]);
    assert_eq!(story.snapshot.locks.len(), 0);
}

#[test]
fn an_environment_keeps_its_attributes_against_other_repositories() {
    let mut story = Story::default();
    story.environment_with("production", &[("type", "prod")]);
    story.rules("protect type=prod approvals:1");
    story.release(NewReleases {
        repository: Some("github.com/acme/other".to_owned()),
        environments: vec![environment("production", &[])],
        ..push("dd", &[])
    });
    let complaint = &story.report("dd").diagnostics[0].message;
    assert!(complaint.contains("was registered by github.com/acme/shop"));
    story.push("api", "a1", "deploy/production");
    let (_, run) = story.run("api/@r1/deploy/production");
    assert_eq!(run.state, RunState::Pending);
}

#[test]
fn rules_of_a_file_that_vanished_stay_while_another_has_errors() {
    let mut story = Story::default();
    story.guards("acme/shop rules.ocu.star", "protect staging approvals:1");
    let renamed = |diagnostics| NewReleases {
        repository: Some("github.com/acme/shop".to_owned()),
        files: Some(["renamed.ocu.star".to_owned()].into()),
        diagnostics,
        ..push("dd", &[])
    };
    let broken = Diagnostic::error("renamed.ocu.star", 1, 1, "unexpected end");
    story.release(renamed(vec![broken]));
    assert_eq!(story.snapshot.guards.len(), 1);
    story.release(renamed(Vec::new()));
    assert_eq!(story.snapshot.guards.len(), 0);
}
