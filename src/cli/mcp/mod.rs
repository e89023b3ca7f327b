//! `ocuroot mcp`: what a program that writes config files for people may ask, by the Model Context Protocol: JSON-RPC
//! 2.0, a message a line, on standard input and output.

mod examples;

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};

use super::place::{Place, with_deep_stack};
use super::server_option::NoServer;
use crate::config::{SDK, SDK_VERSION};

use examples::EXAMPLES;

/// The newest version of the protocol that is spoken here.
const PROTOCOL: &str = "2025-06-18";
/// Versions whose clients understand what is answered here.
const PROTOCOLS: [&str; 3] = ["2024-11-05", "2025-03-26", PROTOCOL];

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;

/// What `ocuroot mcp` takes.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    server: NoServer,
}

/// Answers until the other side closes standard input.
///
/// # Errors
/// When standard input or output breaks.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    arguments.server.refuse("mcp")?;
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.context("standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        if let Some(answer) = answer_line(&line) {
            writeln!(output, "{answer}").context("standard output")?;
            output.flush().context("standard output")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with a request.
struct Refusal {
    code: i64,
    message: String,
}

impl Refusal {
    fn new(code: i64, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }
}

/// The answer to one line; none to a notification.
fn answer_line(line: &str) -> Option<Value> {
    let message: Value = match serde_json::from_str(line) {
        Ok(message) => message,
        Err(error) => {
            let refusal = Refusal::new(PARSE_ERROR, format!("not JSON: {error}"));
            return Some(refused(&Value::Null, &refusal));
        }
    };
    let Value::Array(batch) = message else {
        return answer(&message);
    };
    let answers: Vec<Value> = batch.iter().filter_map(answer).collect();
    (!answers.is_empty()).then_some(Value::Array(answers))
}

fn answer(message: &Value) -> Option<Value> {
    let id = message.get("id");
    let Some(method) = message.get("method").and_then(Value::as_str) else {
        let refusal = Refusal::new(INVALID_REQUEST, "a request needs a method");
        return Some(refused(id.unwrap_or(&Value::Null), &refusal));
    };
    // Without an id it is a notification; none of them changes anything here.
    let id = id?;
    let empty = json!({});
    let parameters = message.get("params").unwrap_or(&empty);
    Some(match call(method, parameters) {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(refusal) => refused(id, &refusal),
    })
}

fn refused(id: &Value, refusal: &Refusal) -> Value {
    let error = json!({"code": refusal.code, "message": refusal.message});
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

fn call(method: &str, parameters: &Value) -> Result<Value, Refusal> {
    match method {
        "initialize" => Ok(introduction(parameters)),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({"tools": tools()})),
        "tools/call" => call_tool(parameters),
        other => Err(Refusal::new(METHOD_NOT_FOUND, format!("no method {other}"))),
    }
}

fn introduction(parameters: &Value) -> Value {
    let wanted = parameters.get("protocolVersion").and_then(Value::as_str);
    let version = wanted.filter(|wanted| PROTOCOLS.contains(wanted));
    json!({
        "protocolVersion": version.unwrap_or(PROTOCOL),
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "Ocuroot", "version": env!("CARGO_PKG_VERSION")},
        "instructions": "Ocuroot releases what *.ocu.star files describe. Read `sdk` before you write one, look at \
                         an example, and check what you wrote with `preview`.",
    })
}

fn tools() -> Value {
    let tool = |name: &str, description: &str, properties: Value, required: &[&str]| {
        json!({
            "name": name,
            "description": description,
            "inputSchema": {"type": "object", "properties": properties, "required": required},
            "annotations": {"readOnlyHint": true},
        })
    };
    let text = |description: &str| json!({"type": "string", "description": description});
    json!([
        tool(
            "preview",
            "What a config file declares: phases with their tasks and deployments, and what is wrong with it. Runs \
             no function of a task.",
            json!({"package_file": text("path of the *.ocu.star file")}),
            &["package_file"],
        ),
        tool(
            "sdk",
            "Every builtin that config files can use, with its signature and what it does.",
            json!({"version": text("version of the SDK, or \"latest\"")}),
            &[],
        ),
        tool(
            "example_list",
            "The names of examples, each with what it shows.",
            json!({}),
            &[]
        ),
        tool(
            "example_get",
            "The config files of an example.",
            json!({"name": text("a name from example_list")}),
            &["name"],
        ),
    ])
}

/// Calls a tool. What is wrong with a call is an answer like others: whoever asks shall read and correct it.
fn call_tool(parameters: &Value) -> Result<Value, Refusal> {
    let name = parameters.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| Refusal::new(INVALID_PARAMS, "params.name is missing"))?;
    let argument = |key: &str| {
        let value = parameters.get("arguments").and_then(|all| all.get(key));
        value.and_then(Value::as_str)
    };
    let answered = match name {
        "preview" => preview(argument("package_file")),
        "sdk" => sdk(argument("version")),
        "example_list" => Ok(example_names()),
        "example_get" => example(argument("name")),
        other => return Err(Refusal::new(INVALID_PARAMS, format!("no tool {other}"))),
    };
    let (text, is_error) = match answered {
        Ok(text) => (text, false),
        Err(error) => (format!("{error:#}"), true),
    };
    Ok(json!({"content": [{"type": "text", "text": text}], "isError": is_error}))
}

fn preview(file: Option<&str>) -> anyhow::Result<String> {
    let file = file.ok_or_else(|| anyhow!("package_file is missing"))?;
    let evaluation = with_deep_stack(|| Ok(Place::of(Path::new(file))?.evaluate()))?;
    if evaluation.has_errors() {
        let findings: Vec<String> = evaluation
            .diagnostics
            .iter()
            .map(|finding| format!("{:?}: {finding}", finding.severity))
            .collect();
        bail!("{}", findings.join("\n"));
    }
    Ok(serde_json::to_string_pretty(&evaluation)?)
}

fn sdk(version: Option<&str>) -> anyhow::Result<String> {
    match version {
        None | Some("latest" | SDK_VERSION) => Ok(SDK.to_owned()),
        Some(other) => {
            bail!("there is no SDK {other}; {SDK_VERSION} is the only version")
        }
    }
}

fn example_names() -> String {
    let lines: Vec<String> = EXAMPLES
        .iter()
        .map(|example| format!("{}: {}", example.name, example.about))
        .collect();
    lines.join("\n")
}

fn example(name: Option<&str>) -> anyhow::Result<String> {
    let name = name.ok_or_else(|| anyhow!("name is missing"))?;
    let found = EXAMPLES.iter().find(|example| example.name == name);
    match found {
        Some(example) => Ok(example.text()),
        None => bail!("there is no example {name}; there are\n{}", example_names()),
    }
}
