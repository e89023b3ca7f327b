//! `ocuroot preview`: what a config file would release, while it is being written.

mod changes;
mod view;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::loopback::{failed, page, serve};
use crate::config::Evaluation;
use crate::model::Environment;

use changes::Changes;
use view::Page;

/// Reloads the page; asks again by itself when the program was restarted.
const SCRIPT: &str = include_str!("../../../templates/web/reload.js");

/// A config file as it is now.
pub struct Draft {
    /// The file, from the repository's root.
    pub file: String,
    /// What it declares.
    pub evaluation: Evaluation,
    /// The environments it was evaluated with.
    pub environments: Vec<Environment>,
    /// The rules that its repository has, a line each.
    pub rules: Vec<String>,
    /// The files whose change may change any of this.
    pub files: Vec<PathBuf>,
}

/// Reads the file again.
pub type Drafter = Arc<dyn Fn() -> anyhow::Result<Draft> + Send + Sync>;

#[derive(Clone)]
struct Preview {
    draft: Drafter,
    changes: Changes,
}

/// Serves the page of a config file, which reloads when the file or one near it changes.
///
/// # Errors
/// When the listener breaks.
pub async fn preview(listener: TcpListener, draft: Drafter) -> io::Result<()> {
    let changes = Changes::follow(draft.clone()).await;
    let pages = Router::new()
        .route("/", get(show))
        .route("/watch", get(watch))
        .route("/static/reload.js", get(script))
        .with_state(Preview { draft, changes });
    serve(listener, pages).await
}

async fn show(State(preview): State<Preview>) -> Response {
    let drafted = tokio::task::spawn_blocking(move || (preview.draft)()).await;
    match drafted {
        Ok(Ok(draft)) => page(&Page::of(&draft)),
        Ok(Err(error)) => page(&Page::without(&format!("{error:#}"))),
        Err(error) => failed(&error.to_string()),
    }
}

async fn watch(State(preview): State<Preview>) -> Response {
    preview.changes.events().into_response()
}

async fn script() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, SCRIPT).into_response()
}
