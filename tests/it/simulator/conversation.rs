//! Conversations and deployments follow GitHub's rules.

use ocuroot::simulator::NewPullRequest;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{REPOSITORY, World};

#[tokio::test]
async fn the_conversation_is_edited_in_place_and_acknowledged_once() {
    let world = World::new().await;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = world
        .simulator
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let path = format!("/repos/{REPOSITORY}/issues/{number}/comments");
    let created = world.post(&path, json!({"body": "one"})).await;
    assert_eq!(
        (created.status, &created.body["user"]["type"]),
        (201, &json!("Bot"))
    );
    let comment = format!("/repos/{REPOSITORY}/issues/comments/{}", created.body["id"]);
    assert_eq!(
        world.patch(&comment, json!({"body": "two"})).await.body["body"],
        "two"
    );
    assert_eq!(
        world
            .post(&format!("{comment}/reactions"), json!({"content": "eyes"}))
            .await
            .status,
        201
    );
    assert_eq!(
        world
            .post(&format!("{comment}/reactions"), json!({"content": "eyes"}))
            .await
            .status,
        200
    );
    assert_eq!(world.get(&path).await.body[0]["reactions"]["eyes"], 1);
    world.assert_clean();

    world
        .simulator
        .set_permission(REPOSITORY, "carol", "maintain")
        .expect("set");
    let carol = world
        .get(&format!(
            "/repos/{REPOSITORY}/collaborators/carol/permission"
        ))
        .await
        .body;
    assert_eq!(
        (&carol["permission"], &carol["role_name"]),
        (&json!("write"), &json!("maintain"))
    );
    let bob = world
        .get(&format!("/repos/{REPOSITORY}/collaborators/bob/permission"))
        .await
        .body;
    assert_eq!(bob["permission"], "none");
    assert_eq!(
        world
            .get(&format!(
                "/repos/{REPOSITORY}/collaborators/nobody/permission"
            ))
            .await
            .status,
        404
    );
    let too_long = world.post(&path, json!({"body": "x".repeat(65_537)})).await;
    assert_eq!(too_long.status, 422);
    world.assert_violation("too long");
}

#[tokio::test]
async fn deployments_follow_githubs_traps() {
    let world = World::new().await;
    let tip = world.tip();
    let path = format!("/repos/{REPOSITORY}/deployments");
    let body = |more: Value| {
        let mut body = json!({"ref": tip, "environment": "staging", "auto_merge": false, "required_contexts": []});
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        body
    };
    let first = world
        .post(&path, body(json!({"payload": {"run": 7}})))
        .await;
    assert_eq!(
        (first.status, &first.body["payload"]["run"]),
        (201, &json!(7))
    );
    let status = async |id: &Value, state: &str| {
        world
            .post(
                &format!("{path}/{id}/statuses"),
                json!({"state": state, "log_url": "http://log"}),
            )
            .await
            .status
    };
    assert_eq!(status(&first.body["id"], "success").await, 201);
    let second = world.post(&path, body(json!({}))).await;
    assert_eq!(status(&second.body["id"], "success").await, 201);
    let listed = world
        .get(&format!("{path}/{}/statuses", first.body["id"]))
        .await
        .body;
    assert_eq!(listed[0]["state"], "inactive", "the newer one replaced it");
    let environments = world
        .get(&format!("/repos/{REPOSITORY}/environments"))
        .await
        .body;
    assert_eq!(environments["environments"][0]["name"], "staging");

    world
        .simulator
        .push(REPOSITORY, "topic", &[("a", Some("a"))], "A", "bob")
        .expect("a push");
    world
        .simulator
        .push(REPOSITORY, "main", &[("b", Some("b"))], "B", "bob")
        .expect("a push");
    let merging = world.post(&path, json!({"ref": "topic"})).await;
    assert_eq!(
        (merging.status, merging.body.get("id")),
        (202, None),
        "auto_merge is on by default"
    );
    world
        .post(
            &format!("/repos/{REPOSITORY}/check-runs"),
            json!({"name": "ocuroot", "head_sha": tip}),
        )
        .await;
    let pending = world
        .post(&path, json!({"ref": tip, "auto_merge": false}))
        .await;
    assert_eq!(
        pending.status, 409,
        "an unfinished check of our own is in the way"
    );
    world.assert_clean();
    let many = world
        .request(
            Method::GET,
            &format!("{path}?environment=staging&per_page=1"),
            None,
        )
        .await;
    assert!(
        many.header("link").contains("rel=\"next\""),
        "{:?}",
        many.headers
    );
}

#[tokio::test]
async fn what_people_delete_is_gone_for_the_app_too() {
    let world = World::new().await;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = world
        .simulator
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let path = format!("/repos/{REPOSITORY}/issues/{number}/comments");
    let created = world.post(&path, json!({"body": "Preview"})).await;
    let id = created.body["id"].as_u64().expect("an id");
    let comment = format!("/repos/{REPOSITORY}/issues/comments/{id}");
    let changed = world.patch(&comment, json!({"body": "Newer"})).await;
    assert_eq!(changed.status, 200);
    world
        .simulator
        .delete_comment(REPOSITORY, id, "bob")
        .expect("it is deleted");
    let changed = world.patch(&comment, json!({"body": "Newest"})).await;
    assert_eq!(changed.status, 404);
    assert_eq!(world.get(&path).await.body, json!([]));
    let sent = world.simulator.deliver_all().await;
    let deleted = sent
        .iter()
        .find(|record| record.action.as_deref() == Some("deleted"));
    let deleted = deleted.expect("it is told").payload();
    assert_eq!(deleted["comment"]["id"], id);
    assert_eq!(deleted["sender"]["login"], "bob");
    world.assert_clean();
}
