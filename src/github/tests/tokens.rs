//! Whose tokens are.

use axum::http::StatusCode;
use serde_json::json;

use super::{Stub, bare, json_answer, ok};
use crate::github::{Person, PersonError};

fn alice() -> serde_json::Value {
    json!({"login": "alice", "id": 5, "type": "User", "name": null})
}

#[tokio::test]
async fn a_person_is_known_by_their_token_and_asked_about_once() {
    let stub = Stub::start(|_| ok(&alice())).await;
    let github = stub.github();
    for _ in 0..3 {
        let person = github.whose("github_pat_alices").await;
        let login = "alice".to_owned();
        assert_eq!(person, Ok(Person { id: 5, login }));
    }
    let calls = stub.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].name(), "GET /user");
    assert_eq!(
        calls[0].header("authorization"),
        Some("Bearer github_pat_alices")
    );
    assert_eq!(calls[0].header("x-github-api-version"), Some("2026-03-10"));
}

#[tokio::test]
async fn what_is_no_person_is_refused_and_not_asked_about_again() {
    for (status, body) in [
        (401, json!({"message": "Bad credentials"})),
        (
            403,
            json!({"message": "Resource not accessible by integration"}),
        ),
        (
            200,
            json!({"login": "dependabot[bot]", "id": 6, "type": "Bot"}),
        ),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        let stub = Stub::start(move |_| json_answer(status, &body)).await;
        let github = stub.github();
        for _ in 0..2 {
            let answer = github.whose("a-token").await;
            assert!(
                matches!(answer, Err(PersonError::Refused(_))),
                "{status} {answer:?}"
            );
        }
        assert_eq!(stub.calls().len(), 1, "{status}");
        assert!(github.whose("not a token").await.is_err());
        assert_eq!(
            stub.calls().len(),
            1,
            "{status}: GitHub need not be asked about that"
        );
    }
}

#[tokio::test]
async fn while_github_cannot_say_nothing_is_remembered() {
    for (status, headers) in [
        (500, &[][..]),
        (429, &[("retry-after", "5")]),
        (403, &[("x-ratelimit-remaining", "0")]),
        (302, &[("location", "https://elsewhere.example/user")]),
    ] {
        let stub = Stub::start(move |_| bare(status, headers)).await;
        let github = stub.github();
        for _ in 0..2 {
            assert_eq!(
                github.whose("a-token").await,
                Err(PersonError::Unavailable),
                "{status}"
            );
        }
        assert_eq!(stub.calls().len(), 2, "{status}");
    }
}

#[tokio::test]
async fn whoever_tries_tokens_out_keeps_nobody_away_who_is_known() {
    let stub = Stub::start(|seen| match seen.header("authorization") {
        Some("Bearer alices") => ok(&alice()),
        _ => bare(401, &[]),
    })
    .await;
    let github = stub.github();
    assert!(github.whose("alices").await.is_ok());
    for guess in 0..599 {
        let guessed = github.whose(&format!("guess-{guess}")).await;
        assert!(matches!(guessed, Err(PersonError::Refused(_))), "{guess}");
    }
    assert_eq!(
        github.whose("one-more").await,
        Err(PersonError::Unavailable)
    );
    assert_eq!(stub.calls().len(), 600);
    assert!(github.whose("alices").await.is_ok());
}
