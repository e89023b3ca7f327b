//! Late, repeated and stray news change nothing.

use insta::assert_snapshot;
use serde_json::json;

use super::language::{release_name, task_name};
use super::story::{Story, done, failed};
use crate::engine::{Plan, Trigger};
use crate::model::{RunName, RunNumber};

fn ended(start: &(RunName, i64), outcome: crate::model::Outcome) -> Trigger {
    Trigger::Ended {
        run: start.0.clone(),
        fence: start.1,
        outcome,
    }
}

#[test]
fn a_repeated_outcome_changes_nothing() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    let start = story.start_of("api/@r1/task/build");
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    story.decide(&[ended(&start, done(json!({"image": "api:2"})))]);
    assert_eq!(story.plan, Plan::default());
    story.decide(&[ended(&start, failed("lost contact"))]);
    assert_eq!(story.plan, Plan::default());
}

#[test]
fn an_outcome_repeated_in_one_decision_counts_once() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    let start = story.start_of("api/@r1/task/build");
    let news = ended(&start, done(json!({})));
    story.decide(&[news.clone(), ended(&start, failed("late")), news]);
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: complete
      deploy/staging/1: starting
    ");
}

#[test]
fn an_outcome_of_an_earlier_call_of_the_chain_changes_nothing() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask");
    let first = story.start_of("api/@r1/task/ask");
    story.next("api/@r1/task/ask", "answer", "");
    story.decide(&[ended(&first, done(json!({})))]);
    assert_eq!(story.plan, Plan::default());
    story.decide(&[Trigger::NeedsRunner {
        run: first.0.clone(),
        fence: first.1,
    }]);
    assert_eq!(story.plan, Plan::default());
}

#[test]
fn an_outcome_from_the_future_or_of_a_run_that_never_was_changes_nothing() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    let (run, fence) = story.start_of("api/@r1/task/build");
    let (_, key) = task_name("api/@r1/deploy/staging");
    let strays = [
        (run.clone(), fence + 1),
        (run.clone(), 0),
        (
            RunName {
                number: RunNumber(2),
                ..run.clone()
            },
            fence,
        ),
        (
            RunName {
                release: release_name("web/@r1"),
                ..run.clone()
            },
            fence,
        ),
        (RunName { key, ..run }, 0),
    ];
    for stray in strays {
        story.decide(&[ended(&stray, done(json!({})))]);
        assert_eq!(story.plan, Plan::default(), "{} {}", stray.0, stray.1);
    }
}

#[test]
fn cancel_given_twice_fences_off_the_result_that_comes_anyway() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.claimed("api/@r1/deploy/staging");
    let start = story.start_of("api/@r1/deploy/staging");
    story.cancel("api/@r1");
    assert_eq!(story.start_of("api/@r1/deploy/staging"), start);
    assert_snapshot!(story.effects(), @"
    cancel api/@r1/deploy/staging/1 1
    run check api/@r1/deploy/staging/1
    release check api/@r1
    ");
    story.cancel("api/@r1");
    assert!(story.start_of("api/@r1/deploy/staging").1 > start.1);
    story.decide(&[ended(&start, done(json!({"url": "https://api"})))]);
    assert_eq!(story.plan, Plan::default());
    assert_snapshot!(story.table(), @"
    api/@r1 cancelled
      deploy/staging/1: cancelled, cancelled by @robin
    ");
}

#[test]
fn a_second_attempt_in_the_sandbox_changes_nothing_once_a_job_has_the_run() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    let (run, fence) = story.start_of("api/@r1/deploy/staging");
    story.needs_runner("api/@r1/deploy/staging");
    assert_snapshot!(story.effects(), @"
    dispatch api/@r1/deploy/staging/1 2
    run check api/@r1/deploy/staging/1
    release check api/@r1
    ");
    let late = [
        Trigger::NeedsRunner {
            run: run.clone(),
            fence,
        },
        ended(&(run.clone(), fence), failed("the sandbox ran out of time")),
    ];
    story.decide(&late);
    assert_eq!(story.plan, Plan::default());
    story.claimed("api/@r1/deploy/staging");
    story.decide(&late);
    assert_eq!(story.plan, Plan::default());
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: running
    ");
}
