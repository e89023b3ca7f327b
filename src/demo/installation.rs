//! A simulated GitHub and the real server, connected over real HTTP.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::budget::Limits;
use crate::clock::Clock;
use crate::server::Server;
use crate::settings::Settings;
use crate::simulator::{Delivery, Execution, Options, Simulator};
use crate::worker::Worker;

/// Where the two listen.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// GitHub.
    pub github: SocketAddr,
    /// The server.
    pub server: SocketAddr,
}

/// Both, running.
pub struct Installation {
    /// GitHub.
    pub github: Simulator,
    /// Access to the server's record.
    pub worker: Worker,
    /// Where the server answers.
    pub server_url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Installation {
    /// Starts both with everything they keep in `directory`. `executable` is this program.
    ///
    /// # Errors
    /// When an address is taken or the directory cannot be written.
    pub async fn start(
        directory: &Path,
        executable: &Path,
        addresses: Addresses,
    ) -> anyhow::Result<Installation> {
        let mut options = simulator_options(directory, executable)?;
        options.listen = addresses.github;
        let github = Simulator::start(options).await?;
        let listener = TcpListener::bind(addresses.server)
            .await
            .with_context(|| format!("the server cannot listen on {}", addresses.server))?;
        let server_url = format!("http://{}", listener.local_addr()?);
        github.set_webhook_url(&format!("{server_url}/webhooks/github"));
        let settings = settings(&github, &server_url, directory);
        let server = Server::assemble(&settings, executable.to_owned(), Clock::System).await?;
        // The simulated GitHub limits nothing: nobody should have to wait for it.
        server.worker.budgets.set_limits(Limits::NONE);
        let worker = server.worker.clone();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.serve(listener, async {
            let _ = stopped.await;
        }));
        Ok(Installation {
            github,
            worker,
            server_url,
            stop,
            serving,
        })
    }

    /// Whether nothing is under way: no delivery, no decision, no call, no workflow run.
    ///
    /// # Errors
    /// When the database does.
    pub async fn is_quiet(&self) -> anyhow::Result<bool> {
        let (deliveries, _) = self.worker.store.pending_deliveries().await?;
        let (calls, _, _) = self.worker.store.pending_effects().await?;
        let runs = self.github.workflow_runs();
        let is_running = runs.iter().any(|run| run.conclusion.is_none());
        Ok(deliveries + calls == 0 && self.github.pending_deliveries() == 0 && !is_running)
    }

    /// Drains the server, then stops GitHub.
    ///
    /// # Errors
    /// When the server failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(());
        // Jobs that still run hold connections open: GitHub goes first, and they with it.
        self.github.stop();
        self.serving.await?
    }
}

/// A GitHub that delivers at once and really executes workflow runs on this machine, where they find `executable` as
/// `ocuroot` and this version's action as `ocuroot/ocuroot`.
///
/// # Errors
/// When the directory cannot be written.
pub fn simulator_options(directory: &Path, executable: &Path) -> anyhow::Result<Options> {
    let programs = directory.join("bin");
    let action = directory.join("action");
    for folder in [&programs, &action] {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be created", folder.display()))?;
    }
    link(executable, &programs.join("ocuroot"))?;
    fs::write(action.join("action.yml"), crate::ACTION)?;
    let mut options = Options::new(directory.join("github"), crate::APP_MANIFEST);
    options.delivery = Delivery::AtOnce;
    options.execution = Execution::Laptop {
        path_prefix: vec![absolute(&programs)?],
        actions: BTreeMap::from([("ocuroot/ocuroot".to_owned(), absolute(&action)?)]),
    };
    Ok(options)
}

fn link(executable: &Path, name: &Path) -> anyhow::Result<()> {
    if name.symlink_metadata().is_ok() {
        fs::remove_file(name)?;
    }
    std::os::unix::fs::symlink(executable, name)
        .with_context(|| format!("{} cannot be written", name.display()))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} has no absolute path", path.display()))
}

fn settings(github: &Simulator, server_url: &str, directory: &Path) -> Settings {
    let app = github.app();
    Settings {
        listen: String::new(),
        public_url: server_url.to_owned(),
        database_url: format!("sqlite://{}", directory.join("ocuroot.db").display()),
        github_app_id: app.app_id,
        github_private_key: Some(app.private_key_pem),
        github_private_key_file: None,
        github_webhook_secret: app.webhook_secret,
        github_api_url: github.url(),
        github_web_url: github.url(),
        github_oidc_issuer: github.url(),
    }
}
