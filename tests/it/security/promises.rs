//! docs/security.md names a test for each promise, and the tests are there.

use std::collections::BTreeSet;
use std::path::Path;

/// The names that the page has in the tables of its promises: `path/of/file.rs::name`.
fn named(page: &str) -> BTreeSet<(String, String)> {
    let spans = page.split('`').skip(1).step_by(2);
    let tests = spans.filter_map(|span| span.split_once(".rs::"));
    tests
        .map(|(file, test)| (format!("{file}.rs"), test.to_owned()))
        .collect()
}

#[test]
fn every_promise_of_the_page_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let named = named(&page);
    assert!(named.len() > 40, "{}", named.len());
    for (file, test) in &named {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("no {file}"));
        assert!(
            text.contains(&format!("fn {test}(")),
            "{file} has no test {test}"
        );
    }
}

#[test]
fn every_story_of_the_security_suite_and_every_fuzz_target_is_named_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    for entry in std::fs::read_dir(root.join("tests/it/security")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let file = path.strip_prefix(root).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        for (_, after) in text
            .match_indices("test]\n")
            .map(|(at, _)| text.split_at(at))
        {
            let name = after
                .split("fn ")
                .nth(1)
                .and_then(|rest| rest.split('(').next());
            let name = name.expect("a test has a name");
            let is_named = page.contains(&format!("`{file}::{name}`"));
            assert!(is_named || file.ends_with("promises.rs"), "{file}::{name}");
        }
    }
    for (target, _) in crate::fuzz::targets::ALL {
        assert!(page.contains(&format!("`{target}`")), "the target {target}");
    }
}
