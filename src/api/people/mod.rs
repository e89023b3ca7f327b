//! What people's programs talk to: `ocuroot … --server`. docs/api.md tells of each route.

mod commands;
mod reads;
mod releases;
mod visitor;

use axum::Router;
use axum::routing::{get, post};

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

const fn read(
    path: &'static str,
    handler: fn() -> axum::routing::MethodRouter<People>,
) -> Route<People> {
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
    router(ROUTES).with_state(People { worker, rights })
}
