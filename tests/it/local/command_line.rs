//! What is typed: reference/ocuroot.md §8.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::place::Place;

const FILE: &str = "approvals.ocu.star";

#[test]
fn a_package_and_a_release_are_named_by_options_as_well() {
    let place = Place::with_environments("minimal");
    let named = ["--package", FILE];
    place
        .run(&[&["release", "new"], &named[..]].concat())
        .succeeds();
    let first = ["--package", FILE, "--release", "r1"];
    for verb in ["continue", "retry"] {
        let said = place.run(&[&["release", verb], &first[..]].concat());
        assert!(said.text().contains("/@r1"), "{}", said.text());
    }
    let said = place.run(&[&["state", "get"], &first[..]].concat());
    assert!(said.succeeds().output.contains("\"commit\": \"commitid\""));
    // What is given itself wins.
    let said = place.run(&[&["state", "get", "@/environment/staging#name"], &first[..]].concat());
    assert_eq!(said.succeeds().output, "\"staging\"\n");
    let said = place.run(&["state", "get"]).fails();
    assert!(said.errors.contains("--package"), "{}", said.errors);
}

#[test]
fn refs_of_old_are_read() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", FILE]).succeeds();
    for (reference, expected) in [
        (
            "approvals.ocu.star/+r1/call/build#output/message",
            json!("built"),
        ),
        (
            "./-/approvals.ocu.star/+/deploy/staging#output/count",
            json!(1),
        ),
        ("+/environment/staging#attributes/type", json!("staging")),
        ("approvals.ocu.star/+v1#commit", json!("commitid")),
    ] {
        assert_eq!(place.get(reference), Some(expected), "{reference}");
    }
    let approval = "approvals.ocu.star/+v1/custom/approval";
    place.run(&["state", "set", approval, "1"]).succeeds();
    place.run(&["state", "apply", approval]).succeeds();
    place.has("approvals.ocu.star/@r1/custom/approval");
}

#[test]
fn a_value_is_read_from_standard_input() {
    let place = Place::with_environments("minimal");
    for (format, expected) in [("string", json!("[1]\n2")), ("json", json!([12]))] {
        let text = if format == "json" {
            "[12]\n"
        } else {
            "[1]\n2\n"
        };
        let arguments = ["state", "set", "--format", format, "@/custom/value", "-"];
        let mut child = place.command("", &arguments);
        let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
        place.run(&["state", "apply", "@/custom/value"]).succeeds();
        assert_eq!(place.get("@/custom/value"), Some(expected), "{format}");
    }
}

#[test]
fn short_options_are_those_of_old() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", "-f", FILE]).succeeds();
    place.run(&["release", "new", FILE, "-f"]).succeeds();
    place.has("approvals.ocu.star/@r2");
    for verb in ["continue", "any", "ops", "trigger", "cascade"] {
        let said = place.run(&["work", verb, "-d"]).succeeds();
        let items: serde_json::Value = serde_json::from_str(&said.output).unwrap();
        assert_eq!(items, json!([]), "{verb}");
    }
    let said = place.run(&["work", "trigger", "-d", "-i"]).succeeds();
    assert!(said.output.contains("repo.ocu.star/@commitid"));
    let said = place.run(&["state", "match", "-l", "**/@*/deploy/staging"]);
    assert!(!said.succeeds().output.contains("/@/"));
    let said = place.run(&["work", "any", "-d", "--comprehensive"]);
    assert_eq!(said.code, 2, "{}", said.errors);
}

#[test]
fn where_nothing_is_recorded_there_is_nothing_to_list_or_do() {
    let place = Place::of("minimal");
    for arguments in [
        &["state", "diff"][..],
        &["state", "match"],
        &["state", "match", "**/@*"],
    ] {
        let said = place.run(arguments).succeeds();
        assert_eq!(said.output, "");
        assert_eq!(said.errors, "nothing is recorded yet\n");
    }
    assert_eq!(place.run(&["work", "any", "-d"]).succeeds().output, "[]\n");
    place.run(&["state", "get", "@/custom/x"]).fails();
    place.run(&["work", "any"]).succeeds();
}

/// §7
#[test]
fn variables_win_over_what_the_repository_says() {
    let mut place = Place::of("minimal");
    place.set("OCU_CFG_repo_alias", "other");
    place.set("OCU_CFG_repo_remotes", "[\"https://example.com/a.git\"]");
    place.set("OCU_CFG_release_ignore", "*.ocu.star, sub/**");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    let remote = place.get("other/-/repo.ocu.star/@#Remotes/0/URL");
    assert_eq!(remote, Some(json!("https://example.com/a.git")));
    place.commit("one");
    assert_eq!(place.run(&["push", "-n"]).succeeds().output, "");
    place.set("OCU_CFG_release_ignore", "[1]");
    let said = place.run(&["push", "-n"]).fails();
    assert!(
        said.errors.contains("OCU_CFG_release_ignore"),
        "{}",
        said.errors
    );
}

#[test]
fn an_address_stands_in_for_the_name_that_the_repository_does_not_give() {
    let mut place = Place::of("retries");
    place.set("OCU_REPO_URL_OVERRIDE", "git@github.com:acme/shop.git");
    place
        .run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    place.run(&["release", "new", "release.ocu.star"]).fails();
    place.has("github.com/acme/shop/-/release.ocu.star/@r1");
}
