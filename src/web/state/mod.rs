//! `ocuroot state view`: what is recorded, beside what should be.

mod environment;
mod link;
mod look;
mod package;
mod parts;
mod reference;
mod release;
mod run;
mod search;
mod start;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;

use super::loopback::{failed, page, serve};
use crate::model::{Glob, Reference};
use crate::store::{Documents, RecordKind, Store};

use look::Look;
use parts::RecordView;

/// The most refs a page lists.
const MOST: usize = 500;

/// Serves the pages of one workspace's records; `store` is only read.
///
/// # Errors
/// When the listener breaks.
pub async fn view(listener: TcpListener, store: Store, workspace: i64) -> io::Result<()> {
    let pages = Router::new()
        .route("/", get(show_start))
        .route("/match", get(show_search))
        .route("/ref/{*reference}", get(show_reference))
        .with_state(Arc::new(Look::new(store, workspace)));
    serve(listener, pages).await
}

async fn show_start(State(look): State<Arc<Look>>) -> Response {
    match start::Page::of(&look).await {
        Ok(view) => page(&view),
        Err(error) => failed(&format!("{error:#}")),
    }
}

/// What is searched for.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    glob: String,
    intent: Option<String>,
}

async fn show_search(State(look): State<Arc<Look>>, Query(wanted): Query<Wanted>) -> Response {
    let of = match wanted.intent {
        Some(_) => Documents::Intent,
        None => Documents::State,
    };
    let glob: Glob = match wanted.glob.trim().parse() {
        Ok(glob) => glob,
        Err(error) => {
            let view = search::Page::wrong(&wanted.glob, &error.to_string());
            return (StatusCode::BAD_REQUEST, page(&view)).into_response();
        }
    };
    match search::Page::of(&look, &glob, of).await {
        Ok(view) => page(&view),
        Err(error) => failed(&format!("{error:#}")),
    }
}

async fn show_reference(State(look): State<Arc<Look>>, Path(text): Path<String>) -> Response {
    match text.parse::<Reference>() {
        Ok(reference) => match answer(&look, &reference).await {
            Ok(response) => response,
            Err(error) => failed(&format!("{error:#}")),
        },
        Err(error) => missing(&text, &error.to_string()),
    }
}

async fn answer(look: &Look, reference: &Reference) -> anyhow::Result<Response> {
    let is_package = reference.release.is_none() && reference.package().is_some();
    if is_package && let Some(view) = package::Page::of(look, reference).await? {
        return Ok(page(&view));
    }
    let found = look.record(reference, Documents::State).await?;
    let record = RecordView::of(look, reference, found.as_ref()).await?;
    let Some(found) = found.filter(|_| reference.fragment.is_none()) else {
        if record.is_nothing() {
            return Ok(missing(&reference.to_string(), "There is no such record."));
        }
        return Ok(page(&reference::Page::of(reference, None, record)));
    };
    Ok(match found.kind {
        RecordKind::Release | RecordKind::Tag => {
            page(&release::Page::of(look, &found, record).await?)
        }
        RecordKind::Run => page(&run::Page::of(look, &found, record).await?),
        RecordKind::Environment => page(&environment::Page::of(look, &found, record).await?),
        _ => page(&reference::Page::of(reference, Some(&found), record)),
    })
}

fn missing(text: &str, why: &str) -> Response {
    let view = search::Page::wrong(text, why);
    (StatusCode::NOT_FOUND, page(&view)).into_response()
}
