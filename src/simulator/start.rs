//! Starting and stopping.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::actions::run;
use super::deliveries::Deliveries;
use super::faults::{Faults, FaultsHandle};
use super::keys::Key;
use super::limits::Limiter;
use super::options::{AppCredentials, Delivery, Execution, Options};
use super::server;
use super::shared::Shared;
use super::state::manifest::Manifest;
use super::state::world::{App, Ids, World};

/// A running GitHub. Dropping it stops it.
pub struct Simulator {
    pub(crate) shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Listens, and answers in the background from now on.
    ///
    /// # Errors
    /// The address is taken, the manifest is one GitHub refuses, or the data directory cannot be created.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let manifest = Manifest::parse(&options.manifest)?;
        std::fs::create_dir_all(&options.data_directory)
            .with_context(|| format!("cannot create {}", options.data_directory.display()))?;
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("the simulated GitHub cannot listen on {}", options.listen))?;
        let url = format!(
            "http://{}",
            listener
                .local_addr()
                .context("the listener has an address")?
        );
        let mut ids = Ids::default();
        let app = App::registered(ids.next("app"), manifest)?;
        let is_laptop = matches!(options.execution, Execution::Laptop { .. });
        let deliveries = Deliveries::new(app.id, options.webhook_url, options.webhook_secret);
        let world = World {
            clock: options.clock,
            ids,
            url,
            data_directory: options.data_directory,
            app,
            issuer: Key::of_issuer()?,
            users: BTreeMap::new(),
            installations: Vec::new(),
            teams: BTreeMap::new(),
            repositories: BTreeMap::new(),
            renamed: BTreeMap::new(),
            tokens: BTreeMap::new(),
            user_tokens: BTreeMap::new(),
            deliveries,
            faults: Faults::default(),
            requests: Vec::new(),
            violations: Vec::new(),
            requests_left: 5000,
            limiter: Limiter::default(),
            execution: options.execution,
            laptop_queue: Vec::new(),
            is_stopping: false,
            runs_wake: Arc::new(tokio::sync::Notify::new()),
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .context("the HTTP client can be built")?;
        let shared = Arc::new(Shared::new(world, client, options.request_check));
        let mut tasks = vec![tokio::spawn(server::serve(listener, shared.clone()))];
        if options.delivery == Delivery::AtOnce {
            tasks.push(tokio::spawn(shared.clone().deliver_at_once()));
        }
        if is_laptop {
            tasks.push(tokio::spawn(run::work(shared.clone())));
        }
        Ok(Self { shared, tasks })
    }

    /// The base of the API, of the pages and of git remotes, and the issuer of identity tokens.
    pub fn url(&self) -> String {
        self.shared.lock().url.clone()
    }

    /// What the operator of the App needs to run it.
    pub fn app(&self) -> AppCredentials {
        let world = self.shared.lock();
        AppCredentials {
            app_id: world.app.id,
            client_id: world.app.client_id.clone(),
            slug: world.app.slug.clone(),
            private_key_pem: world.app.key.private_pem().to_owned(),
            webhook_secret: world.deliveries.secret.clone(),
        }
    }

    /// Sends deliveries there from now on.
    pub fn set_webhook_url(&self, url: &str) {
        self.shared.lock().deliveries.url = Some(url.to_owned());
    }

    /// The knobs for what goes wrong.
    pub fn faults(&self) -> FaultsHandle {
        FaultsHandle(self.shared.clone())
    }

    /// Stops answering and delivering, and kills the steps that run.
    pub fn stop(&self) {
        self.shared.lock().is_stopping = true;
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl App {
    /// The App that a manifest describes.
    fn registered(id: u64, manifest: Manifest) -> anyhow::Result<Self> {
        let slug = manifest.name.to_lowercase().replace(' ', "-");
        Ok(Self {
            id,
            client_id: format!("Iv23simulated{slug}"),
            slug,
            key: Key::of_app()?,
            manifest,
            owner: "ocuroot".to_owned(),
        })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}
