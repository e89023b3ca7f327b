//! The `json` namespace as starlark-go has it: sorted keys, only text as keys.

use anyhow::{Context, anyhow};
use serde::de::IgnoredAny;
use serde_json::Value as Json;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;

use crate::config::convert;
use crate::config::inputs::flatten;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn encode<'v>(#[starlark(require = pos)] x: Value<'v>) -> anyhow::Result<String> {
        Ok(json(x)?.to_string())
    }

    fn decode<'v>(
        #[starlark(require = pos)] x: &str,
        default: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let decoded = parse(x).and_then(|json| convert::from_json(&json, eval.heap()));
        match default {
            Some(default) => Ok(decoded.unwrap_or(default)),
            None => decoded,
        }
    }

    fn indent<'v>(
        #[starlark(require = pos)] s: &str,
        #[starlark(require = named, default = "")] prefix: &str,
        #[starlark(require = named, default = "\t")] indent: &str,
    ) -> anyhow::Result<String> {
        let _: IgnoredAny =
            serde_json::from_str(s).map_err(|error| anyhow!("json.indent: {error}"))?;
        Ok(reindented(s, prefix, indent))
    }

    fn encode_indent<'v>(
        #[starlark(require = pos)] x: Value<'v>,
        #[starlark(require = named, default = "")] prefix: &str,
        #[starlark(require = named, default = "\t")] indent: &str,
    ) -> anyhow::Result<String> {
        Ok(reindented(&json(x)?.to_string(), prefix, indent))
    }
}

fn json(value: Value<'_>) -> anyhow::Result<Json> {
    convert::to_json(value)
        .context("json.encode")
        .map_err(flatten)
}

fn parse(text: &str) -> anyhow::Result<Json> {
    serde_json::from_str(text).map_err(|error| anyhow!("json.decode: {error}"))
}

/// `text`, which is JSON, on lines of its own. Order and numbers stay as they are written.
fn reindented(text: &str, prefix: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    let mut is_just_open = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let end = match character {
            '"' => end_of_text(rest),
            character => character.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        if character.is_ascii_whitespace() {
            continue;
        }
        let is_end = matches!(character, '}' | ']');
        if is_just_open != is_end {
            depth = if is_end { depth - 1 } else { depth + 1 };
            break_line(&mut out, prefix, indent, depth);
        }
        is_just_open = matches!(character, '{' | '[');
        out.push_str(token);
        match character {
            ',' => break_line(&mut out, prefix, indent, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

/// Where the quoted text that `json` begins with ends.
fn end_of_text(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn break_line(out: &mut String, prefix: &str, indent: &str, depth: usize) {
    out.push('\n');
    out.push_str(prefix);
    out.push_str(&indent.repeat(depth));
}
