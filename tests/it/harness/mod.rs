//! A whole installation in one process: the real server on a real port against the simulated GitHub, driven by hand.

mod budget;
mod jobs;
mod openapi;
mod people;
pub mod repositories;
#[path = "../../../src/store/tests/scratch.rs"]
mod scratch;
mod steps;

pub use jobs::{Job, done, failed, succeed};
pub use steps::Kill;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ocuroot::budget::Limits;
use ocuroot::clock::Clock;
use ocuroot::server::Server;
use ocuroot::settings::Settings;
use ocuroot::simulator::{self, CheckApp, Options, Simulator};
use ocuroot::worker::Worker;
use scratch::Scratch;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// 2026-11-23T09:00:00Z, when every story begins.
const BEGINNING: i64 = 1_795_424_400_000;

/// A GitHub with the App installed.
pub struct App {
    pub github: Simulator,
    pub worker: Worker,
    pub url: String,
    pub settings: Settings,
    limits: Limits,
    /// What jobs report with.
    http: reqwest::Client,
    clock: Arc<AtomicI64>,
    server: tokio::task::JoinHandle<()>,
    directory: TempDir,
    _database: Scratch,
}

impl App {
    /// Starts a GitHub, which limits nothing, and a server with an empty database.
    pub async fn start() -> App {
        App::limited(Limits::NONE).await
    }

    /// The same with a server that keeps to `limits`.
    async fn limited(limits: Limits) -> App {
        // `RUST_LOG=ocuroot=debug cargo test --test it <name> -- --nocapture` shows what a story does.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let directory = temporary_directory();
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let mut options = Options::new(directory.path().join("github"), ocuroot::APP_MANIFEST);
        options.webhook_secret = "a secret of the test".to_owned();
        options.request_check = Some(openapi::check());
        let seconds = Arc::clone(&clock);
        options.clock = simulator::Clock::new(move || seconds.load(Ordering::SeqCst) / 1000);
        let github = Simulator::start(options).await.expect("a simulated GitHub");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        github.set_webhook_url(&format!("{url}/webhooks/github"));
        let database = Scratch::new(directory.path()).await;
        let settings = settings(&github, &url, &database.url);
        let (worker, server) = serve(&settings, limits, &clock, listener).await;
        App {
            github,
            worker,
            url,
            settings,
            limits,
            http: reqwest::Client::new(),
            clock,
            server,
            directory,
            _database: database,
        }
    }

    /// The same, with an empty private repository `acme/shop`, which alice may write to.
    pub async fn with_shop() -> App {
        let app = App::start().await;
        app.make_shop();
        app
    }

    fn make_shop(&self) {
        let shop = self.github.create_repository("acme/shop", true);
        shop.expect("a repository");
        let alice = self.github.set_permission("acme/shop", "alice", "write");
        alice.expect("a permission");
    }

    /// Alice pushes to the default branch of `acme/shop`; answers the commit.
    pub fn push(&self, files: &[(&str, Option<&str>)], message: &str) -> String {
        let pushed = self
            .github
            .push("acme/shop", "main", files, message, "alice");
        pushed.expect("a commit")
    }

    /// Our check runs of a commit of `acme/shop`, one a line: name, conclusion or status, title.
    pub fn checks(&self, commit: &str) -> String {
        let checks = self.github.check_runs("acme/shop", commit);
        let lines = checks.iter().map(|check| {
            let end = check.conclusion.as_deref().unwrap_or(&check.status);
            let title = check.title.as_deref().unwrap_or_default();
            format!("{} | {end} | {title}\n", check.name)
        });
        lines.collect()
    }

    /// Ends the server where it stands and starts another on the same database, as after `kill -9`.
    pub async fn crash(&mut self) {
        self.server.abort();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        self.url = format!("http://{}", listener.local_addr().expect("an address"));
        self.github
            .set_webhook_url(&format!("{}/webhooks/github", self.url));
        let (worker, server) = serve(&self.settings, self.limits, &self.clock, listener).await;
        self.worker = worker;
        self.server = server;
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Delivers and works until nothing is due any more.
    pub async fn settle(&self) {
        loop {
            let delivered = self.github.deliver_all().await;
            let worked = self.worker.settle().await.expect("the worker works");
            if delivered.is_empty() && !worked {
                return;
            }
        }
    }

    /// Looks for what was missed, as the server does every minute, and works on what it finds.
    pub async fn sweep(&self) {
        self.worker.sweep().await.expect("the sweep works");
        self.settle().await;
    }

    /// How things stand in `acme/shop` on GitHub: checks, workflow runs, deployments.
    pub fn end(&self) -> String {
        let checks = self.github.all_check_runs("acme/shop").into_iter();
        let ours = checks.filter(|check| check.app == CheckApp::Ours);
        let mut lines: Vec<String> = ours
            .map(|check| {
                let end = check.conclusion.unwrap_or(check.status);
                let (sha, title) = (&check.head_sha[..7], check.title.unwrap_or_default());
                format!("{sha} {} | {end} | {title}", check.name)
            })
            .collect();
        lines.sort();
        for run in self.github.workflow_runs() {
            let jobs: Vec<String> = run.jobs.into_iter().map(|job| job.name).collect();
            let end = run.conclusion.unwrap_or(run.status);
            lines.push(format!("{} | {end} | {}", run.path, jobs.join(", ")));
        }
        lines.push(self.deployments());
        lines.join("\n")
    }

    /// Ends the story: nothing may be left over, given up, or complained about by GitHub.
    pub async fn finish(self) {
        self.settle().await;
        let store = &self.worker.store;
        let (deliveries, _) = store.pending_deliveries().await.expect("the inbox");
        assert_eq!(deliveries, 0, "deliveries are left over");
        let (effects, _, failed) = store.pending_effects().await.expect("the outbox");
        assert_eq!(effects, 0, "calls are left over");
        assert_eq!(failed, Vec::<String>::new(), "calls were given up");
        let failed = store.failed_deliveries().await.expect("the inbox");
        assert_eq!(failed, Vec::<String>::new(), "deliveries were given up");
        let violations = self.github.violations();
        assert!(violations.is_empty(), "GitHub complains: {violations:#?}");
        self.server.abort();
        drop(self.directory);
    }
}

/// In memory where the system has such a place: stories wait for no disk.
fn temporary_directory() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let directory = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    directory.expect("a temporary directory")
}

fn settings(github: &Simulator, url: &str, database: &str) -> Settings {
    let app = github.app();
    Settings {
        listen: "127.0.0.1:0".to_owned(),
        public_url: url.to_owned(),
        database_url: database.to_owned(),
        github_app_id: app.app_id,
        github_private_key: Some(app.private_key_pem.clone()),
        github_private_key_file: None,
        github_webhook_secret: app.webhook_secret.clone(),
        github_api_url: github.url(),
        github_web_url: github.url(),
        github_oidc_issuer: github.url(),
    }
}

async fn serve(
    settings: &Settings,
    limits: Limits,
    clock: &Arc<AtomicI64>,
    listener: TcpListener,
) -> (Worker, tokio::task::JoinHandle<()>) {
    let executable = env!("CARGO_BIN_EXE_ocuroot").into();
    let clock = Clock::Manual(Arc::clone(clock));
    let server = Server::assemble(settings, executable, clock)
        .await
        .expect("a server");
    server.worker.budgets.set_limits(limits);
    let worker = server.worker.clone();
    let router = server.router.clone();
    let task = tokio::spawn(async move {
        // The server is kept: its intake ends with it.
        let _server = server;
        axum::serve(listener, router).await.expect("serving");
    });
    (worker, task)
}
