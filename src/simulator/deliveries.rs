//! Webhook deliveries: queued by the state, signed and sent from here, and logged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use serde_json::Value;
use tokio::sync::Notify;

use super::faults::{DeliveryFault, Faults};
use super::shared::Shared;

/// GitHub waits no longer than this for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A delivery that was not sent yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) guid: String,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) installation_id: Option<u64>,
    pub(crate) repository_id: Option<u64>,
    pub(crate) body: Arc<str>,
    pub(crate) redelivery: bool,
}

/// One attempt to deliver.
#[derive(Clone, Debug)]
pub struct DeliveryRecord {
    /// Of this attempt.
    pub id: u64,
    /// Of the delivery: a redelivery has the same.
    pub guid: String,
    /// `push`, `check_run` …
    pub event: String,
    /// `created`, `completed` …
    pub action: Option<String>,
    /// The installation it belongs to.
    pub installation_id: Option<u64>,
    /// The repository it belongs to.
    pub repository_id: Option<u64>,
    /// Whether it was asked for again.
    pub redelivery: bool,
    /// Seconds since 1970.
    pub delivered_at: i64,
    /// Seconds it took.
    pub duration: f64,
    /// `OK`, or what went wrong.
    pub status: String,
    /// The receiver's status; 0 when it gave none.
    pub status_code: u16,
    /// The headers that were sent.
    pub request_headers: Vec<(String, String)>,
    /// The exact body that was sent.
    pub body: Arc<str>,
    /// What the receiver answered.
    pub response_body: String,
}

impl DeliveryRecord {
    /// The body as JSON.
    pub fn payload(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Whether the receiver took it.
    pub fn is_ok(&self) -> bool {
        self.status == "OK"
    }
}

/// Where deliveries go, what waits, what was sent.
pub(crate) struct Deliveries {
    pub(crate) hook_id: u64,
    pub(crate) url: Option<String>,
    pub(crate) secret: String,
    pub(crate) pending: VecDeque<Queued>,
    pub(crate) held: Vec<Queued>,
    pub(crate) log: Vec<DeliveryRecord>,
    pub(crate) wake: Arc<Notify>,
}

/// A pending delivery and whether it is to get lost on the way.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) pending: Pending,
    fails: bool,
}

impl Deliveries {
    pub(crate) fn new(hook_id: u64, url: Option<String>, secret: String) -> Self {
        Self {
            hook_id,
            url,
            secret,
            pending: VecDeque::new(),
            held: Vec::new(),
            log: Vec::new(),
            wake: Arc::new(Notify::new()),
        }
    }

    /// Queues a delivery, unless a fault has other plans for it.
    pub(crate) fn push(&mut self, pending: Pending, faults: &mut Faults) {
        let queued = Queued {
            pending,
            fails: false,
        };
        match faults.next_delivery_fault(&queued.pending.event) {
            None => self.pending.push_back(queued),
            Some(DeliveryFault::Vanish) => {}
            Some(DeliveryFault::Fail) => self.pending.push_back(Queued {
                fails: true,
                ..queued
            }),
            Some(DeliveryFault::Duplicate) => self.pending.extend([queued.clone(), queued]),
            Some(DeliveryFault::Hold) => self.held.push(queued),
        }
        self.wake.notify_one();
    }

    /// Queues a logged delivery again, under the same GUID.
    pub(crate) fn redeliver(&mut self, record: DeliveryRecord) {
        let pending = Pending {
            guid: record.guid,
            event: record.event,
            action: record.action,
            installation_id: record.installation_id,
            repository_id: record.repository_id,
            body: record.body,
            redelivery: true,
        };
        self.pending.push_back(Queued {
            pending,
            fails: false,
        });
        self.wake.notify_one();
    }
}

/// What a delivery attempt brought back: the status line of the log, the status code, the answer.
type Outcome = (String, u16, String);

impl Shared {
    /// Sends the oldest pending delivery.
    pub(crate) async fn deliver_next(&self) -> Option<DeliveryRecord> {
        let (queued, url, headers) = {
            let mut world = self.lock();
            let queued = world.deliveries.pending.pop_front()?;
            let headers = headers(&world.deliveries, world.app.id, &queued.pending);
            (queued, world.deliveries.url.clone(), headers)
        };
        let started = Instant::now();
        let (status, status_code, response_body) = match url {
            _ if queued.fails => ("failed to connect to host".to_owned(), 0, String::new()),
            None => ("no webhook URL is set".to_owned(), 0, String::new()),
            Some(url) => self.post(&url, &headers, &queued.pending.body).await,
        };
        let duration = started.elapsed().as_secs_f64();
        let mut world = self.lock();
        let pending = queued.pending;
        let record = DeliveryRecord {
            id: world.ids.next("delivery"),
            guid: pending.guid,
            event: pending.event,
            action: pending.action,
            installation_id: pending.installation_id,
            repository_id: pending.repository_id,
            redelivery: pending.redelivery,
            delivered_at: world.now(),
            duration,
            status,
            status_code,
            request_headers: headers,
            body: pending.body,
            response_body,
        };
        world.deliveries.log.push(record.clone());
        Some(record)
    }

    async fn post(&self, url: &str, headers: &[(String, String)], body: &str) -> Outcome {
        let mut request = self.client.post(url).timeout(TIMEOUT).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => {
                let code = response.status();
                let status = if code.is_success() {
                    "OK".to_owned()
                } else {
                    format!("Invalid HTTP Response: {}", code.as_u16())
                };
                (
                    status,
                    code.as_u16(),
                    response.text().await.unwrap_or_default(),
                )
            }
            Err(error) if error.is_timeout() => ("timed out".to_owned(), 0, String::new()),
            Err(_) => ("failed to connect to host".to_owned(), 0, String::new()),
        }
    }

    /// Sends deliveries as they come, until the simulator is gone.
    pub(crate) async fn deliver_at_once(self: Arc<Self>) {
        let wake = self.lock().deliveries.wake.clone();
        loop {
            while self.deliver_next().await.is_some() {}
            wake.notified().await;
        }
    }
}

fn headers(deliveries: &Deliveries, app: u64, pending: &Pending) -> Vec<(String, String)> {
    let sign = |algorithm, name: &str| {
        let key = hmac::Key::new(algorithm, deliveries.secret.as_bytes());
        format!(
            "{name}={}",
            hex::encode(hmac::sign(&key, pending.body.as_bytes()))
        )
    };
    let pairs = [
        ("Accept", "*/*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/51a7e0a".to_owned()),
        ("X-GitHub-Delivery", pending.guid.clone()),
        ("X-GitHub-Event", pending.event.clone()),
        ("X-GitHub-Hook-ID", deliveries.hook_id.to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", app.to_string()),
        (
            "X-GitHub-Hook-Installation-Target-Type",
            "integration".to_owned(),
        ),
        (
            "X-Hub-Signature",
            sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "sha1"),
        ),
        ("X-Hub-Signature-256", sign(hmac::HMAC_SHA256, "sha256")),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
