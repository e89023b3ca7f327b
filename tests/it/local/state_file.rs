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
    // As shells have it: 128 and the number of the signal.
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    place.has("slow.ocu.star/@r1/task/build/1/status/failed");
    let said = place.run(&["work", "any"]).succeeds();
    assert!(!said.errors.contains("was left running"), "{}", said.errors);
}

/// Reads lines until one has `part` in it.
fn read_until(child: &mut Child, part: &str) -> String {
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    let found = lines.find_map(|line| line.ok().filter(|line| line.contains(part)));
    found.unwrap_or_else(|| panic!("it never said {part}"))
}

#[test]
fn a_second_one_that_executes_waits_and_a_killed_one_leaves_nothing_running() {
    let place = Place::of("minimal");
    let mut first = begun(&place);
    place.has("slow.ocu.star/@r1/task/build/1/status/running");

    let mut second = place.command("", &["release", "new", "tasks.ocu.star"]);
    let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
    let said = read_until(&mut second, "waiting for");
    let holder = format!(
        "process {} (`ocuroot release new slow.ocu.star`)",
        first.id()
    );
    assert!(said.contains(&holder), "{said}");

    first.kill().unwrap();
    first.wait().unwrap();
    read_until(&mut second, "was left running");
    assert!(second.wait().unwrap().success());
    place.has("slow.ocu.star/@r1/task/build/1/status/failed");
    place.has("tasks.ocu.star/@r1/task/build/1/status/complete");
}

#[test]
fn what_should_be_is_said_while_another_command_executes() {
    let place = Place::of("minimal");
    let mut first = begun(&place);
    place.put("@/custom/value", "1");
    place.has("@/custom/value");
    place.has("slow.ocu.star/@r1/task/build/1/status/running");
    first.kill().unwrap();
    first.wait().unwrap();
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

/// Also where another repository's command, with another state, stands between.
#[test]
fn a_run_is_told_that_it_cannot_execute_on_the_state_of_a_command_above_it() {
    let place = Place::of("minimal");
    let other = place.beside("retries");
    let nested = |folder: &std::path::Path| {
        format!(
            "def build():\n    shell(\"cd '{}' && $OCUROOT_UNDER_TEST release new nested.ocu.star --force\")\n    return done()\ntask(build, \"build\")\n",
            folder.display()
        )
    };
    place.write("nested.ocu.star", &nested(&other.path("")));
    other.write("nested.ocu.star", &nested(&place.path("")));
    let said = place.run(&["release", "new", "nested.ocu.star"]).fails();
    assert!(
        said.errors.contains("was started by a run"),
        "{}",
        said.errors
    );
    place.has_not("nested.ocu.star/@r2");
    other.has("nested.ocu.star/@r1");
}
