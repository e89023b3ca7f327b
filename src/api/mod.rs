//! Layer 4: what jobs talk to. A job proves who it is with the identity token GitHub signs for it; nothing a repository
//! has to keep secret is involved (reference/github.md §10).

mod error;
mod outputs;
mod runs;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

use crate::worker::Worker;

/// The most a job may send at once, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The most outputs may have, in bytes of JSON. A value may have 8 MiB, which JSON can write twice as long.
const OUTPUTS_LIMIT: usize = 16 * 1024 * 1024;

/// The routes that `ocuroot run` and `ocuroot output` use.
pub fn routes(worker: Worker) -> Router {
    let outputs = Router::new()
        .route("/api/v1/runs/{id}/report", post(runs::report))
        .route("/api/v1/outputs", post(outputs::add))
        .layer(DefaultBodyLimit::max(OUTPUTS_LIMIT));
    Router::new()
        .route("/api/v1/runs/{id}/claim", post(runs::claim))
        .route("/api/v1/runs/{id}/logs", post(runs::logs))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(outputs)
        .with_state(worker)
}
