//! What a run needs, where it comes from, and what happens while it is missing.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::language::{push, short};
use super::story::Story;
use crate::model::RunState;

/// The inputs a run was started with.
fn started_with(story: &Story, task: &str) -> String {
    let (name, run) = story.run(task);
    assert!(run.state != RunState::Pending, "{name} has not started");
    let values = serde_json::to_string(&run.current().values).expect("JSON");
    short(&values)
}

/// Starts `api` with `inputs` on its only task in a world where some documents exist.
fn resolved(inputs: &str) -> String {
    let mut story = Story::default();
    story.environment_with("staging", &[("region", "eu")]);
    story.push("web", "aa", "task/build");
    story.outputs(
        "web/@r1/task/build",
        json!({"urls": ["a", "b"], "none": null}),
    );
    story.set("api/@/custom/limit", json!({"cpu": {"max": 4}}));
    story.push("api", "a1", &format!("task/ask {inputs}"));
    let (_, run) = story.run("api/@r1/task/ask");
    match run.state {
        RunState::Pending => story.table_of("api/@r1"),
        _ => started_with(&story, "api/@r1/task/ask"),
    }
}

#[test]
fn an_input_is_a_value_else_what_its_ref_names_else_its_default() {
    let vectors = [
        ("a value", "x:=5"),
        ("null is a value", "x:=null"),
        ("another package", "x=web/@/task/build#output/urls"),
        ("an item of a list", "x=web/@/task/build#output/urls/1"),
        ("a whole document", "x=web/@/task/build#output"),
        ("null that was read", "x=web/@/task/build#output/none?7"),
        (
            "a release by its number",
            "x=web/@r1/task/build#output/urls/0",
        ),
        (
            "an environment",
            "x=@/environment/staging#attributes/region",
        ),
        ("a custom value", "x=./@/custom/limit#cpu/max"),
        (
            "a default that is not needed",
            "x=./@/custom/limit#cpu/max?1",
        ),
        ("a default", "x=./custom/none?\"small\""),
        ("a default of null", "x=./custom/none?null"),
        ("nothing", ""),
    ];
    let table: String = vectors
        .iter()
        .map(|(what, inputs)| format!("{what}: {}\n", resolved(inputs)))
        .collect();
    assert_snapshot!(table, @r#"
    a value: {"x":5}
    null is a value: {"x":null}
    another package: {"x":["a","b"]}
    an item of a list: {"x":"b"}
    a whole document: {"x":{"none":null,"urls":["a","b"]}}
    null that was read: {"x":null}
    a release by its number: {"x":"a"}
    an environment: {"x":"eu"}
    a custom value: {"x":4}
    a default that is not needed: {"x":4}
    a default: {"x":"small"}
    a default of null: {"x":null}
    nothing: {}
    "#);
}

#[test]
fn an_input_is_missing_when_its_document_or_the_place_in_it_is() {
    let vectors = [
        "x=./custom/approval",
        "x=web/@/task/build#output/nowhere",
        "x=web/@/task/build#output/urls/2",
        "x=web/@/task/build#output/urls/first",
        "x=web/@r2/task/build#output/urls",
        "x=@/environment/moon",
        "x=@/environment/staging#attributes/colour",
        "x=./custom/a y=./custom/b z=./custom/c?1",
    ];
    let table: String = vectors.iter().map(|inputs| resolved(inputs)).collect();
    assert_snapshot!(table, @"
    api/@r1 blocked
      task/ask/1: pending without api/@r1/custom/approval
    api/@r1 blocked
      task/ask/1: pending without web/@/task/build#output/nowhere
    api/@r1 blocked
      task/ask/1: pending without web/@/task/build#output/urls/2
    api/@r1 blocked
      task/ask/1: pending without web/@/task/build#output/urls/first
    api/@r1 blocked
      task/ask/1: pending without web/@r2/task/build#output/urls
    api/@r1 blocked
      task/ask/1: pending without @/environment/moon
    api/@r1 blocked
      task/ask/1: pending without @/environment/staging#attributes/colour
    api/@r1 blocked
      task/ask/1: pending without api/@r1/custom/a api/@r1/custom/b
    ");
}

#[test]
fn an_output_reaches_the_next_phase_of_its_release() {
    let mut story = Story::default();
    let text = "task/build | deploy/staging image=./task/build#output/image";
    story.push("api", "a1", text);
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    assert_snapshot!(started_with(&story, "api/@r1/deploy/staging"), @r#"{"image":"api:1"}"#);
}

#[test]
fn q_r2_a_ref_within_the_release_does_not_read_another_release() {
    let mut story = Story::default();
    let text = "task/build | task/test image=./task/build#output/image";
    story.push("api", "a1", text);
    story.outputs("api/@r1/task/build", json!({"image": "api:1"}));
    story.push("api", "a2", text);
    story.done("api/@r2/task/build");
    assert_snapshot!(story.table_of("api/@r2"), @"
    api/@r2 blocked
      task/build/1: complete
      task/test/1: pending without api/@r2/task/build#output/image
    ");
}

#[test]
fn a_run_without_an_input_resumes_when_the_value_is_set() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/ask size=./custom/size colour=./custom/colour",
    );
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      task/ask/1: pending without api/@r1/custom/colour api/@r1/custom/size
    ");
    story.set("api/@r1/custom/size", json!(3));
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      task/ask/1: pending without api/@r1/custom/colour
    ");
    story.set("api/@r1/custom/colour", Value::Null);
    assert_snapshot!(story.effects(), @"attempt api/@r1/task/ask/1 1");
    assert_snapshot!(started_with(&story, "api/@r1/task/ask"), @r#"{"colour":null,"size":3}"#);
}

#[test]
fn a_value_of_another_release_resumes_nothing() {
    let mut story = Story::default();
    story.push("api", "a1", "task/ask size=./custom/size");
    story.set("api/@r2/custom/size", json!(3));
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      task/ask/1: pending without api/@r1/custom/size
    ");
}

#[test]
fn a_package_resumes_when_another_one_provides_its_input() {
    let mut story = Story::default();
    story.push(
        "web",
        "a1",
        "deploy/staging url=api/@/deploy/staging#output/url",
    );
    story.push("api", "a2", "deploy/staging");
    assert_snapshot!(story.table_of("web/@r1"), @"
    web/@r1 blocked
      deploy/staging/1: pending without api/@/deploy/staging#output/url
    ");
    story.outputs("api/@r1/deploy/staging", json!({"url": "https://api"}));
    assert_snapshot!(story.effects(), @"
    run check api/@r1/deploy/staging/1
    deployment api/@r1/deploy/staging/1
    attempt web/@r1/deploy/staging/1 1
    release check api/@r1
    ");
    assert_snapshot!(started_with(&story, "web/@r1/deploy/staging"), @r#"{"url":"https://api"}"#);
}

#[test]
fn packages_that_need_each_other_wait_and_say_so() {
    let mut story = Story::default();
    story.release(push(
        "a1",
        &[
            ("api", "deploy/staging url=web/@/deploy/staging#output/url"),
            ("web", "deploy/staging url=api/@/deploy/staging#output/url"),
        ],
    ));
    assert_snapshot!(story.table(), @"
    api/@r1 blocked
      deploy/staging/1: pending without web/@/deploy/staging#output/url
    web/@r1 blocked
      deploy/staging/1: pending without api/@/deploy/staging#output/url
    ");
}

#[test]
fn what_a_run_waits_for_is_kept_as_documents() {
    let mut story = Story::default();
    story.push(
        "api",
        "a1",
        "task/ask x=web/@/task/build#output/url y=web/@/task/build#output/port",
    );
    let (_, run) = story.run("api/@r1/task/ask");
    let waits: Vec<String> = run
        .waits
        .iter()
        .map(|wait| short(&wait.to_string()))
        .collect();
    assert_eq!(waits, ["web/@/task/build"]);
    story.push("web", "a2", "task/build");
    story.outputs("web/@r1/task/build", json!({"url": 1, "port": 2}));
    assert!(story.run("api/@r1/task/ask").1.waits.is_empty());
}

#[test]
fn the_document_of_a_run_says_what_it_read_and_left() {
    let mut story = Story::default();
    story.push("api", "a1", "deploy/staging size:=3");
    story.outputs("api/@r1/deploy/staging", json!({"url": "https://api"}));
    assert_snapshot!(story.changes(), @r#"
    api/@r1/deploy/staging = {"input":{"size":{"value":3}},"output":{"url":"https://api"},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    api/@/deploy/staging = {"input":{"size":{"value":3}},"output":{"url":"https://api"},"release":"api/@r1","run_ref":"api/@r1/deploy/staging/1","type":"up"}
    "#);
}
