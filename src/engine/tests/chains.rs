//! `next(...)`: runs that consist of several functions.

use insta::assert_snapshot;
use serde_json::json;

use super::language::short;
use super::story::Story;

/// Which functions a run consists of, each with what it was started with.
fn chain(story: &Story, task: &str) -> String {
    let (_, run) = story.run(task);
    let calls = run.calls.iter().map(|call| {
        let action = serde_json::to_value(&call.action).expect("JSON");
        let values = serde_json::to_string(&call.values).expect("JSON");
        format!(
            "{}({values})\n",
            action["function"]["name"].as_str().unwrap_or("workflow")
        )
    });
    short(&calls.collect::<String>())
}

#[test]
fn a_next_with_everything_at_hand_goes_on_at_once_with_a_new_fence() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging size:=3");
    story.next("api/@r1/deploy/staging", "up_half", "size:=4");
    assert_snapshot!(story.effects(), @"attempt api/@r1/deploy/staging/1 2");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(chain(&story, "api/@r1/deploy/staging"), @r#"
    up({"size":3})
    up_half({"size":4})
    "#);
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn a_next_without_its_input_pauses_and_resumes() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging | deploy/production");
    story.next(
        "api/@r1/deploy/staging",
        "verify",
        "verdict=./custom/verdict",
    );
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: paused without api/@r1/custom/verdict
      deploy/production/1: pending after p1
    ");
    assert_snapshot!(story.effects(), @"release check api/@r1");
    story.set("api/@r1/custom/verdict", json!("good"));
    assert_snapshot!(story.effects(), @"attempt api/@r1/deploy/staging/1 2");
    assert_snapshot!(chain(&story, "api/@r1/deploy/staging"), @r#"
    up({})
    verify({"verdict":"good"})
    "#);
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/staging/1: complete
      deploy/production/1: starting
    ");
}

#[test]
fn a_paused_run_takes_no_news() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask");
    story.next("api/@r1/task/ask", "answer", "size=./custom/size");
    story.done("api/@r1/task/ask");
    story.fails("api/@r1/task/ask", "late");
    story.claimed("api/@r1/task/ask");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      task/ask/1: paused without api/@r1/custom/size
    ");
}

#[test]
fn a_paused_deployment_keeps_its_environment() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.next(
        "api/@r1/deploy/staging",
        "verify",
        "verdict=./custom/verdict",
    );
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: paused without api/@r1/custom/verdict
    api/@r2 running
      deploy/staging/1: pending behind api/@r1
    ");
    story.approve("api/@r1");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn the_document_of_a_chain_holds_the_inputs_of_its_first_function() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask size:=1");
    story.next("api/@r1/task/ask", "answer", "size:=2");
    story.done("api/@r1/task/ask");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/task/ask = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/task/ask/1","type":"task"}
    api/@/task/ask = {"input":{"size":{"value":1}},"output":{},"release":"api/@r1","run_ref":"api/@r1/task/ask/1","type":"task"}
    "#);
}

#[test]
fn a_retry_begins_the_chain_again() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask size:=1");
    story.next("api/@r1/task/ask", "answer", "size:=2");
    story.fails("api/@r1/task/ask", "no answer");
    story.retry("api/@r1");
    assert_snapshot!(chain(&story, "api/@r1/task/ask"), @r#"work({"size":1})"#);
}

#[test]
fn a_chain_without_end_is_stopped() {
    let mut story = Story::default();
    story.push("api", "a1", "task/spin | deploy/staging");
    let mut rounds = 0;
    while story.run("api/@r1/task/spin").1.state.is_active() {
        story.next("api/@r1/task/spin", "spin", "");
        rounds += 1;
    }
    assert_eq!(rounds, 100);
    assert_snapshot!(story.table(), @"
    api/@r1 failed
      task/spin/1: failed, the run has called next() 100 times, the last time for `spin`; it is stopped because it looks like a loop
      deploy/staging/1: pending after p1
    ");
}
