//! What GitHub allows is enough if it is not wasted. Here it enforces its limits, and time passes as it is waited for.

use std::collections::BTreeMap;

use ocuroot::simulator::{CheckApp, CheckRun, RequestCounts, RequestFault};
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
    for name in names {
        let files = [
            ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
            ("release.ocu.star", Some(package)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
            ("main.txt", Some(name.as_str())),
        ];
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

fn change(app: &App, names: &[String], text: &str) {
    for name in names {
        let files = [("main.txt", Some(text))];
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

/// What the newest commits of repositories show, and how many show the same.
fn ends(app: &App, names: &[String]) -> String {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        let checks = app.github.all_check_runs(name).into_iter();
        let ours: Vec<CheckRun> = checks.filter(|check| check.app == CheckApp::Ours).collect();
        let newest = ours.last().expect("a check").head_sha.clone();
        let lines = ours.into_iter().filter(|check| check.head_sha == newest);
        let mut lines: Vec<String> = lines
            .map(|check| {
                let end = check.conclusion.unwrap_or(check.status);
                let title = check.title.unwrap_or_default();
                format!("{} | {end} | {title}\n", check.name)
            })
            .collect();
        lines.sort();
        *ends.entry(lines.concat()).or_default() += 1;
    }
    let lines = ends
        .into_iter()
        .map(|(end, count)| format!("{count} times\n{end}"));
    lines.collect()
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
    change(&app, &names, "two");
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
    insta::assert_snapshot!(ends(&app, &names), @"
    50 times
    ocuroot / release | success | r2 is complete
    ocuroot | success | releases release
    ");
    app.finish().await;
}

#[tokio::test]
async fn sixteen_installations_at_once_are_each_as_fast_as_one_alone() {
    let package = package(2, 2);
    let mut times = Vec::new();
    for accounts in [1, 16] {
        let app = App::within_limits().await;
        let names = (0..accounts).flat_map(|n| (0..3).map(move |m| format!("team{n}/shop{m}")));
        let names: Vec<String> = names.collect();
        repositories(&app, &names, &package).await;
        change(&app, &names, "two");
        times.push(app.drain(|_, _| done(json!({}))).await);
        for name in &names {
            let counts = counts(&app, name);
            assert_eq!((&counts.rejected, counts.impatient), (&BTreeMap::new(), 0));
        }
        assert!(!ends(&app, &names).contains("in_progress"));
        app.finish().await;
    }
    // More than the ten free writes each, so that there was something to wait for.
    assert!(times[0] > 5, "{times:?}");
    assert!(times[1] <= times[0] + 1, "{times:?}");
}

#[tokio::test]
async fn a_refusal_in_the_middle_drops_nothing_and_is_obeyed() {
    let app = App::within_limits().await;
    let names: Vec<String> = (0..4).map(|n| format!("acme/shop{n}")).collect();
    repositories(&app, &names, &package(2, 2)).await;
    change(&app, &names, "two");
    let faults = app.github.faults();
    faults.requests(
        "POST",
        "*shop2/actions/*/dispatches",
        1,
        RequestFault::SecondaryLimit(120),
    );
    app.settle().await;
    let sent = app.github.requests().len();
    let last = app.github.requests().pop().expect("a request");
    assert_eq!((last.status, last.path.contains("shop2")), (403, true));
    // A push is taken on meanwhile, but nobody asks GitHub about it.
    change(&app, &names[..1], "three");
    app.pass(119);
    app.settle().await;
    assert_eq!(app.github.requests().len(), sent);
    app.pass(1);
    app.drain(|_, _| done(json!({}))).await;
    insta::assert_snapshot!(ends(&app, &names), @"
    3 times
    ocuroot / release / p0s0 | success | p0s0 is done
    ocuroot / release / p0s1 | success | p0s1 is done
    ocuroot / release / p1s0 | success | p1s0 is done
    ocuroot / release / p1s1 | success | p1s1 is done
    ocuroot / release | success | r2 is complete
    ocuroot | success | releases release
    1 times
    ocuroot / release / p0s0 | success | p0s0 is done
    ocuroot / release / p0s1 | success | p0s1 is done
    ocuroot / release / p1s0 | success | p1s0 is done
    ocuroot / release / p1s1 | success | p1s1 is done
    ocuroot / release | success | r3 is complete
    ocuroot | success | releases release
    ");
    app.finish().await;
}
