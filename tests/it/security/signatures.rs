//! Deliveries that GitHub did not send, or not now.

use super::{deliver, latest, signature, waiting};
use crate::harness::App;
use crate::harness::repositories::shop;
use crate::pains::proposed;

const SECRET: &str = "a secret of the test";
const BODY: &str = r#"{"ref":"refs/heads/main"}"#;

#[tokio::test]
async fn a_delivery_without_githubs_signature_is_refused_and_leaves_nothing() {
    let app = App::with_shop().await;
    app.settle().await;
    let good = signature(SECRET, BODY);
    let other_body = signature(SECRET, r#"{"ref":"refs/heads/other"}"#);
    let cases: [(&str, Option<String>); 12] = [
        ("none", None),
        ("empty", Some(String::new())),
        ("of another secret", Some(signature("guessed", BODY))),
        ("of an empty secret", Some(signature("", BODY))),
        ("of another body", Some(other_body)),
        ("of nothing", Some(signature(SECRET, ""))),
        ("cut off", Some(good[..good.len() - 2].to_owned())),
        ("too long", Some(format!("{good}00"))),
        ("its last digit changed", Some(altered(&good))),
        ("SHA-1 by name", Some(good.replace("sha256=", "sha1="))),
        ("without its name", Some(good.replace("sha256=", ""))),
        ("twice in one", Some(format!("{good},{good}"))),
    ];
    for (what, signature) in cases {
        let mut headers = vec![("X-GitHub-Event", "push"), ("X-GitHub-Delivery", what)];
        headers.extend(
            signature
                .as_deref()
                .map(|text| ("X-Hub-Signature-256", text)),
        );
        assert_eq!(deliver(&app, &headers, BODY).await, 401, "{what}");
    }
    let only_sha1 = [
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", "sha1"),
        (
            "X-Hub-Signature",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
        ),
    ];
    assert_eq!(deliver(&app, &only_sha1, BODY).await, 401);
    assert_eq!(waiting(&app).await, (0, 0));
    app.finish().await;
}

fn altered(signature: &str) -> String {
    let (begin, last) = signature.split_at(signature.len() - 1);
    format!("{begin}{}", if last == "0" { "1" } else { "0" })
}

#[tokio::test]
async fn of_doubled_headers_no_second_one_makes_a_delivery_good() {
    let app = App::with_shop().await;
    let (good, bad) = (signature(SECRET, BODY), signature("guessed", BODY));
    let event = ("X-GitHub-Event", "push");
    let guid = ("X-GitHub-Delivery", "doubled");
    let name = "X-Hub-Signature-256";
    let headers = [event, guid, (name, bad.as_str()), (name, good.as_str())];
    assert_eq!(deliver(&app, &headers, BODY).await, 401);
    assert_eq!(waiting(&app).await, (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn nobody_outside_sends_our_own_messages() {
    let app = App::with_shop().await;
    let body = r#"{"run":"x","fence":1,"outcome":null}"#;
    let good = signature(SECRET, body);
    for event in [
        "ocuroot.ended",
        "ocuroot.claimed",
        "ocuroot.asked",
        "ocuroot.wake",
    ] {
        let headers = [
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", event),
            ("X-Hub-Signature-256", good.as_str()),
        ];
        assert_eq!(deliver(&app, &headers, body).await, 400, "{event}");
    }
    assert_eq!(waiting(&app).await, (0, 0));
    app.finish().await;
}

/// The signature covers the body, not the GUID: somebody who has seen a delivery can send it under a new one.
#[tokio::test]
async fn a_push_that_is_replayed_under_another_guid_changes_nothing() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    let before = (app.end(), app.github.workflow_runs().len());
    replay(&app, "push").await;
    assert_eq!((app.end(), app.github.workflow_runs().len()), before);
    app.finish().await;
}

#[tokio::test]
async fn a_comment_that_is_replayed_under_another_guid_is_not_heard_again() {
    let app = crate::pains::shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot lock production").await;
    let after_lock = latest(&app, "issue_comment");
    app.say(number, "alice", "/ocuroot unlock production").await;
    let before = app.conversation(number);
    resend(&app, &after_lock.event, &after_lock.body).await;
    assert_eq!(app.conversation(number), before);
    app.say(number, "alice", "/ocuroot where").await;
    assert!(
        !app.last_words(number).contains("locked"),
        "{}",
        app.last_words(number)
    );
    app.finish().await;
}

async fn replay(app: &App, event: &str) {
    let seen = latest(app, event);
    resend(app, &seen.event, &seen.body).await;
}

async fn resend(app: &App, event: &str, body: &str) {
    let good = signature(SECRET, body);
    let headers = [
        ("X-GitHub-Event", event),
        ("X-GitHub-Delivery", "6f1f1c0a-replayed"),
        ("X-Hub-Signature-256", good.as_str()),
    ];
    assert_eq!(deliver(app, &headers, body).await, 202);
    app.settle().await;
}
