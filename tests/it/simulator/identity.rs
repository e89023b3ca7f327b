//! Identity tokens of jobs, verified the way a server verifies them.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use ocuroot::simulator::Signer;
use serde_json::{Map, Value, json};

use super::client::{REPOSITORY, World, read};

const AUDIENCE: &str = "https://ocuroot.example";

async fn run(world: &World) -> u64 {
    let path = format!("/repos/{REPOSITORY}/actions/workflows/ocuroot.yml/dispatches");
    let answer = world
        .post(
            &path,
            json!({"ref": "main", "inputs": {"ocuroot_runs": "[7]"}}),
        )
        .await;
    answer.body["workflow_run_id"].as_u64().expect("an id")
}

async fn claims(
    world: &World,
    token: &str,
) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
    let issuer = world.simulator.url();
    let fetch = async |url: String| {
        read(world.http.get(url).send().await.expect("an answer"))
            .await
            .body
    };
    let configuration = fetch(format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(configuration["issuer"], issuer);
    let keys = fetch(
        configuration["jwks_uri"]
            .as_str()
            .expect("a url")
            .to_owned(),
    )
    .await;
    let keys: JwkSet = serde_json::from_value(keys).expect("keys");
    let key_id = decode_header(token)?.kid.expect("a key id");
    let key = DecodingKey::from_jwk(keys.find(&key_id).expect("the key is published"))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    Ok(decode::<Map<String, Value>>(token, &key, &validation)?.claims)
}

#[tokio::test]
async fn a_job_gets_a_token_that_proves_what_it_is() {
    let world = World::new().await;
    let id = run(&world).await;
    let environment = world
        .simulator
        .job_environment(id, 0)
        .expect("an environment");
    assert_eq!(environment["GITHUB_REPOSITORY"], REPOSITORY);
    assert_eq!(environment["GITHUB_RUN_ID"], id.to_string());
    let url = format!(
        "{}&audience={AUDIENCE}",
        environment["ACTIONS_ID_TOKEN_REQUEST_URL"]
    );
    let request = world
        .http
        .get(&url)
        .bearer_auth(&environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]);
    let answer = read(request.send().await.expect("an answer")).await;
    let claims = claims(&world, answer.body["value"].as_str().expect("a token"))
        .await
        .expect("it verifies");

    let job = world.simulator.workflow_run(id).expect("a run").jobs[0].id;
    let repository = world.simulator.repository_id(REPOSITORY).expect("an id");
    let owner = world.simulator.user_id("acme").expect("an id");
    let expected = [
        ("repository_id", repository.to_string()),
        ("repository", REPOSITORY.to_owned()),
        ("run_id", id.to_string()),
        ("run_attempt", "1".to_owned()),
        ("check_run_id", job.to_string()),
        ("event_name", "workflow_dispatch".to_owned()),
        ("ref", "refs/heads/main".to_owned()),
        ("environment", "production".to_owned()),
        (
            "workflow_ref",
            "acme/api/.github/workflows/ocuroot.yml@refs/heads/main".to_owned(),
        ),
        (
            "sub",
            format!("repo:acme@{owner}/api@{repository}:environment:production"),
        ),
    ];
    for (name, value) in expected {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(
        claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"),
        300
    );

    let stolen = world
        .http
        .get(&url)
        .bearer_auth("guessed")
        .send()
        .await
        .expect("an answer");
    assert_eq!(stolen.status(), 401);
    world
        .simulator
        .complete_workflow_run(id, "success")
        .expect("it completes");
    let late = world
        .http
        .get(&url)
        .bearer_auth(&environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
        .send()
        .await;
    assert_eq!(late.expect("an answer").status(), 401);
}

#[tokio::test]
async fn tokens_can_be_bent_for_security_tests() {
    let world = World::new().await;
    let id = run(&world).await;
    let altered = [("repository_id", json!("1")), ("environment", Value::Null)];
    let token = world
        .simulator
        .identity_token(id, 0, AUDIENCE, &altered, Signer::Issuer)
        .expect("a token");
    let seen = claims(&world, &token).await.expect("it verifies");
    assert_eq!(
        (&seen["repository_id"], seen.get("environment")),
        (&json!("1"), None)
    );
    let forged = world
        .simulator
        .identity_token(id, 0, AUDIENCE, &[], Signer::Stranger)
        .expect("a token");
    assert!(claims(&world, &forged).await.is_err());
}

#[tokio::test]
async fn a_job_without_the_permission_gets_no_token() {
    let world = World::new().await;
    let workflow = super::client::WORKFLOW.replace(", id-token: write", "");
    let files = [(".github/workflows/ocuroot.yml", Some(workflow.as_str()))];
    world
        .simulator
        .push(REPOSITORY, "main", &files, "Less", "alice")
        .expect("a push");
    let id = run(&world).await;
    let environment = world
        .simulator
        .job_environment(id, 0)
        .expect("an environment");
    assert!(!environment.contains_key("ACTIONS_ID_TOKEN_REQUEST_URL"));
}
