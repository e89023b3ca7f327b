//! What is wrong with a config file, where, and what to do: becomes a check-run annotation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong yet.
    Notice,
    /// Accepted, but probably not what was meant.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One finding in one file. Lines and columns count from 1; 0 means "the whole file".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Path from the repository's root.
    pub path: String,
    /// First line of the place, from 1, or 0 for the whole file.
    pub line: u32,
    /// First column of the place, from 1, or 0 when unknown.
    pub column: u32,
    /// What happened and what to do next.
    pub message: String,
}

impl Diagnostic {
    /// An error somewhere in `path`.
    pub fn error(path: &str, line: u32, column: u32, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            path: path.to_owned(),
            line,
            column,
            message: message.into(),
        }
    }

    /// Whether the file cannot be used because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(formatter, "{}: {}", self.path, self.message),
            (line, 0) => write!(formatter, "{}:{line}: {}", self.path, self.message),
            (line, column) => {
                write!(formatter, "{}:{line}:{column}: {}", self.path, self.message)
            }
        }
    }
}
