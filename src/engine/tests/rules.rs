//! Which rules reach where, and what they do not let people do.

use insta::assert_snapshot;

use super::cockpit::proposal;
use super::language::push;
use super::story::Story;
use crate::engine::NewReleases;

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
fn rules_that_are_lifted_let_go_on() {
    let mut story = before_production("protect production approvals:1");
    story.rules("");
    assert_snapshot!(story.changes(), @r#"
    repo.ocu.star guards nothing
    wake 0
    report of fffffff
    api/@/deploy/production should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_rules_file_that_is_gone_guards_nothing() {
    let mut story = before_production("protect production approvals:1");
    story.release(NewReleases {
        repository: Some("github.com/acme/shop".to_owned()),
        files: Some(["api/release.ocu.star".to_owned()].into()),
        ..push("fe", &[])
    });
    assert_snapshot!(story.changes(), @r#"
    repo.ocu.star guards nothing
    wake 0
    report of fefefef
    api/@/deploy/production should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn the_rules_of_a_package_file_are_about_that_package() {
    let mut story = Story::default();
    story.guards(
        "acme/shop api/release.ocu.star",
        "protect staging approvals:1",
    );
    story.push("api", "a1", "deploy/staging");
    story.push("web", "b1", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending held by approvals [] of 1 (acme/shop api/release.ocu.star:1)
    web/@r1 running
      deploy/staging/1: starting
    ");
}

#[test]
fn the_rules_of_a_repository_are_not_about_others() {
    let mut story = Story::default();
    story.guards("acme/infra repo.ocu.star", "protect staging approvals:1");
    story.push("api", "a1", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
}

#[test]
fn whoever_registers_an_environment_guards_it_for_everybody() {
    let mut story = Story::default();
    let file = "acme/infra environments.ocu.star production";
    story.guards(file, "protect staging,production approvals:1");
    story.push("api", "a1", "deploy/staging, deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/production/1: pending held by approvals [] of 1 (acme/infra environments.ocu.star:1)
      deploy/staging/1: starting
    ");
}

#[test]
fn a_rule_may_select_environments_by_their_attributes() {
    let mut story = Story::default();
    story.rules("protect zone=eu approvals:1");
    story.environment_with("berlin", &[("zone", "eu")]);
    story.environment_with("boston", &[("zone", "us")]);
    story.push("api", "a1", "deploy/berlin, deploy/boston");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/berlin/1: pending held by approvals [] of 1 (acme/shop repo.ocu.star:1)
      deploy/boston/1: starting
    ");
}

#[test]
fn commits_of_pull_requests_are_kept_away_unless_a_rule_lets_them() {
    let mut story = Story::default();
    story.rules("protect staging approvals:0");
    story.propose(5, "b1", ("api", FILE), "staging");
    assert_snapshot!(story.answers(), @"no pull requests of api in staging (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"");
    story.rules("protect staging pull_requests");
    story.propose(5, "b1", ("api", FILE), "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
    story.rules("protect staging");
    story.fails("api/@r1/deploy/staging", "no space left");
    story.retry("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: failed, no space left
      deploy/staging/2: pending held by no pull requests (acme/shop repo.ocu.star:1)
    ");
}

#[test]
fn a_deployment_that_some_rule_does_not_let_the_person_make_is_not_made_at_all() {
    let mut story = Story::default();
    story.rules("protect staging pull_requests deploy:@ann; protect production pull_requests");
    let packages = [("api", FILE), ("web", "deploy/production")];
    story.release(proposal(5, "b1", &packages, "production"));
    assert_snapshot!(story.answers(), @"denied for api in staging: only @ann (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.table(), @"");
}

#[test]
fn a_lock_is_put_and_taken_only_by_those_who_may_deploy_there() {
    let mut story = Story::default();
    story.rules("protect staging deploy:@ann");
    story.lock("staging");
    assert_snapshot!(story.answers(), @"denied for all in staging: only @ann (acme/shop repo.ocu.star:1)");
    assert_snapshot!(story.changes(), @"");
    story.unlock("staging");
    assert_snapshot!(story.answers(), @"denied for all in staging: only @ann (acme/shop repo.ocu.star:1)");
}
