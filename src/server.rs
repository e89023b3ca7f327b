//! Layer 4: the server put together: routes, workers, and an end that loses nothing.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::api;
use crate::clock::Clock;
use crate::github::GitHub;
use crate::sandbox::{self, Sandbox};
use crate::settings::Settings;
use crate::store::Store;
use crate::webhook::{
    self, GroupSink, GroupTask, GroupWriter, IncomingDelivery, Intake, SinkError,
};
use crate::worker::Worker;

/// Deliveries that may wait to be written before GitHub is told to come back later.
const INTAKE_QUEUE: usize = 4096;

/// A server that is ready to be driven: by its own loops, or by a test.
pub struct Server {
    /// Everything it answers.
    pub router: Router,
    /// Everything it works with.
    pub worker: Worker,
    intake: GroupTask,
}

impl Server {
    /// Opens the database and puts everything together. `executable` is this program: config files are evaluated in
    /// children of it.
    ///
    /// # Errors
    /// When a setting is wrong or the database cannot be opened.
    pub async fn assemble(
        settings: &Settings,
        executable: std::path::PathBuf,
        clock: Clock,
    ) -> anyhow::Result<Server> {
        let secrets = settings.webhook_secrets()?;
        let github = GitHub::new(settings.github()?)?;
        let store = Store::open(&settings.database_url).await?;
        store.release_claims(clock.now()).await?;
        let worker = Worker {
            store,
            github,
            sandbox: Arc::new(Sandbox::new(executable, sandbox::Settings::default())),
            clock,
            public_url: settings.public_url().to_owned(),
            reference_host: settings.reference_host(),
            wake: Arc::new(Notify::new()),
        };
        let (log, intake) = webhook::spawn_group_writer(
            InboxSink {
                worker: worker.clone(),
            },
            INTAKE_QUEUE,
        );
        Ok(Server {
            router: router(worker.clone(), Intake { secrets, log }),
            worker,
            intake,
        })
    }

    /// Serves on `listener` until `shutdown` is ready; then finishes the requests and the work under way.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let worker = self.worker.clone();
        let loops = tokio::spawn(async move { worker.run(stopped).await });
        axum::serve(listener, self.router.clone())
            .with_graceful_shutdown(shutdown)
            .await?;
        tracing::info!("draining");
        stop.send_replace(true);
        loops.await?;
        self.close().await;
        Ok(())
    }

    /// Writes what was accepted and closes the database.
    pub async fn close(self) {
        self.intake.shutdown().await;
        self.worker.store.close().await;
    }
}

fn router(worker: Worker, intake: Intake<GroupWriter>) -> Router {
    let health = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(worker.clone());
    Router::new()
        .merge(webhook::routes(intake))
        .merge(api::routes(worker))
        .merge(health)
}

/// Ready means: what arrives can be recorded.
async fn ready(State(worker): State<Worker>) -> (StatusCode, &'static str) {
    match worker.store.check_writable().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database takes no writes\n",
            )
        }
    }
}

/// Writes batches of deliveries to the inbox and wakes the worker.
struct InboxSink {
    worker: Worker,
}

impl GroupSink for InboxSink {
    async fn write(&mut self, batch: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
        let now = self.worker.clock.now();
        let new = self.worker.store.append_deliveries(&batch, now).await?;
        self.worker.wake.notify_waiters();
        Ok(new)
    }
}
