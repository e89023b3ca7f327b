//! A config file, evaluated in this process with small limits.
//!
//! One native operation can exceed any limit that an interpreter has; that is what the sandbox's processes are for, and
//! `tests/it/bombs.rs` throws such files at them. Here files with more than two operations that can multiply are left
//! out, so that what is found is a mistake and not the known.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use ocuroot::config::{Evaluation, Limits, SourceTree, evaluate, expression};

const LONGEST: usize = 8 << 10;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if text.len() > LONGEST || multiplies(text) {
        return;
    }
    let _ = expression(text, &limits());
    let Some(evaluation) = contained(text) else {
        return;
    };
    check(text, &evaluation);
    let stored = serde_json::to_string(&evaluation).expect("an evaluation can be sent");
    let read: Evaluation = serde_json::from_str(&stored).expect("what was sent can be read");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), stored);
    super::release::of(&read);
}

/// A panic of the interpreter ends the sandbox's process and nothing else, so it ends nothing here.
fn contained(text: &str) -> Option<Evaluation> {
    let mut tree = SourceTree::new();
    tree.insert("api/release.ocu.star", text);
    tree.insert("lib.star", "def build():\n    return done()\n");
    tree.mark_complete();
    let limits = limits();
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(|| {
        evaluate(&tree, "api/release.ocu.star", &[], &limits)
    }));
    set_hook(hook);
    result.ok()
}

fn limits() -> Limits {
    Limits {
        ticks: 20_000,
        heap_bytes: 8 << 20,
        print_bytes: 4 << 10,
        ..Limits::default()
    }
}

fn check(text: &str, evaluation: &Evaluation) {
    if evaluation.has_errors() {
        assert!(evaluation.package.is_none() && evaluation.guards.is_empty());
    }
    let printed: usize = evaluation.prints.iter().map(String::len).sum();
    assert!(printed <= (4 << 10) + 200, "{printed} bytes were printed");
    let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX) + 1;
    for found in &evaluation.diagnostics {
        if found.path == "api/release.ocu.star" {
            assert!(found.line <= lines, "line {} of {lines}", found.line);
        }
    }
    for load in &evaluation.loads {
        assert!(!load.split('/').any(|part| part == ".."), "{load}");
    }
}

fn multiplies(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "*",
        "<<",
        "%",
        "range",
        "join",
        "replace",
        "format",
        "extend",
        "zip",
        "+=",
        "enumerate",
        "sorted",
    ];
    let count: usize = WORDS.iter().map(|word| text.matches(word).count()).sum();
    let mut digits = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    count > 2
        || digits
            .any(|word| word.len() > 3 && word.starts_with(|first: char| first.is_ascii_digit()))
}
