//! What waits, and is then taken over, given up or not wanted any more: nothing that changed meanwhile is missed, and
//! nothing is done that is replaced anyway.

use serde_json::{Value, json};

use super::language::{reference, release_name, task_name};
use super::story::{Story, actor, done, failed};
use crate::engine::{Application, Run, Trigger};
use crate::model::{RunName, RunNumber};

const API: &str = "deploy/eu size=@/custom/size?1 must=@/custom/must v:=0";

/// `api` is live with a value that is not there any more, so that whoever brings it up anew waits for that.
fn waiting_for_must() -> Story {
    let mut story = Story::default();
    story.environment("eu");
    story.set("@/custom/must", json!(1));
    story.push("api", "00", API);
    story.outputs("api/@r1/deploy/eu", json!({"url": 1}));
    story.unset("@/custom/must");
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", json!({"v": 7}))));
    story.set("@/custom/size", json!(2));
    assert_eq!(
        story.table_of("api/@r1"),
        "api/@r1 blocked\n  deploy/eu/1: complete\n  deploy/eu/2: pending without @/custom/must\n"
    );
    story
}

/// What should be live, as an intent says it.
fn wanted(release: &str, input: Value) -> Value {
    let release = release_name(release).to_string();
    match input {
        Value::Null => json!({ "release": release }),
        input => json!({ "release": release, "input": input }),
    }
}

/// Says what should be, and has it applied.
fn intent(name: &str, value: Value) -> [Trigger; 2] {
    let reference = reference(name);
    let intend = Trigger::Intend {
        reference: reference.clone(),
        value: Some(value),
    };
    let apply = Trigger::Apply(Application {
        reference,
        actor: actor("robin"),
        repository: Some("github.com/acme/shop".to_owned()),
        is_retry: false,
    });
    [intend, apply]
}

impl Story {
    /// What is at work of a task succeeds, whatever waits behind it.
    fn first_ends(&mut self, task: &str) {
        let (release, key) = task_name(task);
        let at_work = |run: &(RunNumber, &Run)| run.1.state.is_active();
        let found = self.snapshot.releases[&release].runs_of(&key).find(at_work);
        let (number, fence) = found.map(|(number, run)| (number, run.fence)).expect("one");
        let run = RunName {
            release,
            number,
            key,
        };
        let outcome = done(json!({}));
        self.decide(&[Trigger::Ended {
            run,
            fence,
            outcome,
        }]);
    }
}

#[test]
fn a_change_that_was_missed_while_other_inputs_waited_is_noticed_when_a_newer_release_takes_their_place()
 {
    let mut story = waiting_for_must();
    story.push("api", "11", "task/build | deploy/eu");
    insta::assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: superseded
      deploy/eu/3: starting
    ");
}

#[test]
fn a_change_that_was_missed_while_other_inputs_waited_is_noticed_when_nothing_takes_their_place() {
    let mut story = waiting_for_must();
    story.cancel("api/@r1");
    insta::assert_snapshot!(story.table_of("api/@r1"), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: cancelled, cancelled by @robin
      deploy/eu/3: starting
    ");
}

#[test]
fn a_change_that_was_missed_while_a_repetition_ran_is_noticed_when_that_is_cancelled() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu size=@/custom/size?1");
    story.done("api/@r1/deploy/eu");
    story.set("@/custom/size", json!(2));
    story.claimed("api/@r1/deploy/eu");
    story.set("@/custom/size", json!(3));
    story.cancel("api/@r1");
    story.fails("api/@r1/deploy/eu", "stopped");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: cancelled, cancelled by @robin
      deploy/eu/3: starting
    ");
}

#[test]
fn what_was_cancelled_before_it_began_does_not_begin_until_something_else_changes() {
    let mut story = Story::default();
    story.environment("eu");
    for (name, at, text) in [
        ("api", "00", "deploy/eu size=@/custom/size?1"),
        (
            "web",
            "11",
            "deploy/eu api=api/@/deploy/eu#output/url?0 size=@/custom/size?1",
        ),
    ] {
        story.push(name, at, text);
        story.outputs(&format!("{name}/@r1/deploy/eu"), json!({"url": 1}));
    }
    story.set("@/custom/size", json!(2));
    story.cancel("web/@r1");
    story.set("@/custom/other", json!(1));
    insta::assert_snapshot!(story.table_of("web/@r1"), @"
    web/@r1 cancelled
      deploy/eu/1: complete
      deploy/eu/2: cancelled, cancelled by @robin
    ");
    story.outputs("api/@r1/deploy/eu", json!({"url": 2}));
    insta::assert_snapshot!(story.table_of("web/@r1"), @"
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: cancelled, cancelled by @robin
      deploy/eu/3: starting
    ");
}

#[test]
fn a_retry_does_not_go_into_an_environment_that_is_gone_although_its_file_was_not_read_again() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu");
    story.fails("api/@r1/deploy/eu", "no");
    story.apply("@/environment/eu", None);
    story.retry("api/@r1");
    insta::assert_snapshot!(story.answers(), @"api/@r1 does not go to eu, which is gone");
    story.bring("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.answers(), @"api/@r1 does not go to eu, which is gone");
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", Value::Null)));
    insta::assert_snapshot!(story.answers(), @"api/@r1 does not go to eu, which is gone");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 failed
      deploy/eu/1: failed, no
    ");
    story.environment("eu");
    story.retry("api/@r1");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: failed, no
      deploy/eu/2: starting
    ");
}

#[test]
fn a_retry_does_not_go_into_an_environment_that_is_being_emptied() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu");
    story.done("api/@r1/deploy/eu");
    story.push("api", "11", "deploy/eu");
    story.fails("api/@r2/deploy/eu", "no");
    story.apply("@/environment/eu", None);
    story.retry("api/@r2");
    insta::assert_snapshot!(story.answers(), @"api/@r2 does not go to eu, which is being emptied");
    story.fails("api/@r1/deploy/eu", "no way down");
    story.retry("api/@r1");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2 (down): failed, no way down
      deploy/eu/3 (down): starting
    api/@r2 failed
      deploy/eu/1: failed, no
    ");
}

#[test]
fn two_intents_that_are_applied_together_do_not_repeat_what_one_of_them_replaces() {
    let mut story = Story::default();
    story.environment("eu");
    for (release, at) in [("api/@r1", "00"), ("api/@r2", "11")] {
        story.push("api", at, "deploy/eu size=@/custom/size?1");
        story.done(&format!("{release}/deploy/eu"));
    }
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", Value::Null)));
    story.done("api/@r1/deploy/eu");
    let mut together = intent("@/custom/size", json!(2)).to_vec();
    together.extend(intent("api/@/deploy/eu", wanted("api/@r2", Value::Null)));
    story.decide(&together);
    story.done("api/@r2/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: superseded
    api/@r2 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    ");
}

#[test]
fn other_inputs_that_are_wanted_while_some_are_being_brought_up_come_after_them() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu v:=0");
    story.done("api/@r1/deploy/eu");
    for v in [1, 2, 3] {
        let trigger = intent("api/@/deploy/eu", wanted("api/@r1", json!({ "v": v })));
        story.decide(&trigger);
    }
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
      deploy/eu/3: superseded
      deploy/eu/4: pending behind api/@r1
    ");
    story.decide(&intent(
        "api/@/deploy/eu",
        wanted("api/@r1", json!({"v": 1})),
    ));
    story.first_ends("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: superseded
      deploy/eu/4: superseded
    ");
    assert_eq!(
        story.snapshot.documents[&reference("api/@/deploy/eu")]["input"],
        json!({"v": {"value": 1}})
    );
}

#[test]
fn inputs_that_a_deployment_has_among_others_are_not_brought_up_once_more() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu v:=0 size=@/custom/size?1");
    story.done("api/@r1/deploy/eu");
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", json!({"v": 0}))));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
    ");
}

#[test]
fn a_chain_that_was_paused_goes_on_although_its_way_down_waits_behind_it() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu");
    story.done("api/@r1/deploy/eu");
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", json!({"v": 1}))));
    story.next("api/@r1/deploy/eu", "second", "go=@/custom/go");
    story.undeploy("api", "eu");
    story.set("@/custom/go", json!(1));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
      deploy/eu/3 (down): pending behind api/@r1
    ");
}

#[test]
fn what_fails_is_not_tried_again_by_itself_when_its_way_down_waits_behind_it() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu size=@/custom/size?1 retries:1");
    story.done("api/@r1/deploy/eu");
    story.set("@/custom/size", json!(2));
    story.undeploy("api", "eu");
    let (release, key) = task_name("api/@r1/deploy/eu");
    let number = RunNumber(2);
    let run = RunName {
        release,
        key,
        number,
    };
    story.decide(&[Trigger::Ended {
        run,
        fence: 1,
        outcome: failed("no"),
    }]);
    insta::assert_snapshot!(story.table(), @r"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: failed, no
      deploy/eu/3 (down): starting
    ");
}

#[test]
fn a_change_that_was_missed_while_other_inputs_were_brought_up_is_noticed_when_they_fail() {
    let mut story = Story::default();
    story.environment("eu");
    story.push("api", "00", "deploy/eu v:=0 size=@/custom/size?1");
    story.done("api/@r1/deploy/eu");
    story.apply("api/@/deploy/eu", Some(wanted("api/@r1", json!({"v": 1}))));
    story.set("@/custom/size", json!(2));
    story.fails("api/@r1/deploy/eu", "no");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: failed, no
      deploy/eu/3: starting
    ");
}
