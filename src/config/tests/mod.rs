use super::{Denied, Evaluation, Limits, SourceTree, evaluate, invoke};
use crate::model::{Environment, FunctionName, Invocation, Outcome};

mod builtins;
mod calls;
mod documentation;
mod files;
mod functions;
mod host;
mod intent_files;
mod lints;
mod messages;
mod package;
mod quirks;
mod sdk;

/// The entry file of tests that need only one.
const ENTRY: &str = "api/release.ocu.star";

fn tree(files: &[(&str, &str)]) -> SourceTree {
    let mut tree = SourceTree::new();
    for (path, text) in files {
        tree.insert(*path, *text);
    }
    tree
}

fn environments() -> Vec<Environment> {
    ["staging", "production"]
        .map(|name| Environment {
            name: name.parse().expect("a name"),
            attributes: [("type".to_owned(), name.to_owned())].into(),
        })
        .to_vec()
}

/// Evaluates `text` as the entry file.
fn planned(text: &str) -> Evaluation {
    planned_of(&[(ENTRY, text)], ENTRY)
}

fn planned_of(files: &[(&str, &str)], path: &str) -> Evaluation {
    evaluate(&tree(files), path, &environments(), &Limits::default())
}

/// All findings, one a line.
fn findings(evaluation: &Evaluation) -> String {
    let lines: Vec<String> = evaluation
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let severity = format!("{:?}", diagnostic.severity).to_lowercase();
            format!("{severity} {diagnostic}")
        })
        .collect();
    lines.join("\n")
}

/// Calls `name` of `text` with no host.
fn called(text: &str, name: &str, inputs: &str) -> Invocation {
    called_in(&[(ENTRY, text)], ENTRY, name, inputs)
}

fn called_in(files: &[(&str, &str)], file: &str, name: &str, inputs: &str) -> Invocation {
    let function = FunctionName {
        file: file.to_owned(),
        name: name.to_owned(),
    };
    let inputs = serde_json::from_str(inputs).expect("inputs are JSON");
    invoke(
        &tree(files),
        ENTRY,
        &function,
        &inputs,
        &environments(),
        &Denied,
        &Limits::default(),
    )
}

/// The outputs of a call as JSON, or what else it came to.
fn outputs(invocation: &Invocation) -> String {
    match invocation {
        Invocation::Finished {
            outcome: Outcome::Done { outputs, .. },
            ..
        } => serde_json::to_string(outputs).expect("JSON"),
        other => format!("{other:?}"),
    }
}

/// Runs `body` as a function and gives what it says about `result` as JSON.
fn value_of(body: &str) -> String {
    let text = format!(
        "def f():\n  {}\n  return done(outputs={{\"it\": it}})\n",
        body.replace('\n', "\n  ")
    );
    let text = outputs(&called(&text, "f", "{}"));
    match text.strip_prefix("{\"it\":") {
        Some(value) => value.strip_suffix('}').unwrap_or(value).to_owned(),
        None => text,
    }
}
