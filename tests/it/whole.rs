//! Everything for real but GitHub: the server, and the runner executing shell commands in a checkout.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ocuroot::runner::{Ended, Job, execute};
use ocuroot::simulator::WorkflowRun;
use serde_json::Value;

use crate::harness::App;
use crate::harness::repositories::with;

const REAL: &str = r#"
ocuroot("0.3.0")

def build():
    token = secret(env()["API_TOKEN"])
    host.shell("echo logging in with $TOKEN", env={"TOKEN": token})
    version = host.shell("cat version.txt").stdout.strip()
    return done(outputs={"version": version})

def up(environment, version):
    host.shell("echo $VERSION > deployed-to-$PLACE", env={
        "VERSION": version,
        "PLACE": environment["name"],
    })
    return done(outputs={"url": "https://" + environment["name"] + ".example"})

def down(environment, version):
    return done()

phase("build", tasks=[task(build, name="build")])
phase("staging", tasks=[
    deploy(e, up=up, down=down, inputs={"version": ref("./task/build#output/version")})
    for e in environments() if e.attributes["type"] == "staging"
])
"#;

/// Executes every job of a queued workflow run as `ocuroot run` does, in `checkout`.
async fn execute_jobs(app: &App, run: &WorkflowRun, checkout: &Path) {
    app.github.start_workflow_run(run.id).unwrap();
    let runs: Vec<Value> = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    for (index, entry) in runs.iter().enumerate() {
        let mut environment: BTreeMap<String, String> =
            app.github.job_environment(run.id, index).unwrap();
        environment.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
        environment.insert("API_TOKEN".to_owned(), "hunter2-hunter2".to_owned());
        let job = Job {
            environment,
            directory: checkout.to_owned(),
            server: run.inputs["ocuroot_server"].clone(),
            run_id: entry["id"].as_i64().unwrap(),
            fence: entry["fence"].as_i64().unwrap(),
            console: Box::new(std::io::sink()),
        };
        let ended = tokio::task::spawn_blocking(move || execute(job))
            .await
            .unwrap();
        assert!(matches!(ended, Ok(Ended::Reported(_))), "{ended:?}");
        app.github
            .complete_workflow_job(run.id, index, "success")
            .unwrap();
    }
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.settle().await;
}

/// The files of a commit on this machine, as `actions/checkout` gets them.
fn check_out(app: &App, directory: &Path, commit: &str) {
    let clone = format!("{}/acme/shop.git", app.github.url());
    for arguments in [
        vec!["clone", "--quiet", &clone, "."],
        vec!["checkout", "--quiet", commit],
    ] {
        let output = Command::new("git")
            .args(&arguments)
            .current_dir(directory)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_really_built_and_deployed() {
    let app = App::with_shop().await;
    let files = with(&[
        ("api/release.ocu.star", REAL),
        ("api/version.txt", "1.2.3\n"),
    ]);
    let commit = app.push(&files, "Begin");
    let checkout = tempfile::tempdir().unwrap();
    check_out(&app, checkout.path(), &commit);
    app.settle().await;
    while let Some(run) = app.queued().into_iter().next() {
        execute_jobs(&app, &run, checkout.path()).await;
    }
    let deployed = std::fs::read_to_string(checkout.path().join("api/deployed-to-staging"));
    assert_eq!(deployed.unwrap(), "1.2.3\n");
    let build = app.page(&commit, "ocuroot / api / build");
    assert!(!build.contains("hunter2"), "{build}");
    insta::assert_snapshot!(build);
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api / staging"));
    let deployment = app.github.deployments("acme/shop").remove(0);
    assert_eq!(
        deployment.statuses[0].environment_url,
        "https://staging.example"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_shown_with_its_place_and_its_last_words() {
    let app = App::with_shop().await;
    let failing = "ocuroot(\"0.3.0\")\n\ndef build():\n    host.shell(\"echo no compiler; exit 3\")\n    \
                   return done()\n\nphase(\"build\", tasks=[task(build, name=\"build\")])\n";
    let commit = app.push(&with(&[("api/release.ocu.star", failing)]), "Begin");
    let checkout = tempfile::tempdir().unwrap();
    check_out(&app, checkout.path(), &commit);
    app.settle().await;
    let run = app.queued().remove(0);
    execute_jobs(&app, &run, checkout.path()).await;
    insta::assert_snapshot!(app.page(&commit, "ocuroot / api / build"));
    app.finish().await;
}
