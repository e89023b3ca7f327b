//! Globs over refs: `**/@/deploy/production`, `github.com/acme/shop/-/api/**`.
//!
//! `*` is any part of one segment (between two `/`), `**` any text, `?` one character, `[a-z]` and `[!a-z]` one
//! character of a set, `{a,b}` either; `\` takes the meaning from what follows it (reference/ocuroot.md §1.6). A glob is
//! not a ref: `**/@*/{task,deploy}/*` is fine (Q-C1). Since `**/` needs its slash, `**/@*` never means a global ref.

mod bounds;
mod expand;
mod pattern;

use std::fmt;
use std::str::FromStr;

pub use bounds::{Bounds, Part};
pub use pattern::Pattern;

/// The most characters of a glob, and the most texts without `{…}` it may stand for: strangers write globs.
const LONGEST: usize = 1024;
const MOST_ALTERNATIVES: usize = 64;

/// Why a text is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a glob: {problem}")]
pub struct GlobError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A compiled glob. Its `Display` is the text it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    alternatives: Vec<Alternative>,
}

/// One of the globs without `{…}` that a glob stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// What a ref must look like.
    pub pattern: Pattern,
    /// What is true of each ref that looks like it: what an index can use.
    pub bounds: Bounds,
}

impl Glob {
    /// Whether the printed form of a ref (without fragment) is meant.
    pub fn matches(&self, reference: &str) -> bool {
        let mut alternatives = self.alternatives.iter();
        alternatives.any(|alternative| alternative.pattern.matches(reference))
    }

    /// What the glob stands for, without `{…}`: a ref is meant when one of them means it.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// The text that means `text` itself within a glob.
    pub fn escaped(text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if "*?[]{},\\".contains(character) {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Glob, GlobError> {
        let wrong = |problem: String| GlobError {
            text: text.to_owned(),
            problem,
        };
        if text.is_empty() {
            return Err(wrong("it is empty; `**` means every ref".to_owned()));
        }
        if text.len() > LONGEST {
            return Err(wrong(format!("it is longer than {LONGEST} characters")));
        }
        let expanded = expand::expand(text, MOST_ALTERNATIVES).map_err(wrong)?;
        let mut alternatives: Vec<Alternative> = Vec::new();
        for tokens in expanded {
            let pattern = Pattern::new(tokens);
            if alternatives.iter().all(|known| known.pattern != pattern) {
                let bounds = Bounds::of(&pattern);
                alternatives.push(Alternative { pattern, bounds });
            }
        }
        Ok(Glob {
            text: text.to_owned(),
            alternatives,
        })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
