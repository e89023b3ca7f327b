//! Connections: how many, how long one may take to say what it wants, and an end that cuts nobody off.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// What the listener takes on.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Connections at the same time; further ones wait in the system's queue.
    pub most: usize,
    /// The longest a connection may take to send the head of a request, and stay silent between two.
    pub head_time: Duration,
    /// The longest the end waits for requests under way.
    pub drain_time: Duration,
}

impl Connections {
    /// For a server on the internet.
    pub const DEFAULT: Connections = Connections {
        most: 4096,
        head_time: Duration::from_secs(15),
        drain_time: Duration::from_secs(20),
    };
}

/// Serves `router` on `listener` until `shutdown` is ready; then takes no more requests and waits for those under way.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Connections,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.most));
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, slot) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that went away or was too slow is no news.
            let _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    if timeout(limits.drain_time, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still under way when the time to end was up");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let slot = Arc::clone(slots)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are short: they should not wait for company. Where that cannot be set, they do.
                let _ = stream.set_nodelay(true);
                return (stream, slot);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: some must be given back first.
                tracing::error!(%error, "no connection can be accepted");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests;
