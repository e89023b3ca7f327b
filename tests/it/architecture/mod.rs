//! The layers and sizes that `docs/architecture.md` promises. A rule is relaxed here, with its reason, or not at all.

mod rules;
pub mod source;

use rules::{LONG_FUNCTIONS, LONGEST_FILE, LONGEST_FUNCTION, NEIGHBOURS};
use source::Source;

type Rule = fn(&Source) -> Vec<String>;

#[track_caller]
fn holds(rule: Rule) {
    let sources = source::below("src");
    assert!(sources.len() > 100, "the sources are found");
    let wrong: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What `rule` says of a file with this text, without the file's name.
fn complaints(rule: Rule, path: &str, text: &str) -> Vec<String> {
    let wrong = rule(&Source::sample(path, text)).into_iter();
    wrong
        .map(|complaint| {
            let start = complaint.find(": ").expect("<file>: <what>");
            complaint[start + 2..].to_owned()
        })
        .collect()
}

#[test]
fn modules_use_lower_layers_only() {
    holds(rules::layers);
}

#[test]
fn uses_of_higher_layers_are_found_however_they_are_written() {
    let of = |path, text| complaints(rules::layers, path, text);
    assert_eq!(
        of("src/model/id.rs", "use crate::engine::Plan;"),
        ["model may not use `crate::engine::Plan`"]
    );
    assert_eq!(
        of(
            "src/github/client.rs",
            "use crate::{model::Timestamp, store::{self, Store}};"
        ),
        [
            "github may not use `crate::store::self`",
            "github may not use `crate::store::Store`"
        ]
    );
    assert_eq!(
        of(
            "src/engine/tests/story.rs",
            "fn f() { vec![crate::store::Store::open()] }"
        ),
        ["engine may not use `crate::store::Store::open`"]
    );
    assert_eq!(
        of("src/engine/plan.rs", "use super::super::worker::Worker;"),
        ["engine may not use `crate::worker::Worker`"]
    );
    assert_eq!(
        of(
            "src/simulator/state/check.rs",
            "use crate::model::CommitSha;"
        ),
        ["simulator may not use `crate::model::CommitSha`"]
    );
    assert_eq!(
        of("src/worker/mod.rs", "use crate::simulator::Simulator;"),
        ["worker may not use `crate::simulator::Simulator`"]
    );
    assert_eq!(of("src/helpers.rs", ""), ["`helpers` belongs to no layer"]);
    let fine = "use super::plan::Plan; use super::super::model::X; use crate::model; fn f() { self::super_duper() }";
    assert_eq!(of("src/engine/world.rs", fine), Vec::<String>::new());
}

#[test]
fn every_exception_among_neighbours_is_needed() {
    let sources = source::below("src");
    for (from, to, why) in NEIGHBOURS {
        let mut used = sources.iter().filter(|source| source.module() == from);
        let is_used = used.any(|source| {
            let paths = source.paths();
            paths
                .iter()
                .any(|path| path.starts_with(&["crate".to_owned(), to.to_owned()]))
        });
        assert!(is_used, "{from} does not use {to} any more ({why})");
    }
}

#[test]
fn the_core_is_pure() {
    holds(rules::purity);
}

#[test]
fn impurities_are_found() {
    for (text, name) in [
        ("use std::fs;", "std::fs"),
        ("use std::{collections::BTreeMap, env};", "std::env"),
        ("fn f() { std::thread::sleep(d) }", "std::thread::sleep"),
        ("use tokio::sync::Notify;", "tokio"),
        ("use std::time::Instant;", "Instant"),
        ("fn f() { jiff::Timestamp::now() }", "jiff::Timestamp::now"),
        ("fn f() { sqlx::query(\"\") }", "sqlx"),
        ("fn f() -> u8 { rand::random() }", "rand"),
        ("async fn f() {}", "async"),
    ] {
        let found = complaints(rules::purity, "src/engine/plan.rs", text);
        assert_eq!(found, [format!("names `{name}`")], "{text}");
        let outside = complaints(rules::purity, "src/worker/push.rs", text);
        assert_eq!(outside, Vec::<String>::new(), "{text}");
    }
    let fine = "/// Not `std::fs`.\nfn f(now: Timestamp) { now.since(rand) }\n#[cfg(test)]\nmod tests { use std::fs; }";
    let found = complaints(rules::purity, "src/engine/plan.rs", fine);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn each_library_is_known_where_it_belongs() {
    holds(rules::owners);
}

#[test]
fn libraries_elsewhere_are_found() {
    let of = |path, text| complaints(rules::owners, path, text);
    let query = "async fn f() { sqlx::query(\"select 1\").execute(pool).await }";
    assert_eq!(of("src/worker/push.rs", query), ["only store may use sqlx"]);
    assert_eq!(of("src/store/runs.rs", query), Vec::<String>::new());
    assert_eq!(
        of("src/api/runs.rs", "use jsonwebtoken::decode;"),
        ["only github, simulator may use jsonwebtoken"]
    );
    assert_eq!(
        of("src/store/runs.rs", "use octocrab::Octocrab;"),
        ["only github, simulator may use octocrab"]
    );
}

#[test]
fn tests_run_the_code_that_ships() {
    holds(rules::same_code_in_tests);
    let of = |text| complaints(rules::same_code_in_tests, "src/store/runs.rs", text);
    let fine =
        "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod more { fn f() {} }\n#[cfg(unix)]\nfn f() {}";
    assert_eq!(of(fine), Vec::<String>::new());
    let what = ["`cfg(test)` on something else than a module"];
    assert_eq!(of("#[cfg(test)]\nfn f() {}"), what);
    assert_eq!(of("fn f() { #[cfg(not(test))] send(); }"), what);
    assert_eq!(of("mod inner { #[cfg(any(unix, test))] use x::y; }"), what);
}

#[test]
fn files_are_short() {
    holds(rules::file_length);
    let of = |lines: usize| complaints(rules::file_length, "src/a.rs", &"// a\n".repeat(lines));
    assert_eq!(of(LONGEST_FILE), Vec::<String>::new());
    assert_eq!(of(LONGEST_FILE + 1), ["401 lines"]);
}

#[test]
fn functions_are_short() {
    holds(rules::function_length);
    let of = |text: &str| complaints(rules::function_length, "src/a.rs", text);
    let body = |lines: usize| "    f();\n".repeat(lines);
    let text = |lines: usize| {
        format!(
            "/// Documented.\n#[test]\nfn f() {{\n{}}}\n",
            body(lines - 2)
        )
    };
    assert_eq!(of(&text(LONGEST_FUNCTION)), Vec::<String>::new());
    assert_eq!(of(&text(LONGEST_FUNCTION + 1)), ["f has 61 lines"]);
    let method = format!("impl X {{ fn g(&self)\n{{\n{}}} }}", body(60));
    assert_eq!(of(&method), ["g has 63 lines"]);
    let provided = format!("trait X {{ fn h() {{\n{}}} }}", body(60));
    assert_eq!(of(&provided), ["h has 62 lines"]);
    let inner = body(60);
    let list = format!("#[starlark_module]\nfn builtins() {{\nfn f() {{\n{inner}}}\n}}");
    assert_eq!(of(&list), ["f has 62 lines"]);
}

#[test]
fn every_function_that_may_be_long_is() {
    let sources = source::below("src");
    for (path, function, most) in LONG_FUNCTIONS {
        let long = sources
            .iter()
            .filter(|source| source.path == path)
            .flat_map(rules::long_functions);
        let mut named = long.filter(|(name, _)| name == function);
        assert!(
            named.any(|(_, lines)| lines == most),
            "{path}: {function} has become shorter than {most} lines; note that in LONG_FUNCTIONS"
        );
    }
}
