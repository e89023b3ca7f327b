//! `workflow(...)` and the workflow file it names: do they fit? Checked while planning, on the config's line.

use serde_json::Value;

use crate::model::{Diagnostic, WorkflowCall};

/// Inputs that we fill in where a workflow declares them.
const OWN: [&str; 5] = [
    "ocuroot_run",
    "ocuroot_commit",
    "ocuroot_release",
    "ocuroot_environment",
    "ocuroot_server",
];

/// The most bytes of a workflow file that are read, as GitHub does.
const LARGEST: usize = 512 * 1024;

/// What is wrong between a call in `path` and the text of the file it names. `inputs` are the task's own.
pub fn check<'a>(
    path: &str,
    call: &'a WorkflowCall,
    inputs: impl Iterator<Item = &'a String>,
    text: Option<&str>,
) -> Vec<Diagnostic> {
    let error = |message: String| vec![Diagnostic::error(path, call.line, 0, message)];
    let Some(text) = text else {
        return error(format!(
            "there is no workflow `.github/workflows/{}` at this commit",
            call.file
        ));
    };
    let workflow = match read(text) {
        Ok(workflow) => workflow,
        Err(problem) => {
            return error(format!(
                "`.github/workflows/{}` is not valid YAML: {problem}",
                call.file
            ));
        }
    };
    let Some(declared) = declared(&workflow) else {
        return error(format!(
            "`.github/workflows/{}` cannot be dispatched: add `workflow_dispatch:` under `on:`",
            call.file
        ));
    };
    let given: Vec<&str> = inputs
        .map(String::as_str)
        .chain(call.inputs.keys().map(String::as_str))
        .collect();
    let mut diagnostics = Vec::new();
    for name in &given {
        let is_declared = declared.iter().any(|(declared, _)| declared == name);
        if !is_declared && *name != "environment" {
            diagnostics.extend(error(format!(
                "`.github/workflows/{}` declares no input `{name}` under `workflow_dispatch`",
                call.file
            )));
        }
    }
    for (name, is_required) in &declared {
        if *is_required && !given.contains(&name.as_str()) && !OWN.contains(&name.as_str()) {
            diagnostics.extend(error(format!(
                "`.github/workflows/{}` requires the input `{name}`, which is not given",
                call.file
            )));
        }
    }
    diagnostics
}

/// The names of the inputs a workflow declares; none when it is not YAML or cannot be dispatched.
pub fn declared_names(text: &str) -> Vec<String> {
    let workflow = read(text).unwrap_or_default();
    let declared = declared(&workflow).unwrap_or_default();
    declared.into_iter().map(|(name, _)| name).collect()
}

/// Whether the workflow's runs show in their title what they are given as `ocuroot_run`.
pub fn shows_run(text: &str) -> bool {
    let workflow = read(text).unwrap_or_default();
    let is_declared = declared(&workflow)
        .is_some_and(|inputs| inputs.iter().any(|(name, _)| name == "ocuroot_run"));
    let title = workflow["run-name"].as_str().unwrap_or_default();
    is_declared && title.contains("inputs.ocuroot_run")
}

/// Reads YAML that strangers may have written, in the server's own process: aliases multiply, and a workflow needs few.
fn read(text: &str) -> Result<Value, String> {
    if text.len() > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 40_000,
            max_nodes: 20_000,
            max_aliases: 500,
            max_anchors: 500,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: 4 * LARGEST,
            max_total_scalar_bytes: 4 * LARGEST,
            max_merge_keys: 500,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|problem| {
        let problem = problem.to_string();
        let most = problem
            .char_indices()
            .nth(1_000)
            .map_or(problem.len(), |(end, _)| end);
        problem[..most].to_owned()
    })
}

/// How a value travels as a workflow's input: texts as they are, an environment by its name, the rest as JSON.
pub fn input_text(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if name == "environment" => fields
            .get("name")
            .and_then(Value::as_str)
            .map_or_else(|| value.to_string(), str::to_owned),
        other => other.to_string(),
    }
}

/// Declared inputs with whether one must be given; `None` when the workflow has no `workflow_dispatch`.
fn declared(workflow: &Value) -> Option<Vec<(String, bool)>> {
    // YAML 1.1 reads the key `on` as the boolean true.
    let on = workflow.get("on").or_else(|| workflow.get("true"))?;
    let inputs = match on {
        Value::String(event) => (event == "workflow_dispatch").then_some(&Value::Null)?,
        Value::Array(events) => events
            .iter()
            .any(|event| event == "workflow_dispatch")
            .then_some(&Value::Null)?,
        Value::Object(events) => {
            let dispatch = events.get("workflow_dispatch")?;
            dispatch.get("inputs").unwrap_or(&Value::Null)
        }
        _ => return None,
    };
    let Value::Object(inputs) = inputs else {
        return Some(Vec::new());
    };
    let flags = inputs.iter().map(|(name, input)| {
        let is_required = input.get("required").is_some_and(|flag| flag == true);
        let has_default = input.get("default").is_some();
        (name.clone(), is_required && !has_default)
    });
    Some(flags.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{check, declared_names, input_text, shows_run};
    use crate::model::WorkflowCall;

    const DEPLOY: &str = "
on:
  workflow_dispatch:
    inputs:
      version: {required: true}
      region: {required: true, default: eu}
      ocuroot_commit: {required: true}
";

    fn problems(inputs: &[&str], text: Option<&str>) -> Vec<String> {
        let call = WorkflowCall {
            file: "deploy.yml".into(),
            inputs: BTreeMap::new(),
            line: 7,
        };
        let inputs: Vec<String> = inputs.iter().map(|name| (*name).to_owned()).collect();
        let found = check("release.ocu.star", &call, inputs.iter(), text);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn inputs_are_checked_against_what_the_workflow_declares() {
        assert_eq!(problems(&["version"], Some(DEPLOY)), Vec::<String>::new());
        assert_eq!(
            problems(&["version", "environment"], Some(DEPLOY)),
            Vec::<String>::new()
        );
        let found = [
            problems(&["versoin"], Some(DEPLOY)),
            problems(&[], Some("on: push")),
            problems(&[], Some("on: [push, workflow_dispatch]")),
            problems(&["version"], None),
            problems(&[], Some("on: {")),
        ];
        insta::assert_snapshot!(
            found
                .concat()
                .iter()
                .map(|text| text.lines().next().unwrap_or(""))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }

    #[test]
    fn aliases_that_multiply_are_a_finding_and_no_work() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        text.push_str("on: workflow_dispatch\n");
        let found = problems(&[], Some(&text)).concat();
        assert!(found.contains("not valid YAML"), "{found}");
        assert!(found.len() < 2_000, "{found}");
        assert_eq!(declared_names(&text), Vec::<String>::new());
        let large = format!("on: workflow_dispatch\n# {}", "x".repeat(600_000));
        assert!(problems(&[], Some(&large)).concat().contains("more than"));
    }

    #[test]
    fn a_run_is_found_again_only_by_a_title_that_shows_it() {
        let declared = "on: {workflow_dispatch: {inputs: {ocuroot_run: {}}}}";
        let title = "run-name: deploy ${{ inputs.ocuroot_run }}";
        assert!(shows_run(&format!("{declared}\n{title}")));
        assert!(!shows_run(declared));
        assert!(!shows_run(&format!("on: workflow_dispatch\n{title}")));
    }

    #[test]
    fn values_travel_as_text() {
        assert_eq!(
            declared_names(DEPLOY),
            ["ocuroot_commit", "region", "version"]
        );
        assert_eq!(input_text("a", &json!("x")), "x");
        assert_eq!(input_text("a", &json!(["x", 1])), r#"["x",1]"#);
        assert_eq!(
            input_text("environment", &json!({"name": "staging"})),
            "staging"
        );
    }
}
