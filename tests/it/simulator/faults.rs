//! What goes wrong when it is told to.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use ocuroot::simulator::{DeliveryFault, RequestFault};
use reqwest::Method;
use serde_json::json;

use super::client::{REPOSITORY, World};
use super::receiver::Receiver;

#[tokio::test]
async fn deliveries_vanish_fail_double_wait_and_change_their_order() {
    let world = World::new().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let github = &world.simulator;
    github.set_webhook_url(&receiver.url);
    github.faults().discard_pending_deliveries();
    let number = github
        .open_issue(REPOSITORY, "An idea", "alice")
        .expect("an issue");
    let say = |text: &str| {
        github
            .comment(REPOSITORY, number, "alice", text)
            .map(drop)
            .expect("a comment")
    };
    let faults = github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    faults.deliveries(Some("issue_comment"), 1, DeliveryFault::Vanish);
    faults.deliveries(None, 1, DeliveryFault::Duplicate);
    faults.deliveries(None, 1, DeliveryFault::Hold);
    faults.deliveries(None, 1, DeliveryFault::Fail);
    ["vanishes", "doubles", "waits", "fails", "arrives"]
        .into_iter()
        .for_each(say);
    faults.reverse_pending_deliveries();
    let sent = github.deliver_all().await;
    faults.release_held_deliveries();
    github.deliver_all().await;
    let texts: Vec<String> = receiver
        .received()
        .iter()
        .map(|received| {
            received.payload()["comment"]["body"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(texts, ["arrives", "doubles", "doubles", "waits"]);
    let guids: BTreeSet<String> = receiver
        .received()
        .iter()
        .map(|received| received.header("x-github-delivery").to_owned())
        .collect();
    assert_eq!(guids.len(), 3, "a double has the same GUID");

    let failed = sent
        .iter()
        .find(|record| !record.is_ok())
        .expect("one failed");
    assert_eq!(
        (failed.status.as_str(), failed.status_code),
        ("failed to connect to host", 0)
    );
    assert!(github.redeliver(&failed.guid));
    github.deliver_all().await;
    assert_eq!(
        receiver.received().last().expect("it arrived").payload()["comment"]["body"],
        "fails"
    );
}

#[tokio::test]
async fn requests_are_refused_without_being_carried_out() {
    let world = World::new().await;
    let number = world
        .simulator
        .open_issue(REPOSITORY, "An idea", "alice")
        .expect("an issue");
    let path = format!("/repos/{REPOSITORY}/issues/{number}/comments");
    let faults = world.simulator.faults();
    let cases = [
        (RequestFault::ServerError, 500),
        (RequestFault::BadGateway, 502),
        (RequestFault::SecondaryLimit(7), 403),
        (RequestFault::TooManyRequests(7), 429),
        (RequestFault::NotFound, 404),
        (RequestFault::Unauthorized, 401),
    ];
    for (fault, _) in cases {
        faults.requests("POST", "/repos/*/comments", 1, fault);
    }
    for (_, status) in cases {
        let answer = world.post(&path, json!({"body": "hello"})).await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("retry-after"),
            if matches!(status, 403 | 429) { "7" } else { "" }
        );
    }
    assert!(world.simulator.comments(REPOSITORY, number).is_empty());
    assert_eq!(
        world.post(&path, json!({"body": "hello"})).await.status,
        201
    );
    world.assert_clean();
}

#[tokio::test]
async fn an_answer_gets_lost_after_the_deed_and_a_reset_prevents_it() {
    let world = World::new().await;
    let number = world
        .simulator
        .open_issue(REPOSITORY, "An idea", "alice")
        .expect("an issue");
    let token = world.token().await;
    let url = format!(
        "{}/repos/{REPOSITORY}/issues/{number}/comments",
        world.simulator.url()
    );
    let post = async || {
        let request = world
            .http
            .request(Method::POST, &url)
            .bearer_auth(&token)
            .json(&json!({"body": "hello"}));
        request
            .header("x-github-api-version", world.version)
            .send()
            .await
    };
    world
        .simulator
        .faults()
        .requests("POST", "*/comments", 1, RequestFault::LoseAnswer);
    world
        .simulator
        .faults()
        .requests("POST", "*/comments", 1, RequestFault::Reset);
    assert!(post().await.is_err());
    assert_eq!(world.simulator.comments(REPOSITORY, number).len(), 1);
    assert!(post().await.is_err());
    assert_eq!(world.simulator.comments(REPOSITORY, number).len(), 1);
    assert_eq!(post().await.expect("an answer").status(), 201);
    assert_eq!(
        world
            .simulator
            .requests()
            .iter()
            .filter(|request| request.path.ends_with("/comments"))
            .count(),
        3
    );
}
