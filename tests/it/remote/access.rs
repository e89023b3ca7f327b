//! Who may ask at all.

use std::time::Duration;

use ocuroot::api::people_routes;
use ocuroot::server::{Limits, guarded};
use ocuroot::simulator::RequestFault;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::checkout::Checkout;
use crate::harness::repositories::shop;
use crate::harness::{App, succeed};

const HOUR: i64 = 3600;
const STATE: &str = "/state?ref=@/environment/staging";

/// A question about `acme/shop`, or about another repository.
async fn ask(app: &App, repository: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let url = format!("{}/api/v1/repositories/{repository}{path}", app.url);
    let request = reqwest::Client::new().get(url);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    (status, json["error"].as_str().unwrap_or(&text).to_owned())
}

async fn released() -> App {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    app
}

#[tokio::test]
async fn nobody_is_let_in_without_a_token_of_a_person() {
    let app = released().await;
    let expired = app.github.user_token("alice", 0);
    let mut said = Vec::new();
    for token in [
        None,
        Some("github_pat_wrong"),
        Some(expired.as_str()),
        Some("a b"),
    ] {
        let (status, words) = ask(&app, "acme/shop", STATE, token).await;
        assert_eq!(status, 401, "{token:?} {words}");
        said.push(words);
    }
    insta::assert_snapshot!(said.join("\n"), @"
    send `Authorization: Bearer <token>`
    GitHub does not know the token: it is wrong, has expired or was revoked
    GitHub does not know the token: it is wrong, has expired or was revoked
    the token is none of GitHub's
    ");
    let job = app.github.installation_id("acme/shop").unwrap();
    assert!(job > 0);
    let good = app.github.user_token("alice", HOUR);
    assert_eq!(ask(&app, "acme/shop", STATE, Some(&good)).await.0, 200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_read_a_repository_does_not_learn_that_it_is_there() {
    let app = released().await;
    let stranger = app.github.user_token("mallory", HOUR);
    let there = ask(&app, "acme/shop", STATE, Some(&stranger)).await;
    let nowhere = ask(&app, "acme/none", STATE, Some(&stranger)).await;
    assert_eq!(there, nowhere);
    assert_eq!(there.0, 404);
    for path in [
        "",
        "/match?glob=**",
        "/diff",
        "/impact?ref=@/environment/staging",
        "/work",
        "/deployments",
        "/release?ref=github.com/acme/shop/-/api/release.ocu.star/@",
        "/logs?run=github.com/acme/shop/-/api/release.ocu.star/@r1/task/build/1",
        "/commands/abc",
    ] {
        assert_eq!(
            ask(&app, "acme/shop", path, Some(&stranger)).await.0,
            404,
            "{path}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn another_repository_of_the_workspace_is_shown_to_its_own_readers_only() {
    let app = released().await;
    app.github.create_repository("acme/secret", true).unwrap();
    app.github
        .set_permission("acme/secret", "bob", "read")
        .unwrap();
    app.github
        .set_permission("acme/shop", "bob", "read")
        .unwrap();
    let secret: Vec<_> = shop();
    app.github
        .push("acme/secret", "main", &secret, "Begin", "bob")
        .unwrap();
    app.play(succeed).await;
    let reference = "/state?ref=github.com/acme/secret/-/api/release.ocu.star/@";
    let all = "/match?glob=**/@/task/build";
    let (alice, bob) = (
        app.github.user_token("alice", HOUR),
        app.github.user_token("bob", HOUR),
    );
    assert_eq!(ask(&app, "acme/shop", reference, Some(&alice)).await.0, 404);
    assert_eq!(ask(&app, "acme/shop", reference, Some(&bob)).await.0, 200);
    let (_, seen) = ask(&app, "acme/shop", all, Some(&alice)).await;
    assert!(
        seen.contains("acme/shop") && !seen.contains("secret"),
        "{seen}"
    );
    let (_, seen) = ask(&app, "acme/shop", all, Some(&bob)).await;
    assert!(
        seen.contains("acme/shop") && seen.contains("secret"),
        "{seen}"
    );
    app.settle().await;
}

#[tokio::test]
async fn nobody_is_let_in_on_a_guess_while_github_cannot_say() {
    let app = released().await;
    let token = app.github.user_token("alice", HOUR);
    let faults = app.github.faults();
    for path in ["/user", "*/alice/permission"] {
        faults.requests("GET", path, 1, RequestFault::ServerError);
        assert_eq!(ask(&app, "acme/shop", STATE, Some(&token)).await.0, 503);
    }
    assert_eq!(ask(&app, "acme/shop", STATE, Some(&token)).await.0, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_name_that_another_repository_has_now_opens_nothing_of_the_old_one() {
    let app = released().await;
    app.github
        .rename_repository("acme/shop", "old", "alice")
        .unwrap();
    app.github.faults().discard_pending_deliveries();
    app.github
        .create_repository_without_app("acme/shop", false)
        .unwrap();
    app.github
        .set_permission("acme/shop", "mallory", "admin")
        .unwrap();
    let mallory = app.github.user_token("mallory", HOUR);
    assert_eq!(ask(&app, "acme/shop", STATE, Some(&mallory)).await.0, 404);
}

#[tokio::test]
async fn who_sends_too_slowly_is_not_waited_for() {
    let app = released().await;
    let limits = Limits {
        body_time: Duration::from_millis(50),
        ..Limits::PEOPLE
    };
    let router = guarded(people_routes(app.worker.clone()), limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    let token = app.github.user_token("alice", HOUR);
    let head = format!(
        "POST /api/v1/repositories/acme/shop/commands HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\
         Authorization: Bearer {token}\r\nIdempotency-Key: k\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    app.finish().await;
}

#[tokio::test]
async fn github_is_asked_once_a_minute_whose_a_token_is() {
    let app = released().await;
    let token = app.github.user_token("alice", HOUR);
    for _ in 0..5 {
        assert_eq!(ask(&app, "acme/shop", "", Some(&token)).await.0, 200);
    }
    let asked = app.github.requests();
    let count = |path: &str| {
        asked
            .iter()
            .filter(|request| request.path.ends_with(path))
            .count()
    };
    assert_eq!((count("/user"), count("/alice/permission")), (1, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_https_or_this_machine_only_and_is_not_shown() {
    let app = released().await;
    let mut checkout = Checkout::of(&app, "alice").await;
    let mut plain = checkout.command(&["state", "diff", "--server", "http://ocuroot.example"]);
    let said = checkout.said(&plain.output().unwrap());
    insta::assert_snapshot!(said.fails().errors, @"error: the server address `http://ocuroot.example` must start with https:// (http:// only for this machine itself)");
    checkout.token = "github_pat_nobodys".to_owned();
    let said = checkout.run(&app, &["state", "diff"]).await.fails();
    assert!(!said.errors.contains("nobodys"));
    insta::assert_snapshot!(said.errors, @"error: https://ocuroot.example: GitHub does not know the token: it is wrong, has expired or was revoked");
    checkout.token = String::new();
    let said = checkout.run(&app, &["state", "diff"]).await.fails();
    insta::assert_snapshot!(said.errors, @"error: the server wants to know who you are: set OCUROOT_TOKEN to a GitHub token of yours (a fine-grained one without any permission will do), or sign in with `gh auth login`");
    app.finish().await;
}
