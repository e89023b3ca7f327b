//! What is done about starts that are too long in one state.

use insta::assert_snapshot;
use serde_json::json;

use super::story::{Story, done};
use crate::engine::Trigger;
use crate::engine::deadline::Step;
use crate::model::RunName;

fn overdue(start: &(RunName, i64), step: Step) -> Trigger {
    Trigger::Overdue {
        run: start.0.clone(),
        fence: start.1,
        step,
    }
}

#[test]
fn what_is_given_up_has_failed_and_its_late_result_changes_nothing() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    let start = story.start_of("api/@r1/task/build");
    let claimed = Trigger::Claimed {
        run: start.0.clone(),
        fence: start.1,
    };
    story.decide(&[claimed]);
    story.decide(&[overdue(&start, Step::Cancel)]);
    story.decide(&[overdue(&start, Step::ForceCancel)]);
    story.decide(&[overdue(&start, Step::GiveUp)]);
    let late = Trigger::Ended {
        run: start.0.clone(),
        fence: start.1,
        outcome: done(json!({})),
    };
    story.decide(&[late]);
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/build/1: failed, its time is over and GitHub did not stop it, so it is given up. Its job may still be at work: look at its log before you retry
      deploy/staging/1: pending after p1
    ");
}

#[test]
fn only_what_no_job_has_taken_is_tried_again_by_itself() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build retries:1");
    let start = story.start_of("api/@r1/task/build");
    story.decide(&[overdue(&start, Step::GiveUp)]);
    let start = story.start_of("api/@r1/task/build");
    let claimed = Trigger::Claimed {
        run: start.0.clone(),
        fence: start.1,
    };
    story.decide(&[claimed, overdue(&start, Step::GiveUp)]);
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/build/1: failed, no job took it in time and GitHub did not stop it, so it is given up
      task/build/2: failed, its time is over and GitHub did not stop it, so it is given up. Its job may still be at work: look at its log before you retry
    ");
}
