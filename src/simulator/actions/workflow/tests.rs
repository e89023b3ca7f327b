use serde_json::{Value, json};

use super::{Workflow, combinations};
use crate::simulator::actions::expression::Scope;

#[track_caller]
fn check(matrix: &Value, expected: &Value) {
    assert_eq!(
        json!(combinations("build", matrix).expect("a matrix")),
        *expected
    );
}

#[test]
fn a_matrix_is_the_product_of_its_lists() {
    check(
        &json!({"os": ["a", "b"], "version": [1, 2], "exclude": [{"os": "b", "version": 2}]}),
        &json!([{"os": "a", "version": 1}, {"os": "a", "version": 2}, {"os": "b", "version": 1}]),
    );
}

#[test]
fn included_entries_extend_what_they_fit_or_stand_alone() {
    check(
        &json!({"os": ["a", "b"], "include": [{"os": "a", "fast": true}, {"os": "c"}]}),
        &json!([{"os": "a", "fast": true}, {"os": "b"}, {"os": "c"}]),
    );
    check(
        &json!({"include": [{"id": 1}, {"id": 2}]}),
        &json!([{"id": 1}, {"id": 2}]),
    );
}

#[test]
fn an_empty_or_too_large_matrix_is_refused() {
    assert!(combinations("build", &json!({"include": []})).is_err());
    let many: Vec<u32> = (0..257).collect();
    assert!(combinations("build", &json!({"n": many})).is_err());
}

#[test]
fn a_matrix_from_an_input_names_its_jobs_and_their_environments() {
    let workflow = Workflow::parse(
        "on: workflow_dispatch
permissions: {id-token: write}
jobs:
  run:
    name: step ${{ matrix.run.id }}
    runs-on: ubuntu-latest
    environment: {name: '${{ matrix.run.environment }}', deployment: false}
    strategy: {matrix: {run: '${{ fromJSON(inputs.runs) }}'}}
    steps: [{run: 'true'}]
",
    )
    .expect("a workflow");
    let mut scope = Scope::default();
    scope.set(
        "inputs",
        json!({"runs": "[{\"id\": 7, \"environment\": \"production\"}, {\"id\": 8}]"}),
    );
    let jobs = workflow.expand("run", &scope).expect("jobs");
    let seen: Vec<_> = jobs
        .iter()
        .map(|job| (job.job.name.as_str(), job.job.environment.as_deref()))
        .collect();
    assert_eq!(seen, [("step 7", Some("production")), ("step 8", None)]);
    assert!(jobs[0].job.identity);
    assert_eq!(
        workflow.dispatch_inputs().map(|inputs| inputs.len()),
        Some(0)
    );
}
