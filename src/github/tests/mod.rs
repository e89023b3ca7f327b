//! A stand-in for GitHub that answers what a test says, for what a real one rarely does.

mod archives;
mod calls;
mod faults;
mod people;
mod repositories;
mod tokens;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{GitHub, GitHubSettings, Installation, PrivateKey};
use crate::model::{CommitSha, RepositoryName};

/// The token every installation gets; must never show up in an error.
pub(in crate::github) const TOKEN: &str = "ghs_77_eyJhbGciOiJub25lIn0.secret";

/// An RSA key in PEM form, made once per test run.
pub(in crate::github) static PEM: LazyLock<String> = LazyLock::new(new_pem);

pub(in crate::github) fn new_pem() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("an encoding");
    let text = BASE64_STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A request the stub got.
#[derive(Clone, Debug)]
pub(in crate::github) struct Seen {
    pub(in crate::github) method: String,
    /// Path and query.
    pub(in crate::github) path: String,
    pub(in crate::github) headers: HeaderMap,
    pub(in crate::github) body: Value,
}

impl Seen {
    pub(in crate::github) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| {
            value
                .to_str()
                .expect("the client sends plain header values")
        })
    }

    /// Method and path, without the query.
    pub(in crate::github) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

type Handler = Arc<dyn Fn(&Seen) -> Response + Send + Sync>;

#[derive(Clone)]
pub(in crate::github) struct Stub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    /// Starts a server that answers with `handler`.
    pub(in crate::github) async fn start(
        handler: impl Fn(&Seen) -> Response + Send + Sync + 'static,
    ) -> Stub {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let seen = Arc::default();
        let stub = Stub { address, seen };
        let handler: Handler = Arc::new(handler);
        let router = Router::new()
            .fallback(answer)
            .with_state((stub.clone(), handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        stub
    }

    /// Starts a server that hands out tokens and answers the rest with `handler`.
    pub(in crate::github) async fn with_tokens(
        handler: impl Fn(&Seen) -> Response + Send + Sync + 'static,
    ) -> Stub {
        Stub::start(move |seen| {
            if seen.path.ends_with("/access_tokens") {
                token()
            } else {
                handler(seen)
            }
        })
        .await
    }

    pub(in crate::github) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, except those for tokens.
    pub(in crate::github) fn calls(&self) -> Vec<Seen> {
        let seen = self.seen.lock().expect("no test panicked");
        let is_call = |seen: &&Seen| !seen.path.ends_with("/access_tokens");
        seen.iter().filter(is_call).cloned().collect()
    }

    pub(in crate::github) fn token_requests(&self) -> usize {
        let all = self.seen.lock().expect("no test panicked").len();
        all - self.calls().len()
    }

    pub(in crate::github) fn github(&self) -> GitHub {
        github_at(&self.url())
    }

    pub(in crate::github) fn installation(&self) -> Installation {
        self.github().installation(7)
    }
}

async fn answer(State((stub, handler)): State<(Stub, Handler)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body: Bytes = body.expect("the client sends whole bodies");
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let response = handler(&seen);
    stub.seen.lock().expect("no test panicked").push(seen);
    response
}

pub(in crate::github) fn github_at(api_url: &str) -> GitHub {
    GitHub::new(GitHubSettings {
        api_url: api_url.to_owned(),
        app_id: 77,
        private_key: PrivateKey::from_pem(&PEM).expect("a key"),
        oidc_issuer: String::from("http://127.0.0.1:9"),
        oidc_audience: String::from("https://ocuroot.example"),
    })
    .expect("usable settings")
}

pub(in crate::github) fn token() -> Response {
    let body = json!({
        "token": TOKEN, "expires_at": "2999-01-01T00:00:00Z", "permissions": {"checks": "write"},
    });
    json_answer(StatusCode::CREATED, &body)
}

pub(in crate::github) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, axum::Json(body.clone())).into_response()
}

pub(in crate::github) fn ok(body: &Value) -> Response {
    json_answer(StatusCode::OK, body)
}

/// An answer with headers and no body.
pub(in crate::github) fn bare(status: u16, headers: &[(&str, &str)]) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::empty()).expect("a response")
}

pub(in crate::github) fn api() -> RepositoryName {
    "acme/api".parse().expect("a name")
}

pub(in crate::github) fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().expect("a commit id")
}
