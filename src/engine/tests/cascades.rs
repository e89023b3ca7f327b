//! What changes has its readers run again: those, all of them, once, in order.

use serde_json::json;

use super::story::Story;
use crate::model::RunState;

/// Everything of these packages is deployed to eu and has succeeded.
fn deployed(packages: &[(&str, &str)]) -> Story {
    let mut story = Story::default();
    story.environment("eu");
    for (index, (name, text)) in packages.iter().enumerate() {
        story.push(name, &format!("{index:02}"), text);
        story.outputs(&format!("{name}/@r1/deploy/eu"), json!({"url": 1}));
    }
    story
}

const API: (&str, &str) = ("api", "deploy/eu size=./@/custom/size?1");
const WEB: (&str, &str) = ("web", "deploy/eu api=api/@/deploy/eu#output/url");

#[test]
fn a_changed_output_has_its_readers_run_again_at_their_own_release() {
    let mut story = deployed(&[API, WEB]);
    story.push("web", "aa", "task/build");
    story.push("api", "bb", "deploy/eu");
    story.outputs("api/@r2/deploy/eu", json!({"url": 2}));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
    api/@r2 complete
      deploy/eu/1: complete
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    web/@r2 running
      task/build/1: starting
    ");
}

#[test]
fn an_output_that_stays_the_same_runs_nothing() {
    let mut story = deployed(&[API, WEB]);
    story.push("api", "bb", "deploy/eu");
    story.outputs("api/@r2/deploy/eu", json!({"url": 1}));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
    api/@r2 complete
      deploy/eu/1: complete
    web/@r1 complete
      deploy/eu/1: complete
    ");
}

#[test]
fn a_custom_value_goes_down_the_chain() {
    let mut story = deployed(&[API, WEB]);
    story.set("api/@/custom/size", json!(5));
    insta::assert_snapshot!(story.effects(), @"
    attempt api/@r1/deploy/eu/2 1
    release check api/@r1
    ");
    story.outputs("api/@r1/deploy/eu", json!({"url": 5}));
    insta::assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/eu/2
    deployment api/@r1/deploy/eu/2
    attempt web/@r1/deploy/eu/2 1
    release check api/@r1
    release check web/@r1
    ");
    story.done("web/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    web/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    ");
}

#[test]
fn whoever_reads_two_that_change_waits_for_both_and_runs_once() {
    let mut story = deployed(&[
        ("base", "deploy/eu size=@/custom/size?1"),
        ("left", "deploy/eu base=base/@/deploy/eu#output/url"),
        ("right", "deploy/eu base=base/@/deploy/eu#output/url"),
        (
            "all",
            "deploy/eu base=base/@/deploy/eu#output/url left=left/@/deploy/eu#output/url right=right/@/deploy/eu#output/url",
        ),
    ]);
    story.set("@/custom/size", json!(2));
    story.outputs("base/@r1/deploy/eu", json!({"url": 2}));
    insta::assert_snapshot!(story.table(), @"
    all/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: pending behind left/@/deploy/eu
    base/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    left/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    right/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    ");
    story.outputs("left/@r1/deploy/eu", json!({"url": 2}));
    story.fails("right/@r1/deploy/eu", "no");
    insta::assert_snapshot!(story.table(), @"
    all/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    base/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    left/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    right/@r1 failed
      deploy/eu/1: complete
      deploy/eu/2: failed, no
    ");
}

/// reference/ocuroot.md Q-E3.
#[test]
fn q_e3_what_failed_with_the_same_inputs_is_not_tried_again_by_itself() {
    let mut story = deployed(&[API]);
    story.set("api/@/custom/size", json!(5));
    story.fails("api/@r1/deploy/eu", "no");
    story.set("@/custom/other", json!(1));
    story.set("api/@/custom/size", json!(5));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 failed
      deploy/eu/1: complete
      deploy/eu/2: failed, no
    ");
    story.set("api/@/custom/size", json!(6));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: failed, no
      deploy/eu/3: starting
    ");
    story.fails("api/@r1/deploy/eu", "no");
    story.retry("api/@r1");
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: failed, no
      deploy/eu/3: failed, no
      deploy/eu/4: complete
    ");
}

#[test]
fn what_changes_while_a_deployment_runs_is_followed_at_its_end() {
    let mut story = deployed(&[API]);
    story.set("api/@/custom/size", json!(5));
    story.set("api/@/custom/size", json!(6));
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: starting
    ");
    story.done("api/@r1/deploy/eu");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: complete
    ");
}

#[test]
fn what_a_deployment_reads_of_itself_is_no_reason() {
    let mut story = deployed(&[("api", "deploy/eu count=./@/deploy/eu#output/url?0")]);
    story.push("api", "bb", "deploy/eu count=./@/deploy/eu#output/url?0");
    story.outputs("api/@r2/deploy/eu", json!({"url": 7}));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
    api/@r2 complete
      deploy/eu/1: complete
    ");
}

#[test]
fn a_circle_that_does_not_settle_stops_and_asks_for_a_person() {
    let mut story = deployed(&[
        ("api", "deploy/eu web=web/@/deploy/eu#output/url?0"),
        ("web", "deploy/eu api=api/@/deploy/eu#output/url"),
    ]);
    for url in 2..20 {
        for name in ["api", "web"] {
            let task = format!("{name}/@r1/deploy/eu");
            if story.run(&task).1.state.is_active() {
                story.outputs(&task, json!({"url": url}));
            }
        }
    }
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: complete
      deploy/eu/4: complete
    web/@r1 failed
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: complete
      deploy/eu/4: failed, web in eu was deployed 3 times because its own output changes what it reads, by way of api in eu, and it does not settle. It keeps what it has. `/ocuroot retry eu` deploys it once more
    ");
}

#[test]
fn a_circle_in_which_everybody_is_at_work_at_once_stops_too() {
    let mut story = deployed(&[
        (
            "api",
            "deploy/eu web=web/@/deploy/eu#output/url?0 all=@/custom/all?1",
        ),
        (
            "web",
            "deploy/eu api=api/@/deploy/eu#output/url all=@/custom/all?1",
        ),
    ]);
    story.outputs("api/@r1/deploy/eu", json!({"url": 1}));
    story.set("@/custom/all", json!(2));
    let tasks = ["api/@r1/deploy/eu", "web/@r1/deploy/eu"];
    for url in 2..30 {
        let active: Vec<&str> = tasks
            .into_iter()
            .filter(|task| story.run(task).1.state.is_active())
            .collect();
        for task in active {
            story.outputs(task, json!({"url": url}));
        }
    }
    assert!(
        tasks
            .iter()
            .all(|task| story.run(task).1.state.is_finished()),
        "{}",
        story.table()
    );
}

#[test]
fn a_circle_stops_although_each_fails_once_a_lap() {
    let mut story = deployed(&[
        (
            "api",
            "deploy/eu retries:1 web=web/@/deploy/eu#output/url?0",
        ),
        ("web", "deploy/eu retries:1 api=api/@/deploy/eu#output/url"),
    ]);
    for url in 2..40 {
        for name in ["api", "web"] {
            let task = format!("{name}/@r1/deploy/eu");
            if !story.run(&task).1.state.is_active() {
                continue;
            }
            match url % 2 {
                0 => story.fails(&task, "no"),
                _ => story.outputs(&task, json!({"url": url})),
            }
        }
    }
    let is_over = |name| story.run(name).1.state.is_finished();
    assert!(
        is_over("api/@r1/deploy/eu") && is_over("web/@r1/deploy/eu"),
        "{}",
        story.table()
    );
}

#[test]
fn what_is_again_as_it_was_runs_nothing_although_a_reader_already_waits() {
    let mut story = deployed(&[
        ("base", "deploy/eu size=@/custom/size?1"),
        ("left", "deploy/eu base=base/@/deploy/eu#output/url"),
        (
            "all",
            "deploy/eu base=base/@/deploy/eu#output/url left=left/@/deploy/eu#output/url",
        ),
    ]);
    story.set("@/custom/size", json!(2));
    story.outputs("base/@r1/deploy/eu", json!({"url": 2}));
    story.set("@/custom/size", json!(1));
    story.outputs("base/@r1/deploy/eu", json!({"url": 1}));
    story.outputs("left/@r1/deploy/eu", json!({"url": 1}));
    insta::assert_snapshot!(story.table_of("all/@r1"), @"
    all/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: superseded
    ");
}

#[test]
fn who_reads_itself_is_in_no_circle_however_often_the_rest_changes() {
    let mut story = deployed(&[(
        "api",
        "deploy/eu count=./@/deploy/eu#output/url?0 size=@/custom/size?1",
    )]);
    story.set("@/custom/size", json!(2));
    for size in 3..9 {
        story.set("@/custom/size", json!(size));
        story.outputs("api/@r1/deploy/eu", json!({"url": size}));
    }
    story.outputs("api/@r1/deploy/eu", json!({"url": 9}));
    let (name, run) = story.run("api/@r1/deploy/eu");
    assert_eq!((name.number.0, run.state), (8, RunState::Complete));
}

#[test]
fn the_attributes_of_an_environment_are_inputs_like_others() {
    let mut story = Story::default();
    story.environment_with("eu", &[("size", "s")]);
    story.push("api", "00", "deploy/eu environment=@/environment/eu");
    story.done("api/@r1/deploy/eu");
    story.environment_with("eu", &[("size", "l")]);
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    ");
}

/// reference/ocuroot.md Q-E19: what was known last is kept, a default comes back.
#[test]
fn q_e19_a_value_that_disappears_is_kept_unless_the_file_has_a_default() {
    let mut story = deployed(&[
        API,
        ("web", "deploy/eu size=@/custom/size api=api/@/deploy/eu"),
    ]);
    story.set("@/custom/size", json!(3));
    story.done("web/@r1/deploy/eu");
    story.set("api/@/custom/size", json!(5));
    story.outputs("api/@r1/deploy/eu", json!({"url": 1}));
    story.done("web/@r1/deploy/eu");
    story.unset("@/custom/size");
    assert_eq!(story.effects(), "");
    story.unset("api/@/custom/size");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: complete
      deploy/eu/3: starting
    web/@r1 complete
      deploy/eu/1: complete
      deploy/eu/2: complete
    ");
}

#[test]
fn a_pending_newer_release_does_not_keep_the_live_one_from_following() {
    let mut story = deployed(&[API]);
    story.push("api", "bb", "deploy/eu ok=./custom/ok");
    story.set("@/custom/x", json!(1));
    story.set("api/@/custom/size", json!(5));
    insta::assert_snapshot!(story.table(), @"
    api/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    api/@r2 blocked
      deploy/eu/1: pending without api/@r2/custom/ok
    ");
}

#[test]
fn a_tag_that_moves_on_is_followed() {
    let tagging = "deploy/eu size=./@/custom/size?1 | task/tag";
    let mut story = deployed(&[("api", tagging)]);
    story.tagged("api/@r1/task/tag", "v1");
    story.push("web", "aa", "deploy/eu api=api/@v1/deploy/eu#output/url");
    story.done("web/@r1/deploy/eu");
    story.push("api", "bb", tagging);
    story.outputs("api/@r2/deploy/eu", json!({"url": 2}));
    story.tagged("api/@r2/task/tag", "v1");
    insta::assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/eu/1: complete
      task/tag/1: complete
    api/@r2 complete
      deploy/eu/1: complete
      task/tag/1: complete
    web/@r1 running
      deploy/eu/1: complete
      deploy/eu/2: starting
    ");
}
