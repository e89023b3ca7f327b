//! What one client may cost: requests at the same time, bytes in memory, time to send a body. More is refused at once,
//! with the word when to come back, instead of being taken on and served late to everyone.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// What a group of routes takes on. One group's load does not count for another.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests at the same time.
    pub requests: usize,
    /// Bytes of bodies in memory at the same time.
    pub bytes: usize,
    /// The longest a client may take to send a body.
    pub body_time: Duration,
}

impl Limits {
    /// For GitHub's deliveries: GitHub gives up after ten seconds itself (reference/github.md §2).
    pub const INTAKE: Limits = Limits {
        requests: 1024,
        bytes: 256 * 1024 * 1024,
        body_time: Duration::from_secs(10),
    };

    /// For jobs: few, and perhaps behind a slow line.
    pub const JOBS: Limits = Limits {
        requests: 512,
        bytes: 256 * 1024 * 1024,
        body_time: Duration::from_secs(60),
    };

    /// For people at their terminals: short questions.
    pub const PEOPLE: Limits = Limits {
        requests: 256,
        bytes: 64 * 1024 * 1024,
        body_time: Duration::from_secs(10),
    };
}

/// Holds `routes` to `limits`.
pub fn guarded(routes: Router, limits: Limits) -> Router {
    let guard = Arc::new(Guard {
        requests: Semaphore::new(limits.requests),
        bytes: Arc::new(Semaphore::new(limits.bytes)),
        body_time: limits.body_time,
    });
    routes.layer(middleware::from_fn_with_state(guard, take_on))
}

struct Guard {
    requests: Semaphore,
    bytes: Arc<Semaphore>,
    body_time: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Broken {
    #[error("the body took too long")]
    Slow,
    #[error("too many bytes are in memory")]
    Crowded,
}

/// A request under way, as far as its body goes.
#[derive(Default)]
struct Reading {
    broken: OnceLock<Broken>,
    /// Counts the body's bytes until the request is answered: they stay in memory as long.
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

async fn take_on(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let Ok(_slot) = guard.requests.try_acquire() else {
        tracing::warn!("refusing requests: too many at the same time");
        return busy();
    };
    let reading = Arc::new(Reading::default());
    let (parts, body) = request.into_parts();
    let body = Body::from_stream(watched(body, &guard, &reading));
    let response = next.run(Request::from_parts(parts, body)).await;
    match reading.broken.get() {
        Some(Broken::Slow) => {
            let text = "the request took too long to arrive\n";
            (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")], text).into_response()
        }
        Some(Broken::Crowded) => {
            tracing::warn!("refusing requests: too many bytes at the same time");
            busy()
        }
        None => response,
    }
}

fn busy() -> Response {
    let headers = [(RETRY_AFTER, "5"), (CONNECTION, "close")];
    let text = "the server is busy; try again\n";
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}

/// The body, until its time is up or the memory is full.
fn watched(
    body: Body,
    guard: &Guard,
    reading: &Arc<Reading>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static {
    let until = Instant::now() + guard.body_time;
    let (reading, bytes) = (Arc::clone(reading), Arc::clone(&guard.bytes));
    stream::unfold(body.into_data_stream(), move |mut chunks| {
        let (reading, bytes) = (Arc::clone(&reading), Arc::clone(&bytes));
        async move {
            let chunk = match timeout_at(until, chunks.next()).await {
                Err(_) => Err(Broken::Slow),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return Some((Err(error), chunks)),
                Ok(Some(Ok(chunk))) => reading.hold(&bytes, &chunk).map(|()| chunk),
            };
            let chunk = chunk.map_err(|broken| {
                let _ = reading.broken.set(broken);
                axum::Error::new(broken)
            });
            Some((chunk, chunks))
        }
    })
}

impl Reading {
    fn hold(&self, bytes: &Arc<Semaphore>, chunk: &Bytes) -> Result<(), Broken> {
        let size = u32::try_from(chunk.len()).map_err(|_| Broken::Crowded)?;
        let permit = Arc::clone(bytes)
            .try_acquire_many_owned(size)
            .map_err(|_| Broken::Crowded)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
