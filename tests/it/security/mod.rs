//! What somebody who means harm would try, by where they would try it. `docs/security.md` is the map: it names the tests
//! of each promise, those elsewhere among them.

mod bodies;
mod configs;
mod identity;
mod pages;
mod promises;
mod secrets;
mod signatures;
mod words;

use hmac::{Hmac, KeyInit, Mac};
use ocuroot::simulator::DeliveryRecord;
use sha2::Sha256;

use crate::harness::App;

/// The value of `X-Hub-Signature-256`.
fn signature(secret: &str, body: &str) -> String {
    let mut code = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    code.update(body.as_bytes());
    format!("sha256={}", hex::encode(code.finalize().into_bytes()))
}

/// Sends headers and a body to where webhooks go, and answers the status.
async fn deliver(app: &App, headers: &[(&str, &str)], body: &str) -> u16 {
    let url = format!("{}/webhooks/github", app.url);
    let mut request = reqwest::Client::new().post(url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

/// The latest delivery of an event that GitHub has sent.
fn latest(app: &App, event: &str) -> DeliveryRecord {
    let sent = app.github.deliveries().into_iter().rev();
    let mut of_event = sent.filter(|record| record.event == event);
    of_event.next().expect("such a delivery")
}

/// What is in the inbox and the outbox, however it stands.
async fn waiting(app: &App) -> (i64, i64) {
    let store = &app.worker.store;
    let (deliveries, _) = store.pending_deliveries().await.expect("the inbox");
    let (effects, _, _) = store.pending_effects().await.expect("the outbox");
    (deliveries, effects)
}
