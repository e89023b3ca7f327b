//! What GitHub allows is enough if it is not wasted. Here it enforces its limits, and time passes as it is waited for.

use std::collections::BTreeMap;

use ocuroot::simulator::{CheckApp, CheckRun, RequestCounts, RequestFault, RequestLimits};
use serde_json::json;

use crate::harness::repositories::{RUNNER_WORKFLOW, shop};
use crate::harness::{App, done, succeed};

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

/// The shop's release up to its build, with nothing left to start staging with.
async fn used_up() -> (App, String) {
    let app = App::shop_within_limits().await;
    app.use_up(396).await;
    let commit = app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    app.execute(&run, succeed).await;
    app.settle().await;
    (app, commit)
}

#[tokio::test]
async fn a_release_that_waits_for_github_says_so_and_goes_on_by_itself() {
    let (mut app, commit) = used_up().await;
    app.pass(10);
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api"), @"
    # ocuroot / api | in_progress | r1 is running: 1 of 4 steps done, GitHub limits us until 09:08 UTC

    Release **r1** of `github.com/acme/shop/-/api/release.ocu.star` at `186e399`.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000001) | ✅ done | 0 ms |
    | `staging` | `deploy to staging` | 🕓 starting | 10 s so far |
    | `approval` | `approval` | ⏳ after `staging` |  |
    | `production` | `deploy to production` | ⏳ after `approval` |  |

    ⏳ **GitHub limits us until 09:08 UTC.** As many requests as it allows an App have been made for this account: 1 step is ready and starts when more may be. Nothing has to be done.

    [Cancel] Stop what is not finished
    ");
    // What was sent is not forgotten by a server that is started again.
    app.crash().await;
    let took = app.drain(succeed).await;
    assert!((400..600).contains(&took), "{took}");
    insta::assert_snapshot!(app.checks(&commit), @"
    ocuroot | success | releases api
    ocuroot / api | action_required | r1 waits for approval
    ocuroot / api / build | success | build is done
    ocuroot / api / staging | success | deploy to staging is done
    ");
    app.finish().await;
}

#[tokio::test]
async fn people_are_answered_while_releases_wait() {
    let (app, _) = used_up().await;
    let number = app.propose(&[("notes.md", "a note\n")]);
    let comment = app.say(number, "alice", "/ocuroot help").await;
    assert_eq!(app.reactions(comment), "eyes");
    assert!(app.last_words(number).contains("/ocuroot deploy"));
    app.drain(succeed).await;
    app.finish().await;
}

#[tokio::test]
async fn the_last_requests_of_an_hour_are_kept_for_people() {
    let app = App::shop_within_limits().await;
    app.github.limit_requests(RequestLimits {
        requests_per_hour: 50,
        ..RequestLimits::GITHUB
    });
    app.push(&shop(), "Begin");
    let start = app.now();
    while all(&counts(&app, "acme/shop")) < 44 {
        app.play(succeed).await;
        app.pass(5);
        let text = format!("{}\n", app.now().0);
        app.push(&[("api/main.txt", Some(text.as_str()))], "Change");
    }
    let number = app.propose(&[("notes.md", "a note\n")]);
    let comment = app.say(number, "alice", "/ocuroot help").await;
    assert_eq!(app.reactions(comment), "eyes");
    assert!(app.now().since(start) < 3_000_000, "within the hour");
    app.drain(succeed).await;
    let counts = counts(&app, "acme/shop");
    assert_eq!((&counts.rejected, counts.impatient), (&BTreeMap::new(), 0));
    app.finish().await;
}

#[tokio::test]
async fn a_repository_with_much_to_start_does_not_hold_up_another() {
    let alone = package(1, 16).replace(
        "ocuroot(\"0.3.0\")\n",
        "ocuroot(\"0.3.0\")\nrunner(\".github/workflows/ocuroot.yml\", wave=1)\n",
    );
    let app = App::within_limits().await;
    let names = ["acme/big".to_owned(), "acme/small".to_owned()];
    repositories(&app, &names[..1], &alone).await;
    repositories(&app, &names[1..], &package(1, 1)).await;
    let before = app.github.workflow_runs().len();
    change(&app, &names[..1], "two");
    app.settle().await;
    change(&app, &names[1..], "two");
    app.drain(|_, _| done(json!({}))).await;
    let started = app.github.workflow_runs().split_off(before);
    let small = started
        .iter()
        .position(|run| run.repository == "acme/small");
    assert_eq!(started.len(), 17);
    assert!(small.is_some_and(|place| place <= 12), "{small:?}");
    app.finish().await;
}

#[tokio::test]
async fn what_is_left_and_what_waits_can_be_shown() {
    let (app, _) = used_up().await;
    let reports = app.worker.budget_reports().await.unwrap();
    insta::assert_debug_snapshot!(reports, @"
    [
        BudgetReport {
            installation_id: 3000001,
            figures: Figures {
                content_per_minute: 48,
                content_per_hour: 0,
                points_per_minute: 630,
                requests: Some(
                    4990,
                ),
                rejections: 0,
                held_until: None,
            },
            waiting: {
                3: 1,
                5: 1,
                6: 1,
            },
        },
    ]
    ");
    app.drain(succeed).await;
    app.finish().await;
}
