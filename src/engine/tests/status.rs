//! How a release stands as a whole: truthfully (reference/ocuroot.md Q-E15).

use insta::assert_snapshot;
use serde_json::json;

use super::language::{commit, package, release_name, task_name};
use super::story::Story;
use crate::engine::status::of_release;
use crate::engine::{Release, Run, Snapshot};
use crate::model::{RunKind, RunNumber, RunState, Timestamp};

/// The status of a release whose tasks have had runs that stand like `states`, in their order.
fn status(text: &str, states: &[(&str, &[RunState])]) -> String {
    let name = release_name("api/@r2");
    let mut release = Release {
        name: name.clone(),
        repository_id: 7,
        commit: commit("a2"),
        package: package(text),
        goals: None,
        pull_request: None,
        lane: None,
        base: None,
        authors: [].into(),
        reply_to: None,
        is_again: false,
        created_at: Timestamp(0),
        runs: [].into(),
    };
    for (key, states) in states {
        let (_, key) = task_name(&format!("api/@r2/{key}"));
        let task = release.package.task(&key).expect("a task").clone();
        let mut number = RunNumber(0);
        for state in *states {
            number.0 += 1;
            let mut run = Run::pending(
                RunKind::Task,
                task.action.clone(),
                task.inputs.clone(),
                Timestamp(0),
            );
            run.state = *state;
            release.runs.insert((key.clone(), number), run);
        }
    }
    let snapshot = Snapshot {
        releases: [(name, release.clone())].into(),
        ..Snapshot::default()
    };
    let states: Vec<String> = states
        .iter()
        .map(|(key, states)| format!("{key} {}", format!("{states:?}").to_lowercase()))
        .collect();
    let status = format!("{:?}", of_release(&release, &snapshot, Timestamp(0))).to_lowercase();
    format!("{}: {status}\n", states.join(", "))
}

#[test]
fn q_e15_a_release_is_what_its_latest_runs_say() {
    use RunState::{Cancelled, Complete, Failed, Paused, Pending, Running, Starting, Superseded};
    let file = "task/a, task/b, task/ask x=./custom/x | task/z";
    let table: String = [
        status(file, &[]),
        status(file, &[("task/a", &[Complete]), ("task/b", &[Complete])]),
        status(file, &[("task/a", &[Failed, Complete])]),
        status(file, &[("task/a", &[Complete, Failed])]),
        status(file, &[("task/a", &[Complete]), ("task/b", &[Pending])]),
        status(file, &[("task/a", &[Complete]), ("task/b", &[Starting])]),
        status(file, &[("task/a", &[Complete]), ("task/b", &[Running])]),
        status(file, &[("task/a", &[Failed]), ("task/b", &[Running])]),
        status(file, &[("task/a", &[Failed]), ("task/ask", &[Pending])]),
        status(file, &[("task/a", &[Failed]), ("task/b", &[Cancelled])]),
        status(file, &[("task/a", &[Failed]), ("task/z", &[Pending])]),
        status(file, &[("task/a", &[Complete]), ("task/ask", &[Pending])]),
        status(file, &[("task/a", &[Complete]), ("task/ask", &[Paused])]),
        status(file, &[("task/a", &[Pending]), ("task/ask", &[Paused])]),
        status(file, &[("task/a", &[Cancelled]), ("task/ask", &[Pending])]),
        status(file, &[("task/a", &[Cancelled]), ("task/z", &[Pending])]),
        status(file, &[("task/a", &[Cancelled]), ("task/b", &[Superseded])]),
        status(file, &[("task/a", &[Superseded]), ("task/b", &[Complete])]),
        status(file, &[("task/a", &[Superseded]), ("task/z", &[Pending])]),
    ]
    .concat();
    assert_snapshot!(table, @"
    : complete
    task/a [complete], task/b [complete]: complete
    task/a [failed, complete]: complete
    task/a [complete, failed]: failed
    task/a [complete], task/b [pending]: running
    task/a [complete], task/b [starting]: running
    task/a [complete], task/b [running]: running
    task/a [failed], task/b [running]: running
    task/a [failed], task/ask [pending]: failed
    task/a [failed], task/b [cancelled]: failed
    task/a [failed], task/z [pending]: failed
    task/a [complete], task/ask [pending]: blocked
    task/a [complete], task/ask [paused]: blocked
    task/a [pending], task/ask [paused]: running
    task/a [cancelled], task/ask [pending]: blocked
    task/a [cancelled], task/z [pending]: cancelled
    task/a [cancelled], task/b [superseded]: cancelled
    task/a [superseded], task/b [complete]: superseded
    task/a [superseded], task/z [pending]: superseded
    ");
}

#[test]
fn what_lies_beyond_the_goal_does_not_count() {
    let mut story = Story::default();
    story.deploy_until(
        "api",
        "a1",
        "deploy/staging | task/ask x=./custom/x",
        "staging",
    );
    story.done("api/@r1/deploy/staging");
    assert_snapshot!(story.table(), @"
    api/@r1 complete
      deploy/staging/1: complete
    ");
}

#[test]
fn a_release_behind_another_one_is_running() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging");
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 running
      deploy/staging/1: pending behind api/@r1
    ");
}

#[test]
fn a_failed_release_is_running_while_a_sibling_still_is() {
    let mut story = Story::default();
    story.push("api", "a1", "task/build, task/lint");
    story.fails("api/@r1/task/lint", "line too long");
    assert_snapshot!(story.effects(), @"run check api/@r1/task/lint/1");
    story.outputs("api/@r1/task/build", json!({}));
    assert_snapshot!(story.effects(), @"
    run check api/@r1/task/build/1
    release check api/@r1
    ");
}
