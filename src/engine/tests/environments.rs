//! Environments that appear, change and disappear while releases exist.

use insta::assert_snapshot;
use serde_json::json;

use super::story::Story;

const FILE: &str = "task/build | deploy/staging | | deploy/production";
const WITH_EU: &str = "task/build | deploy/eu, deploy/staging | | deploy/production";

/// `api` r1 is everywhere its file says.
fn deployed() -> Story {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    for task in ["task/build", "deploy/staging", "deploy/production"] {
        story.done(&format!("api/@r1/{task}"));
    }
    story
}

#[test]
fn a_new_environment_has_the_other_packages_evaluated_again() {
    let mut story = deployed();
    story.push("web", "a1", "task/build");
    story.environment_with("eu", &[("type", "production")]);
    assert_snapshot!(story.changes(), @r#"
    @/environment/eu should be {"attributes":{"type":"production"},"name":"eu"}
    eu is registered
    @/environment/eu = {"attributes":{"type":"production"},"name":"eu"}
    replan api
    replan web
    report of eeeeeee
    "#);
    assert_snapshot!(story.effects(), @"commit check eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
}

#[test]
fn an_environment_that_stays_as_it_is_changes_nothing() {
    let mut story = deployed();
    story.environment_with("eu", &[("type", "production")]);
    story.environment_with("eu", &[("type", "production")]);
    assert_snapshot!(story.changes(), @"report of eeeeeee");
    story.environment_with("eu", &[("type", "staging")]);
    assert_snapshot!(story.changes(), @r#"
    @/environment/eu should be {"attributes":{"type":"staging"},"name":"eu"}
    eu is registered
    @/environment/eu = {"attributes":{"type":"staging"},"name":"eu"}
    replan api
    report of eeeeeee
    "#);
}

#[test]
fn the_newest_release_goes_to_a_new_environment_once() {
    let mut story = deployed();
    story.replan("api/@r1", WITH_EU);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/eu/1: starting
      deploy/staging/1: complete
      deploy/production/1: complete
    ");
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/deploy/eu/1 1
    release check api/@r1
    ");
    story.replan("api/@r1", WITH_EU);
    assert_eq!(story.plan, crate::engine::Plan::default());
    story.done("api/@r1/deploy/eu");
    story.replan("api/@r1", WITH_EU);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/eu/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
    ");
}

#[test]
fn a_new_environment_waits_for_the_phases_before_it() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.replan("api/@r1", WITH_EU);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/eu/1: pending after p1
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
}

#[test]
fn what_waits_for_an_environment_that_goes_is_given_up_instead_of_started() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.replan("api/@r1", "task/build | deploy/staging | |");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: superseded
    ");
    story.done("api/@r1/task/build");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: superseded
    ");
}

#[test]
fn what_failed_in_an_environment_that_went_is_not_retried() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging, deploy/eu");
    story.done("api/@r1/deploy/staging");
    story.fails("api/@r1/deploy/eu", "no space left");
    story.replan("api/@r1", "deploy/staging");
    story.retry("api/@r1");
    assert_snapshot!(story.answers(), @"nothing to retry in api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
      deploy/eu/1: failed, no space left
    ");
}

#[test]
fn a_failed_down_in_an_environment_that_went_is_not_forgotten() {
    let mut story = deployed();
    story.undeploy("api", "production");
    story.replan("api/@r1", "task/build | deploy/staging | |");
    story.fails("api/@r1/deploy/production", "is in use");
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
      deploy/production/2 (down): failed, is in use
    ");
    story.retry("api/@r1");
    story.done("api/@r1/deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
      deploy/production/2 (down): failed, is in use
      deploy/production/3 (down): complete
    ");
}

#[test]
fn an_environment_that_comes_back_is_deployed_to_again() {
    let mut story = deployed();
    story.undeploy("api", "production");
    story.done("api/@r1/deploy/production");
    story.replan("api/@r1", "task/build | deploy/staging | |");
    story.replan("api/@r1", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
      deploy/production/2 (down): complete
      deploy/production/3: starting
    ");
}

#[test]
fn an_undeployed_environment_stays_down_when_another_one_appears() {
    let mut story = deployed();
    story.undeploy("api", "production");
    story.done("api/@r1/deploy/production");
    story.replan("api/@r1", WITH_EU);
    story.done("api/@r1/deploy/eu");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/eu/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
      deploy/production/2 (down): complete
    ");
}

#[test]
fn what_has_not_begun_takes_the_new_attributes() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "deploy/staging region:=\"eu\" | deploy/production region:=\"eu\"",
    );
    story.replan(
        "api/@r1",
        "deploy/staging region:=\"us\" | deploy/production region:=\"us\"",
    );
    story.done("api/@r1/deploy/staging");
    let regions = ["staging", "production"].map(|environment| {
        let (_, run) = story.run(&format!("api/@r1/deploy/{environment}"));
        run.current().values["region"].clone()
    });
    assert_eq!(regions, [json!("eu"), json!("us")]);
}

#[test]
fn a_deployment_waits_for_its_environment_to_be_registered() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "deploy/staging environment=@/environment/staging",
    );
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending without @/environment/staging
    ");
    story.environment("staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: starting
    ");
}
