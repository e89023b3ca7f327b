//! The REST API, by GitHub's chapters.

mod actions;
mod app;
mod artifacts;
mod checks;
mod comments;
mod deployments;
mod git;
mod hook;
mod oidc;
mod pulls;
mod repositories;
mod teams;
mod users;

use super::route::Route;

/// Every route there is; where two fit, the first one answers.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        app::ROUTES,
        hook::ROUTES,
        checks::ROUTES,
        pulls::ROUTES,
        git::ROUTES,
        actions::ROUTES,
        artifacts::ROUTES,
        comments::ROUTES,
        deployments::ROUTES,
        repositories::ROUTES,
        teams::ROUTES,
        users::ROUTES,
        oidc::ROUTES,
    ]
    .into_iter()
    .flatten()
}
