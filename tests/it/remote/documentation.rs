//! docs/api.md lists the routes there are.

use std::collections::BTreeSet;

use ocuroot::api::endpoints;
use ocuroot::command::Request;

fn page() -> &'static str {
    include_str!("../../../docs/api.md")
}

#[test]
fn every_route_has_its_section() {
    let headings = page().lines().filter_map(|line| line.strip_prefix("## `"));
    let documented: Vec<&str> = headings.map(|line| line.trim_end_matches('`')).collect();
    let there: BTreeSet<String> = endpoints()
        .into_iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let listed: BTreeSet<String> = documented.iter().map(|route| (*route).to_owned()).collect();
    assert_eq!(listed, there);
    assert_eq!(documented.len(), there.len(), "each once");
}

#[test]
fn every_command_of_the_page_is_one() {
    let commands = page().lines().filter_map(|line| line.strip_prefix("| `{"));
    let commands: Vec<String> = commands
        .map(|line| format!("{{{}", line.split("` |").next().unwrap()))
        .filter(|body| body.starts_with("{\"") && !body.contains("error"))
        .collect();
    let commit = "0123456789".repeat(4);
    for body in &commands {
        let body = body
            .replace("<40 digits>", &commit)
            .replace("<ref>", "@/custom/a")
            .replace('…', "1");
        let request: Result<Request, _> = serde_json::from_str(&body);
        assert!(request.is_ok(), "{body}: {request:?}");
    }
    assert_eq!(commands.len(), 8);
}
