//! Commands, really run.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::run;
use crate::config::ShellResult;
use crate::runner::stop::{Stop, StopReason};

fn shell(script: &str) -> (ShellResult, Vec<String>) {
    let mut lines = Vec::new();
    let result = run(
        Command::new("sh").args(["-c", script]),
        &Stop::new(),
        &mut |line| lines.push(line.to_owned()),
    );
    (result.expect("it runs"), lines)
}

#[test]
fn both_streams_are_kept_and_passed_on_line_by_line() {
    let (result, lines) = shell("printf 'one\\r\\ntwo'; printf 'bad\\n\\n' >&2; exit 3");
    assert_eq!(result.stdout, "one\r\ntwo");
    assert_eq!(result.stderr, "bad\n\n");
    assert_eq!(result.exit_code, 3);
    assert_eq!(result.combined_output.len(), "one\r\ntwobad\n\n".len());
    let mut sorted = lines.clone();
    sorted.sort();
    assert_eq!(sorted, ["", "bad", "one", "two"]);
}

#[test]
fn output_beyond_the_bound_is_cut_and_said_to_be() {
    let (result, lines) = shell("head -c 17000000 /dev/zero | tr '\\0' x; echo; echo end");
    assert!(result.stdout.len() < 16_900_000);
    assert!(result.stdout.ends_with("only the first 16 MiB)\n"));
    assert_eq!(lines.last().map(String::as_str), Some("end"));
    assert!(lines.iter().all(|line| line.len() <= 128 << 10));
}

#[test]
fn a_signal_is_an_exit_code() {
    let (result, _) = shell("kill -9 $$");
    assert_eq!(result.exit_code, 137);
}

#[test]
fn a_process_left_in_the_background_does_not_hold_the_run() {
    let begin = Instant::now();
    let (result, lines) = shell("sleep 300 & echo $!");
    assert!(begin.elapsed() < Duration::from_secs(60));
    assert_eq!(result.exit_code, 0);
    Command::new("kill")
        .arg(&lines[0])
        .status()
        .expect("it is ended");
}

#[test]
fn a_program_that_is_missing_is_named() {
    let problem = run(
        &mut Command::new("no-such-program"),
        &Stop::new(),
        &mut |_| {},
    );
    let problem = problem.expect_err("there is none");
    assert!(problem.contains("`no-such-program` cannot be started"));
}

#[test]
fn stopping_ends_everything_the_command_started() {
    // The inner process ignores the polite signal, so it is the group's kill that must reach it.
    let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 300; done' & wait";
    let stop = Stop::new();
    let (sender, lines) = mpsc::channel::<String>();
    let asked = stop.clone();
    let thread = std::thread::spawn(move || {
        let mut on_line = |line: &str| drop(sender.send(line.to_owned()));
        run(
            Command::new("sh").args(["-c", script]),
            &asked,
            &mut on_line,
        )
    });
    let inner = lines.recv().expect("the inner process runs");
    stop.ask(StopReason::TimedOut(7));
    let end = thread.join().expect("no panic").expect_err("it was ended");
    assert_eq!(end, "timed out after 7 s");
    let process = format!("/proc/{inner}/stat");
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_alive(Path::new(&process)) {
        assert!(Instant::now() < deadline, "process {inner} still runs");
        std::thread::yield_now();
    }
}

/// A killed process may stay as a zombie until whoever inherited it looks.
fn is_alive(stat: &Path) -> bool {
    std::fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z "))
}
