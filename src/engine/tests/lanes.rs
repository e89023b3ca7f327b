//! The default branch and each open pull request go in lanes of their own.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::json;

use super::story::Story;
use crate::model::Outcome;

const FILE: &str = "task/build | deploy/staging";

#[test]
fn what_is_not_merged_moves_no_tag_and_watches_nothing() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", FILE), "staging");
    let outcome = Outcome::Done {
        outputs: BTreeMap::new(),
        tags: vec!["stable".to_owned()],
        watch: vec!["notes.txt".to_owned()],
    };
    story.ended("api/@r1/task/build", outcome);
    assert!(story.tags.is_empty(), "{:?}", story.tags);
    assert!(story.watched.is_empty(), "{:?}", story.watched);
}

#[test]
fn a_newer_release_takes_over_only_in_its_own_lane() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.propose(5, "b1", ("api", FILE), "staging");
    story.propose(6, "c1", ("api", FILE), "staging");
    story.push("api", "a2", FILE);
    story.propose(5, "b2", ("api", FILE), "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: superseded
    api/@r2 running
      task/build/1: starting
      deploy/staging/1: superseded
    api/@r3 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    api/@r4 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    api/@r5 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    ");
}

#[test]
fn a_step_of_a_pull_request_is_nobody_elses() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    story.propose(5, "b1", ("api", FILE), "staging");
    story.outputs("api/@r2/task/build", json!({"image": "api:2"}));
    assert_snapshot!(story.changes(), @r#"
    api/@r2/task/build = {"input":{},"output":{"image":"api:2"},"pull_request":5,"release":"api/@r2","run_ref":"api/@r2/task/build/1","type":"task"}
    api/@/deploy/staging should be {"input":{},"release":"api/@r2"}
    "#);
    story.push(
        "web",
        "c1",
        "deploy/staging image=api/@/task/build#output/image",
    );
    let (_, run) = story.run("web/@r1/deploy/staging");
    assert_eq!(run.current().values["image"], json!("api:1"));
}

#[test]
fn a_deployment_of_a_pull_request_says_whose_it_is() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", "deploy/staging"), "staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"pull_request":5,"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"pull_request":5,"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    "#);
}

#[test]
fn a_release_of_the_default_branch_waits_while_the_environment_is_held_and_goes_on_after() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", FILE), "staging");
    story.push("api", "a1", FILE);
    story.done("api/@r1/task/build");
    story.done("api/@r1/deploy/staging");
    story.done("api/@r2/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/staging/1: complete
    api/@r2 waiting
      task/build/1: complete
      deploy/staging/1: pending held by #5
    ");
    story.close(5);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      deploy/staging/1: complete
    api/@r2 running
      task/build/1: complete
      deploy/staging/1: starting
    ");
}

#[test]
fn a_pull_request_that_is_newer_does_not_overtake_the_default_branch() {
    let mut story = Story::default();
    story.push("api", "a1", FILE);
    story.propose(5, "b1", ("api", "deploy/staging"), "staging");
    story.done("api/@r2/deploy/staging");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 waiting
      task/build/1: complete
      deploy/staging/1: pending held by #5
    api/@r2 complete
      deploy/staging/1: complete
    ");
    story.merge(5);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: starting
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn an_older_head_does_not_overtake_a_newer_one_of_its_pull_request() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", FILE), "staging");
    story.propose(5, "b2", ("api", "deploy/staging"), "staging");
    story.done("api/@r2/deploy/staging");
    story.propose(5, "b1", ("api", FILE), "staging");
    assert_snapshot!(story.answers(), @"
    api/@r1 is overtaken in staging by api/@r2
    released api/@r1
    ");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: superseded
    api/@r2 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn what_a_pull_request_registers_is_no_environment_yet() {
    let mut story = Story::default();
    let new = super::cockpit::proposal(5, "b1", &[("api", "deploy/preview")], "preview");
    story.release(crate::engine::NewReleases {
        environments: vec![super::language::environment("preview", &[])],
        ..new
    });
    assert_eq!(story.snapshot.environments.len(), 0);
}

#[test]
fn of_several_environments_in_one_phase_only_the_goals_are_deployed_to() {
    let mut story = Story::default();
    let file = "deploy/dev | deploy/eu, deploy/us, task/check | deploy/asia";
    story.propose(5, "b1", ("api", file), "us");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/dev/1: starting
      task/check/1: pending after p1
      deploy/us/1: pending after p1
    ");
    story.propose(5, "b1", ("api", file), "eu");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/dev/1: starting
      task/check/1: pending after p1
      deploy/eu/1: pending after p1
      deploy/us/1: pending after p1
    ");
}

#[test]
fn a_head_that_is_merged_as_it_is_becomes_the_default_branchs_release() {
    let mut story = Story::default();
    let file = "task/build | deploy/staging | deploy/production";
    story.propose(5, "b1", ("api", file), "staging");
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    story.done("api/@r1/deploy/staging");
    story.push("api", "b1", file);
    assert_snapshot!(story.changes(), @r#"
    api/@/task/build = {"input":{},"output":{"image":"api:1"},"release":"api/@r1","run_ref":"api/@r1/task/build/1","type":"task"}
    api/@/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    report of b1b1b1b
    api/@/deploy/production should be {"input":{},"release":"api/@r1"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
    story.merge(5);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
    assert_snapshot!(story.queue(), @"");
}

#[test]
fn what_a_merge_gave_up_of_the_head_comes_with_the_default_branch() {
    let mut story = Story::default();
    let file = "deploy/staging | deploy/production go=./custom/go";
    story.propose(5, "b1", ("api", file), "production");
    story.done("api/@r1/deploy/staging");
    story.merge(5);
    assert_snapshot!(story.table(), @"
    api/@r1 superseded
      deploy/staging/1: complete
      deploy/production/1: superseded
    ");
    story.push("api", "b1", file);
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: complete
      deploy/production/1: superseded
      deploy/production/2: pending without api/@r1/custom/go
    ");
}

#[test]
fn a_head_that_failed_is_tried_again_once_it_is_merged_as_it_is() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", FILE), "staging");
    story.fails("api/@r1/task/build", "no space left");
    story.merge(5);
    story.push("api", "b1", FILE);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: failed, no space left
      task/build/2: starting
      deploy/staging/1: superseded
      deploy/staging/2: pending after p1
    ");
}

#[test]
fn a_deployment_that_ends_after_its_head_was_merged_as_it_is_stays() {
    let mut story = Story::default();
    story.propose(5, "b1", ("api", "deploy/staging"), "staging");
    story.merge(5);
    story.push("api", "b1", "deploy/staging");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{},"output":{},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    ");
}
