//! GitHub's own description of its API, held against every request we make.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use ocuroot::simulator::RequestCheck;
use serde_json::Value;

const DESCRIPTION: &str = include_str!("../../data/github/openapi-slice.json");

/// Complaints about requests whose bodies GitHub's description does not allow.
///
/// Compiled once: it takes longer than most stories.
pub fn check() -> RequestCheck {
    static CHECK: OnceLock<RequestCheck> = OnceLock::new();
    Arc::clone(CHECK.get_or_init(compile))
}

fn compile() -> RequestCheck {
    let description: Value = serde_json::from_str(DESCRIPTION).expect("the description is JSON");
    let validators = validators(&description);
    Arc::new(move |method, path, body| {
        let path = path.split('?').next().unwrap_or(path);
        let found = validators
            .iter()
            .filter(|((known, _), _)| known.eq_ignore_ascii_case(method))
            .find(|((_, template), _)| matches(template, path));
        match found {
            Some((_, Some(validator))) if !body.is_null() => validator
                .iter_errors(body)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect(),
            _ => Vec::new(),
        }
    })
}

type Validators = HashMap<(String, String), Option<Validator>>;

fn validators(description: &Value) -> Validators {
    let mut validators = HashMap::new();
    let paths = description["paths"].as_object().expect("paths");
    for (template, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let validator = schema.is_object().then(|| {
                let mut whole = schema.clone();
                whole["components"] = description["components"].clone();
                nullable(&mut whole);
                jsonschema::options()
                    .with_draft(jsonschema::Draft::Draft4)
                    .build(&whole)
                    .expect("a schema")
            });
            validators.insert((method.clone(), template.clone()), validator);
        }
    }
    validators
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema lists `null` among the types.
fn nullable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(kind) = fields.get("type").cloned() {
                    fields.insert("type".into(), serde_json::json!([kind, "null"]));
                }
                if let Some(Value::Array(values)) = fields.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            fields.values_mut().for_each(nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// Whether a path fits a template; a parameter may span several segments where GitHub allows it.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
}
