//! Layer 1: comments → commands. The words people type on pull requests, and what they ask for from a terminal
//! ([`Request`]).
//!
//! [`parse`] finds the lines of a comment that are commands and reads them; what a verb takes is said once, in
//! `facts`, from which the reading and the [`help`] follow. What a command then does is nobody's business here.

mod arguments;
mod facts;
pub mod help;
mod options;
mod parse;
mod pattern;
mod quantity;
mod request;
mod spelling;
mod talk;
mod verb;
mod words;

use serde_json::Value;

use crate::model::{EnvironmentName, ReleaseNumber};

pub use parse::parse;
pub use pattern::{EnvironmentPattern, PackagePattern, PatternError};
pub use request::Request;
pub use verb::Verb;

/// Something a person asks for in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line as it was typed, for the record and for replies.
    pub line: String,
    /// What is asked for.
    pub verb: Verb,
    /// The verb that `help <verb>` asks about.
    pub about: Option<Verb>,
    /// Where the release of `promote <from> <to…>` comes from.
    pub from: Option<EnvironmentName>,
    /// Where; empty if none was named.
    pub environments: Vec<EnvironmentPattern>,
    /// Which packages, named after the environments or by `--package`; empty if none was named.
    pub packages: Vec<PackagePattern>,
    /// `--release r7`
    pub release: Option<ReleaseNumber>,
    /// `--sha`: how the commit that the person saw begins, 7 to 64 lower-case hexadecimal digits.
    pub sha: Option<String>,
    /// `--reason "…"`: one line of at most 500 characters, without control characters.
    pub reason: Option<String>,
    /// `--for 2h`, in seconds: a minute to 90 days.
    pub seconds: Option<i64>,
    /// `--dry-run`
    pub is_dry_run: bool,
    /// `--break-glass`
    pub is_break_glass: bool,
    /// What `set` gives a value and `unset` (then `None`) takes it from, each name once. A name is that of a custom
    /// value, such as `approval`, or a whole ref of the workspace, such as `@/custom/token`.
    pub values: Vec<(String, Option<Value>)>,
}

impl Command {
    /// The verb alone, without anything it could be given.
    pub fn new(line: impl Into<String>, verb: Verb) -> Command {
        Command {
            line: line.into(),
            verb,
            about: None,
            from: None,
            environments: Vec::new(),
            packages: Vec::new(),
            release: None,
            sha: None,
            reason: None,
            seconds: None,
            is_dry_run: false,
            is_break_glass: false,
            values: Vec::new(),
        }
    }
}

/// A line that was meant as a command and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{line}`: {problem}")]
pub struct CommandError {
    /// The line as it was typed.
    pub line: String,
    /// What is wrong with it and what would be right, as Markdown in which nothing of the line formats or calls anybody.
    pub problem: String,
}

#[cfg(test)]
mod tests;
