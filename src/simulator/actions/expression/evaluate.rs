//! Expression tree to value.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::Scope;
use super::parse::Expression;

/// The value of an expression.
pub(super) fn evaluate(expression: &Expression, scope: &Scope) -> Result<Value, String> {
    Ok(match expression {
        Expression::Null => Value::Null,
        Expression::Bool(value) => json!(value),
        Expression::Number(value) => number(*value),
        Expression::Text(text) => json!(text),
        Expression::Context(name) => {
            let known = scope.contexts.get(name);
            known
                .ok_or_else(|| format!("the simulator does not support the context `{name}` here"))?
                .clone()
        }
        Expression::Index(container, key) => {
            index(&evaluate(container, scope)?, &evaluate(key, scope)?)
        }
        Expression::Not(inner) => json!(!truthy(&evaluate(inner, scope)?)),
        Expression::Binary(operator, left, right) => {
            let left = evaluate(left, scope)?;
            match (*operator, truthy(&left)) {
                ("&&", false) | ("||", true) => left,
                ("&&" | "||", _) => evaluate(right, scope)?,
                _ => json!(compares(operator, &left, &evaluate(right, scope)?)),
            }
        }
        Expression::Call(name, arguments) => {
            let values: Result<Vec<Value>, String> = arguments
                .iter()
                .map(|argument| evaluate(argument, scope))
                .collect();
            call(name, &values?, scope)?
        }
    })
}

/// Members are found whatever the case of their name; what is missing is null.
fn index(container: &Value, key: &Value) -> Value {
    let found = match (container, key) {
        (Value::Array(items), Value::Number(position)) => position
            .as_u64()
            .and_then(|position| items.get(usize::try_from(position).ok()?)),
        (Value::Object(members), _) => {
            let key = text_of(key);
            members.get(&key).or_else(|| {
                members
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(&key))
                    .map(|(_, value)| value)
            })
        }
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

fn call(name: &str, arguments: &[Value], scope: &Scope) -> Result<Value, String> {
    Ok(match (name.to_lowercase().as_str(), arguments) {
        ("always", []) => json!(true),
        ("success", []) => json!(!scope.failed && !scope.cancelled),
        ("failure", []) => json!(scope.failed && !scope.cancelled),
        ("cancelled", []) => json!(scope.cancelled),
        ("contains", [Value::Array(items), needle]) => {
            json!(items.iter().any(|item| compares("==", item, needle)))
        }
        ("contains", [text, needle]) => json!(lower(text).contains(&lower(needle))),
        ("startswith", [text, needle]) => json!(lower(text).starts_with(&lower(needle))),
        ("endswith", [text, needle]) => json!(lower(text).ends_with(&lower(needle))),
        ("format", [template, values @ ..]) => json!(format(&text_of(template), values)?),
        ("join", [Value::Array(items), rest @ ..]) => {
            let separator = rest.first().map_or_else(|| ",".to_owned(), text_of);
            json!(
                items
                    .iter()
                    .map(text_of)
                    .collect::<Vec<_>>()
                    .join(&separator)
            )
        }
        ("join", [single, ..]) => json!(text_of(single)),
        ("tojson", [value]) => {
            json!(serde_json::to_string_pretty(value).map_err(|error| error.to_string())?)
        }
        ("fromjson", [text]) => {
            let text = text_of(text);
            serde_json::from_str(&text)
                .map_err(|error| format!("fromJSON cannot read {text:?}: {error}"))?
        }
        _ => {
            return Err(format!(
                "the simulator does not support {name}() with {} arguments",
                arguments.len()
            ));
        }
    })
}

/// `{0}` is the first value; `{{` and `}}` are braces.
fn format(template: &str, values: &[Value]) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = template;
    while let Some(position) = rest.find(['{', '}']) {
        result.push_str(&rest[..position]);
        let (brace, after) = rest[position..].split_at(1);
        if let Some(remainder) = after.strip_prefix(brace) {
            result.push_str(brace);
            rest = remainder;
            continue;
        }
        let placeholder = if brace == "{" {
            after.split_once('}')
        } else {
            None
        };
        let (index, remainder) = placeholder.ok_or_else(|| format!("bad format {template:?}"))?;
        let value = index
            .parse()
            .ok()
            .and_then(|index: usize| values.get(index));
        result.push_str(&text_of(
            value.ok_or_else(|| format!("format has no value {{{index}}}"))?,
        ));
        rest = remainder;
    }
    result.push_str(rest);
    Ok(result)
}

/// GitHub compares texts without regard to case, and turns values of different types into numbers first.
fn compares(operator: &str, left: &Value, right: &Value) -> bool {
    let ordering = match (left, right) {
        (Value::String(left), Value::String(right)) => {
            Some(left.to_lowercase().cmp(&right.to_lowercase()))
        }
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            (left == right).then_some(Ordering::Equal)
        }
        _ => as_number(left).partial_cmp(&as_number(right)),
    };
    match operator {
        "==" => ordering == Some(Ordering::Equal),
        "!=" => ordering != Some(Ordering::Equal),
        "<" => ordering == Some(Ordering::Less),
        ">" => ordering == Some(Ordering::Greater),
        "<=" => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn as_number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(value) => value.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.trim().is_empty() => 0.0,
        Value::String(text) => text.trim().parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be a whole number of exact range"
    )]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

fn lower(value: &Value) -> String {
    text_of(value).to_lowercase()
}

/// Whether a value counts as true.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_f64().is_some_and(|value| value != 0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// A value as text, as it appears within a longer text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(_) => "Array".to_owned(),
        Value::Object(_) => "Object".to_owned(),
        other => other.to_string(),
    }
}
