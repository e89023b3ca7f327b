//! The program itself, as a job starts it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ocuroot::simulator::{Execution, Options, Simulator};
use serde_json::json;

use super::bench::{Bench, MANIFEST, REPOSITORY, TEMPLATE};
use super::server::{FENCE, REPORT_TOKEN, RUN, Server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");

fn command(bench: &Bench) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args([
            "run",
            "--server",
            &bench.server.url,
            "--run",
            &RUN.to_string(),
            "--fence",
            &FENCE.to_string(),
        ])
        .current_dir(&bench.checkout)
        .env_clear()
        .envs(&bench.environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn its_exit_code_is_the_runs_end() {
    for (text, code) in [
        ("def f(): return done()\n", 0),
        ("def f(): fail('no')\n", 1),
    ] {
        let bench = Bench::new(text, "f").await;
        let mut command = command(&bench);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("no panic");
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        bench.server.outcome();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_the_job_before_its_run_is_said_on_standard_error() {
    let mut bench = Bench::new("def f(): return done()\n", "f").await;
    bench
        .environment
        .retain(|name, _| !name.contains("ID_TOKEN"));
    let mut command = command(&bench);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic");
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("id-token: write"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signals_of_a_cancelled_job_are_reported() {
    for signal in ["-INT", "-TERM"] {
        let text = "def f():\n  shell('echo begun; sleep 300')\n  return done()\n";
        let bench = Bench::new(text, "f").await;
        let mut command = command(&bench);
        let task = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("it starts");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
            let begun = lines.find(|line| line.as_ref().is_ok_and(|line| line == "begun"));
            assert!(begun.is_some(), "the command never began");
            let process = child.id().to_string();
            assert!(
                Command::new("kill")
                    .args([signal, &process])
                    .status()
                    .expect("kill runs")
                    .success()
            );
            let status = child.wait().expect("it ends");
            let mut words = String::new();
            child
                .stderr
                .take()
                .expect("a pipe")
                .read_to_string(&mut words)
                .expect("text");
            (status.code(), words)
        });
        assert_eq!(task.await.expect("no panic"), (Some(1), String::new()));
        assert_eq!(
            bench.server.outcome(),
            json!({"kind": "failed", "message": "cancelled on GitHub"})
        );
    }
}

/// The files of `ocuroot init` on a GitHub that really runs them: workflow, action, program.
#[tokio::test(flavor = "multi_thread")]
async fn the_starter_files_really_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start().await;
    let mut options = Options::new(directory.path().join("github"), MANIFEST);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let programs = PathBuf::from(PROGRAM)
        .parent()
        .expect("a folder")
        .to_owned();
    options.execution = Execution::Laptop {
        path_prefix: vec![programs],
        actions: BTreeMap::from([("ocuroot/ocuroot".to_owned(), root)]),
    };
    let github = Simulator::start(options).await.expect("it starts");
    github
        .create_repository(REPOSITORY, true)
        .expect("a repository");
    let files = [
        (".github/workflows/ocuroot.yml", Some(TEMPLATE)),
        (
            "repo.ocu.star",
            Some(include_str!("../../../templates/repo.ocu.star")),
        ),
        (
            "release.ocu.star",
            Some(include_str!("../../../templates/release.ocu.star")),
        ),
    ];
    let commit = github
        .push(REPOSITORY, "main", &files, "Begin", "alice")
        .expect("a push");
    server.seen().assignment = json!({
        "token": REPORT_TOKEN, "run": "github.com/acme/shop/-/release.ocu.star/@r1/task/build/1",
        "repository": REPOSITORY, "commit": commit, "entry": "release.ocu.star",
        "function": {"file": "release.ocu.star", "name": "build"}, "inputs": {},
        "environments": [], "timeout_seconds": 600,
    });
    let runs = json!([{"id": RUN, "fence": FENCE, "name": "release r1 task/build", "commit": commit, "environment": ""}]);
    let inputs = [
        ("ocuroot_wave", "41-7-1"),
        ("ocuroot_server", &server.url),
        ("ocuroot_runs", &runs.to_string()),
    ];
    let id = github
        .dispatch_workflow(REPOSITORY, "ocuroot.yml", "main", &inputs, "alice")
        .expect("a dispatch");
    let deadline = Instant::now() + Duration::from_secs(120);
    let run = loop {
        let run = github.workflow_run(id).expect("the run");
        if run.conclusion.is_some() {
            break run;
        }
        assert!(Instant::now() < deadline, "{run:?}");
        tokio::task::yield_now().await;
    };
    assert_eq!(run.conclusion.as_deref(), Some("success"), "{run:?}");
    assert_eq!(
        server.outcome()["outputs"],
        json!({"version": &commit[..7]})
    );
    assert_eq!(
        server.log(),
        [&commit[..7], &format!("building {}", &commit[..7])]
    );
}
