//! `ocuroot mcp`: a client's requests on standard input, answers on standard output.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Sends lines and returns the answers, in a folder with a config file or two.
fn answers(lines: &[String]) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in [
        ("repo.ocu.star", ""),
        (
            "environments.ocu.star",
            "register_environment(environment('staging'))\n",
        ),
        (
            "release.ocu.star",
            "def up(environment): return done()\nphase('all', tasks=[deploy(e, up, up) for e in environments()])\n",
        ),
        ("broken.ocu.star", "x = 1\ntask(nope)\n"),
        ("long.ocu.star", &format!("x = 1{}\n", " + 1".repeat(1000))),
    ] {
        fs::write(directory.path().join(path), text).expect("a file");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
        .arg("mcp")
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("standard input");
    for line in lines {
        writeln!(input, "{line}").expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn request(method: &str, parameters: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters}).to_string()
}

fn answer(method: &str, parameters: &Value) -> Value {
    let mut answers = answers(&[request(method, parameters)]);
    assert_eq!(answers.len(), 1);
    let answer = answers.remove(0);
    assert_eq!(answer["jsonrpc"], "2.0");
    assert_eq!(answer["id"], 7);
    answer
}

/// The text a tool answers, and whether it is an error.
fn tool(name: &str, arguments: &Value) -> (String, bool) {
    let answer = answer("tools/call", &json!({"name": name, "arguments": arguments}));
    let result = &answer["result"];
    assert_eq!(result["content"][0]["type"], "text", "{answer}");
    (
        result["content"][0]["text"]
            .as_str()
            .expect("a text")
            .to_owned(),
        result["isError"].as_bool().expect("a flag"),
    )
}

#[test]
fn a_client_gets_to_know_the_server() {
    let hello = json!({"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}});
    let lines = [
        request("initialize", &hello),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
        String::new(),
        request("ping", &json!({})),
    ];
    let answers = answers(&lines);
    assert_eq!(answers.len(), 2);
    let result = &answers[0]["result"];
    assert_eq!(result["protocolVersion"], "2025-03-26");
    assert_eq!(result["serverInfo"]["name"], "Ocuroot");
    assert!(result["capabilities"]["tools"].is_object());
    assert_eq!(answers[1]["result"], json!({}));
    let future = answer("initialize", &json!({"protocolVersion": "2099-01-01"}));
    assert_eq!(future["result"]["protocolVersion"], "2025-06-18");
}

#[test]
fn every_tool_is_listed_with_what_it_takes() {
    let answer = answer("tools/list", &json!({}));
    let tools = answer["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, ["preview", "sdk", "example_list", "example_get"]);
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object");
        assert!(
            tool["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
}

#[test]
fn a_preview_is_the_package_with_its_environments_or_what_is_wrong() {
    let (text, is_error) = tool("preview", &json!({"package_file": "release.ocu.star"}));
    assert!(!is_error, "{text}");
    let preview: Value = serde_json::from_str(&text).expect("JSON");
    let phase = &preview["package"]["phases"][0];
    assert_eq!(phase["name"], "all");
    assert_eq!(phase["tasks"].as_array().map(Vec::len), Some(1));
    for (file, problem) in [
        ("broken.ocu.star", "broken.ocu.star:2:6"),
        ("missing.ocu.star", "cannot be opened"),
    ] {
        let (text, is_error) = tool("preview", &json!({"package_file": file}));
        assert!(is_error && text.contains(problem), "{text}");
    }
    assert!(tool("preview", &json!({})).1);
    let (text, is_error) = tool("preview", &json!({"package_file": "long.ocu.star"}));
    assert!(!is_error, "{text}");
}

#[test]
fn the_sdk_is_one_text() {
    for version in [
        json!({}),
        json!({"version": "latest"}),
        json!({"version": "0.3.0"}),
    ] {
        let (text, is_error) = tool("sdk", &version);
        assert!(
            !is_error && text.contains("def deploy(environment=None"),
            "{text}"
        );
    }
    assert!(tool("sdk", &json!({"version": "9"})).1);
}

#[test]
fn every_example_of_the_list_can_be_got_and_is_right() {
    let (list, _) = tool("example_list", &json!({}));
    assert!(list.lines().count() >= 3, "{list}");
    for line in list.lines() {
        let (name, _) = line.split_once(": ").expect("a name");
        let (text, is_error) = tool("example_get", &json!({"name": name}));
        assert!(
            !is_error && text.starts_with("# file: repo.ocu.star\n"),
            "{text}"
        );
        let directory = tempfile::tempdir().expect("a directory");
        for part in text.split("# file: ").skip(1) {
            let (path, text) = part.split_once('\n').expect("a path");
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let checked = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
            .arg("check")
            .arg(directory.path())
            .output()
            .expect("it runs");
        assert!(checked.status.success(), "{name}: {checked:?}");
    }
    assert!(tool("example_get", &json!({"name": "nope"})).1);
}

#[test]
fn what_is_no_request_is_refused_with_the_codes_of_json_rpc() {
    let answers = answers(&[
        "{".to_owned(),
        json!({"id": 1}).to_string(),
        request("nope", &json!({})),
        request("tools/call", &json!({"name": "nope"})),
        request("tools/call", &json!({})),
        json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "method": "x"}])
            .to_string(),
    ]);
    let codes: Vec<Option<i64>> = answers[..5]
        .iter()
        .map(|answer| answer["error"]["code"].as_i64())
        .collect();
    assert_eq!(
        codes,
        [
            Some(-32700),
            Some(-32600),
            Some(-32601),
            Some(-32602),
            Some(-32602)
        ]
    );
    assert_eq!(
        answers[5],
        json!([{"jsonrpc": "2.0", "id": 1, "result": {}}])
    );
}
