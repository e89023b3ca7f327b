//! Which calls a decision asks for: GitHub's request budget is what limits us.

use insta::assert_snapshot;
use serde_json::json;

use super::language::push;
use super::story::{Story, command, done};
use crate::engine::plan::Call;
use crate::engine::{NewReleases, Trigger, Wish};

const SMALL: &str = "task/a, task/b, task/c";
const LARGE: &str = "task/a, task/b, task/c | task/d, task/e, task/f | task/g";

fn needs_runner(story: &Story, tasks: &[&str]) -> Vec<Trigger> {
    let starts = tasks.iter().map(|task| story.start_of(task));
    starts
        .map(|(run, fence)| Trigger::NeedsRunner { run, fence })
        .collect()
}

fn ended(story: &Story, tasks: &[&str]) -> Vec<Trigger> {
    let starts = tasks.iter().map(|task| story.start_of(task));
    starts
        .map(|(run, fence)| Trigger::Ended {
            run,
            fence,
            outcome: done(json!({})),
        })
        .collect()
}

#[test]
fn a_release_is_shown_when_it_begins_once_for_a_wave_and_when_it_settles() {
    let mut story = Story::default();
    story.push("api", "a1", LARGE);
    assert_snapshot!(story.effects(), @"
    commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
    attempt api/@r1/task/a/1 1
    attempt api/@r1/task/b/1 1
    attempt api/@r1/task/c/1 1
    release check api/@r1
    ");
    let wave = ["api/@r1/task/a", "api/@r1/task/b", "api/@r1/task/c"];
    story.decide(&needs_runner(&story, &wave));
    assert_snapshot!(story.effects(), @"
    dispatch api/@r1/task/a/1 2
    dispatch api/@r1/task/b/1 2
    dispatch api/@r1/task/c/1 2
    release check api/@r1
    ");
    story.claimed(wave[0]);
    assert_snapshot!(story.effects(), @"");
    story.done(wave[0]);
    assert_snapshot!(story.effects(), @"");
    story.decide(&ended(&story, &wave));
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/task/d/1 1
    attempt api/@r1/task/e/1 1
    attempt api/@r1/task/f/1 1
    ");
    story.fails("api/@r1/task/d", "out of memory");
    assert_snapshot!(story.effects(), @"");
    story.done("api/@r1/task/e");
    story.done("api/@r1/task/f");
    assert_snapshot!(story.effects(), @"release check api/@r1");
}

#[test]
fn only_a_small_release_shows_each_of_its_runs() {
    let mut story = Story::default();
    story.push("api", "a1", SMALL);
    story.push("web", "a1", LARGE);
    story.decide(&needs_runner(&story, &["api/@r1/task/a", "web/@r1/task/a"]));
    assert_snapshot!(story.effects(), @"
    dispatch api/@r1/task/a/1 2
    run check api/@r1/task/a/1
    dispatch web/@r1/task/a/1 2
    release check api/@r1
    release check web/@r1
    ");
    story.decide(&ended(&story, &["api/@r1/task/a", "web/@r1/task/a"]));
    assert_snapshot!(story.effects(), @"run check api/@r1/task/a/1");
}

#[test]
fn a_workflow_is_dispatched_without_an_attempt() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build workflow:build.yml");
    assert_snapshot!(story.effects(), @"
    commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
    workflow api/@r1/task/build/1 1
    run check api/@r1/task/build/1
    release check api/@r1
    ");
}

#[test]
fn a_wave_of_workflows_is_shown_too() {
    let mut story = Story::default();
    let text = "task/build | task/publish workflow:publish.yml, deploy/staging workflow:deploy.yml";
    story.push("api", "a1", text);
    story.done("api/@r1/task/build");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/build/1
    workflow api/@r1/task/publish/1 1
    run check api/@r1/task/publish/1
    workflow api/@r1/deploy/staging/1 1
    run check api/@r1/deploy/staging/1
    release check api/@r1
    ");
}

#[test]
fn a_deployment_is_recorded_when_it_is_up_and_when_it_is_down() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/build/1
    attempt api/@r1/deploy/staging/1 1
    ");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/1
    deployment api/@r1/deploy/staging/1
    release check api/@r1
    ");
    story.undeploy("api", "staging");
    story.fails("api/@r1/deploy/staging", "is in use");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/2
    release check api/@r1
    ");
    story.retry("api/@r1");
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/3
    deployment api/@r1/deploy/staging/3
    release check api/@r1
    ");
}

#[test]
fn a_command_is_told_once_how_its_release_settled() {
    let mut story = Story::default();
    story.release(NewReleases {
        reply_to: Some(5),
        ..push("a1", &[("api", "task/build | task/ask x=./custom/x")])
    });
    assert_snapshot!(story.effects(), @"
    commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
    attempt api/@r1/task/build/1 1
    release check api/@r1
    ");
    story.done("api/@r1/task/build");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/build/1
    release check api/@r1
    result api/@r1 to #5
    ");
    story.set("api/@r1/custom/x", json!(1));
    story.fails("api/@r1/task/ask", "no");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/ask/1
    release check api/@r1
    ");
    story.decide(&[Trigger::Retry(Wish {
        reply_to: Some(6),
        ..command("api/@r1")
    })]);
    assert_snapshot!(story.effects(), @"
    attempt api/@r1/task/ask/2 1
    release check api/@r1
    ");
    story.done("api/@r1/task/ask");
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/ask/2
    release check api/@r1
    result api/@r1 to #6
    ");
}

#[test]
fn a_command_about_a_settled_release_is_told_at_once() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.done("api/@r1/task/build");
    story.release(NewReleases {
        reply_to: Some(5),
        ..push("a1", &[("api", "task/build")])
    });
    assert_snapshot!(story.effects(), @"
    commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
    release check api/@r1
    result api/@r1 to #5
    ");
}

#[test]
fn a_repeated_push_asks_for_nothing_that_was_not_asked_before() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build | deploy/staging");
    story.done("api/@r1/task/build");
    story.push("api", "a1", "task/build | deploy/staging");
    assert_snapshot!(story.effects(), @"commit check a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
}

#[test]
fn what_goes_to_production_is_started_before_everything_else_and_after_people_are_answered() {
    let start = |step: &str| {
        let run = format!("github.com/acme/shop/-/api/release.ocu.star/@r1/{step}/1");
        let run = run.parse().expect("a run");
        Call::Dispatch { run, fence: 1 }.lane()
    };
    let answer = Call::React {
        comment: 1,
        is_taken: true,
    };
    let release = "github.com/acme/shop/-/api/release.ocu.star/@r1";
    let release = release.parse().expect("a release");
    let check = Call::ReleaseCheck { release };
    let (production, staging) = (start("deploy/production"), start("deploy/staging"));
    assert_eq!(start("deploy/prod"), production);
    assert_eq!(start("task/production"), staging);
    assert!(answer.lane() < production && production < staging && staging < check.lane());
}
