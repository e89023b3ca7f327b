//! What the original got wrong (reference/ocuroot.md §12) and no other module here shows. The tests called `q_…` there
//! show the rest.

use serde_json::json;

use super::language::{push, reference};
use super::story::{Story, actor, command, failed};
use crate::engine::{Application, Trigger};
use crate::model::RunState;

/// What is lost has failed, says so, gives its environment free and can be tried again.
#[test]
fn q_e8_a_run_that_is_lost_fails_and_holds_nobody_up() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.claimed("api/@r1/deploy/staging");
    story.push("api", "a2", "deploy/staging");
    let (run, fence) = story.start_of("api/@r1/deploy/staging");
    let outcome = failed("lost");
    story.decide(&[Trigger::Ended {
        run,
        fence,
        outcome,
    }]);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 failed
      deploy/staging/1: failed, lost
    api/@r2 running
      deploy/staging/1: starting
    ");
}

#[test]
fn q_e9_why_a_run_failed_is_kept_with_it() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.fails("api/@r1/task/build", "exit status 2");
    story.retry("api/@r1");
    story.done("api/@r1/task/build");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: failed, exit status 2
      task/build/2: complete
    ");
}

#[test]
fn q_e16_looking_at_a_commit_changes_no_state() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "a1", "deploy/eu");
    let before = story.snapshot.documents.clone();
    let mut new = push("a2", &[("api", "task/build | deploy/eu")]);
    new.is_proposed = true;
    story.decide(&[Trigger::Preview(new)]);
    assert_eq!(story.snapshot.documents, before);
    insta::assert_snapshot!(story.changes(), @"report of a2a2a2a");
}

#[test]
fn q_e17_what_cannot_be_done_keeps_nothing_else_from_being_done() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "a1", "deploy/eu | task/ask ok=./custom/ok");
    story.done("api/@r1/deploy/eu");
    let intents = [
        ("@/environment/us", json!({"name": "another"})),
        ("api/@/deploy/eu", json!({"release": "nothing"})),
        ("@/custom/size", json!(3)),
    ];
    let mut triggers = Vec::new();
    for (name, value) in intents {
        let reference = reference(name);
        triggers.push(Trigger::Intend {
            reference: reference.clone(),
            value: Some(value),
        });
        triggers.push(Trigger::Apply(Application {
            reference,
            actor: actor("robin"),
            repository: None,
            is_retry: false,
        }));
    }
    triggers.push(Trigger::Retry(command("api/@r9")));
    triggers.push(Trigger::Release(push("b1", &[("web", "deploy/eu")])));
    story.decide(&triggers);
    assert_eq!(
        story.snapshot.documents[&reference("@/custom/size")],
        json!(3)
    );
    let (_, run) = story.run("web/@r1/deploy/eu");
    assert_eq!(run.state, RunState::Starting);
}
