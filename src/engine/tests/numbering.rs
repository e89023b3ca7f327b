//! Which release a commit becomes.

use insta::assert_snapshot;

use super::language::{push, release_name};
use super::story::Story;
use crate::engine::{NewReleases, Trigger};

#[test]
fn releases_are_numbered_per_package_without_gaps() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    story.release(push("a2", &[("api", "task/build"), ("web", "task/build")]));
    assert_snapshot!(story.answers(), @"released api/@r2, web/@r1");
    story.push("web", "a3", "task/build");
    assert_snapshot!(story.answers(), @"released web/@r2");
}

#[test]
fn pushes_that_are_decided_together_get_numbers_of_their_own() {
    let mut story = Story::default();
    let pushes = ["a1", "a2", "a1"].map(|at| Trigger::Release(push(at, &[("api", "task/build")])));
    story.decide(&pushes);
    assert_snapshot!(story.answers(), @"
    released api/@r1
    released api/@r2
    released api/@r1
    ");
}

#[test]
fn q_e5_numbers_go_on_after_r9() {
    let mut story = Story::default();
    for number in 1..=11 {
        story.push("api", &format!("{number:02}"), "task/build");
    }
    assert_snapshot!(story.answers(), @"released api/@r11");
}

#[test]
fn q_p1_the_same_commit_never_releases_twice() {
    let mut story = Story::default();
    let both = [("api", "task/build"), ("web", "task/build")];
    story.push("api", "a1", "task/build");
    story.done("api/@r1/task/build");
    story.release(push("a1", &both));
    story.release(push("a1", &both));
    assert_snapshot!(story.answers(), @"released api/@r1, web/@r1");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      task/build/1: complete
    web/@r1 running
      task/build/1: starting
    ");
}

#[test]
fn q_p2_a_package_named_twice_in_one_push_is_released_once() {
    let mut story = Story::default();
    story.release(push("a1", &[("api", "task/build"), ("api", "task/build")]));
    assert_snapshot!(story.table(), @"
    api/@r1 running
      task/build/1: starting
    ");
}

#[test]
fn q_e14_a_release_keeps_the_commit_it_came_from() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build");
    assert_snapshot!(story.changes(), @r#"
    api/@r1/commit/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 = {"time":"1970-01-01T00:00:01Z"}
    report of a1a1a1a
    "#);
}

#[test]
fn a_release_remembers_the_pull_request_that_asked_first() {
    let mut story = Story::default();
    for pull_request in [5, 6] {
        story.release(NewReleases {
            pull_request: Some(pull_request),
            ..push("a1", &[("api", "task/build")])
        });
    }
    let release = &story.snapshot.releases[&release_name("api/@r1")];
    assert_eq!(release.pull_request, Some(5));
}
