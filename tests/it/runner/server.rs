//! A server that speaks the protocol, answers what it is told to, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Something that goes wrong once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The request is dealt with, but its answer breaks off.
    LoseAnswer,
    /// The request is not looked at.
    Unavailable,
    /// It answers this.
    Refuse(u16),
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) token: String,
    pub(super) body: Value,
}

impl Asked {
    /// What the bearer token says, if it is a JSON web token.
    pub(super) fn claims(&self) -> Value {
        let payload = self.token.split('.').nth(1).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

#[derive(Default)]
pub(super) struct Seen {
    pub(super) assignment: Value,
    pub(super) claims: Vec<Asked>,
    pub(super) logs: Vec<Asked>,
    pub(super) reports: Vec<Asked>,
    pub(super) outputs: Vec<Asked>,
    pub(super) claim_faults: VecDeque<Fault>,
    pub(super) log_faults: VecDeque<Fault>,
    pub(super) report_faults: VecDeque<Fault>,
    pub(super) output_faults: VecDeque<Fault>,
}

/// The server; it listens as long as the test's runtime lives.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Seen>>,
}

pub(super) const REPORT_TOKEN: &str = "report-token-of-this-run";
pub(super) const RUN: i64 = 41;
pub(super) const FENCE: i64 = 7;

impl Server {
    pub(super) async fn start() -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Server {
            url: format!("http://{address}"),
            seen: Arc::default(),
        };
        let router = Router::new()
            .route("/api/v1/runs/{id}/{verb}", post(of_run))
            .route("/api/v1/outputs", post(outputs))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no test thread panicked with it")
    }

    /// Every line of the run's log, put together by their numbers.
    pub(super) fn log(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for request in &self.seen().logs {
            assert_eq!(request.token, REPORT_TOKEN);
            assert_eq!(request.body["fence"], FENCE);
            let first = request.body["first"].as_u64().expect("a number") as usize;
            assert!(first <= lines.len(), "lines are missing before {first}");
            lines.truncate(first);
            let texts = request.body["lines"].as_array().expect("a list");
            lines.extend(
                texts
                    .iter()
                    .map(|text| text.as_str().expect("a text").to_owned()),
            );
        }
        lines
    }

    /// The one outcome that was reported.
    pub(super) fn outcome(&self) -> Value {
        let seen = self.seen();
        assert_eq!(seen.reports.len(), 1, "{:?}", seen.reports);
        assert_eq!(seen.reports[0].token, REPORT_TOKEN);
        assert_eq!(seen.reports[0].body["fence"], FENCE);
        seen.reports[0].body["outcome"].clone()
    }
}

async fn of_run(
    State(server): State<Server>,
    Path((id, verb)): Path<(i64, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    assert_eq!(id, RUN);
    let asked = asked(&headers, &body);
    let mut seen = server.seen();
    match verb.as_str() {
        "claim" => {
            let answer = seen.assignment.clone();
            let fault = seen.claim_faults.pop_front();
            dealt_with(fault, asked, &mut seen.claims, 200, &answer)
        }
        "logs" => {
            let fault = seen.log_faults.pop_front();
            dealt_with(fault, asked, &mut seen.logs, 204, &Value::Null)
        }
        "report" => {
            let fault = seen.report_faults.pop_front();
            dealt_with(fault, asked, &mut seen.reports, 202, &json!({}))
        }
        _ => respond(404, &json!({"error": "no such verb"})),
    }
}

async fn outputs(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let asked = asked(&headers, &body);
    let mut seen = server.seen();
    let fault = seen.output_faults.pop_front();
    dealt_with(fault, asked, &mut seen.outputs, 204, &Value::Null)
}

fn asked(headers: &HeaderMap, body: &[u8]) -> Asked {
    let token = headers["authorization"].to_str().expect("a text");
    Asked {
        token: token
            .strip_prefix("Bearer ")
            .expect("a bearer token")
            .to_owned(),
        body: serde_json::from_slice(body).expect("JSON"),
    }
}

fn dealt_with(
    fault: Option<Fault>,
    asked: Asked,
    list: &mut Vec<Asked>,
    status: u16,
    answer: &Value,
) -> Response<Body> {
    match fault {
        None => {
            list.push(asked);
            respond(status, answer)
        }
        Some(Fault::LoseAnswer) => {
            list.push(asked);
            let broken =
                futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
            Response::new(Body::from_stream(broken))
        }
        Some(Fault::Unavailable) => {
            let mut response = respond(503, &json!({"error": "starting"}));
            response
                .headers_mut()
                .insert("retry-after", "0".parse().expect("a value"));
            response
        }
        Some(Fault::Refuse(status)) => {
            list.push(asked);
            respond(status, &json!({"error": format!("words about {status}")}))
        }
    }
}

fn respond(status: u16, answer: &Value) -> Response<Body> {
    let body = if answer.is_null() {
        String::new()
    } else {
        answer.to_string()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}
