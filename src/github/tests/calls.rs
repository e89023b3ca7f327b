use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use super::{PEM, Stub, TOKEN, api, bare, github_at, json_answer, ok, sha, token};
use crate::github::call::{segment, segments};
use crate::github::{GitHubSettings, PrivateKey, RateLimit, SettingsError};

#[tokio::test]
async fn every_request_names_its_version_and_is_signed_by_its_sender() {
    let stub = Stub::start(|seen| match seen.name().as_str() {
        "POST /app/installations/7/access_tokens" => token(),
        "GET /app" => ok(&json!({"id": 77})),
        _ => ok(&json!({"object": {"sha": sha('a')}})),
    })
    .await;
    let github = stub.github();
    github.app().await.expect("an app");
    let head = github.installation(7).branch_head(&api(), "main").await;
    assert_eq!(head.expect("a branch"), sha('a'));
    let calls = stub.calls();
    for call in &calls {
        let versions: Vec<_> = call
            .headers
            .get_all("x-github-api-version")
            .iter()
            .collect();
        assert_eq!(versions, ["2026-03-10"]);
        assert_eq!(call.header("accept"), Some("application/vnd.github+json"));
        assert!(call.header("user-agent").is_some());
    }
    let signatures: Vec<_> = calls
        .iter()
        .map(|call| call.header("authorization").expect("a signature"))
        .collect();
    assert!(signatures[0].starts_with("Bearer eyJ"), "the App's JWT");
    assert_eq!(signatures[1], format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn calls_that_start_together_share_one_token() {
    let stub = Stub::with_tokens(|_| ok(&json!({"object": {"sha": sha('a')}}))).await;
    let github = stub.github();
    let calls = (0..10).map(|_| {
        let installation = github.installation(7);
        async move { installation.branch_head(&api(), "main").await }
    });
    for result in join_all(calls).await {
        result.expect("a branch");
    }
    assert_eq!(stub.token_requests(), 1);
    let other = github.installation(8).branch_head(&api(), "main").await;
    other.expect("a branch");
    assert_eq!(stub.token_requests(), 2);
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced_once() {
    let stub = Stub::with_tokens(|_| json_answer(StatusCode::UNAUTHORIZED, &json!({}))).await;
    let result = stub.installation().branch_head(&api(), "main").await;
    let error = result.expect_err("unauthorized");
    assert!(
        error.is_certainly_not_done() && error.is_transient(),
        "{error}"
    );
    assert_eq!((stub.calls().len(), stub.token_requests()), (2, 2));
}

#[tokio::test]
async fn a_moved_repository_is_followed_with_the_same_method_and_body() {
    for status in [301, 302, 307, 308] {
        let stub = Stub::with_tokens(move |seen| match seen.path.as_str() {
            "/repositories/11/issues/5/comments" => ok(&json!({"id": 9})),
            _ => bare(
                status,
                &[("location", "/repositories/11/issues/5/comments")],
            ),
        })
        .await;
        let created = stub.installation().create_comment(&api(), 5, "hello").await;
        assert_eq!(created, Ok(9), "{status}");
        let calls = stub.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].name(), "POST /repositories/11/issues/5/comments");
        assert_eq!(calls[1].body, json!({"body": "hello"}));
        assert_eq!(calls[1].header("content-length"), Some("16"));
        assert_eq!(calls[1].header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let other = Stub::start(|_| ok(&json!({"id": 9}))).await;
    let location = format!("{}/steal", other.url());
    let stub = Stub::with_tokens(move |_| bare(307, &[("location", &location)])).await;
    let result = stub.installation().create_comment(&api(), 5, "hello").await;
    assert!(result.expect_err("refused").is_certainly_not_done());
    assert_eq!(other.calls().len(), 0);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let stub = Stub::with_tokens(|seen| bare(307, &[("location", &seen.path.clone())])).await;
    let result = stub.installation().create_comment(&api(), 5, "hello").await;
    let error = result.expect_err("a circle").to_string();
    assert!(error.contains("in a circle"), "{error}");
    assert_eq!(stub.calls().len(), 3);
}

#[tokio::test]
async fn a_listing_is_read_page_by_page_also_below_a_path_prefix() {
    for prefix in ["", "/api/v3"] {
        let stub = Stub::with_tokens(move |seen| {
            let host = seen.header("host").expect("a host").to_owned();
            let names: Vec<_> = (1..=2)
                .map(|id| json!({"id": id, "full_name": "a/b"}))
                .collect();
            let mut response = ok(&json!({"repositories": names}));
            if !seen.path.contains("page=2") {
                let next = format!("{prefix}/installation/repositories?per_page=100&page=2");
                let link =
                    format!("<http://{host}{next}>; rel=\"next\", <http://{host}/x>; rel=\"last\"");
                let link = link.parse().expect("a header value");
                response.headers_mut().insert("link", link);
            }
            response
        })
        .await;
        let github = github_at(&format!("{}{prefix}/", stub.url()));
        let repositories = github.installation(7).repositories().await;
        assert_eq!(repositories.expect("a listing").len(), 4, "{prefix}");
        let paths: Vec<_> = stub.calls().into_iter().map(|call| call.path).collect();
        let expected = ["per_page=100", "per_page=100&page=2"]
            .map(|query| format!("{prefix}/installation/repositories?{query}"));
        assert_eq!(paths, expected);
    }
}

#[tokio::test]
async fn what_github_says_of_the_budget_is_remembered() {
    let stub = Stub::with_tokens(|_| {
        let headers = [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "4999"),
            ("x-ratelimit-reset", "1795424400"),
        ];
        bare(404, &headers)
    })
    .await;
    let installation = stub.installation();
    assert_eq!(installation.rate_limit(), None);
    let _ = installation.branch_head(&api(), "main").await;
    let seen = RateLimit {
        limit: 5000,
        remaining: 4999,
        resets_at: 1_795_424_400,
    };
    assert_eq!(installation.rate_limit(), Some(seen));
}

#[tokio::test]
async fn a_name_cannot_make_a_call_mean_another_resource() {
    let stub = Stub::with_tokens(|_| ok(&json!({}))).await;
    let installation = stub.installation();
    for file in ["../../../../other/repo/contents/secret", "..", "a/./b"] {
        let result = installation.workflow_text(&api(), file, "main").await;
        assert!(result.expect_err(file).is_certainly_not_done());
    }
    let odd: crate::model::RepositoryName = "acme/..".parse().expect("the grammar allows it");
    let result = installation.branch_head(&odd, "main").await;
    assert!(result.is_err());
    assert_eq!(stub.calls().len(), 0);
    let _ = installation.branch_head(&api(), "feature/a?b#c%").await;
    let path = "/repos/acme/api/git/ref/heads/feature/a%3Fb%23c%25";
    assert_eq!(stub.calls()[0].path, path);
}

#[test]
fn names_are_escaped_for_addresses() {
    assert_eq!(segment("a/b c.yml"), "a%2Fb%20c.yml");
    assert_eq!(segments("a/b\u{e4}"), "a/b%C3%A4");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_and_the_key_is_never_printed() {
    let error = PrivateKey::from_pem("not a key").expect_err("no key");
    assert_eq!(error, SettingsError::PrivateKey);
    let hollow = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert!(PrivateKey::from_pem(hollow).is_err());
    let escaped = PEM.replace('\n', "\\n");
    let private_key = PrivateKey::from_pem(&escaped).expect("a key");
    let settings = GitHubSettings {
        api_url: String::from("api.github.com"),
        app_id: 77,
        private_key,
        oidc_issuer: String::from("https://token.actions.githubusercontent.com"),
        oidc_audience: String::from("https://ocuroot.example"),
    };
    assert!(format!("{settings:?}").contains("PrivateKey(hidden)"));
    let error = crate::github::GitHub::new(settings).expect_err("no address");
    let expected = "`api.github.com` is not an http(s) address; \
                    set the GitHub API address to one such as `https://api.github.com`";
    assert_eq!(error.to_string(), expected);
}
