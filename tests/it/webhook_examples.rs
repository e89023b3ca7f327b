//! The published example payloads against the parser.

use ocuroot::webhook::{Event, Parsed, parse};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Examples {
    name: String,
    examples: Vec<Value>,
}

fn examples() -> Vec<(String, Value)> {
    let text = include_str!("../data/webhooks/examples.json");
    let events: Vec<Examples> = serde_json::from_str(text).expect("the vendored file is JSON");
    events
        .into_iter()
        .flat_map(|event| {
            let name = event.name;
            let with_name = move |payload| (name.clone(), payload);
            event.examples.into_iter().map(with_name)
        })
        .collect()
}

fn read(event: &str, payload: &Value) -> Parsed {
    let body = serde_json::to_vec(payload).expect("a value is JSON");
    parse(event, &body).unwrap_or_else(|error| panic!("{error}\n{payload}"))
}

/// The id the event is about, and where its payload holds it.
fn subject(event: &Event) -> Option<(i64, &'static str)> {
    Some(match event {
        Event::PullRequest(pull) => (pull.number, "/pull_request/number"),
        Event::Comment(comment) => (comment.id, "/comment/id"),
        Event::CheckRunRequested { check_run_id, .. } => (*check_run_id, "/check_run/id"),
        Event::WorkflowRun(run) => (run.id, "/workflow_run/id"),
        _ => return None,
    })
}

/// The commit the event is about, and where its payload holds it.
fn commit(event: &Event) -> Option<(&str, &'static str)> {
    Some(match event {
        Event::Push(push) => (push.after.as_str(), "/after"),
        Event::PullRequest(pull) => (pull.ends.head_sha.as_str(), "/pull_request/head/sha"),
        Event::CheckRunRequested { head_sha, .. } => (head_sha.as_str(), "/check_run/head_sha"),
        Event::CheckSuiteRerequested { head_sha, .. } => {
            (head_sha.as_str(), "/check_suite/head_sha")
        }
        Event::WorkflowRun(run) => (run.head_sha.as_str(), "/workflow_run/head_sha"),
        Event::MergeGroup { head_sha, .. } => (head_sha.as_str(), "/merge_group/head_sha"),
        _ => return None,
    })
}

#[test]
fn every_published_example_is_read_and_its_ids_are_the_payloads() {
    let examples = examples();
    assert_eq!(examples.len(), 329);
    for (name, payload) in &examples {
        let parsed = read(name, payload);
        let number = |pointer: &str| payload.pointer(pointer).and_then(Value::as_i64);
        assert_eq!(parsed.installation_id, number("/installation/id"), "{name}");
        let repository = parsed.repository.map(|repository| repository.id);
        assert_eq!(repository, number("/repository/id"), "{name}");
        let sender = parsed.sender.map(|sender| sender.id);
        assert_eq!(sender, number("/sender/id"), "{name}");
        if let Some((id, pointer)) = subject(&parsed.event) {
            assert_eq!(Some(id), number(pointer), "{name}{pointer}");
        }
        if let Some((sha, pointer)) = commit(&parsed.event) {
            let text = payload.pointer(pointer).and_then(Value::as_str);
            assert_eq!(Some(sha), text, "{name}{pointer}");
        }
    }
}

#[test]
fn the_events_we_act_on_are_not_ignored() {
    let acted_on = examples()
        .iter()
        .filter(|(name, payload)| !matches!(read(name, payload).event, Event::Ignored { .. }))
        .count();
    // push 7, pull_request 29, issue_comment created 5, check_run rerequested and buttons 3,
    // check_suite rerequested 2, workflow_run 5, merge_group 2, installation 7,
    // installation_repositories 3, repository 13, ping 4.
    assert_eq!(acted_on, 80);
}

/// Keys an event is useless without; everything else may be missing.
const NEEDED: &[&str] = &[
    "id",
    "full_name",
    "ref",
    "before",
    "after",
    "number",
    "sha",
    "head",
    "base",
    "head_sha",
    "base_sha",
    "base_ref",
    "pull_request",
    "issue",
    "comment",
    "check_run",
    "check_suite",
    "workflow_run",
    "merge_group",
    "requested_action",
    "identifier",
    "installation",
    "repository",
];

/// Keys GitHub sends null for when the account or App behind them is gone.
const NULLABLE: &[&str] = &[
    "user",
    "sender",
    "owner",
    "account",
    "actor",
    "app",
    "repo",
    "performed_via_github_app",
];

/// A small deterministic sequence (a 64-bit linear congruential generator).
struct Sequence(u64);

impl Sequence {
    fn one_in(&mut self, count: u64) -> bool {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(count)
    }
}

fn damage(value: &mut Value, sequence: &mut Sequence) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| NEEDED.contains(&key.as_str()) || !sequence.one_in(4));
            for (key, field) in fields {
                if NULLABLE.contains(&key.as_str()) && sequence.one_in(2) {
                    *field = Value::Null;
                } else {
                    damage(field, sequence);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                damage(item, sequence);
            }
        }
        _ => {}
    }
}

#[test]
fn examples_with_optional_fields_missing_and_accounts_gone_are_still_read() {
    let mut sequence = Sequence(20_261_123);
    for (name, payload) in examples() {
        for _ in 0..20 {
            let mut damaged = payload.clone();
            damage(&mut damaged, &mut sequence);
            let parsed = read(&name, &damaged);
            let repository = parsed.repository.map(|repository| repository.id);
            let expected = damaged.pointer("/repository/id").and_then(Value::as_i64);
            assert_eq!(repository, expected, "{name}");
        }
    }
}
