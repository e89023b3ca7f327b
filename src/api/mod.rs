//! Layer 4: what jobs and people's programs talk to. A job proves who it is with the identity token GitHub signs for it;
//! nothing a repository has to keep secret is involved (reference/github.md §10). A person proves it with a token of
//! theirs, which only says who they are.

mod error;
mod outputs;
mod people;
mod runs;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, post};

use crate::worker::Worker;

pub use people::routes as people_routes;

/// The most a job may send at once, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The most outputs may have, in bytes of JSON. A value may have 8 MiB, which JSON can write twice as long.
const OUTPUTS_LIMIT: usize = 16 * 1024 * 1024;

/// What a path answers.
struct Route<S> {
    method: &'static str,
    path: &'static str,
    /// The most a request may have, in bytes.
    limit: usize,
    handler: fn() -> MethodRouter<S>,
}

const JOBS: &[Route<Worker>] = &[
    Route {
        method: "POST",
        path: "/api/v1/runs/{id}/claim",
        limit: BODY_LIMIT,
        handler: || post(runs::claim),
    },
    Route {
        method: "POST",
        path: "/api/v1/runs/{id}/logs",
        limit: BODY_LIMIT,
        handler: || post(runs::logs),
    },
    Route {
        method: "POST",
        path: "/api/v1/runs/{id}/report",
        limit: OUTPUTS_LIMIT,
        handler: || post(runs::report),
    },
    Route {
        method: "POST",
        path: "/api/v1/outputs",
        limit: OUTPUTS_LIMIT,
        handler: || post(outputs::add),
    },
];

/// The routes that `ocuroot run` and `ocuroot output` use.
pub fn routes(worker: Worker) -> Router {
    router(JOBS).with_state(worker)
}

/// Every method and path of the API, as `docs/api.md` lists them.
pub fn endpoints() -> Vec<(&'static str, &'static str)> {
    let people = people::ROUTES.iter();
    let people = people.map(|route| (route.method, route.path));
    let jobs = JOBS.iter().map(|route| (route.method, route.path));
    people.chain(jobs).collect()
}

fn router<S: Clone + Send + Sync + 'static>(routes: &[Route<S>]) -> Router<S> {
    routes.iter().fold(Router::new(), |router, route| {
        let handler = (route.handler)().layer(DefaultBodyLimit::max(route.limit));
        router.route(route.path, handler)
    })
}
