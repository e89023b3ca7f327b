//! Runs that are ready together travel together.

use serde_json::{Value, json};

use ocuroot::model::Outcome;

use crate::harness::repositories::with;
use crate::harness::{App, done, failed};

const FLEET: &str = r#"
ocuroot("0.3.0")

def check(name):
    host.shell("check " + name)
    return done(outputs={"name": name})

phase("checks", tasks=[
    task(check, name=name, inputs={"name": name}) for name in ["a", "b", "c"]
])
"#;

async fn pushed(release: &str) -> (App, String) {
    let app = App::with_shop().await;
    let commit = app.push(&with(&[("fleet/release.ocu.star", release)]), "Begin");
    app.settle().await;
    (app, commit)
}

fn echo(_: &str, inputs: &Value) -> Outcome {
    match inputs["name"].as_str() {
        Some("b") => failed("b is broken"),
        _ => done(json!({"name": inputs["name"]})),
    }
}

#[tokio::test]
async fn ready_runs_travel_in_one_workflow_run_and_each_ends_in_its_own_way() {
    let (app, commit) = pushed(FLEET).await;
    let runs = app.queued();
    let names: Vec<&str> = runs[0].jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(
        names,
        ["fleet r1 task/a", "fleet r1 task/b", "fleet r1 task/c"]
    );
    app.play(echo).await;
    assert_eq!(app.github.workflow_runs().len(), 1);
    insta::assert_snapshot!(app.checks(&commit));
    app.press(&commit, "ocuroot / fleet", "retry", "alice")
        .await;
    app.play(|_, inputs| done(inputs.clone())).await;
    assert_eq!(app.github.workflow_runs().len(), 2, "only what failed");
    insta::assert_snapshot!(app.page(&commit, "ocuroot / fleet"));
    app.finish().await;
}

#[tokio::test]
async fn a_package_can_have_each_run_travel_alone() {
    let alone = FLEET.replace(
        "ocuroot(\"0.3.0\")\n",
        "ocuroot(\"0.3.0\")\nrunner(\".github/workflows/ocuroot.yml\", wave=1)\n",
    );
    let (app, _) = pushed(&alone).await;
    assert_eq!(app.queued().len(), 3);
    app.play(|_, inputs| done(inputs.clone())).await;
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_ends_without_a_word_fails_its_own_run_only() {
    let (app, commit) = pushed(FLEET).await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let jobs = app.claim_all(&run).await;
    for job in &jobs[..2] {
        let name = job.assignment["inputs"].clone();
        assert_eq!(app.report(job, &done(name)).await, 202);
    }
    app.github.complete_workflow_run(run.id, "failure").unwrap();
    app.settle().await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / fleet"));
    app.finish().await;
}

#[tokio::test]
async fn packages_of_one_repository_travel_together_unless_their_runners_differ() {
    let app = App::with_shop().await;
    let other = FLEET.replace(
        "ocuroot(\"0.3.0\")\n",
        "ocuroot(\"0.3.0\")\nrunner(\".github/workflows/big.yml\")\n",
    );
    let workflow = crate::harness::repositories::RUNNER_WORKFLOW;
    let files = with(&[
        ("one/release.ocu.star", FLEET),
        ("two/release.ocu.star", FLEET),
        ("three/release.ocu.star", other.as_str()),
        (".github/workflows/big.yml", workflow),
    ]);
    app.push(&files, "Begin");
    app.settle().await;
    let mut sizes: Vec<(String, usize)> = app
        .queued()
        .iter()
        .map(|run| (run.path.clone(), run.jobs.len()))
        .collect();
    sizes.sort();
    assert_eq!(
        sizes,
        [
            (".github/workflows/big.yml".to_owned(), 3),
            (".github/workflows/ocuroot.yml".to_owned(), 6),
        ]
    );
    app.play(|_, inputs| done(inputs.clone())).await;
    app.finish().await;
}
