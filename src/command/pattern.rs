//! How people name several environments or packages at once.

use std::fmt;
use std::str::FromStr;

use globset::{Glob, GlobBuilder};

use super::spelling::{code, is_invisible};
use crate::model::{Environment, PackageName};

/// The most characters of a pattern: compiling globs that strangers write must stay cheap.
const LONGEST: usize = 255;

/// Why a text is no pattern, as Markdown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

/// Which environments are meant. Its `Display` is what was typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvironmentPattern {
    /// A name, or a glob such as `prod-*`.
    Glob(String),
    /// Those with this attribute, such as `type=production`.
    Attribute(String, String),
}

impl EnvironmentPattern {
    /// Whether `environment` is meant.
    pub fn selects(&self, environment: &Environment) -> bool {
        match self {
            EnvironmentPattern::Glob(glob) => fits(glob, environment.name.as_str()),
            EnvironmentPattern::Attribute(key, value) => {
                environment.attributes.get(key) == Some(value)
            }
        }
    }
}

impl fmt::Display for EnvironmentPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvironmentPattern::Glob(glob) => formatter.write_str(glob),
            EnvironmentPattern::Attribute(key, value) => write!(formatter, "{key}={value}"),
        }
    }
}

impl FromStr for EnvironmentPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<EnvironmentPattern, PatternError> {
        short_enough(text)?;
        if let Some((key, value)) = text.split_once('=') {
            if key.is_empty() || value.is_empty() || text.chars().any(is_invisible) {
                let problem = "an attribute has a name and a value, such as `type=production`";
                return Err(PatternError(format!("{}: {problem}", code(text))));
            }
            return Ok(EnvironmentPattern::Attribute(key.into(), value.into()));
        }
        let is_allowed =
            |letter: char| letter.is_ascii_alphanumeric() || "._-*?[]!".contains(letter);
        if text.is_empty() || !text.chars().all(is_allowed) {
            return Err(PatternError(format!(
                "{} names no environment: write a name (`staging`), a glob (`prod-*`) or an attribute \
                 (`type=production`)",
                code(text)
            )));
        }
        compile(text)?;
        Ok(EnvironmentPattern::Glob(text.to_owned()))
    }
}

/// Which packages are meant, by what people call them: a name or a glob such as `services/*`. Its `Display` is what was
/// typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackagePattern(String);

impl PackagePattern {
    /// Whether `package` is meant: by its short name, or by the path of its file.
    pub fn selects(&self, package: &PackageName) -> bool {
        fits(&self.0, package.short()) || fits(&self.0, &package.path)
    }
}

impl fmt::Display for PackagePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for PackagePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<PackagePattern, PatternError> {
        short_enough(text)?;
        if text.is_empty() || text.chars().any(is_invisible) {
            return Err(PatternError(format!(
                "{} names no package: write what it is called (`api`) or a glob (`services/*`)",
                code(text)
            )));
        }
        compile(text)?;
        Ok(PackagePattern(text.to_owned()))
    }
}

fn short_enough(text: &str) -> Result<(), PatternError> {
    if text.chars().count() <= LONGEST {
        return Ok(());
    }
    let problem = format!("{} has more than {LONGEST} characters", code(text));
    Err(PatternError(problem))
}

/// A folder may be called `[id]`: the very name always fits.
fn fits(pattern: &str, name: &str) -> bool {
    let is_glob = pattern.contains(['*', '?', '[', '{', '\\']);
    pattern == name
        || is_glob && compile(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

/// As in `watch(...)`, `*` stays within one folder and `**` does not.
fn compile(glob: &str) -> Result<Glob, PatternError> {
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    built.map_err(|_| {
        PatternError(format!(
            "{} is no glob: look at its brackets (`[a-c]`, `{{a,b}}`)",
            code(glob)
        ))
    })
}
