//! Webhooks: signed, subscribed, logged, redelivered.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use ocuroot::simulator::{Delivery, NewPullRequest, Options};
use reqwest::Method;
use sha2::Sha256;

use super::client::{MANIFEST, REPOSITORY, World};
use super::receiver::Receiver;

/// What a receiver computes.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[test]
fn the_signature_is_that_of_githubs_test_vector() {
    let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(
        signature("It's a Secret to Everybody", b"Hello, World!"),
        expected
    );
}

#[tokio::test]
async fn a_push_is_delivered_signed_and_in_full() {
    let world =
        World::with(|options| options.webhook_secret = "It's a Secret to Everybody".to_owned())
            .await;
    let receiver = Receiver::start(StatusCode::ACCEPTED).await;
    world.simulator.set_webhook_url(&receiver.url);
    let records = world.simulator.deliver_all().await;
    assert!(records.iter().all(|record| record.is_ok()), "{records:?}");
    assert_eq!(
        receiver.events(),
        ["installation.created", "push", "check_suite.requested"]
    );

    let push = receiver.received().remove(1);
    assert_eq!(
        push.header("x-hub-signature-256"),
        signature("It's a Secret to Everybody", &push.body)
    );
    assert_eq!(push.header("content-type"), "application/json");
    assert_eq!(
        push.header("x-github-hook-installation-target-type"),
        "integration"
    );
    assert_eq!(
        push.header("x-github-hook-installation-target-id"),
        world.simulator.app().app_id.to_string()
    );
    assert!(push.header("user-agent").starts_with("GitHub-Hookshot/"));
    assert_eq!(push.header("x-github-delivery").len(), 36);

    let payload = push.payload();
    assert_eq!(payload["ref"], "refs/heads/main");
    assert_eq!(payload["after"], world.tip());
    assert_eq!(payload["created"], true);
    assert_eq!(
        payload["commits"][0]["added"][0],
        ".github/workflows/ocuroot.yml"
    );
    assert_eq!(
        payload["installation"]["id"],
        world
            .simulator
            .installation_id(REPOSITORY)
            .expect("installed")
    );
    assert_eq!(payload["repository"]["full_name"], REPOSITORY);
    assert_eq!(payload["repository"]["owner"]["type"], "Organization");
    assert_eq!(payload["sender"]["login"], "alice");
    world.assert_clean();
}

#[tokio::test]
async fn only_subscribed_events_of_installed_repositories_are_delivered() {
    let world =
        World::with(|options| options.manifest = MANIFEST.replace("  - issue_comment\n", "")).await;
    world.simulator.faults().discard_pending_deliveries();
    let number = world
        .simulator
        .open_issue(REPOSITORY, "An idea", "alice")
        .expect("an issue");
    world
        .simulator
        .comment(REPOSITORY, number, "alice", "not heard")
        .expect("a comment");
    world
        .simulator
        .create_repository_without_app("other/place", false)
        .expect("a repository");
    world
        .simulator
        .push("other/place", "main", &[("a", Some("a"))], "A", "bob")
        .expect("a push");
    assert_eq!(world.simulator.pending_deliveries(), 0);
}

#[tokio::test]
async fn a_manifest_that_github_refuses_does_not_start() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = |manifest: String| {
        ocuroot::simulator::Simulator::start(Options::new(directory.path(), manifest))
    };
    let error = start(MANIFEST.replace("  issues: read\n", ""))
        .await
        .err()
        .expect("refused");
    assert!(
        error
            .to_string()
            .contains("Default events are not supported by permissions: issue_comment"),
        "{error}"
    );
    let error = start(MANIFEST.replace("  - push", "  - installation"))
        .await
        .err()
        .expect("refused");
    assert!(error.to_string().contains("always sent"), "{error}");
}

#[tokio::test]
async fn a_redelivery_keeps_its_guid_and_both_attempts_are_in_the_log() {
    let world = World::new().await;
    let broken = Receiver::start(StatusCode::INTERNAL_SERVER_ERROR).await;
    world.simulator.set_webhook_url(&broken.url);
    let failed = world.simulator.deliver_next().await.expect("a delivery");
    assert_eq!(
        (failed.status.as_str(), failed.status_code),
        ("Invalid HTTP Response: 500", 500)
    );

    let listed = world
        .as_app(Method::GET, "/app/hook/deliveries?status=failure", None)
        .await;
    assert_eq!(listed.body[0]["guid"], failed.guid);
    let receiver = Receiver::start(StatusCode::OK).await;
    world.simulator.set_webhook_url(&receiver.url);
    let path = format!("/app/hook/deliveries/{}/attempts", failed.id);
    assert_eq!(world.as_app(Method::POST, &path, None).await.status, 202);
    world.simulator.deliver_all().await;

    let arrived = receiver.received();
    assert_eq!(
        arrived
            .last()
            .expect("it arrived")
            .header("x-github-delivery"),
        failed.guid
    );
    assert_eq!(
        arrived.last().expect("it arrived").body,
        failed.body.as_bytes()
    );
    let attempts: Vec<bool> = world
        .simulator
        .deliveries()
        .into_iter()
        .filter(|record| record.guid == failed.guid)
        .map(|record| record.redelivery)
        .collect();
    assert_eq!(attempts, [false, true]);
    world.assert_clean();
}

#[tokio::test]
async fn the_log_is_paged_with_a_cursor() {
    let world = World::new().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    world.simulator.set_webhook_url(&receiver.url);
    let sent = world.simulator.deliver_all().await;
    let first = world
        .as_app(Method::GET, "/app/hook/deliveries?per_page=2", None)
        .await;
    assert_eq!(first.body.as_array().map(Vec::len), Some(2));
    assert_eq!(first.body[0]["id"], sent.last().expect("sent").id);
    let link = first.header("link").to_owned();
    let next = link
        .trim_start_matches('<')
        .split('>')
        .next()
        .expect("a link")
        .replace(&world.simulator.url(), "");
    let second = world.as_app(Method::GET, &next, None).await;
    assert_eq!(second.body[0]["id"], sent[sent.len() - 3].id);
    let detail = world
        .as_app(
            Method::GET,
            &format!("/app/hook/deliveries/{}", sent[1].id),
            None,
        )
        .await;
    assert_eq!(detail.body["request"]["headers"]["X-GitHub-Event"], "push");
    assert_eq!(detail.body["request"]["payload"]["ref"], "refs/heads/main");
    world.assert_clean();
}

#[tokio::test]
async fn a_pull_request_tells_its_story() {
    let world = World::new().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    world.simulator.set_webhook_url(&receiver.url);
    world.simulator.faults().discard_pending_deliveries();
    let github = &world.simulator;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a.txt".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = github
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let pushed = github
        .push_to_pull_request(REPOSITORY, number, &[("b.txt", Some("b\n"))], "More", "bob")
        .expect("a push");
    github
        .comment(REPOSITORY, number, "bob", "/ocuroot plan")
        .expect("a comment");
    let merged = github
        .merge_pull_request(
            REPOSITORY,
            number,
            ocuroot::simulator::MergeMethod::Squash,
            "alice",
        )
        .expect("it merges");
    github.deliver_all().await;
    assert_eq!(
        receiver.events(),
        [
            "push",
            "check_suite.requested",
            "pull_request.opened",
            "push",
            "check_suite.requested",
            "pull_request.synchronize",
            "issue_comment.created",
            "push",
            "check_suite.requested",
            "pull_request.closed",
        ]
    );
    let payloads: Vec<_> = receiver
        .received()
        .iter()
        .map(|received| received.payload())
        .collect();
    assert_eq!(payloads[5]["after"], pushed);
    assert_eq!(payloads[5]["pull_request"]["head"]["sha"], pushed);
    assert!(payloads[6]["issue"]["pull_request"]["url"].is_string());
    assert_eq!(payloads[7]["after"], merged);
    assert_eq!(payloads[9]["pull_request"]["merged"], true);
    assert_eq!(payloads[9]["pull_request"].get("merge_commit_sha"), None);
    assert_eq!(
        github.file(REPOSITORY, "main", "b.txt").as_deref(),
        Some("b\n")
    );
}

#[tokio::test]
async fn deliveries_can_leave_by_themselves() {
    let receiver = Receiver::start(StatusCode::OK).await;
    let url = receiver.url.clone();
    let world = World::with(|options| {
        options.delivery = Delivery::AtOnce;
        options.webhook_url = Some(url);
    })
    .await;
    world
        .simulator
        .wait_for(|github| (github.deliveries().len() == 3).then_some(()))
        .await;
    assert_eq!(receiver.events().len(), 3);
    assert_eq!(world.simulator.pending_deliveries(), 0);
}
