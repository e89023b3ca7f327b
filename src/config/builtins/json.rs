//! The `json` namespace as starlark-go has it: sorted keys, only text as keys.

use anyhow::{Context, anyhow};
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{PrettyFormatter, Serializer};
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
        let decoded =
            parse(x, "json.decode").and_then(|json| convert::from_json(&json, eval.heap()));
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
        indented(&parse(s, "json.indent")?, prefix, indent)
    }

    fn encode_indent<'v>(
        #[starlark(require = pos)] x: Value<'v>,
        #[starlark(require = named, default = "")] prefix: &str,
        #[starlark(require = named, default = "\t")] indent: &str,
    ) -> anyhow::Result<String> {
        indented(&json(x)?, prefix, indent)
    }
}

fn json(value: Value<'_>) -> anyhow::Result<Json> {
    convert::to_json(value)
        .context("json.encode")
        .map_err(flatten)
}

fn parse(text: &str, builtin: &str) -> anyhow::Result<Json> {
    serde_json::from_str(text).map_err(|error| anyhow!("{builtin}: {error}"))
}

fn indented(json: &Json, prefix: &str, indent: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    json.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    let text = String::from_utf8(bytes)?;
    Ok(text.replace('\n', &format!("\n{prefix}")))
}
