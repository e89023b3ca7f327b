//! The expression language of workflow files: `${{ … }}`.

mod evaluate;
mod parse;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use evaluate::{text_of, truthy};

/// An expression the simulator cannot read or evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} in `{expression}`")]
pub(crate) struct ExpressionError {
    pub(crate) message: String,
    pub(crate) expression: String,
}

/// What an expression may look at: `github`, `inputs`, `env`, `matrix`, `steps`, `needs`, `job`, `runner`, `secrets`, `vars`,
/// `strategy`; and how the job is doing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) contexts: BTreeMap<String, Value>,
    /// Something before this point failed.
    pub(crate) failed: bool,
    /// The run was cancelled.
    pub(crate) cancelled: bool,
}

impl Scope {
    /// Sets one context.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.contexts.insert(name.to_owned(), value);
    }
}

/// The value of one expression, without its `${{ }}`.
pub(crate) fn evaluate(expression: &str, scope: &Scope) -> Result<Value, ExpressionError> {
    let located = |message: String| ExpressionError {
        message,
        expression: expression.trim().to_owned(),
    };
    let tree = parse::parse(expression).map_err(located)?;
    evaluate::evaluate(&tree, scope).map_err(located)
}

/// The value of a text with expressions in it. A text that is one expression keeps the type of its value.
pub(crate) fn interpolate(text: &str, scope: &Scope) -> Result<Value, ExpressionError> {
    let trimmed = text.trim();
    if let Some(inner) = trimmed
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        && !inner.contains("${{")
    {
        return evaluate(inner, scope);
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((expression, remainder)) = after.split_once("}}") else {
            return Err(ExpressionError {
                message: "no closing }}".to_owned(),
                expression: after.to_owned(),
            });
        };
        result.push_str(before);
        result.push_str(&text_of(&evaluate(expression, scope)?));
        rest = remainder;
    }
    result.push_str(rest);
    Ok(Value::String(result))
}

/// A YAML value with every text in it interpolated.
pub(crate) fn interpolate_value(value: &Value, scope: &Scope) -> Result<Value, ExpressionError> {
    match value {
        Value::String(text) => interpolate(text, scope),
        Value::Array(items) => items
            .iter()
            .map(|item| interpolate_value(item, scope))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| Ok((key.clone(), interpolate_value(member, scope)?)))
            .collect::<Result<serde_json::Map<_, _>, _>>()
            .map(Value::Object),
        other => Ok(other.clone()),
    }
}

/// The text of a value with expressions in it.
pub(crate) fn interpolate_text(value: &Value, scope: &Scope) -> Result<String, ExpressionError> {
    Ok(match value {
        Value::String(text) => text_of(&interpolate(text, scope)?),
        other => text_of(other),
    })
}

/// Whether an `if:` holds. Without a status function in it, it means `success() && (…)`.
pub(crate) fn condition(text: &str, scope: &Scope) -> Result<bool, ExpressionError> {
    let trimmed = text.trim();
    let inner = trimmed
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .unwrap_or(trimmed);
    let asks_status = ["always()", "success()", "failure()", "cancelled()"]
        .iter()
        .any(|call| inner.contains(call));
    if !asks_status && (scope.failed || scope.cancelled) {
        return Ok(false);
    }
    Ok(truthy(&evaluate(inner, scope)?))
}

#[cfg(test)]
mod tests;
