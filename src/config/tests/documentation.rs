//! The files shown in docs/config.md are read as a repository.

use super::{findings, planned_of};
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
    assert_eq!(
        phases,
        [
            ("build", 1),
            ("staging", 1),
            ("approval", 1),
            ("production", 1)
        ]
    );
}
