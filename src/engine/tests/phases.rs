//! When a task may start, as far as the other tasks of its release decide.

use insta::assert_snapshot;

use super::language::push;
use super::story::Story;

#[test]
fn q_e18_phases_run_in_order_and_tasks_of_a_phase_together() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/build, task/lint | deploy/staging | deploy/production",
    );
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      task/lint/1: starting
      deploy/staging/1: pending after p1
      deploy/production/1: pending after p2
    ");
    story.done("api/@r1/task/lint");
    assert_snapshot!(story.effects(), @"run check api/@r1/task/lint/1");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/build/1
    attempt api/@r1/deploy/staging/1 1
    ");
    story.done("api/@r1/deploy/staging");
    story.done("api/@r1/deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
      task/lint/1: complete
      deploy/staging/1: complete
      deploy/production/1: complete
    ");
}

#[test]
fn q_e2_an_empty_phase_keeps_the_chain() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | | | deploy/production");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/production/1: pending after p1
    ");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_release_of_nothing_is_complete_at_once() {
    let mut story = Story::default();
    story.push("api", "a1", " | ");
    assert_snapshot!(story.table(), @"api/@r1 complete");
}

#[test]
fn q_e1_a_second_complete_run_of_an_earlier_phase_does_not_block_later_ones() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "deploy/staging | deploy/production approval=./custom/approval",
    );
    story.done("api/@r1/deploy/staging");
    story.undeploy("api", "staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): starting
      deploy/production/1: pending after p1
    ");
    story.done("api/@r1/deploy/staging");
    story.approve("api/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/staging/2 (down): complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_failing_task_stops_later_phases_but_not_its_siblings() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build, task/lint | deploy/staging");
    story.fails("api/@r1/task/lint", "line too long");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      task/lint/1: failed, line too long
      deploy/staging/1: pending after p1
    ");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/build/1: complete
      task/lint/1: failed, line too long
      deploy/staging/1: pending after p1
    ");
    story.retry("api/@r1");
    story.done("api/@r1/task/lint");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      task/lint/1: failed, line too long
      task/lint/2: complete
      deploy/staging/1: starting
    ");
}

#[test]
fn tasks_of_different_packages_do_not_wait_for_each_other() {
    let mut story = Story::default();
    let text = "task/build | deploy/staging";
    story.release(push("a1", &[("api", text), ("web", text)]));
    story.done("web/@r1/task/build");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
      deploy/staging/1: pending after p1
    web/@r1 running
      task/build/1: complete
      deploy/staging/1: starting
    ");
}
