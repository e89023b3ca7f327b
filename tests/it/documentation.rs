//! What docs/ says of the program is so.

use std::collections::BTreeSet;
use std::path::Path;

use ocuroot::command::{self, Verb};
use ocuroot::model::{Glob, Permission, Reference};
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

/// The usage of every command, as the help lists them, with the verb it begins with.
fn commands() -> Vec<(String, Verb)> {
    let help = command::help::help(Permission::Admin);
    let rows = help.lines().filter(|line| line.starts_with("| `/ocuroot"));
    rows.map(|row| {
        let usage = row.split(" | ").next().unwrap_or(row);
        let usage = usage.trim_matches(['|', ' ', '`']);
        let word = usage.split(' ').nth(1);
        let verb = Verb::ALL
            .into_iter()
            .find(|verb| Some(verb.as_str()) == word);
        (usage.to_owned(), verb.expect(usage))
    })
    .collect()
}

/// The section of the page under that heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, section) = page
        .split_once(&format!("\n## {heading}\n\n"))
        .unwrap_or_else(|| panic!("no section {heading}"));
    section
        .split_once("\n## ")
        .map_or(section, |(section, _)| section)
}

#[test]
fn every_command_has_its_section_with_who_may_give_it() {
    let page = page("commands.md");
    let commands = commands();
    let verbs: BTreeSet<Verb> = commands.iter().map(|(_, verb)| *verb).collect();
    assert_eq!(verbs, Verb::ALL.into_iter().collect());
    assert_eq!(commands.len(), verbs.len());
    for (usage, verb) in &commands {
        let section = section(&page, &format!("`{usage}`"));
        let who = match verb.needed_permission() {
            Permission::Read => "Everyone who can read",
            _ => "Who can push",
        };
        assert!(section.starts_with(who), "{usage}: {who}");
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
fn the_refs_and_globs_of_their_page_are_such() {
    let page = page("refs.md");
    let example = blocks(&page)[0].lines().find(|line| line.contains("/-/"));
    let example: Reference = example.expect("an example").parse().expect("a ref");
    let (kind, name) = example.subpath.expect("a record");
    let parts = [
        example.repository,
        example.path,
        kind.as_str().to_owned(),
        name,
    ];
    let expected = "github.com/acme/shop api/release.ocu.star deploy production";
    assert_eq!(parts.join(" "), expected);
    assert_eq!(example.fragment.as_deref(), Some("output/url"));
    let found = section(&page, "Globs")
        .split("| For example")
        .nth(1)
        .expect("examples");
    let rows = found.lines().filter_map(|line| line.strip_prefix("| `"));
    let globs: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert!(globs.len() >= 5, "{globs:?}");
    for glob in globs {
        assert!(glob.parse::<Glob>().is_ok(), "{glob}");
    }
    let kinds = section(&page, "What there is");
    for kind in [
        "task",
        "deploy",
        "custom",
        "environment",
        "commit",
        "push",
        "op",
    ] {
        assert!(kinds.contains(kind), "{kind}");
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
    assert!(examples >= Verb::ALL.len(), "{examples}");
}

#[test]
fn every_command_has_an_example_and_its_options_in_its_section() {
    let page = page("commands.md");
    for (usage, verb) in commands() {
        let section = section(&page, &format!("`{usage}`"));
        let given = blocks(section)
            .into_iter()
            .flat_map(|block| command::parse(block.trim_start_matches("text\n")))
            .filter_map(Result::ok);
        assert!(given.map(|it| it.verb).any(|it| it == verb), "{usage}");
        let help = command::help::help_about(verb);
        let rows = help.lines().filter(|line| line.starts_with("| `--"));
        for row in rows {
            let option = row.trim_start_matches("| `").split([' ', '`']).next();
            let option = option.expect("an option");
            assert!(
                section.contains(&format!("`{option}")),
                "{usage}: nothing of {option}"
            );
        }
    }
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
            // A test within a file: `tests/it/security/promises.rs` looks for those.
            let word = word.split("::").next().unwrap_or(word);
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
