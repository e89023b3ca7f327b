use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Stub, api, bare, json_answer, ok, sha};
use crate::github::GitHubError;

#[tokio::test]
async fn only_an_active_membership_makes_a_member() {
    let path = "/orgs/acme/teams/s%20re/memberships/ann";
    for (state, expected) in [("active", true), ("pending", false), ("new", false)] {
        let body = json!({"url": "https://x", "role": "maintainer", "state": state});
        let stub = Stub::with_tokens(move |_| ok(&body)).await;
        let github = stub.installation();
        let found = github.is_team_member("acme", "s re", "ann").await;
        assert_eq!(found, Ok(expected), "{state}");
        assert_eq!(stub.calls()[0].path, path);
    }
    let stub = Stub::with_tokens(|_| bare(404, &[])).await;
    let found = stub
        .installation()
        .is_team_member("acme", "sre", "ann")
        .await;
    assert_eq!(found, Ok(false));
}

#[tokio::test]
async fn a_team_that_may_not_be_asked_about_is_an_error() {
    let stub = Stub::with_tokens(|_| {
        let body = json!({"message": "Resource not accessible by integration"});
        let mut answer = json_answer(StatusCode::FORBIDDEN, &body);
        let needed = "members=read".parse().expect("a header value");
        let headers = answer.headers_mut();
        headers.insert("x-accepted-github-permissions", needed);
        answer
    })
    .await;
    let found = stub
        .installation()
        .is_team_member("acme", "sre", "ann")
        .await;
    let error = found.expect_err("not permitted");
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error:?}");
    assert!(error.to_string().contains("members=read"), "{error}");
    for status in [302, 500] {
        let stub = Stub::with_tokens(move |_| bare(status, &[])).await;
        let found = stub
            .installation()
            .is_team_member("acme", "sre", "ann")
            .await;
        found.expect_err("no answer");
    }
}

#[tokio::test]
async fn the_first_code_owners_file_counts_and_no_other_is_asked_for() {
    let cases = [
        (".github/CODEOWNERS", 1),
        ("CODEOWNERS", 2),
        ("docs/CODEOWNERS", 3),
        ("none", 3),
    ];
    for (place, requests) in cases {
        let stub = Stub::with_tokens(move |seen| {
            let path = format!("/repos/acme/api/contents/{place}?ref=release%2F1");
            if seen.path == path {
                bare(200, &[])
            } else {
                bare(404, &[])
            }
        })
        .await;
        let found = stub.installation().code_owners(&api(), "release/1").await;
        let expected = (place != "none").then(String::new);
        assert_eq!(found, Ok(expected), "{place}");
        assert_eq!(stub.calls().len(), requests, "{place}");
    }
}

#[tokio::test]
async fn code_owners_that_github_does_not_load_are_not_used() {
    let stub = Stub::with_tokens(|_| {
        let mut answer = bare(200, &[]);
        *answer.body_mut() = "#".repeat(3 * 1024 * 1024).into();
        answer
    })
    .await;
    let found = stub.installation().code_owners(&api(), "main").await;
    let error = found.expect_err("too large").to_string();
    assert!(error.contains(".github/CODEOWNERS of acme/api"), "{error}");
}

/// A stub whose comparison has this many pages, each with a commit by somebody of its own.
async fn pages(count: usize) -> Stub {
    Stub::with_tokens(move |seen| {
        let page = seen.path.rsplit_once("&page=");
        let page: usize = page.map_or(1, |(_, page)| page.parse().expect("a page"));
        let author = |author: Value| json!({"sha": sha('c'), "author": author});
        let commits = [
            author(json!({"login": format!("author-{page}")})),
            author(Value::Null),
            author(json!({})),
        ];
        let base = json!({"sha": sha('a')});
        let body = json!({"status": "ahead", "merge_base_commit": base, "commits": commits});
        let mut answer = ok(&body);
        if page < count {
            let path = seen.path.split("&page=").next().unwrap_or_default();
            let link = format!("<{path}&page={}>; rel=\"next\"", page + 1);
            let link = link.parse().expect("a header value");
            answer.headers_mut().insert("link", link);
        }
        answer
    })
    .await
}

#[tokio::test]
async fn the_authors_of_all_commits_are_told_and_what_is_missing_is_owned_up_to() {
    for (count, read) in [(1, 1), (3, 3), (10, 10), (11, 10)] {
        let stub = pages(count).await;
        let compared = stub.installation().compare(&api(), "main", "x").await;
        let compared = compared.expect("a comparison");
        let authors: BTreeSet<_> = (1..=read).map(|page| format!("author-{page}")).collect();
        assert_eq!(compared.authors, authors);
        assert_eq!(compared.authors_truncated, count > read, "{count} pages");
        assert_eq!(stub.calls().len(), read);
    }
}
