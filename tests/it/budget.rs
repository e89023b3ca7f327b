//! What GitHub allows is enough if it is not wasted. Here it enforces its limits, and time passes as it is waited for.

use std::collections::BTreeMap;

use ocuroot::simulator::{RequestCounts, RequestFault};
use serde_json::json;

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done};

/// A package of so many phases of so many steps that each need a machine.
fn package(phases: usize, steps: usize) -> String {
    let mut text =
        "ocuroot(\"0.3.0\")\n\ndef step():\n    host.shell(\"make\")\n    return done()\n\n"
            .to_owned();
    for phase in 0..phases {
        let tasks = (0..steps).map(|step| format!("task(step, name=\"p{phase}s{step}\")"));
        let tasks: Vec<String> = tasks.collect();
        text += &format!("phase(\"p{phase}\", tasks=[{}])\n", tasks.join(", "));
    }
    text
}

/// Repositories with such a package, which has been released before: that release has failed.
async fn repositories(app: &App, names: &[String], package: &str) {
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("release.ocu.star", Some(package)),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ("main.txt", Some("one\n")),
    ];
    for name in names {
        app.github.create_repository(name, true).unwrap();
        app.github
            .push(name, "main", &files, "Begin", "alice")
            .unwrap();
    }
    loop {
        app.settle().await;
        for run in app.queued() {
            app.github.start_workflow_run(run.id).unwrap();
            app.github.complete_workflow_run(run.id, "failure").unwrap();
        }
        match app.next_time().await {
            Some(next) => app.pass(next.since(app.now()) / 1000 + 1),
            None if app.queued().is_empty() => break,
            None => {}
        }
    }
    // What was sent until now does not count any more.
    app.pass(2 * 3600);
}

fn change(app: &App, names: &[String]) {
    for name in names {
        let files = [("main.txt", Some("two\n"))];
        app.github
            .push(name, "main", &files, "Change", "alice")
            .unwrap();
    }
}

fn counts(app: &App, name: &str) -> RequestCounts {
    let installation = app.github.installation_id(name).expect("an installation");
    app.github.request_counts(installation)
}

fn all(counts: &RequestCounts) -> u64 {
    counts.reads + counts.unchanged + counts.writes + counts.content
}

/// How long it takes on paper to send so many requests under GitHub's limits at one write a second, in seconds.
fn on_paper(writes: u64, content: u64) -> i64 {
    let per_minute = |count: u64, most: u64| 60 * (count / most) as i64;
    let hours = if content > 500 {
        3600 * (content / 500) as i64
    } else {
        0
    };
    let pace = writes as i64;
    pace.max(per_minute(content, 80))
        .max(per_minute(writes, 180))
        .max(hours)
}

#[tokio::test]
async fn a_thousand_steps_at_once_are_drained_without_one_refusal() {
    const RELEASES: usize = 50;
    const STEPS: usize = 20;
    let app = App::within_limits().await;
    let names: Vec<String> = (0..RELEASES).map(|n| format!("acme/shop{n}")).collect();
    repositories(&app, &names, &package(4, STEPS / 4)).await;
    let before = counts(&app, &names[0]);
    change(&app, &names);
    let took = app.drain(|_, _| done(json!({}))).await;
    let after = counts(&app, &names[0]);
    // One dispatch for each of four waves, and a check run written at its beginning, for each wave, and at its end: ten
    // writes for each release, five of which create (reference/performance.md §5, E).
    let model = on_paper(10 * RELEASES as u64, 5 * RELEASES as u64);
    let requests = all(&after) - all(&before);
    let per_step = requests as f64 / (RELEASES * STEPS) as f64;
    println!("{took} s, on paper {model} s; {requests} requests, {per_step:.2} a step; {after:?}");
    assert_eq!((&after.rejected, after.impatient), (&BTreeMap::new(), 0));
    assert!(took as f64 <= 1.2 * model as f64, "{took} s");
    assert!(per_step <= 0.5, "{per_step}");
    for name in &names {
        let ends = app.github.all_check_runs(name);
        let last = ends.iter().rfind(|check| check.name == "ocuroot / .");
        assert_eq!(
            last.and_then(|check| check.conclusion.as_deref()),
            Some("success"),
            "{ends:?}"
        );
    }
    app.finish().await;
}
