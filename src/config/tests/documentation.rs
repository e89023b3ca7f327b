//! docs/config.md says what the code does: the files it shows are read as a repository, and every builtin with every
//! parameter is named on it.

use std::collections::BTreeSet;

use starlark::docs::{DocFunction, DocItem, DocMember, DocModule, DocParam};
use starlark::environment::Globals;

use super::{findings, planned_of};
use crate::config::builtins::globals;
use crate::config::{Limits, SourceTree, evaluate};

const DOCUMENTATION: &str = include_str!("../../../docs/config.md");

fn files() -> Vec<(&'static str, &'static str)> {
    let blocks = DOCUMENTATION.split("```python\n# file: ").skip(1);
    blocks
        .map(|block| {
            let (path, rest) = block.split_once('\n').expect("a path");
            let (text, _) = rest.split_once("```").expect("the end of a block");
            (path, text)
        })
        .collect()
}

#[test]
fn every_file_shown_is_right() {
    let files = files();
    assert_eq!(files.len(), DOCUMENTATION.matches("```python").count());
    for (path, _) in &files {
        let evaluation = planned_of(&files, path);
        assert_eq!(findings(&evaluation), "", "{path}");
        let has_release = evaluation.package.is_some();
        let is_watching = path.ends_with("watching.ocu.star");
        let declares = has_release
            || evaluation.repository.is_some()
            || !evaluation.environments.is_empty()
            || !evaluation.guards.is_empty();
        assert!(declares || is_watching, "{path} declares nothing");
    }
}

#[test]
fn the_limits_shown_are_the_limits() {
    let Limits {
        ticks,
        heap_bytes,
        call_stack,
        print_bytes,
        source_bytes,
        nesting,
        loads,
    } = Limits::default();
    for (what, bound) in [
        ("function calls and loop turns", "1,000,000".to_owned()),
        ("memory of values", format!("{} MiB", heap_bytes >> 20)),
        ("calls inside calls", call_stack.to_string()),
        ("printed text", format!("{} KiB", print_bytes >> 10)),
        ("size of a file", format!("{} KiB", source_bytes >> 10)),
        ("brackets inside brackets", nesting.to_string()),
        (
            "files loaded, directly or through others",
            loads.to_string(),
        ),
    ] {
        let row = format!("| {what} | {bound} |");
        assert!(DOCUMENTATION.contains(&row), "{row}");
    }
    assert_eq!(ticks, 1_000_000);
}

#[test]
fn the_example_has_the_phases_it_promises() {
    let files = files();
    let mut tree = SourceTree::new();
    for (path, text) in files {
        tree.insert(path, text);
    }
    let environments =
        evaluate(&tree, "environments.ocu.star", &[], &Limits::default()).environments;
    let package = evaluate(
        &tree,
        "api/release.ocu.star",
        &environments,
        &Limits::default(),
    )
    .package
    .expect("a package");
    let phases: Vec<(&str, usize)> = package
        .phases
        .iter()
        .map(|phase| (phase.name.as_str(), phase.tasks.len()))
        .collect();
    assert_eq!(phases, [("build", 1), ("staging", 1), ("production", 1)]);
}

/// The words in code of a text: in backticks, and in blocks.
fn words(text: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    for (position, part) in text.split("```").enumerate() {
        let code: Vec<&str> = match position % 2 {
            0 => part.split('`').skip(1).step_by(2).collect(),
            _ => vec![part],
        };
        let is_border = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
        words.extend(code.into_iter().flat_map(|code| code.split(is_border)));
    }
    words
}

/// The functions in a module and in its namespaces, by their whole names. What Starlark itself has is not ours to tell.
pub(super) fn functions<'a>(
    prefix: &str,
    module: &'a DocModule,
    all: &mut Vec<(String, &'a DocFunction)>,
) {
    let standard = Globals::standard().documentation();
    for (name, item) in &module.members {
        if prefix.is_empty() && standard.members.contains_key(name) {
            continue;
        }
        match item {
            DocItem::Module(inner) => functions(&format!("{prefix}{name}."), inner, all),
            DocItem::Member(DocMember::Function(function)) => {
                all.push((format!("{prefix}{name}"), function));
            }
            _ => {}
        }
    }
}

/// Those that can be written by name.
fn parameters(function: &DocFunction) -> impl Iterator<Item = &DocParam> {
    let params = &function.params;
    params.pos_or_named.iter().chain(&params.named_only)
}

#[test]
fn every_builtin_and_every_parameter_is_named() {
    let module = globals().documentation();
    let standard = Globals::standard().documentation();
    let on_page = words(DOCUMENTATION);
    for name in module.members.keys() {
        let is_ours = !standard.members.contains_key(name);
        assert!(!is_ours || on_page.contains(name.as_str()), "`{name}`");
    }
    let mut all = Vec::new();
    functions("", &module, &mut all);
    for builtin in [
        "protect",
        "freeze",
        "task",
        "deploy",
        "phase",
        "environment",
        "workflow",
        "watch",
        "runner",
        "host.shell",
        "http.post",
    ] {
        assert!(all.iter().any(|(name, _)| name == builtin), "{builtin}");
    }
    let sections: Vec<&str> = DOCUMENTATION.split("\n## ").collect();
    let mut missing = Vec::new();
    for (name, function) in all {
        let last = name.rsplit('.').next().expect("a name");
        assert!(on_page.contains(last), "`{name}`");
        // Where it is explained, not wherever the same word has another meaning.
        let about = sections.iter().filter(|text| words(text).contains(last));
        let near: BTreeSet<&str> = about.flat_map(|text| words(text)).collect();
        let names = parameters(function).map(|parameter| parameter.name.as_str());
        // Accepted and ignored, which is said once.
        if name.starts_with("store.") || name == "trigger" {
            continue;
        }
        let names = names.filter(|parameter| *parameter != "annotation");
        let unnamed = names.filter(|parameter| !near.contains(parameter));
        missing.extend(unnamed.map(|parameter| format!("`{parameter}` of `{name}`")));
    }
    assert_eq!(missing.join(", "), "", "not in docs/config.md");
    assert!(on_page.contains("annotation"));
}

#[test]
fn every_argument_of_a_rule_has_its_row_with_its_default() {
    let module = globals().documentation();
    let mut all = Vec::new();
    functions("", &module, &mut all);
    let protect = all.iter().find(|(name, _)| name == "protect");
    let (_, protect) = protect.expect("protect");
    assert_eq!(protect.params.named_only.len(), 10);
    for parameter in &protect.params.named_only {
        let name = &parameter.name;
        let row = DOCUMENTATION
            .lines()
            .find(|line| line.starts_with("| `") && line.contains(&format!("`{name}=")));
        let row = row.unwrap_or_else(|| panic!("no row for `{name}`"));
        let default = parameter.default_value.as_deref().unwrap_or_default();
        let is_shown = default == "False" || default.starts_with('"');
        assert!(
            !is_shown || row.contains(&format!("`{name}={default}`")),
            "`{name}={default}`: {row}"
        );
    }
}
