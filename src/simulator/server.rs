//! HTTP: every connection can be cut, so that an answer can get lost the way answers do.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::answer::Answer;
use super::gate::Incoming;
use super::shared::Shared;
use super::{page, remote};

/// Larger requests are refused; a push over HTTP is the largest there is.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Breaks its connection before the answer leaves.
#[derive(Clone, Default)]
pub(crate) struct Scissors(Arc<AtomicBool>);

impl Scissors {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A connection with its scissors.
pub(crate) struct Connection {
    stream: TcpStream,
    scissors: Scissors,
}

/// Accepts connections that can be cut.
pub(crate) struct Accepting(pub(crate) TcpListener);

impl Listener for Accepting {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small; waiting for more to send only costs the tests time.
        let _ = stream.set_nodelay(true);
        (
            Connection {
                stream,
                scissors: Scissors::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Accepting>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Accepting>) -> Self {
        stream.io().scissors.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.scissors.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Answers requests until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().fallback(answer).with_state(shared);
    let service = router.into_make_service_with_connect_info::<Scissors>();
    if let Err(error) = axum::serve(Accepting(listener), service).await {
        tracing::error!(%error, "the simulator stopped serving");
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let incoming = Incoming {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.into(),
    };
    // Git is asked with blocking processes.
    let answered = tokio::task::spawn_blocking(move || dispatch(&shared, incoming)).await;
    match answered {
        Ok(Some(answer)) => response(answer),
        Ok(None) => {
            scissors.cut();
            plain(StatusCode::OK)
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// First segments of API paths; everything else is a page, unless it comes with credentials.
const API: [&str; 7] = [
    "api",
    "app",
    "installation",
    "rate_limit",
    "repos",
    ".well-known",
    "_simulator",
];

fn dispatch(shared: &Shared, incoming: Incoming) -> Option<Answer> {
    if let Some((repository, service)) = remote::parse(&incoming.path) {
        return Some(remote::answer(shared, &repository, &service, &incoming));
    }
    let first = incoming
        .path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    if API.contains(&first) || incoming.headers.contains_key("authorization") {
        return shared.handle(incoming);
    }
    Some(page::answer(shared, &incoming))
}

fn response(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(answer.body))
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
