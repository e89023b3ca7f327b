//! Files become releases.

use serde_json::json;

use super::place::Place;

/// A-1
#[test]
fn a_file_is_released_to_every_environment() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", "basic.ocu.star"]).succeeds();
    place.is_deployed("basic.ocu.star", &["staging", "production", "production2"]);
    let count = place.get("basic.ocu.star/@/deploy/staging#output/count");
    assert_eq!(count, Some(json!(1)));
    place.has("basic.ocu.star/@v1");
    place.has("basic.ocu.star/@r1/deploy/production/1/status/complete");
    place.has_not("basic.ocu.star/@r1/deploy/production/1/status/pending");
}

/// A-2
#[test]
fn the_repository_is_called_as_the_environment_says() {
    let mut place = Place::with_environments("minimal");
    place.set("OCU_CFG_repo_alias", "alternate");
    place.run(&["release", "new", "basic.ocu.star"]).succeeds();
    place.has("alternate/-/basic.ocu.star/@r1");
}

/// A-3
#[test]
fn a_function_without_result_is_done_and_a_file_may_be_called_anything() {
    let place = Place::of("minimal");
    place
        .run(&["release", "new", "missing_done.star"])
        .succeeds();
    place.has("missing_done.star/@r1/task/nothing/1/status/complete");
}

/// A-7
#[test]
fn a_commit_is_released_again_only_by_force() {
    let mut place = Place::with_environments("minimal");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    place.has("tasks.ocu.star/@r1");

    let said = place.run(&["release", "new", "tasks.ocu.star"]).fails();
    assert!(said.output.contains("minimal/repo/-/tasks.ocu.star/@r1"));
    assert!(said.output.contains("--force"), "{}", said.output);
    place.has_not("tasks.ocu.star/@r2");

    let said = place.run(&["release", "new", "tasks.ocu.star", "--force=false"]);
    said.fails();
    place.has_not("tasks.ocu.star/@r2");

    place
        .run(&["release", "new", "tasks.ocu.star", "--force"])
        .succeeds();
    place.has("tasks.ocu.star/@r2");
    place.at_commit("another");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    place.has("tasks.ocu.star/@r3");
}

/// A-8
#[test]
fn tasks_need_no_phases() {
    let place = Place::of("minimal");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    place.has("tasks.ocu.star/@r1/task/build/1/status/complete");
}

/// A-9
#[test]
fn two_slashes_mean_the_root() {
    let place = Place::with_environments("dependencies");
    let file = "//backend/package.ocu.star";
    place
        .run_in("frontend", &["release", "new", file])
        .succeeds();
    place.has("backend/package.ocu.star/@/deploy/staging");
}

/// A-13
#[test]
fn a_deployment_that_fails_is_told_by_the_exit_code_and_stops_no_other() {
    let place = Place::with_environments("minimal");
    let said = place.run(&["release", "new", "failing.ocu.star"]).fails();
    assert!(said.output.contains("no room in production2"));
    place.is_deployed("failing.ocu.star", &["staging", "production"]);
    place.has("failing.ocu.star/@r1/deploy/production2/1/status/failed");
}

/// A-21
#[test]
fn secrets_are_neither_shown_nor_recorded() {
    let place = Place::of("minimal");
    let said = place
        .run(&["release", "new", "secrets.ocu.star"])
        .succeeds();
    assert!(!said.text().contains("abc123"), "{}", said.text());
    let logs = place.get("secrets.ocu.star/@r1/task/leak/1/logs").unwrap();
    let logs = logs.to_string();
    assert!(!logs.contains("abc123"), "{logs}");
    assert!(logs.contains("<secret>"), "{logs}");
}

/// A-36
#[test]
fn versions_of_the_language_are_named_in_every_known_way() {
    let place = Place::of("minimal");
    place.write(
        "environments.ocu.star",
        "register_environment(environment(\"test\"))\n",
    );
    place
        .run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    let declarations = [
        "ocuroot(\"0.3.14\")",
        "",
        "ocuroot(\"0.3.x\")",
        "ocuroot(\">=0.3\")",
    ];
    for (number, declaration) in declarations.iter().enumerate() {
        let file = format!("sdk{number}.ocu.star");
        place.write(&file, &format!("{declaration}\n{SDK}"));
        place.run(&["release", "new", &file]).succeeds();
        place.has(&format!("{file}/@r1/task/build/1/status/complete"));
        place.has(&format!("{file}/@r1/deploy/test/1/status/complete"));
    }
}

const SDK: &str = r#"
load("sdk.star", "greeting")

def build():
    return done(outputs = {"greeting": greeting()})

def up(environment):
    return done()

task(build, "build")
phase("test", [deploy(e, up = up, down = up) for e in environments()])
"#;

#[test]
fn a_file_that_declares_nothing_is_no_failure() {
    let place = Place::of("minimal");
    let said = place.run(&["release", "new", "sdk.star"]).succeeds();
    assert!(said.output.contains("declares nothing"), "{}", said.output);
}

#[test]
fn lint_shows_what_a_file_would_release() {
    let place = Place::with_environments("minimal");
    let said = place.run(&["release", "lint", "basic.ocu.star"]).succeeds();
    insta::assert_snapshot!(said.output, @r#"
    Task: "build"
    Deployment to "staging"
    Phase "staging": 1 tasks
    Deployment to "production"
    Deployment to "production2"
    Phase "prod": 2 tasks
    Config file evaluated successfully
    "#);
}

#[test]
fn every_verb_teaches_by_an_example() {
    let place = Place::of("minimal");
    for verbs in [
        "release new",
        "release continue",
        "release retry",
        "release lint",
        "state get",
        "state match",
        "state diff",
        "state set",
        "state delete",
        "state apply",
        "work continue",
        "work any",
        "work ops",
        "work trigger",
        "work cascade",
        "push",
        "find-deploys",
    ] {
        let arguments: Vec<&str> = verbs.split(' ').chain(["-h"]).collect();
        let said = place.run(&arguments).succeeds();
        let example = format!("Example: ocuroot {verbs}");
        assert!(said.output.contains(&example), "{}", said.output);
    }
}
