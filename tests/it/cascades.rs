//! What follows a change through two repositories, and what goes wrong on the way: it ends as it ends without that, each
//! set of inputs is executed once, and nothing is left over.

use std::collections::BTreeSet;
use std::sync::Mutex;

use ocuroot::model::{Outcome, SubPathKind};
use ocuroot::simulator::DeliveryFault;
use serde_json::{Value, json};

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done, failed};

/// `acme/platform` provides a network of the size that the environment has.
const NETWORK: &str = r#"
ocuroot("0.3.0")

def up(environment):
    host.shell("make network")
    return done()

def down(environment):
    host.shell("remove network")
    return done()

phase("production", tasks=[deploy(e, up=up, down=down, retries=1) for e in environments()])
"#;

/// What a package of `acme/shop` is that reads an output of another one.
fn reader(reference: &str) -> String {
    let text = r#"
ocuroot("0.3.0")

def up(environment, place):
    host.shell("deploy into " + place)
    return done()

def down(environment, place):
    host.shell("remove from " + place)
    return done()

phase("production", tasks=[
    deploy(e, up=up, down=down, inputs={"place": ref("REFERENCE/@/deploy/production#output/place")})
    for e in environments()
])
"#;
    text.replace("REFERENCE", reference)
}

fn environments(size: u32) -> String {
    format!(
        "ocuroot(\"0.3.0\")\nregister_environment(environment(\"production\", {{\"size\": \"{size}\"}}))\n"
    )
}

/// What was executed, one a line: which run, with what.
#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    /// What the run comes to: a place that tells of the inputs.
    fn provide(&self, run: &str, inputs: &Value) -> Outcome {
        let size = inputs["environment"]["attributes"]["size"].as_str();
        let size = size.unwrap_or_default();
        let before = inputs["place"].as_str().unwrap_or("network");
        let name = run
            .replace("/release.ocu.star", "")
            .replace("github.com/acme/", "");
        let line = format!("{name} | {size} {before}");
        self.0.lock().expect("no panic").push(line);
        done(json!({ "place": format!("{before}-{size}") }))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }

    /// Forgets what was executed so far, which was each once.
    fn once(&self) -> String {
        let lines = self.take();
        // Which attempt it was does not count.
        let distinct: BTreeSet<(&str, &str)> = lines
            .iter()
            .filter_map(|line| line.split_once(" | "))
            .map(|(run, inputs)| (run.rsplit_once('/').expect("a number").0, inputs))
            .collect();
        assert_eq!(distinct.len(), lines.len(), "twice the same: {lines:#?}");
        lines.join("\n")
    }
}

/// `network` of `acme/platform`, `web` of `acme/shop`, which reads it, and `site`, which reads that, are live.
async fn live(seen: &Seen) -> App {
    let app = App::with_shop().await;
    app.github
        .create_repository("acme/platform", true)
        .expect("a repository");
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("network/release.ocu.star", Some(NETWORK)),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ];
    let (environments, web, site) = (
        environments(1),
        reader("github.com/acme/platform/-/network/release.ocu.star"),
        reader("./-/web/release.ocu.star"),
    );
    app.push(
        &[
            ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
            ("environments.ocu.star", Some(&environments)),
            ("web/release.ocu.star", Some(&web)),
            ("site/release.ocu.star", Some(&site)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ],
        "Begin",
    );
    app.settle().await;
    let pushed = app
        .github
        .push("acme/platform", "main", &files, "Begin", "bob");
    pushed.expect("a commit");
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    seen.take();
    app
}

/// Alice changes the size of the environment.
fn grow(app: &App, size: u32) {
    let text = environments(size);
    app.push(&[("environments.ocu.star", Some(&text))], "Another size");
}

/// What is live, with what, and which environments there are.
async fn what_is_there(app: &App) -> String {
    let installation = app
        .github
        .installation_id("acme/shop")
        .expect("an installation");
    let installation = i64::try_from(installation).expect("an id");
    let states = app
        .worker
        .store
        .states(installation)
        .await
        .expect("the record");
    let lines = states.iter().filter_map(|(reference, value)| {
        let (kind, name) = reference.subpath.as_ref()?;
        match kind {
            SubPathKind::Deploy => Some(format!(
                "{} in {name}: {} {}",
                reference.path,
                value["release"].as_str()?.rsplit_once('@')?.1,
                value["output"]["place"]
            )),
            SubPathKind::Environment => Some(format!("{name}: {}", value["attributes"])),
            _ => None,
        }
    });
    let lines: Vec<String> = lines.collect();
    lines.join("\n")
}

/// How a change of the size to 2 ends when nothing goes wrong.
async fn undisturbed() -> String {
    let seen = Seen::default();
    let app = live(&seen).await;
    grow(&app, 2);
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    let end = what_is_there(&app).await;
    app.finish().await;
    end
}

#[tokio::test]
async fn a_change_goes_through_two_repositories_in_order() {
    let seen = Seen::default();
    let app = live(&seen).await;
    grow(&app, 2);
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    insta::assert_snapshot!(seen.once(), @"
    platform/-/network/@r1/deploy/production/2 | 2 network
    shop/-/web/@r1/deploy/production/2 | 2 network-2
    shop/-/site/@r1/deploy/production/2 | 2 network-2-2
    ");
    insta::assert_snapshot!(what_is_there(&app).await, @r#"
    production: {"size":"2"}
    network/release.ocu.star in production: r1 "network-2"
    site/release.ocu.star in production: r1 "network-2-2-2"
    web/release.ocu.star in production: r1 "network-2-2"
    "#);
    app.finish().await;
}

#[tokio::test]
async fn ends_of_runs_that_are_told_twice_in_a_cascade_change_nothing() {
    let seen = Seen::default();
    let app = live(&seen).await;
    let faults = app.github.faults();
    faults.deliveries(None, usize::MAX, DeliveryFault::Duplicate);
    grow(&app, 2);
    app.settle().await;
    while let Some(run) = app.queued().into_iter().next() {
        app.github.start_workflow_run(run.id).expect("it starts");
        for job in app.claim_all(&run).await {
            let end = seen.provide(&job.run, &job.assignment["inputs"]);
            for _ in 0..2 {
                app.report(&job, &end).await;
                app.settle().await;
            }
            app.report(&job, &failed("late")).await;
        }
        app.github
            .complete_workflow_run(run.id, "failure")
            .expect("it completes");
        app.settle().await;
    }
    seen.once();
    assert_eq!(what_is_there(&app).await, undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn an_end_that_comes_after_the_next_change_of_a_cascade_changes_nothing() {
    let seen = Seen::default();
    let app = live(&seen).await;
    grow(&app, 3);
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).expect("it starts");
    let jobs = app.claim_all(&run).await;
    let ends: Vec<Outcome> = jobs
        .iter()
        .map(|job| seen.provide(&job.run, &job.assignment["inputs"]))
        .collect();
    grow(&app, 2);
    app.settle().await;
    for (job, end) in jobs.iter().zip(&ends) {
        assert_eq!(app.report(job, end).await, 202);
    }
    app.github
        .complete_workflow_run(run.id, "success")
        .expect("it completes");
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    insta::assert_snapshot!(seen.once(), @"
    platform/-/network/@r1/deploy/production/2 | 3 network
    platform/-/network/@r1/deploy/production/3 | 2 network
    shop/-/web/@r1/deploy/production/2 | 2 network-2
    shop/-/site/@r1/deploy/production/2 | 2 network-2-2
    ");
    assert_eq!(what_is_there(&app).await, undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn a_run_of_a_cascade_that_is_lost_is_made_up_for() {
    let seen = Seen::default();
    let app = live(&seen).await;
    grow(&app, 2);
    app.settle().await;
    let faults = app.github.faults();
    faults.deliveries(Some("workflow_run"), usize::MAX, DeliveryFault::Vanish);
    let lost = app.queued().remove(0);
    app.github
        .complete_workflow_run(lost.id, "failure")
        .expect("it ends");
    app.settle().await;
    faults.clear();
    app.pass(601);
    app.sweep().await;
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    insta::assert_snapshot!(seen.once(), @"
    platform/-/network/@r1/deploy/production/3 | 2 network
    shop/-/web/@r1/deploy/production/2 | 2 network-2
    shop/-/site/@r1/deploy/production/2 | 2 network-2-2
    ");
    assert_eq!(what_is_there(&app).await, undisturbed().await);
    app.finish().await;
}

#[tokio::test]
async fn an_environment_that_is_removed_while_a_cascade_goes_on_is_emptied_in_order() {
    let seen = Seen::default();
    let app = live(&seen).await;
    let number = app.propose(&[("readme.md", "About\n")]);
    grow(&app, 2);
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).expect("it starts");
    let jobs = app.claim_all(&run).await;
    app.say(number, "alice", "/ocuroot unset @/environment/production")
        .await;
    app.say(number, "alice", "/ocuroot confirm").await;
    for job in &jobs {
        let end = seen.provide(&job.run, &job.assignment["inputs"]);
        assert_eq!(app.report(job, &end).await, 202);
    }
    app.github
        .complete_workflow_run(run.id, "success")
        .expect("it completes");
    app.play(|run, inputs| seen.provide(run, inputs)).await;
    insta::assert_snapshot!(seen.take().join("\n"), @"
    platform/-/network/@r1/deploy/production/2 | 2 network
    shop/-/site/@r1/deploy/production/3 | 2 network-1-1
    shop/-/web/@r1/deploy/production/3 | 2 network-2
    platform/-/network/@r1/deploy/production/3 | 2 network
    ");
    insta::assert_snapshot!(what_is_there(&app).await, @"");
    app.finish().await;
}

#[tokio::test]
async fn a_server_killed_after_each_step_of_a_cascade_ends_it_in_the_same_way() {
    let seen = Seen::default();
    let mut app = live(&seen).await;
    grow(&app, 2);
    let mut steps = 0;
    while app.next_step(|run, inputs| seen.provide(run, inputs)).await {
        app.crash().await;
        steps += 1;
    }
    assert!(steps > 20, "only {steps} steps");
    seen.once();
    assert_eq!(what_is_there(&app).await, undisturbed().await);
    app.finish().await;
}
