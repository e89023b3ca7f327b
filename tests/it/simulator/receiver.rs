//! A webhook endpoint that keeps what it gets.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::task::JoinHandle;

/// A delivery as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn payload(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a delivery is JSON")
    }
}

/// A server on the loopback interface.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Answers every delivery with this status.
    pub(crate) async fn start(status: StatusCode) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let keep = move |State(received): State<Arc<Mutex<Vec<Received>>>>,
                         headers: HeaderMap,
                         body: Bytes| async move {
            received
                .lock()
                .expect("not poisoned")
                .push(Received { headers, body });
            status
        };
        let router = Router::new()
            .route("/hook", post(keep))
            .with_state(received.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let task =
            tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self {
            url,
            received,
            task,
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("not poisoned").clone()
    }

    /// `event.action` of everything that arrived.
    pub(crate) fn events(&self) -> Vec<String> {
        let name = |received: &Received| match received.payload()["action"].as_str() {
            Some(action) => format!("{}.{action}", received.header("x-github-event")),
            None => received.header("x-github-event").to_owned(),
        };
        self.received().iter().map(name).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
