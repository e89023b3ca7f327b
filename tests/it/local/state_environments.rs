//! What looks at files only, and still knows the environments that are recorded.

use super::place::Place;

/// Environments that no file registers.
fn place() -> Place {
    let place = Place::with_environments("minimal");
    place.write("environments.ocu.star", "");
    let value = r#"{"name": "later", "attributes": {"type": "staging"}}"#;
    place.put("@/environment/later", value);
    place
}

#[test]
fn the_repl_knows_the_recorded_environments() {
    let place = place();
    let count = "[e.name for e in environments()]";
    for arguments in [
        &["repl", "-c", count][..],
        &["repl", "basic.ocu.star", "-c", count],
        &["repl", "--package", "basic.ocu.star", "-c", count],
    ] {
        let said = place.run(arguments).succeeds();
        let names = r#"["later", "production", "production2", "staging"]"#;
        assert!(said.output.contains(names), "{}", said.output);
    }
}

#[test]
fn the_model_context_protocol_previews_with_them() {
    let place = place();
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"preview","arguments":{"package_file":"basic.ocu.star"}}}"#;
    let line = format!("echo '{request}' | $OCUROOT_UNDER_TEST mcp");
    let said = place.shell(&line).succeeds();
    for name in ["later", "production2"] {
        assert!(said.output.contains(name), "{}", said.output);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_told_of_and_files_do_without() {
    let place = place();
    std::fs::write(place.path(".state/ocuroot.db"), "no database").unwrap();
    let said = place.run(&["repl", "-c", "environments()"]).succeeds();
    assert!(said.output.contains("[]"), "{}", said.output);
    assert!(said.errors.contains("are left out"), "{}", said.errors);
}
