use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use tower::ServiceExt;

use super::{Appended, BODY_LIMIT, DeliveryLog, IncomingDelivery, Intake, LogError, routes};
use crate::webhook::Secrets;

const BODY: &[u8] =
    br#"{"action":"created","installation":{"id":7},"repository":{"id":11,"name":"api"}}"#;

/// Remembers what it was given and answers as it was told.
#[derive(Clone)]
struct Log {
    answer: Result<Appended, LogError>,
    deliveries: Arc<Mutex<Vec<IncomingDelivery>>>,
}

impl Log {
    fn that(answer: Result<Appended, LogError>) -> Log {
        let deliveries = Arc::default();
        Log { answer, deliveries }
    }

    fn deliveries(&self) -> Vec<IncomingDelivery> {
        self.deliveries.lock().expect("no test panicked").clone()
    }
}

impl DeliveryLog for Log {
    async fn append(&self, delivery: IncomingDelivery) -> Result<Appended, LogError> {
        let mut deliveries = self.deliveries.lock().expect("no test panicked");
        deliveries.push(delivery);
        self.answer
    }
}

fn sign(body: &[u8]) -> String {
    let mut code = Hmac::<sha2::Sha256>::new_from_slice(b"secret").expect("any length");
    code.update(body);
    format!("sha256={}", hex::encode(code.finalize().into_bytes()))
}

fn request(body: impl Into<Bytes>) -> Request<Body> {
    let body = body.into();
    Request::post("/webhooks/github")
        .header("Content-Type", "application/json")
        .header("X-GitHub-Event", "issue_comment")
        .header("X-GitHub-Delivery", "0b989ba4-242f-11e5-81e1-c7b6966d2516")
        .header("X-Hub-Signature-256", sign(&body))
        .body(Body::from(body))
        .expect("a request")
}

fn without(mut request: Request<Body>, header: &str) -> Request<Body> {
    request.headers_mut().remove(header);
    request
}

fn with(mut request: Request<Body>, header: &'static str, value: &str) -> Request<Body> {
    let value = value.parse().expect("a header value");
    request.headers_mut().insert(header, value);
    request
}

async fn post(log: &Log, request: Request<Body>) -> (StatusCode, Option<String>, String) {
    let secrets = Secrets::new(["secret"]).expect("a secret");
    let log = log.clone();
    let response = routes(Intake { secrets, log })
        .oneshot(request)
        .await
        .expect("a router always answers");
    let retry = response
        .headers()
        .get("Retry-After")
        .map(|value| value.to_str().expect("a number").to_owned());
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 4096)
        .await
        .expect("a short body");
    (status, retry, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_signed_delivery_is_recorded_with_the_facts_it_is_sorted_by() {
    let log = Log::that(Ok(Appended::New));
    let (status, _, _) = post(&log, request(BODY)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let deliveries = log.deliveries();
    let [delivery] = &deliveries[..] else {
        panic!("one delivery, not {}", deliveries.len())
    };
    assert_eq!(delivery.id.as_str(), "0b989ba4-242f-11e5-81e1-c7b6966d2516");
    assert_eq!(delivery.event, "issue_comment");
    assert_eq!(delivery.action.as_deref(), Some("created"));
    assert_eq!(delivery.installation_id, Some(7));
    assert_eq!(delivery.repository_id, Some(11));
    assert_eq!(delivery.body, BODY);
}

#[tokio::test]
async fn a_redelivery_is_accepted_too() {
    let (status, _, _) = post(&Log::that(Ok(Appended::Duplicate)), request(BODY)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_recorded_is_not_acknowledged() {
    for error in [LogError::Full, LogError::Unavailable] {
        let (status, retry, text) = post(&Log::that(Err(error)), request(BODY)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(retry.as_deref(), Some("30"));
        assert_eq!(text, error.to_string());
    }
}

#[tokio::test]
async fn whatever_a_client_gets_wrong_is_its_error_and_nothing_is_recorded() {
    let log = Log::that(Ok(Appended::New));
    let cases = [
        (without(request(BODY), "X-Hub-Signature-256"), 401),
        (with(request(BODY), "X-Hub-Signature-256", "sha256=00"), 401),
        (
            with(request(BODY), "X-Hub-Signature-256", &sign(b"{}")),
            401,
        ),
        (without(request(BODY), "X-GitHub-Event"), 400),
        (without(request(BODY), "X-GitHub-Delivery"), 400),
        (with(request(BODY), "X-GitHub-Delivery", ""), 400),
        (
            with(request(BODY), "X-GitHub-Delivery", &"x".repeat(129)),
            400,
        ),
        (with(request(BODY), "X-GitHub-Event", "p\u{fc}sh"), 400),
        (with(request(BODY), "X-GitHub-Event", "ocuroot.ended"), 400),
        (request(&b"{\"action\":"[..]), 400),
        (request(&b"[1]"[..]), 400),
        (request(&b""[..]), 400),
        (request(&b"{\"a\":\xff}"[..]), 400),
        (
            with(
                request(&b"payload=%7B%7D"[..]),
                "Content-Type",
                "application/x-www-form-urlencoded",
            ),
            415,
        ),
        (request(vec![b' '; BODY_LIMIT + 1]), 413),
    ];
    for (number, (request, expected)) in cases.into_iter().enumerate() {
        let (status, _, text) = post(&log, request).await;
        assert_eq!(status.as_u16(), expected, "case {number}: {text}");
        assert!(
            !text.is_empty() && text.len() < 160,
            "case {number}: {text}"
        );
    }
    assert_eq!(log.deliveries(), []);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_accepted() {
    let log = Log::that(Ok(Appended::New));
    let mut body = b"{}".to_vec();
    body.resize(BODY_LIMIT, b' ');
    assert_eq!(post(&log, request(body)).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_surprising_type_of_an_optional_field_does_not_lose_the_delivery() {
    let log = Log::that(Ok(Appended::New));
    let body =
        br#" {"action":3,"installation":{"id":7},"repository":"api","repository":{"id":"11"}}"#;
    let (status, _, _) = post(&log, request(&body[..])).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let delivery = log.deliveries().remove(0);
    assert_eq!(delivery.action, None);
    assert_eq!(delivery.installation_id, Some(7));
    assert_eq!(delivery.repository_id, None);
}
