//! What strangers can send us, and what must be true of it whatever they send.
//!
//! Each target takes bytes and panics when a promise is broken. Besides libFuzzer, `tests/it/fuzz.rs` calls them with
//! the whole corpus on every `cargo test`. `docs/security.md` says which input goes to which target.

mod answer;
mod artifact;
mod command;
mod config;
mod glob;
mod identity;
mod intent;
mod owners;
mod reference;
mod release;
mod report;
mod webhook;
pub mod words;
mod workflow;

/// Panics when a promise is broken.
pub type Target = fn(&[u8]);

/// A target by its name, which is also the name of its folder below `fuzz/corpus`.
pub const ALL: [(&str, Target); 13] = [
    ("answer", answer::run),
    ("artifact", artifact::run),
    ("command", command::run),
    ("config", config::run),
    ("glob", glob::run),
    ("identity", identity::run),
    ("intent", intent::run),
    ("owners", owners::run),
    ("reference", reference::run),
    ("report", report::run),
    ("webhook", webhook::run),
    ("words", words::run),
    ("workflow", workflow::run),
];

/// The first line and the rest.
fn first_line(data: &[u8]) -> Option<(&str, &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&data[..end]).ok()?;
    Some((line, &data[end + 1..]))
}

/// The same for targets that take nothing but text.
fn first_line_of_text(data: &[u8]) -> Option<(&str, &str)> {
    let (line, rest) = first_line(data)?;
    Some((line, std::str::from_utf8(rest).ok()?))
}
