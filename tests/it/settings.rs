//! `docs/operations.md` lists the settings that the program really has.
//!
//! `UPDATE_DOCS=1 cargo test --test it settings` writes the table again.

use std::fs;

use clap::{Arg, CommandFactory};
use ocuroot::cli::Program;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
const BEGIN: &str = "<!-- settings: written by `UPDATE_DOCS=1 cargo test --test it settings` -->\n";
const END: &str = "<!-- end of settings -->\n";

/// Every setting of `ocuroot serve`, in the order of `ocuroot serve --help`.
fn table() -> String {
    let program = Program::command();
    let serve = program.find_subcommand("serve").expect("the verb `serve`");
    let rows = serve
        .get_arguments()
        .filter(|argument| argument.get_id() != "help");
    let head = "| variable | option | default | meaning |\n| --- | --- | --- | --- |\n";
    head.to_owned() + &rows.map(row).collect::<String>()
}

fn row(argument: &Arg) -> String {
    let name = argument.get_id();
    let variable = argument.get_env().and_then(|variable| variable.to_str());
    let variable = variable.unwrap_or_else(|| panic!("`{name}` has no environment variable"));
    let option = argument.get_long().expect("an option");
    let help = argument.get_help().expect("a help text").to_string();
    let default = argument.get_default_values().first();
    let default = match default.and_then(|value| value.to_str()) {
        Some(value) => format!("`{value}`"),
        None if argument.is_required_set() => "required".to_owned(),
        None => String::new(),
    };
    format!("| `{variable}` | `--{option}` | {default} | {help} |\n")
}

#[test]
fn the_operators_page_lists_every_setting() {
    let page = fs::read_to_string(DOCUMENT).expect("docs/operations.md");
    let (before, rest) = page.split_once(BEGIN).expect("the mark before the table");
    let (listed, after) = rest.split_once(END).expect("the mark after the table");
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(DOCUMENT, format!("{before}{BEGIN}{table}{END}{after}")).expect("written");
        return;
    }
    assert_eq!(
        listed, table,
        "docs/operations.md is out of date: run `UPDATE_DOCS=1 cargo test --test it settings`"
    );
}

#[test]
fn no_secret_is_shown_by_the_help() {
    let program = Program::command();
    let serve = program.find_subcommand("serve").expect("the verb `serve`");
    for argument in serve.get_arguments() {
        let name = argument.get_id().as_str();
        let is_secret = name.ends_with("secret") || name.ends_with("private_key");
        // The address of a database may hold a password.
        let is_secret = is_secret || name == "database_url";
        let is_hidden = argument.is_hide_env_values_set();
        assert_eq!(is_secret, is_hidden, "{name}: hide_env_values");
    }
}
