//! Layer 4: the server put together: routes, workers, and an end that loses nothing.

mod guard;
mod listen;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::api;
use crate::budget;
use crate::clock::Clock;
use crate::github::GitHub;
use crate::sandbox::{self, Sandbox};
use crate::settings::Settings;
use crate::store::Store;
use crate::webhook::{
    self, GroupSink, GroupTask, GroupWriter, IncomingDelivery, Intake, SinkError,
};
use crate::worker::{Budgets, LEASE_SECONDS, Pulse, Recovery, Worker};

pub use guard::{Limits, guarded};
pub use listen::Connections;

/// Deliveries that may wait to be written before GitHub is told to come back later.
const INTAKE_QUEUE: usize = 4096;

/// A server that is ready to be driven: by its own loops, or by a test.
pub struct Server {
    /// Everything it answers.
    pub router: Router,
    /// Everything it works with.
    pub worker: Worker,
    log: GroupWriter,
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
        store.release_claims(clock.now(), LEASE_SECONDS).await?;
        let worker = Worker {
            store,
            github,
            sandbox: Arc::new(Sandbox::new(executable, sandbox::Settings::default())),
            clock,
            public_url: settings.public_url().to_owned(),
            web_url: settings.github_web_url.trim_end_matches('/').to_owned(),
            reference_host: settings.reference_host(),
            wake: Arc::new(Notify::new()),
            budgets: Budgets::new(budget::Limits::GITHUB),
            pulse: Pulse::default(),
            recovery: Recovery::default(),
        };
        let (log, intake) = webhook::spawn_group_writer(
            InboxSink {
                worker: worker.clone(),
            },
            INTAKE_QUEUE,
        );
        let intake_routes = Intake {
            secrets,
            log: log.clone(),
        };
        Ok(Server {
            router: router(worker.clone(), intake_routes),
            worker,
            log,
            intake,
        })
    }

    /// Serves on `listener` until `shutdown` is ready; then finishes the requests and the work under way.
    ///
    /// # Errors
    /// When the inbox or the workers have ended by themselves: whoever watches the process should start it again.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let worker = self.worker.clone();
        let mut loops = tokio::spawn(async move { worker.run(stopped).await });
        let mut ending = Ending::Asked;
        let end = async { ending = self::ending(shutdown, &self.log, &mut loops).await };
        let router = self.router.clone();
        listen::serve(listener, router, Connections::DEFAULT, end).await;
        tracing::info!("draining");
        stop.send_replace(true);
        if ending != Ending::Workers {
            loops.await?;
        }
        self.close().await;
        match ending {
            Ending::Asked => Ok(()),
            Ending::Inbox => {
                anyhow::bail!("deliveries cannot be written any more (see the error before)")
            }
            Ending::Workers => anyhow::bail!("the workers have ended (see the error before)"),
        }
    }

    /// Writes what was accepted and closes the database.
    pub async fn close(self) {
        self.intake.shutdown().await;
        self.worker.store.close().await;
    }
}

/// Why a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Somebody wants it to.
    Asked,
    /// What arrives cannot be recorded any more.
    Inbox,
    /// Nobody works on what arrives.
    Workers,
}

/// A server that has lost a part of itself must not go on as if it had not: it ends, so that it is started again.
async fn ending(
    shutdown: impl Future<Output = ()>,
    log: &GroupWriter,
    loops: &mut JoinHandle<()>,
) -> Ending {
    tokio::select! {
        () = shutdown => Ending::Asked,
        () = log.closed() => Ending::Inbox,
        _ = loops => Ending::Workers,
    }
}

fn router(worker: Worker, intake: Intake<GroupWriter>) -> Router {
    let health = health(Health {
        store: worker.store.clone(),
        log: intake.log.clone(),
        pulse: worker.pulse.clone(),
        clock: worker.clock.clone(),
    });
    Router::new()
        .merge(guarded(webhook::routes(intake), Limits::INTAKE))
        .merge(guarded(api::people_routes(worker.clone()), Limits::PEOPLE))
        .merge(guarded(api::routes(worker), Limits::JOBS))
        .merge(health)
}

/// What readiness depends on.
#[derive(Clone)]
struct Health {
    store: Store,
    log: GroupWriter,
    pulse: Pulse,
    clock: Clock,
}

fn health(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(health)
}

/// Ready means: what arrives can be recorded, and somebody works on it.
async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if !health.log.is_open() {
        let text = "deliveries are not written any more\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text);
    }
    if !health.pulse.is_alive(health.clock.now()) {
        let text = "the workers do not work\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text);
    }
    match health.store.check_writable(health.clock.now()).await {
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

#[cfg(test)]
mod tests;
