//! Values as people read them: short ones on a line, others as a tree.

use serde_json::Value as Json;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Heap, Value, ValueLike};

use crate::config::convert;
use crate::config::value::{OutcomeValue, Structure};
use crate::model::{Input, Outcome};

/// A value this long is shown as a tree.
const WIDTH: usize = 80;
const MAX_DEPTH: usize = 20;
/// More branches than this are counted only.
const MAX_BRANCHES: usize = 200;

/// A name, or a value, with what is inside.
struct Branch {
    label: String,
    inside: Vec<Branch>,
}

/// The value as a text.
pub(super) fn tree(value: Value<'_>) -> String {
    Heap::temp(|heap| match value.downcast_ref::<OutcomeValue>() {
        Some(ended) => lines(&outcome(&ended.outcome, heap)),
        None => lines(&branch(None, value, 0)),
    })
}

fn branch(name: Option<&str>, value: Value<'_>, depth: usize) -> Branch {
    let labelled = |text: &str| match name {
        Some(name) => format!("{name}: {text}"),
        None => text.to_owned(),
    };
    let whole = value.to_repr();
    let parts = parts(value).filter(|_| whole.chars().count() > WIDTH && depth < MAX_DEPTH);
    let Some(parts) = parts else {
        return leaf(labelled(&whole));
    };
    let mut inside: Vec<Branch> = parts
        .iter()
        .take(MAX_BRANCHES)
        .map(|(name, value)| branch(Some(name), *value, depth + 1))
        .collect();
    if parts.len() > MAX_BRANCHES {
        inside.push(leaf(format!("… {} more", parts.len() - MAX_BRANCHES)));
    }
    let kind = format!("{} of {}", value.get_type(), parts.len());
    Branch {
        label: labelled(&kind),
        inside,
    }
}

/// The names and values inside a value, if it is of a kind that has them.
fn parts(value: Value<'_>) -> Option<Vec<(String, Value<'_>)>> {
    if let Some(dict) = DictRef::from_value(value) {
        return Some(
            dict.iter()
                .map(|(key, value)| (key.to_repr(), value))
                .collect(),
        );
    }
    if let Some(structure) = Structure::from_value(value) {
        let fields = structure.fields();
        return Some(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        );
    }
    let items = match (ListRef::from_value(value), TupleRef::from_value(value)) {
        (Some(list), _) => list.content().to_vec(),
        (_, Some(tuple)) => tuple.content().to_vec(),
        _ => return None,
    };
    let places = items.into_iter().enumerate();
    Some(places.map(|(at, value)| (at.to_string(), value)).collect())
}

fn outcome(outcome: &Outcome, heap: Heap<'_>) -> Branch {
    let named = |name: &str, json: &Json| match convert::from_json(json, heap) {
        Ok(value) => branch(Some(name), value, 1),
        Err(_) => leaf(format!("{name}: {json}")),
    };
    match outcome {
        Outcome::Done {
            outputs,
            tags,
            watch,
        } => {
            let mut inside: Vec<Branch> = Vec::new();
            inside.extend(group(
                "outputs",
                outputs.iter().map(|(name, json)| named(name, json)),
            ));
            inside.extend(group("tags", tags.iter().map(|tag| leaf(tag.clone()))));
            inside.extend(group("watch", watch.iter().map(|path| leaf(path.clone()))));
            Branch {
                label: "done".to_owned(),
                inside,
            }
        }
        Outcome::Next { function, inputs } => Branch {
            label: format!("next: {function}"),
            inside: inputs
                .iter()
                .map(|(name, input)| match input {
                    Input::Value { value } => named(name, value),
                    Input::Reference { reference, default } => leaf(match default {
                        Some(default) => format!("{name}: {reference} or {default}"),
                        None => format!("{name}: {reference}"),
                    }),
                })
                .collect(),
        },
        Outcome::Failed { message } => leaf(format!("failed: {message}")),
    }
}

fn group(label: &str, branches: impl Iterator<Item = Branch>) -> Option<Branch> {
    let inside: Vec<Branch> = branches.collect();
    (!inside.is_empty()).then(|| Branch {
        label: label.to_owned(),
        inside,
    })
}

fn leaf(label: String) -> Branch {
    Branch {
        label,
        inside: Vec::new(),
    }
}

fn lines(branch: &Branch) -> String {
    let mut out = branch.label.clone();
    below(branch, "", &mut out);
    out
}

fn below(branch: &Branch, indent: &str, out: &mut String) {
    for (position, inner) in branch.inside.iter().enumerate() {
        let is_last = position + 1 == branch.inside.len();
        let (joint, further) = match is_last {
            true => ("└─ ", "   "),
            false => ("├─ ", "│  "),
        };
        out.push('\n');
        out.push_str(indent);
        out.push_str(joint);
        out.push_str(&inner.label);
        below(inner, &format!("{indent}{further}"), out);
    }
}
