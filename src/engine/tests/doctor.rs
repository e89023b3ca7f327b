//! Diagnoses, and how long starts may stay in their state.

use insta::assert_snapshot;

use crate::engine::deadline::{Next, Standing, Step, next};
use crate::engine::doctor::diagnose;
use crate::model::{JobFacts, RunState, Timestamp, WorkflowRunFacts};

const NOW: Timestamp = Timestamp(100 * 24 * 3_600_000);

/// `queued`, `in_progress+machine`, `completed:failure`, with labels in brackets and a note behind `!`.
fn job(text: &str, age: i64) -> JobFacts {
    let (text, note) = text.split_once('!').unwrap_or((text, ""));
    let (text, labels) = text.split_once('[').unwrap_or((text, ""));
    let (text, machine) = text.split_once('+').unwrap_or((text, ""));
    let (status, conclusion) = text.split_once(':').unwrap_or((text, ""));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    JobFacts {
        status: status.to_owned(),
        conclusion: some(conclusion),
        labels: labels
            .trim_end_matches(']')
            .split(' ')
            .filter(|label| !label.is_empty())
            .map(str::to_owned)
            .collect(),
        has_machine: !machine.is_empty(),
        created_at: NOW.plus_seconds(-age),
        notes: some(note).into_iter().collect(),
    }
}

/// A run of that age in seconds: its status and conclusion, and its jobs.
fn verdict(status: &str, age: i64, jobs: &[&str]) -> String {
    let (status, conclusion) = status.split_once(':').unwrap_or((status, ""));
    let facts = WorkflowRunFacts {
        status: status.to_owned(),
        conclusion: (!conclusion.is_empty()).then(|| conclusion.trim_end_matches('*').to_owned()),
        created_at: NOW.plus_seconds(-age),
        updated_at: match status {
            "completed" => NOW,
            _ => NOW.plus_seconds(-age),
        },
        is_stopped_by_us: conclusion.ends_with('*'),
        jobs: jobs.iter().map(|text| job(text, age)).collect(),
    };
    let found = diagnose(&facts, NOW);
    found.map_or("-".to_owned(), |found| format!("{found:?}"))
}

#[test]
fn what_github_shows_of_a_run_tells_what_is_wrong_with_it() {
    let table = [
        ("queued", 60, &["queued[gpu]"][..]),
        ("queued", 180, &["queued[gpu self-hosted]"]),
        ("queued", 180, &["queued[ubuntu-latest]"]),
        ("in_progress", 600, &["in_progress+m[gpu]", "queued[gpu]"]),
        ("in_progress", 600, &["in_progress+m"]),
        ("waiting", 1, &["waiting"]),
        ("in_progress", 600, &["in_progress+m", "waiting"]),
        ("pending", 1, &["pending"]),
        ("queued", 60, &[]),
        ("queued", 180, &[]),
        ("in_progress", 60, &["completed:success+m"]),
        ("in_progress", 180, &["completed:success+m"]),
        ("completed:startup_failure", 60, &[]),
        ("completed:timed_out", 60, &[]),
        ("completed:action_required", 60, &[]),
        ("completed:success", 60, &["completed:success+m"]),
        (
            "completed:failure",
            60,
            &["completed:failure!recent account payments have failed"],
        ),
        ("completed:failure", 60, &["completed:failure+m"]),
        (
            "completed:cancelled",
            60,
            &["completed:cancelled!a higher priority waiting request for 'x' exists"],
        ),
        ("completed:cancelled", 60, &["completed:cancelled"]),
        ("completed:cancelled", 86_400, &["completed:cancelled[gpu]"]),
        ("completed:cancelled*", 86_400, &["completed:cancelled"]),
    ];
    let lines = table.map(|(status, age, jobs)| {
        let found = verdict(status, age, jobs);
        format!("{status} {age} s {jobs:?}\n    {found}")
    });
    assert_snapshot!(lines.join("\n"));
}

fn standing(state: RunState, age: i64) -> Standing {
    Standing {
        state,
        since: NOW.plus_seconds(-age),
        has_wave: true,
        is_native: false,
        timeout_seconds: None,
        waits_for_approval: false,
        is_zombie: false,
        done: None,
    }
}

#[test]
fn each_state_has_its_time_and_then_one_step_follows_the_other() {
    let starting = standing(RunState::Starting, 90_000);
    let running = standing(RunState::Running, 6 * 3600 + 900);
    let short = Standing {
        timeout_seconds: Some(60),
        ..standing(RunState::Running, 960)
    };
    let native = Standing {
        is_native: true,
        ..standing(RunState::Starting, 90_000)
    };
    let approval = Standing {
        waits_for_approval: true,
        ..starting
    };
    let cancelling = standing(RunState::Cancelling, 300);
    let done = |step, age: i64| Standing {
        done: Some((step, NOW.plus_seconds(-age))),
        ..running
    };
    let table = [
        ("starting", starting),
        (
            "starting, a second before",
            standing(RunState::Starting, 89_999),
        ),
        (
            "starting, not asked for yet",
            Standing {
                has_wave: false,
                ..starting
            },
        ),
        ("starting, waits for approval on GitHub", approval),
        ("native, started", native),
        (
            "nothing of it is alive",
            Standing {
                is_zombie: true,
                ..standing(RunState::Starting, 1800)
            },
        ),
        (
            "native, with a timeout of a minute",
            Standing {
                timeout_seconds: Some(60),
                ..native
            },
        ),
        ("running", running),
        (
            "running, a second before",
            standing(RunState::Running, 22_499),
        ),
        ("running, with a timeout of a minute", short),
        ("cancelling", cancelling),
        ("asked to stop", done(Step::Cancel, 300)),
        ("asked to stop, a second before", done(Step::Cancel, 299)),
        ("made to stop", done(Step::ForceCancel, 300)),
    ];
    let lines = table.map(|(what, standing)| {
        let next = match next(&standing, NOW) {
            Next::Now(step) => format!("{step:?}"),
            Next::At(at) => format!("in {} s", at.since(NOW) / 1000),
        };
        format!("{what}: {next}")
    });
    assert_snapshot!(lines.join("\n"), @"
    starting: Cancel
    starting, a second before: in 1 s
    starting, not asked for yet: in 300 s
    starting, waits for approval on GitHub: in 2505600 s
    native, started: in 2934900 s
    nothing of it is alive: Cancel
    native, with a timeout of a minute: Cancel
    running: Cancel
    running, a second before: in 1 s
    running, with a timeout of a minute: Cancel
    cancelling: ForceCancel
    asked to stop: ForceCancel
    asked to stop, a second before: in 1 s
    made to stop: GiveUp
    ");
}
