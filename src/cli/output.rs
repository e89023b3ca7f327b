//! `ocuroot output`: gives outputs of a native workflow to the run it was started for.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::runner;

/// Gives outputs to the run that this workflow run was started for. For workflows named by workflow(...) in a config
/// file; they need `permissions: id-token: write`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Outputs as texts, such as version=1.2.3
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Outputs of any type as one JSON object, such as '{"count": 3}'
    #[arg(long, value_name = "OBJECT")]
    json: Option<String>,
    /// The server that dispatched the workflow, such as `https://ocuroot.example`
    #[arg(long, env = "OCUROOT_SERVER", value_name = "URL")]
    server: String,
}

/// Sends the outputs.
///
/// # Errors
/// When they cannot be read, or the server does not take them.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let outputs = outputs(&arguments.values, arguments.json.as_deref())?;
    runner::send_outputs(&job_environment(), &arguments.server, &outputs)?;
    let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
    println!("Sent: {}", names.join(", "));
    Ok(ExitCode::SUCCESS)
}

fn outputs(values: &[String], json: Option<&str>) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut outputs = match json {
        Some(json) => serde_json::from_str(json)
            .context("--json must be one JSON object, such as '{\"count\": 3}'")?,
        None => BTreeMap::new(),
    };
    for value in values {
        let Some((name, text)) = value.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            bail!("`{value}` is not an output: write name=value");
        };
        let known = outputs.insert(name.to_owned(), Value::String(text.to_owned()));
        if known.is_some() {
            bail!("the output `{name}` is given twice");
        }
    }
    if outputs.is_empty() {
        bail!("no outputs are given: write name=value, or --json '{{\"name\": …}}'");
    }
    Ok(outputs)
}

/// The variables of this process. What is not text is passed on as near as text comes.
pub(super) fn job_environment() -> BTreeMap<String, String> {
    let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::outputs;
    use serde_json::json;

    fn read(values: &[&str], json: Option<&str>) -> Result<serde_json::Value, String> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let outputs = outputs(&values, json).map_err(|error| error.to_string())?;
        Ok(json!(outputs))
    }

    #[test]
    fn values_are_texts_unless_they_are_json() {
        assert_eq!(
            read(&["a=1", "b=x=y", "c="], Some(r#"{"d": 1.50, "e": null}"#)),
            Ok(
                json!({"a": "1", "b": "x=y", "c": "", "d": serde_json::from_str::<serde_json::Value>("1.50").expect("JSON"), "e": null})
            )
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (values, json, problem) in [
            (&["a"][..], None, "`a` is not an output: write name=value"),
            (&["=a"], None, "`=a` is not an output"),
            (&["a=1", "a=2"], None, "`a` is given twice"),
            (&["a=1"], Some(r#"{"a": 2}"#), "`a` is given twice"),
            (&[], None, "no outputs are given"),
            (&[], Some("[]"), "--json must be one JSON object"),
        ] {
            let message = read(values, json).expect_err(problem);
            assert!(message.contains(problem), "{message}");
        }
    }
}
