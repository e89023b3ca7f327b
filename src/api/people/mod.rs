//! What people's programs talk to: `ocuroot … --server`. docs/api.md tells of each route.

mod commands;
mod reads;
mod releases;
mod visitor;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

use super::{Route, router};
use crate::worker::Worker;

use visitor::Rights;

/// The most a person may send at once, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// What every route has at hand.
#[derive(Clone)]
pub(super) struct People {
    worker: Worker,
    rights: Rights,
}

const fn read(path: &'static str, handler: fn() -> MethodRouter<People>) -> Route<People> {
    Route {
        method: "GET",
        path,
        limit: 0,
        handler,
    }
}

pub(super) const ROUTES: &[Route<People>] = &[
    read("/api/v1/repositories/{owner}/{name}", || {
        get(reads::repository)
    }),
    read("/api/v1/repositories/{owner}/{name}/state", || {
        get(reads::state)
    }),
    read("/api/v1/repositories/{owner}/{name}/match", || {
        get(reads::matching)
    }),
    read("/api/v1/repositories/{owner}/{name}/diff", || {
        get(reads::diff)
    }),
    read("/api/v1/repositories/{owner}/{name}/impact", || {
        get(reads::impact)
    }),
    read("/api/v1/repositories/{owner}/{name}/work", || {
        get(releases::work)
    }),
    read("/api/v1/repositories/{owner}/{name}/deployments", || {
        get(releases::deployments)
    }),
    read("/api/v1/repositories/{owner}/{name}/release", || {
        get(releases::release)
    }),
    read("/api/v1/repositories/{owner}/{name}/logs", || {
        get(releases::logs)
    }),
    Route {
        method: "POST",
        path: "/api/v1/repositories/{owner}/{name}/commands",
        limit: BODY_LIMIT,
        handler: || post(commands::ask),
    },
    read("/api/v1/repositories/{owner}/{name}/commands/{key}", || {
        get(commands::answer)
    }),
];

/// The routes that people's programs use.
pub fn routes(worker: Worker) -> Router {
    let rights = Rights::default();
    router(ROUTES)
        .layer(map_response(for_this_person_only))
        .with_state(People { worker, rights })
}

/// What one person may see is nothing for a cache in between.
async fn for_this_person_only(mut response: Response) -> Response {
    let value = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
