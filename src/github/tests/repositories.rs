use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use serde_json::{Value, json};

use super::{Stub, api, bare, json_answer, ok, sha};
use crate::github::{
    Annotation, AnnotationLevel, CheckConclusion, CheckRunBody, CheckStatus, Dispatched,
    GitHubError,
};
use crate::model::Permission;

fn blob(path: &str) -> Value {
    json!({"path": path, "mode": "100644", "type": "blob", "sha": "b", "size": 3})
}

fn folder(path: &str, sha: &str) -> Value {
    json!({"path": path, "mode": "040000", "type": "tree", "sha": sha})
}

fn tree(sha: &str, truncated: bool, items: &[Value]) -> Response {
    ok(&json!({"sha": sha, "truncated": truncated, "tree": items}))
}

#[tokio::test]
async fn a_tree_too_large_for_one_answer_is_read_in_parts() {
    let stub = Stub::with_tokens(|seen| {
        match seen.path.trim_start_matches("/repos/acme/api/git/trees/") {
            "r" => tree(
                "r",
                false,
                &[blob("README"), folder("apps", "a"), folder("libs", "l")],
            ),
            "a?recursive=1" => tree("a", true, &[]),
            "a" => tree("a", false, &[blob("one"), folder("web", "w")]),
            "w?recursive=1" => tree(
                "w",
                false,
                &[blob("two"), folder("x", "x"), blob("x/three")],
            ),
            "l?recursive=1" => tree("l", false, &[blob("four")]),
            _ => tree("r", true, &[blob("README")]),
        }
    })
    .await;
    let tree = stub.installation().tree(&api(), &sha('c')).await;
    let tree = tree.expect("a tree");
    assert!(!tree.truncated);
    assert_eq!(tree.entries.len(), 5, "every file once");
    let paths: BTreeSet<_> = tree
        .entries
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    let expected = [
        "README",
        "apps/one",
        "apps/web/two",
        "apps/web/x/three",
        "libs/four",
    ];
    assert_eq!(paths, BTreeSet::from(expected));
}

#[tokio::test]
async fn a_tree_that_is_endless_stops_and_says_so() {
    let stub = Stub::with_tokens(|seen| {
        let is_whole = seen.path.contains("recursive");
        tree("r", is_whole, &[blob("file"), folder("deeper", "r")])
    })
    .await;
    let tree = stub.installation().tree(&api(), &sha('c')).await;
    assert!(tree.expect("a part of it").truncated);
    assert_eq!(stub.calls().len(), 200);
}

#[tokio::test]
async fn links_and_submodules_are_told_apart_from_files() {
    let stub = Stub::with_tokens(|_| {
        let link = json!({"path": "link", "mode": "120000", "type": "blob", "sha": "l", "size": 4});
        let module = json!({"path": "module", "mode": "160000", "type": "commit", "sha": "m"});
        tree("r", false, &[blob("file"), link, module])
    })
    .await;
    let tree = stub.installation().tree(&api(), &sha('c')).await;
    let entries = tree.expect("a tree").entries;
    let found: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.is_symlink))
        .collect();
    assert_eq!(found, [("file", false), ("link", true)]);
}

#[tokio::test]
async fn a_comparison_counts_a_rename_twice_and_owns_up_to_githubs_limit() {
    let comparison = |count: usize| async move {
        let stub = Stub::with_tokens(move |_| {
            let mut files = vec![json!({"filename": "x"}); count];
            files.push(json!({"filename": "new", "previous_filename": "old"}));
            let merge_base = json!({"sha": sha('a')});
            let status = "diverged";
            ok(&json!({"status": status, "merge_base_commit": merge_base, "files": files}))
        })
        .await;
        let compared = stub.installation().compare(&api(), "main", "a/b").await;
        let path = "/repos/acme/api/compare/main...a/b?per_page=100";
        assert_eq!(stub.calls()[0].path, path);
        compared.expect("a comparison")
    };
    let few = comparison(0).await;
    assert_eq!(few.changed_paths, ["new", "old"]);
    assert!(!few.truncated);
    assert!(comparison(299).await.truncated);
}

#[tokio::test]
async fn a_permission_is_the_role_or_the_role_a_custom_one_stands_for() {
    let cases = [
        ("read", Some("triage"), Permission::Triage),
        ("write", Some("maintain"), Permission::Maintain),
        ("write", Some("release-captain"), Permission::Write),
        ("admin", None, Permission::Admin),
        ("none", Some("none"), Permission::None),
        ("emperor", Some("emperor"), Permission::None),
    ];
    for (permission, role, expected) in cases {
        let body = json!({"permission": permission, "role_name": role});
        let stub = Stub::with_tokens(move |_| ok(&body)).await;
        let found = stub.installation().permission(&api(), "ann").await;
        assert_eq!(found, Ok(expected), "{permission} {role:?}");
    }
    let stub = Stub::with_tokens(|_| bare(404, &[])).await;
    let found = stub.installation().permission(&api(), "no/body").await;
    assert_eq!(found, Ok(Permission::None));
    let path = "/repos/acme/api/collaborators/no%2Fbody/permission";
    assert_eq!(stub.calls()[0].path, path);
    let stub = Stub::with_tokens(|_| bare(500, &[])).await;
    let found = stub.installation().permission(&api(), "ann").await;
    assert!(found.is_err(), "nobody is allowed anything on a guess");
}

fn check(annotations: u32) -> CheckRunBody {
    let annotation = |line| Annotation {
        path: String::from("repo.ocu.star"),
        start_line: line,
        end_line: line,
        start_column: Some(3),
        level: AnnotationLevel::Failure,
        message: String::from("no such task"),
        title: None,
    };
    CheckRunBody {
        name: String::from("ocuroot"),
        head_sha: sha('c'),
        external_id: String::from("check/1"),
        details_url: None,
        status: CheckStatus::Completed(CheckConclusion::ActionRequired),
        started_at: None,
        completed_at: Some(String::from("2026-11-23T09:00:00Z")),
        title: String::from("Config"),
        summary: "x".repeat(70_000),
        text: None,
        annotations: (1..=annotations).map(annotation).collect(),
        actions: Vec::new(),
    }
}

#[tokio::test]
async fn a_check_run_sends_its_annotations_in_fifties() {
    let stub = Stub::with_tokens(|_| ok(&json!({"id": 4}))).await;
    let created = stub
        .installation()
        .create_check_run(&api(), &check(120))
        .await;
    assert_eq!(created, Ok(4));
    let calls = stub.calls();
    let names: Vec<_> = calls.iter().map(super::Seen::name).collect();
    let patch = "PATCH /repos/acme/api/check-runs/4";
    assert_eq!(names, ["POST /repos/acme/api/check-runs", patch, patch]);
    let lines: Vec<_> = calls
        .iter()
        .flat_map(|call| call.body["output"]["annotations"].as_array().cloned())
        .flatten()
        .map(|annotation| annotation["start_line"].as_u64().expect("a line"))
        .collect();
    assert_eq!(lines, (1..=120).collect::<Vec<_>>());
    assert_eq!(calls[0].body["conclusion"], "action_required");
    assert_eq!(
        calls[0].body["output"]["summary"].as_str().map(str::len),
        Some(65_000)
    );
}

#[tokio::test]
async fn a_check_run_whose_later_annotations_fail_was_still_created() {
    let stub = Stub::with_tokens(|seen| match seen.method.as_str() {
        "POST" => ok(&json!({"id": 4})),
        _ => bare(502, &[]),
    })
    .await;
    let created = stub
        .installation()
        .create_check_run(&api(), &check(120))
        .await;
    assert_eq!(created, Ok(4));
    assert_eq!(stub.calls().len(), 2);
}

#[tokio::test]
async fn an_accepted_dispatch_is_never_an_error() {
    let told = json!({"workflow_run_id": 30, "html_url": "https://github.com/x"});
    let answers = [
        (200, told, Some(30)),
        (204, Value::Null, None),
        (200, json!({"workflow_run_id": "odd"}), None),
        (200, json!([]), None),
    ];
    for (status, body, expected) in answers {
        let stub = Stub::with_tokens(move |_| match status {
            204 => bare(204, &[]),
            _ => ok(&body),
        })
        .await;
        let inputs = BTreeMap::from([(String::from("ocuroot_run"), String::from("12"))]);
        let dispatched = stub.installation();
        let dispatched = dispatched
            .dispatch_workflow(&api(), "ocuroot.yml", "main", &inputs)
            .await;
        let dispatched: Dispatched = dispatched.expect("accepted");
        assert_eq!(dispatched.workflow_run_id, expected);
        let call = &stub.calls()[0];
        let path = "/repos/acme/api/actions/workflows/ocuroot.yml/dispatches";
        assert_eq!(call.path, path);
        let body = json!({"ref": "main", "inputs": {"ocuroot_run": "12"}});
        assert_eq!(call.body, body);
    }
}

#[tokio::test]
async fn a_deployment_is_found_by_its_payload_in_either_form() {
    let stub = Stub::with_tokens(|_| {
        ok(&json!([
            {"id": 1, "payload": ""},
            {"id": 2, "payload": {"run": 12}},
            {"id": 3, "payload": "{\"run\":12}"},
            {"id": 4, "payload": {"run": 13}},
            {"id": 5},
        ]))
    })
    .await;
    let installation = stub.installation();
    let found = installation
        .find_deployment(&api(), &sha('c'), "production", "run", &json!(12))
        .await;
    assert_eq!(found, Ok(Some(3)));
}

#[tokio::test]
async fn comments_and_checks_of_others_are_not_taken_for_ours() {
    let stub = Stub::with_tokens(|seen| {
        if seen.path.contains("/comments") {
            return ok(&json!([
                {"id": 1, "body": "<!-- ocuroot:pr --> quoted"},
                {"id": 2, "body": "<!-- ocuroot:pr -->", "performed_via_github_app": {"id": 76}},
                {"id": 3, "body": "hello", "performed_via_github_app": {"id": 77}},
                {"id": 4, "body": "<!-- ocuroot:pr -->", "performed_via_github_app": {"id": 77}},
            ]));
        }
        ok(&json!({"total_count": 4, "check_runs": [
            {"id": 1, "external_id": "check/1", "app": {"id": 76}},
            {"id": 2, "external_id": "check/1", "app": {"id": 77}},
            {"id": 3, "external_id": "check/2", "app": {"id": 77}},
            {"id": 4, "external_id": null, "app": null},
        ]}))
    })
    .await;
    let installation = stub.installation();
    let comment = installation
        .find_comment(&api(), 5, "<!-- ocuroot:pr -->")
        .await;
    assert_eq!(comment, Ok(Some(4)));
    let check = installation
        .find_check_run(&api(), &sha('c'), "ocuroot / api", "check/1")
        .await;
    assert_eq!(check, Ok(Some(2)));
    let path = stub.calls()[1].path.clone();
    let query = "check_name=ocuroot%20%2F%20api&app_id=77&filter=all&per_page=100";
    assert!(path.ends_with(query), "{path}");
}

#[tokio::test]
async fn a_deployment_that_github_answers_with_a_merge_is_an_error() {
    let stub = Stub::with_tokens(|_| {
        let merged = json!({"message": "Auto-merged main into topic"});
        json_answer(axum::http::StatusCode::ACCEPTED, &merged)
    })
    .await;
    let deployment = crate::github::DeploymentBody {
        sha: sha('c'),
        environment: String::from("production"),
        description: String::from("r7"),
        payload: json!({"run": 12}),
        production: true,
        transient: false,
    };
    let created = stub
        .installation()
        .create_deployment(&api(), &deployment)
        .await;
    let is_rejected = matches!(created, Err(GitHubError::Rejected { status: 202, .. }));
    assert!(is_rejected, "{created:?}");
    let body = &stub.calls()[0].body;
    assert_eq!(body["auto_merge"], json!(false));
    assert_eq!(body["required_contexts"], json!([]));
}
