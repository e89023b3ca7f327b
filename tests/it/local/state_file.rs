//! One writer at a time, and nothing stuck after a kill.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::place::Place;

/// Ends with whoever executes it.
const SLOW: &str = r#"
def build():
    print("has begun")
    shell("while kill -0 $PPID; do sleep 0.1; done")
    return done()

task(build, "build")
"#;

fn begun(place: &Place) -> Child {
    place.write("slow.ocu.star", SLOW);
    let mut first = place.command("", &["release", "new", "slow.ocu.star"]);
    let mut first = first.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(first.stderr.as_mut().unwrap()).lines();
    let mut lines = lines.map(|line| line.unwrap());
    assert!(lines.any(|line| line.ends_with("has begun")));
    first
}

#[test]
fn who_is_asked_to_end_ends_what_runs_and_writes_that_down() {
    let place = Place::of("minimal");
    let first = begun(&place);
    let mut kill = Command::new("kill");
    let kill = kill.args(["-TERM", &first.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    place.has("slow.ocu.star/@r1/task/build/1/status/failed");
    let said = place.run(&["work", "any"]).succeeds();
    assert!(!said.errors.contains("was left running"), "{}", said.errors);
}

#[test]
fn a_second_writer_is_told_who_writes_and_a_killed_one_leaves_nothing_running() {
    let place = Place::of("minimal");
    let mut first = begun(&place);

    let said = place.run(&["release", "new", "tasks.ocu.star"]).fails();
    let holder = format!(
        "process {} (`ocuroot release new slow.ocu.star`)",
        first.id()
    );
    assert!(said.errors.contains(&holder), "{}", said.errors);
    place.has("slow.ocu.star/@r1/task/build/1/status/running");

    first.kill().unwrap();
    first.wait().unwrap();
    let said = place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    assert!(said.errors.contains("was left running"), "{}", said.errors);
    place.has("slow.ocu.star/@r1/task/build/1/status/failed");
}

#[test]
fn a_repository_that_names_no_store_is_told_the_line_to_add() {
    let place = Place::of("minimal");
    place.write("repo.ocu.star", "repo_alias(\"minimal/repo\")\n");
    let said = place.run(&["release", "new", "tasks.ocu.star"]).fails();
    assert!(
        said.errors.contains("store.set(store.fs("),
        "{}",
        said.errors
    );
}

#[test]
fn outside_of_a_repository_the_file_that_is_missing_is_named() {
    let place = Place::of("minimal");
    std::fs::remove_file(place.path("repo.ocu.star")).unwrap();
    let said = place
        .run(&["state", "get", "@/environment/staging"])
        .fails();
    assert!(said.errors.contains("no repo.ocu.star"), "{}", said.errors);
}
