//! A job on a bench: a checkout, GitHub's variables, a server, a console to read.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use ocuroot::runner::{Ended, Job, RunnerError, Stop, execute_until};
use ocuroot::simulator::{Options, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{FENCE, REPORT_TOKEN, RUN, Server};

pub(super) const MANIFEST: &str = include_str!("../../../app-manifest.yml");
pub(super) const TEMPLATE: &str = include_str!("../../../templates/.github/workflows/ocuroot.yml");
pub(super) const REPOSITORY: &str = "acme/shop";
pub(super) const ENTRY: &str = "api/release.ocu.star";

pub(super) struct Bench {
    pub(super) server: Server,
    /// Says who the job is as long as it lives.
    _github: Simulator,
    pub(super) workflow_run: u64,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) checkout: PathBuf,
    pub(super) commit: String,
    pub(super) stop: Stop,
    console: Arc<Mutex<Vec<u8>>>,
    pub(super) directory: TempDir,
}

impl Bench {
    /// A job for `function` of a package whose file has this text.
    pub(super) async fn new(text: &str, function: &str) -> Bench {
        Bench::with(&[(ENTRY, text)], function, json!({})).await
    }

    /// The same with more files and with inputs.
    pub(super) async fn with(files: &[(&str, &str)], function: &str, inputs: Value) -> Bench {
        let directory = TempDir::new().expect("a directory");
        let github = github(directory.path(), TEMPLATE).await;
        let server = Server::start().await;
        let checkout = directory.path().join("checkout");
        let commit = commit(&checkout, files);
        server.seen().assignment = json!({
            "token": REPORT_TOKEN, "run": "github.com/acme/shop/-/api/release.ocu.star/@r7/deploy/production/2",
            "repository": REPOSITORY, "commit": commit, "entry": ENTRY,
            "function": {"file": ENTRY, "name": function}, "inputs": inputs,
            "environments": [{"name": "production", "attributes": {"type": "prod"}}], "timeout_seconds": 600,
        });
        let workflow_run = dispatched(&github, &server.url, &commit);
        let mut environment = github.job_environment(workflow_run, 0).expect("variables");
        environment.insert("PATH".to_owned(), std::env::var("PATH").expect("a PATH"));
        let summary = directory
            .path()
            .join("summary.md")
            .to_string_lossy()
            .into_owned();
        environment.insert("GITHUB_STEP_SUMMARY".to_owned(), summary);
        Bench {
            server,
            _github: github,
            workflow_run,
            environment,
            checkout,
            commit,
            stop: Stop::new(),
            console: Arc::default(),
            directory,
        }
    }

    /// Does the job.
    pub(super) async fn try_run(&self) -> Result<Ended, RunnerError> {
        let job = Job {
            environment: self.environment.clone(),
            directory: self.checkout.clone(),
            server: self.server.url.clone(),
            run_id: RUN,
            fence: FENCE,
            console: Box::new(Tee(self.console.clone())),
        };
        let stop = self.stop.clone();
        tokio::task::spawn_blocking(move || execute_until(job, &stop))
            .await
            .expect("no panic")
    }

    /// Does the job, which must get to an end, and returns what was reported.
    pub(super) async fn run(&self) -> Value {
        let ended = self.try_run().await.expect("it ends");
        let outcome = self.server.outcome();
        assert!(matches!(ended, Ended::Reported(_)), "{ended:?}");
        assert_eq!(ended.is_success(), outcome["kind"] != "failed");
        outcome
    }

    /// Does the job, which must fail, and returns the message.
    pub(super) async fn failure(&self) -> String {
        let outcome = self.run().await;
        assert_eq!(outcome["kind"], "failed", "{outcome}");
        outcome["message"].as_str().expect("a text").to_owned()
    }

    pub(super) fn console(&self) -> String {
        String::from_utf8(self.console.lock().expect("no panic").clone()).expect("text")
    }

    /// The console without the lines that GitHub swallows.
    pub(super) fn shown(&self) -> String {
        let console = self.console();
        let shown: Vec<&str> = console
            .lines()
            .filter(|line| !line.starts_with("::add-mask::"))
            .collect();
        shown.join("\n")
    }

    pub(super) fn file(&self, path: &str) -> String {
        std::fs::read_to_string(self.checkout.join(path)).unwrap_or_default()
    }
}

/// A GitHub with one repository that has this workflow.
pub(super) async fn github(directory: &Path, workflow: &str) -> Simulator {
    let github = Simulator::start(Options::new(directory.join("github"), MANIFEST))
        .await
        .expect("it starts");
    github
        .create_repository(REPOSITORY, true)
        .expect("a repository");
    let files = [(".github/workflows/ocuroot.yml", Some(workflow))];
    github
        .push(REPOSITORY, "main", &files, "Begin", "alice")
        .expect("a push");
    github
}

/// Starts the workflow for one run, as the server does.
pub(super) fn dispatched(github: &Simulator, server: &str, commit: &str) -> u64 {
    let runs = json!([
        {"id": RUN, "fence": FENCE, "name": "api r7 deploy/production", "commit": commit, "environment": "production"},
    ]);
    let inputs = [
        ("ocuroot_wave", "41-7-1"),
        ("ocuroot_server", server),
        ("ocuroot_runs", &runs.to_string()),
    ];
    let id = github
        .dispatch_workflow(REPOSITORY, "ocuroot.yml", "main", &inputs, "alice")
        .expect("a dispatch");
    github.start_workflow_run(id).expect("it starts");
    id
}

/// A repository with one commit; returns its id.
pub(super) fn commit(checkout: &Path, files: &[(&str, &str)]) -> String {
    for (path, text) in files {
        let path = checkout.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    git(checkout, &["init", "--quiet"]);
    git(checkout, &["add", "."]);
    git(
        checkout,
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "--message",
            "Begin",
        ],
    );
    git(checkout, &["rev-parse", "HEAD"])
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

struct Tee(Arc<Mutex<Vec<u8>>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
