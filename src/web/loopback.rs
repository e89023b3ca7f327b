//! Pages that only this machine can open.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use tokio::net::TcpListener;

/// Tried in this order when no port is asked for.
const PORTS: std::ops::RangeInclusive<u16> = 3000..=3100;

/// Everything is on the page itself, or comes from here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Listens on `port` of this machine, or on the first free one from 3000 to 3100.
///
/// # Errors
/// When the port, or each of them, is taken.
pub async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    if let Some(port) = port {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    }
    let mut last = None;
    for port in PORTS {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

/// Serves pages until the process ends.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(listener: TcpListener, pages: Router) -> io::Result<()> {
    let pages = pages.layer(middleware::from_fn(guard));
    axum::serve(listener, pages).await
}

/// Refuses requests that a stranger's page makes a browser send here under a name of its own.
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1") {
        let message = "this page is only for the machine it runs on";
        return (StatusCode::MISDIRECTED_REQUEST, message).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A rendered template.
pub(super) fn page(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => failed(&error.to_string()),
    }
}

/// A page that could not be made. Whoever reads it owns the machine: nothing to hide.
pub(super) fn failed(reason: &str) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, reason.to_owned()).into_response()
}
