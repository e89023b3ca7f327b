use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;

use super::{Stub, TOKEN, api, bare, github_at, json_answer, ok};
use crate::github::GitHubError;
use crate::github::error::refused;

#[tokio::test]
async fn a_write_that_is_answered_with_5xx_is_sent_once_and_may_have_happened() {
    for status in [500, 502, 503, 504] {
        let stub = Stub::with_tokens(move |_| bare(status, &[])).await;
        let result = stub.installation().create_comment(&api(), 5, "hello").await;
        let error = result.expect_err("no answer");
        assert!(matches!(error, GitHubError::Unknown { .. }), "{error}");
        assert!(!error.is_certainly_not_done() && error.is_transient());
        assert_eq!(stub.calls().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_call_nobody_listens_for_was_certainly_not_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    drop(listener);
    let github = github_at(&format!("http://{address}"));
    let error = github.app().await.expect_err("nobody");
    assert!(matches!(error, GitHubError::NotSent { .. }), "{error}");
    assert!(error.is_certainly_not_done() && error.is_transient());
    let installation = github.installation(7);
    let error = installation.create_comment(&api(), 5, "hello").await;
    let error = error.expect_err("nobody");
    assert!(matches!(error, GitHubError::NotSent { .. }), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_while_answering_leaves_the_outcome_open() {
    let stub = Stub::with_tokens(|_| {
        let chunks = [Ok("{\"id\":"), Err(std::io::Error::other("gone"))];
        Response::new(Body::from_stream(stream::iter(chunks)))
    })
    .await;
    let result = stub.installation().create_comment(&api(), 5, "hello").await;
    let error = result.expect_err("half an answer");
    assert!(matches!(error, GitHubError::Unknown { .. }), "{error}");
    assert_eq!(stub.calls().len(), 1);
}

#[tokio::test]
async fn a_connection_that_closes_without_an_answer_leaves_the_outcome_open() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut bytes = [0_u8; 1024];
        let _ = tokio::io::AsyncReadExt::read(&mut connection, &mut bytes).await;
    });
    let github = github_at(&format!("http://{address}"));
    let error = github.redeliver(3).await.expect_err("no answer");
    assert!(matches!(error, GitHubError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn without_a_token_the_call_itself_is_certainly_not_done() {
    let cases = [
        (
            502,
            "GitHub could not be reached: no token for installation 7",
        ),
        (404, "the App is not installed any more (installation 7)"),
        (403, "not permitted: This installation has been suspended"),
        (429, "rate limit is used up"),
    ];
    for (status, expected) in cases {
        let stub = Stub::start(move |_| {
            let body = json!({"message": "This installation has been suspended"});
            json_answer(StatusCode::from_u16(status).expect("a status"), &body)
        })
        .await;
        let result = stub.installation().create_comment(&api(), 5, "hello").await;
        let error = result.expect_err("no token");
        assert!(error.is_certainly_not_done(), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(stub.calls().len(), 0);
    }
}

#[tokio::test]
async fn an_answer_in_another_form_counts_as_done() {
    let stub = Stub::with_tokens(|_| ok(&json!({"id": "nine"}))).await;
    let result = stub.installation().create_comment(&api(), 5, "hello").await;
    let error = result.expect_err("unreadable");
    assert!(matches!(error, GitHubError::Unreadable { .. }), "{error}");
    assert!(!error.is_certainly_not_done() && !error.is_transient());
}

#[tokio::test]
async fn no_error_shows_a_token() {
    for status in [400, 401, 403, 404, 409, 422, 429, 500] {
        let stub = Stub::with_tokens(move |_| bare(status, &[])).await;
        let result = stub.installation().create_comment(&api(), 5, "hello").await;
        let error = result.expect_err("refused");
        assert!(!format!("{error} {error:?}").contains(TOKEN));
    }
}

fn classify(status: u16, headers: &[(&'static str, &str)], message: &str) -> GitHubError {
    let status = StatusCode::from_u16(status).expect("a status");
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            let value = value.parse().expect("a header value");
            (HeaderName::from_static(name), value)
        })
        .collect();
    let body = json!({"message": message}).to_string();
    refused("GET /x", status, &headers, body.as_bytes())
}

#[test]
fn each_of_githubs_ways_to_ask_for_patience_is_understood() {
    let wait = |error: GitHubError| {
        assert!(
            error.is_certainly_not_done() && error.is_transient(),
            "{error}"
        );
        error.retry_after_seconds().expect("a rate limit")
    };
    assert_eq!(wait(classify(429, &[("retry-after", "17")], "")), 17);
    assert_eq!(wait(classify(403, &[("retry-after", "17")], "")), 17);
    assert_eq!(wait(classify(429, &[], "")), 60);
    let message = "You have exceeded a secondary rate limit.";
    assert_eq!(wait(classify(403, &[], message)), 60);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let headers = |reset: String| {
        let headers = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", reset.as_str()),
        ];
        wait(classify(403, &headers, "API rate limit exceeded"))
    };
    let seconds = headers((now + 100).to_string());
    assert!((95..=101).contains(&seconds), "{seconds}");
    assert_eq!(headers(String::from("1")), 1, "a window that has ended");
}

#[test]
fn a_missing_permission_is_named() {
    let headers = [
        ("x-accepted-github-permissions", "checks=write"),
        ("x-ratelimit-remaining", "4000"),
    ];
    let error = classify(403, &headers, "Resource not accessible by integration");
    assert!(error.is_certainly_not_done() && !error.is_transient());
    let expected = "GET /x: not permitted: Resource not accessible by integration \
                    (the App needs the permission checks=write)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_refusal_repeats_githubs_words_in_short() {
    let body = json!({
        "message": "Validation Failed",
        "errors": [{"resource": "CheckRun", "code": "invalid", "field": "head_sha"}],
    });
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let body = body.to_string();
    let error = refused("POST /x", status, &HeaderMap::new(), body.as_bytes());
    let expected = "POST /x: refused with status 422: Validation Failed; \
                    [{\"code\":\"invalid\",\"field\":\"head_sha\",\"resource\":\"CheckRun\"}]";
    assert_eq!(error.to_string(), expected);
    let long = classify(422, &[], &"\u{e4}".repeat(1000)).to_string();
    assert!(long.ends_with("ä…") && long.len() < 600);
    let html = refused("POST /x", status, &HeaderMap::new(), b"<html>");
    let expected = "POST /x: refused with status 422: Unprocessable Entity";
    assert_eq!(html.to_string(), expected);
}
