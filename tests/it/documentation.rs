//! What docs/ says of the program is so.

use std::collections::BTreeSet;
use std::path::Path;

use ocuroot::command;
use ocuroot::report::Button;

use crate::architecture::source::{self, Source};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// The code blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```").skip(1).step_by(2).collect()
}

/// Usage and who may, of every command, as the help lists them.
fn commands() -> Vec<(String, String)> {
    let help = command::help::help();
    let rows = help.lines().filter(|line| line.starts_with("| `/ocuroot"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let usage = cells[0].trim_matches(['|', ' ', '`']);
        let who = cells[2].trim_end_matches(" |");
        (usage.to_owned(), who.to_owned())
    })
    .collect()
}

#[test]
fn every_command_has_its_section_with_who_may_give_it() {
    let page = page("commands.md");
    let commands = commands();
    assert_eq!(commands.len(), 7);
    for (usage, who) in &commands {
        let heading = format!("\n## `{usage}`\n\n");
        let (_, section) = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("no {heading}"));
        let said = section.split('.').next().unwrap_or("").to_lowercase();
        assert!(said.starts_with(who.as_str()), "{usage}: {who}, not {said}");
    }
    let headings = page.lines().filter(|line| line.starts_with("## `")).count();
    assert_eq!(
        headings,
        commands.len(),
        "a section of a command there is not"
    );
    for button in [Button::Approve, Button::Retry] {
        assert!(
            page.contains(&format!("**{}**", button.label())),
            "{button:?}"
        );
    }
}

#[test]
fn the_examples_are_commands() {
    let page = page("commands.md");
    let mut examples = 0;
    for block in blocks(&page) {
        let text = block.trim_start_matches("text\n");
        for command in command::parse(text) {
            command.expect("an example");
            examples += 1;
        }
    }
    assert!(examples >= 5, "{examples}");
}

#[test]
fn the_functions_of_the_line_exist() {
    let page = page("architecture.md");
    let sources = source::below("src");
    let line = blocks(&page)[0];
    let names: Vec<&str> = line
        .split_whitespace()
        .chain(page.split('`').skip(1).step_by(2))
        .filter(|word| word.contains("::") && word.chars().all(is_of_a_path))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let (place, function) = name.rsplit_once("::").expect("a path");
        assert!(
            sources
                .iter()
                .any(|source| defines(source, place, function)),
            "docs/architecture.md: there is no `{name}`"
        );
    }
}

fn is_of_a_path(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, ':' | '_')
}

/// Whether the file has the function, and is in the module, or has an `impl` of the type, that `place` names.
fn defines(source: &Source, place: &str, function: &str) -> bool {
    let starts = [format!("fn {function}("), format!("fn {function}<")];
    if !starts.iter().any(|start| source.text.contains(start)) {
        return false;
    }
    let is_type = place.starts_with(char::is_uppercase);
    if is_type {
        return source.text.contains(&format!("impl {place} {{"));
    }
    let folder = format!("src/{}", place.replace("::", "/"));
    source.path == format!("{folder}.rs") || source.path.starts_with(&format!("{folder}/"))
}

#[test]
fn the_table_of_modules_is_complete() {
    let page = page("architecture.md");
    let sources = source::below("src");
    let modules: BTreeSet<&str> = sources.iter().map(Source::module).collect();
    for module in modules {
        let is_listed = page.lines().filter(|line| line.starts_with("| `"));
        let mut is_listed = is_listed.filter_map(|line| line.split(" | ").next());
        let name = format!("`{module}`");
        assert!(
            matches!(module, "lib" | "main") || is_listed.any(|cell| cell.contains(&name)),
            "docs/architecture.md does not list {name}"
        );
    }
}

#[test]
fn the_files_that_are_named_exist() {
    for name in ["architecture.md", "operations.md", "security.md"] {
        let page = page(name);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for word in page.split('`').skip(1).step_by(2) {
            let is_file = ["src/", "tests/", "migrations/", "docs/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            assert!(
                !is_file || root.join(word).exists(),
                "docs/{name}: there is no `{word}`"
            );
        }
    }
}
