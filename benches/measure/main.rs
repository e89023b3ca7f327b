//! What the product costs, measured on this machine: `cargo bench`, or `cargo bench -- intake decide` for some sections.
//! `docs/performance.md` says what the numbers mean. Absolute times belong to the machine; ratios within one run are
//! what to compare.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod cascade;
mod decide;
mod evaluate;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the tests, which use all of it"
)]
#[path = "../../tests/it/harness/mod.rs"]
mod harness;
mod intake;
mod latency;
mod measure;
mod refs;
mod requests;
mod world;

const SECTIONS: [&str; 7] = [
    "intake", "evaluate", "decide", "cascade", "refs", "latency", "requests",
];

fn main() {
    // Cargo adds `--bench`; words that are no section are its own.
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_named = asked.iter().any(|word| SECTIONS.contains(&word.as_str()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for section in SECTIONS {
        if is_named && !asked.iter().any(|word| word == section) {
            continue;
        }
        println!("\n## {section}");
        match section {
            "intake" => runtime.block_on(intake::run()),
            "evaluate" => runtime.block_on(evaluate::run()),
            "decide" => runtime.block_on(decide::run()),
            "cascade" => runtime.block_on(cascade::run()),
            "refs" => runtime.block_on(refs::run()),
            "latency" => runtime.block_on(latency::run()),
            _ => runtime.block_on(requests::run()),
        }
    }
}
