//! Who may call what, and what is noticed.

use ocuroot::simulator::RequestClass;
use reqwest::Method;
use serde_json::json;

use super::client::{MANIFEST, REPOSITORY, World, read};

#[tokio::test]
async fn the_app_signs_short_lived_tokens_with_its_own_key() {
    let world = World::new().await;
    let refused = |answer: &super::client::Answer, part: &str| {
        assert_eq!(answer.status, 401, "{:?}", answer.body);
        assert!(
            answer.body["message"]
                .as_str()
                .unwrap_or_default()
                .contains(part),
            "{:?}",
            answer.body
        );
    };
    let app = world
        .call(&world.app_token(-60, 540), Method::GET, "/app", None)
        .await;
    assert_eq!(
        (app.status, &app.body["id"]),
        (200, &json!(world.simulator.app().app_id))
    );
    assert_eq!(app.body["permissions"]["pull_requests"], "write");
    refused(
        &world
            .call(&world.app_token(0, 700), Method::GET, "/app", None)
            .await,
        "too far in the future",
    );
    refused(
        &world
            .call(&world.app_token(-600, -1), Method::GET, "/app", None)
            .await,
        "future time",
    );
    refused(
        &world
            .call(&world.app_token(300, 500), Method::GET, "/app", None)
            .await,
        "Issued at",
    );
    let token = world.app_token(-60, 540);
    let (message, signature) = token.rsplit_once('.').expect("a token");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{other}{}", &signature[1..]);
    refused(
        &world
            .call(&format!("{message}.{forged}"), Method::GET, "/app", None)
            .await,
        "wrong signature",
    );
    world.assert_clean();
}

#[tokio::test]
async fn each_kind_of_token_opens_its_own_routes_only() {
    let world = World::new().await;
    let path = format!("/repos/{REPOSITORY}");
    assert_eq!(world.as_app(Method::GET, &path, None).await.status, 401);
    assert_eq!(
        world
            .call(&world.token().await, Method::GET, "/app", None)
            .await
            .status,
        401
    );
    assert_eq!(
        world
            .call("ghs_guessed", Method::GET, &path, None)
            .await
            .status,
        401
    );
    let found = world.get(&path).await;
    assert_eq!(
        (found.status, &found.body["full_name"]),
        (200, &json!(REPOSITORY))
    );
    assert_eq!(found.header("x-ratelimit-limit"), "5000");
    assert_eq!(
        found.header("x-accepted-github-permissions"),
        "metadata=read"
    );
    world.assert_clean();
}

#[tokio::test]
async fn a_persons_token_says_who_they_are_and_nothing_else() {
    let world = World::new().await;
    let user = async |token: &str| world.call(token, Method::GET, "/user", None).await;
    let token = world.simulator.user_token("alice", 60);
    let found = user(&token).await;
    let id = world.simulator.user_id("alice").expect("a person");
    assert_eq!((found.status, &found.body["login"]), (200, &json!("alice")));
    assert_eq!(
        (&found.body["id"], &found.body["type"]),
        (&json!(id), &json!("User"))
    );
    let expired = world.simulator.user_token("alice", 0);
    assert_eq!(user(&expired).await.status, 401);
    assert_eq!(
        user(&world.token().await).await.status,
        403,
        "an installation is nobody"
    );
    let path = format!("/repos/{REPOSITORY}");
    assert_eq!(
        world.call(&token, Method::GET, &path, None).await.status,
        401
    );
    world.assert_clean();
}

#[tokio::test]
async fn a_token_reaches_its_installation_and_no_further() {
    let world = World::new().await;
    world
        .simulator
        .create_repository_without_app("other/secret", true)
        .expect("a repository");
    world
        .simulator
        .create_repository_without_app("other/open", false)
        .expect("a repository");
    assert_eq!(world.get("/repos/other/secret").await.status, 404);
    assert_eq!(world.get("/repos/other/open").await.status, 200);
    assert_eq!(
        world
            .post(
                "/repos/other/open/issues/1/comments",
                json!({"body": "hello"})
            )
            .await
            .status,
        403
    );
    world
        .simulator
        .create_repository("acme/web", true)
        .expect("a repository");
    let id = world
        .simulator
        .installation_id(REPOSITORY)
        .expect("installed");
    let scope = json!({"repositories": ["web"], "permissions": {"contents": "read"}});
    let path = format!("/app/installations/{id}/access_tokens");
    let scoped = world.as_app(Method::POST, &path, Some(scope)).await;
    let token = scoped.body["token"].as_str().expect("a token").to_owned();
    assert_eq!(scoped.body["repositories"][0]["name"], "web");
    assert_eq!(
        world
            .call(&token, Method::GET, &format!("/repos/{REPOSITORY}"), None)
            .await
            .status,
        404
    );
    let listed = world
        .call(&token, Method::GET, "/installation/repositories", None)
        .await;
    assert_eq!(listed.body["total_count"], 1);
    world.assert_clean();
    assert_eq!(
        world
            .call(&token, Method::GET, "/repos/acme/web/pulls", None)
            .await
            .status,
        403
    );
    world.assert_violation("Resource not accessible by integration");
    world
        .simulator
        .suspend_installation(id, true)
        .expect("suspended");
    assert_eq!(world.as_app(Method::POST, &path, None).await.status, 403);
}

#[tokio::test]
async fn a_permission_that_the_manifest_lacks_is_refused_and_noticed() {
    let manifest = MANIFEST
        .replace("  checks: write\n", "")
        .replace("  - check_run\n", "")
        .replace("  - check_suite\n", "");
    let world = World::with(|options| options.manifest = manifest).await;
    let body = json!({"name": "ocuroot", "head_sha": world.tip()});
    let answer = world
        .post(&format!("/repos/{REPOSITORY}/check-runs"), body)
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body["message"],
        "Resource not accessible by integration"
    );
    assert_eq!(
        answer.header("x-accepted-github-permissions"),
        "checks=write"
    );
    world.assert_violation("Resource not accessible by integration");
}

#[tokio::test]
async fn routes_and_fields_that_do_not_exist_are_noticed() {
    let world = World::new().await;
    assert_eq!(
        world
            .get(&format!("/repos/{REPOSITORY}/nothing"))
            .await
            .status,
        404
    );
    world.assert_violation("no such route");
    let body = json!({"name": "ocuroot", "head_sha": world.tip(), "sumary": "typo"});
    assert_eq!(
        world
            .post(&format!("/repos/{REPOSITORY}/check-runs"), body)
            .await
            .status,
        422
    );
    world.assert_violation("unknown field `sumary`");
}

#[tokio::test]
async fn a_request_without_an_api_version_is_noticed() {
    let world = World::new().await;
    let request = world
        .http
        .get(format!("{}/app", world.simulator.url()))
        .bearer_auth(world.app_token(-60, 540));
    assert_eq!(
        read(request.send().await.expect("an answer")).await.status,
        200
    );
    world.assert_violation("X-GitHub-Api-Version");
}

#[tokio::test]
async fn a_second_opinion_on_requests_is_heard() {
    let world = World::with(|options| {
        options.request_check = Some(std::sync::Arc::new(|method, path, body| {
            if body["body"] == "odd" {
                vec![format!("odd: {method} {path}")]
            } else {
                Vec::new()
            }
        }));
    })
    .await;
    let number = world
        .simulator
        .open_issue(REPOSITORY, "An idea", "alice")
        .expect("an issue");
    let path = format!("/repos/{REPOSITORY}/issues/{number}/comments");
    assert_eq!(world.post(&path, json!({"body": "odd"})).await.status, 201);
    world.assert_violation(&format!("odd: POST {path}"));
}

#[tokio::test]
async fn the_enterprise_prefix_works_and_unchanged_answers_are_free() {
    let world = World::new().await;
    let token = world.token().await;
    let first = world
        .call(
            &token,
            Method::GET,
            &format!("/api/v3/repos/{REPOSITORY}"),
            None,
        )
        .await;
    let again = world
        .http
        .get(format!("{}/repos/{REPOSITORY}", world.simulator.url()))
        .bearer_auth(&token)
        .header("x-github-api-version", world.version)
        .header("if-none-match", first.header("etag"))
        .send()
        .await
        .expect("an answer");
    let again = read(again).await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    assert_eq!(
        again.header("x-ratelimit-remaining"),
        first.header("x-ratelimit-remaining")
    );
    let last = world.simulator.requests().pop().expect("a record");
    assert_eq!(
        (last.class, last.route.as_deref()),
        (RequestClass::Unchanged, Some("/repos/{owner}/{repo}"))
    );
}

#[tokio::test]
async fn a_renamed_repository_redirects_from_its_old_name() {
    let world = World::new().await;
    world.simulator.faults().discard_pending_deliveries();
    world
        .simulator
        .rename_repository(REPOSITORY, "service", "alice")
        .expect("renamed");
    let told = world
        .simulator
        .deliver_next()
        .await
        .expect("a delivery")
        .payload();
    assert_eq!(told["changes"]["repository"]["name"]["from"], "api");
    assert_eq!(told["repository"]["full_name"], "acme/service");
    let moved = world
        .get(&format!("/repos/{REPOSITORY}/pulls?state=all"))
        .await;
    assert_eq!(moved.status, 301);
    let location = moved.header("location").replace(&world.simulator.url(), "");
    assert_eq!(world.get(&location).await.status, 200);
    let found = world.get(location.trim_end_matches("/pulls")).await;
    assert_eq!(found.body["full_name"], "acme/service");
    let written = world
        .post(&format!("/repos/{REPOSITORY}/check-runs"), json!({}))
        .await;
    assert_eq!(written.status, 307);
    world.assert_clean();
}
