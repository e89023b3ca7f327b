//! `app-manifest.yml` asks for what the code uses, and for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::architecture::source::{self, Source};

#[derive(Deserialize)]
struct Manifest {
    hook_attributes: HookAttributes,
    default_permissions: BTreeMap<String, String>,
    default_events: Vec<String>,
}

#[derive(Deserialize)]
struct HookAttributes {
    url: String,
}

/// What needs a permission.
enum Need {
    /// A call in `src/github`, by the function that makes it.
    Call(&'static str),
    /// Being sent an event: GitHub refuses a subscription without the permission.
    Event(&'static str),
}

use Need::{Call, Event};

/// Permission, level, and everything that needs it (reference: GitHub's permissions of operations and of events).
const PERMISSIONS: [(&str, &str, &[Need]); 9] = [
    (
        "metadata",
        "read",
        &[
            Call("permission"),
            Call("repository_id"),
            Event("repository"),
        ],
    ),
    (
        "contents",
        "read",
        &[
            Call("tree"),
            Call("blob_text"),
            Call("compare"),
            Call("code_owners"),
            Call("branch_head"),
            Event("push"),
        ],
    ),
    (
        "actions",
        "write",
        &[
            Call("dispatch_workflow"),
            Call("cancel_workflow_run"),
            Call("force_cancel_workflow_run"),
            Call("jobs"),
            Call("workflow_runs_since"),
            Call("workflow_run"),
            Call("artifact"),
            Event("workflow_run"),
        ],
    ),
    (
        "checks",
        "write",
        &[
            Call("create_check_run"),
            Call("update_check_run"),
            Call("find_check_run"),
            Call("check_runs"),
            Event("check_run"),
            Event("check_suite"),
        ],
    ),
    (
        "deployments",
        "write",
        &[
            Call("create_deployment"),
            Call("create_deployment_status"),
            Call("find_deployment"),
        ],
    ),
    (
        "pull_requests",
        "write",
        &[
            Call("create_comment"),
            Call("update_comment"),
            Call("find_comment"),
            Call("comments_since"),
            Call("react"),
            Call("pull_request"),
            Call("pull_requests_of_commit"),
            Call("open_pull_requests"),
            Event("pull_request"),
        ],
    ),
    ("issues", "read", &[Event("issue_comment")]),
    ("merge_queues", "read", &[Event("merge_group")]),
    ("members", "read", &[Call("is_team_member")]),
];

/// What the server does with an event, by how the parser calls it. `installation` and `installation_repositories` come
/// without being asked for; GitHub refuses a manifest that lists them.
const EVENTS: [(&str, &str); 8] = [
    ("push", "a commit of the default branch is released"),
    ("pull_request", "a preview of what merging would release"),
    ("issue_comment", "commands"),
    ("check_run", "buttons, and one check run again"),
    ("check_suite", "all check runs again"),
    ("workflow_run", "a job's workflow has ended"),
    ("merge_group", "the check a merge queue waits for"),
    ("repository", "a new name or default branch"),
];
const UNASKED: [&str; 3] = ["installation", "installation_repositories", "ping"];

fn manifest() -> Manifest {
    serde_saphyr::from_str(ocuroot::APP_MANIFEST).expect("YAML")
}

fn production() -> Vec<Source> {
    let mut sources = source::below("src");
    sources.retain(|source| !source.is_test() && source.module() != "simulator");
    sources
}

#[test]
fn the_manifest_asks_for_the_permissions_the_code_needs() {
    let listed: BTreeMap<String, String> = PERMISSIONS
        .iter()
        .map(|(name, level, _)| ((*name).to_owned(), (*level).to_owned()))
        .collect();
    assert_eq!(manifest().default_permissions, listed);
}

#[test]
fn every_permission_is_needed_by_something_that_happens() {
    let sources = production();
    let events = manifest().default_events;
    let (edge, users): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .partition(|source| source.module() == "github");
    for (permission, _, needs) in PERMISSIONS {
        for need in needs {
            match need {
                Call(name) => {
                    let definition = format!("pub async fn {name}(");
                    assert!(
                        edge.iter().any(|source| source.text.contains(&definition)),
                        "{permission}: src/github has no `{name}`"
                    );
                    let call = format!(".{name}(");
                    assert!(
                        users.iter().any(|source| source.text.contains(&call)),
                        "{permission}: nothing calls `{name}`"
                    );
                }
                Event(name) => {
                    assert!(
                        events.iter().any(|event| event == name),
                        "{permission}: {name}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_call_is_made_whose_permission_is_not_listed() {
    // Calls as the App itself or with a person's own token, and those that need no permission.
    const FREE: [&str; 7] = [
        "app",
        "installations",
        "hook_deliveries",
        "redeliver",
        "repositories",
        "verify",
        "whose",
    ];
    let sources = production();
    let is_called = |name: &str| {
        let call = format!(".{name}(");
        let mut users = sources.iter().filter(|source| source.module() != "github");
        users.any(|source| source.text.contains(&call))
    };
    let listed: BTreeSet<&str> = PERMISSIONS
        .iter()
        .flat_map(|(_, _, needs)| needs.iter())
        .filter_map(|need| match need {
            Call(name) => Some(*name),
            Event(_) => None,
        })
        .collect();
    let edge = sources.iter().filter(|source| source.module() == "github");
    let functions = edge.flat_map(|source| {
        let parts = source.text.split("    pub async fn ").skip(1);
        parts.map(|part| part.split(['(', '<']).next().unwrap_or(""))
    });
    // `workflow_text` of the worker reads from the record; GitHub's is used by nobody yet.
    let used = functions.filter(|name| *name != "workflow_text" && is_called(name));
    let unlisted: Vec<&str> = used
        .filter(|name| !listed.contains(name) && !FREE.contains(name))
        .collect();
    assert_eq!(
        unlisted,
        Vec::<&str>::new(),
        "say which permission these need"
    );
}

#[test]
fn the_manifest_subscribes_to_the_events_the_code_acts_on() {
    let listed: Vec<&str> = EVENTS.iter().map(|(event, _)| *event).collect();
    assert_eq!(manifest().default_events, listed);
    let parser = production()
        .into_iter()
        .find(|source| source.path == "src/webhook/parse.rs")
        .expect("the parser");
    let (_, rest) = parser.text.split_once("fn is_acted_on").expect("its list");
    let (list, _) = rest.split_once("\n}\n").expect("the end of it");
    let acted_on: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    let known: BTreeSet<&str> = listed.into_iter().chain(UNASKED).collect();
    let missing: Vec<_> = acted_on.difference(&known).collect();
    assert!(
        missing.is_empty(),
        "acted on but not subscribed to: {missing:?}"
    );
    let idle: Vec<_> = known
        .difference(&acted_on)
        .filter(|event| **event != "ping")
        .collect();
    assert!(idle.is_empty(), "subscribed to for nothing: {idle:?}");
}

#[test]
fn deliveries_go_where_the_server_takes_them() {
    assert!(manifest().hook_attributes.url.ends_with("/webhooks/github"));
    let intake = production()
        .into_iter()
        .find(|source| source.path == "src/webhook/intake.rs")
        .expect("the intake");
    assert!(intake.text.contains("\"/webhooks/github\""));
}
