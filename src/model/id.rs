//! Names and numbers with their rules, so that a bare `String` never crosses a module border.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Why a text is not the name it should be. Shown to people as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub String);

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text_name! {
    /// The GUID GitHub gives a webhook delivery (`X-GitHub-Delivery`); a redelivery keeps it.
    #[derive(Deserialize)]
    DeliveryId
}

impl DeliveryId {
    /// Wraps the header value; the caller has checked that it is not empty.
    pub fn new(text: impl Into<String>) -> DeliveryId {
        DeliveryId(text.into())
    }
}

text_name! {
    /// A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits. Where no GitHub is involved it may
    /// be another name, see [`CommitSha::named`].
    #[derive(Deserialize)]
    CommitSha
}

impl FromStr for CommitSha {
    type Err = NameError;

    fn from_str(text: &str) -> Result<CommitSha, NameError> {
        let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hexadecimal && (text.len() == 40 || text.len() == 64) {
            Ok(CommitSha(text.to_ascii_lowercase()))
        } else {
            Err(NameError(format!("`{text}` is not a full commit id")))
        }
    }
}

impl CommitSha {
    /// What somebody who works without GitHub calls the state of their files: a commit id, or any name of letters,
    /// digits, `.`, `_` and `-`.
    ///
    /// # Errors
    /// When the name has other characters, none, more than 128, or looks like an option.
    pub fn named(text: &str) -> Result<CommitSha, NameError> {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        if let Ok(commit) = text.parse() {
            return Ok(commit);
        }
        let is_option = text.starts_with('-');
        if text.is_empty() || is_option || text.len() > 128 || !text.chars().all(is_allowed) {
            return Err(NameError(format!(
                "`{text}` cannot name a commit: use up to 128 letters, digits, periods, hyphens and underscores, \
                 and no hyphen first"
            )));
        }
        Ok(CommitSha(text.to_owned()))
    }

    /// The first seven digits, as people write a commit; another name is short enough.
    pub fn short(&self) -> &str {
        match self.0.parse::<CommitSha>() {
            Ok(_) => &self.0[..7],
            Err(_) => &self.0,
        }
    }

    /// GitHub's "no commit": `before` of a created and `after` of a deleted branch.
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

text_name! {
    /// `owner/name` of a repository on GitHub, lower-case because GitHub ignores case.
    #[derive(Deserialize)]
    RepositoryName
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<RepositoryName, NameError> {
        match text.split_once('/') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(RepositoryName(text.to_ascii_lowercase()))
            }
            _ => Err(NameError(format!("`{text}` is not an owner/name"))),
        }
    }
}

impl RepositoryName {
    /// The part before the slash.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// The part after the slash.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

text_name! {
    /// An environment's name: letters, digits, `.`, `_` and `-`
    /// (GitHub environments use hyphens; reference/ocuroot.md Q-S8).
    EnvironmentName
}

impl FromStr for EnvironmentName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<EnvironmentName, NameError> {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let is_step = matches!(text, "." | "..");
        if !text.is_empty() && !is_step && text.len() <= 255 && text.chars().all(is_allowed) {
            Ok(EnvironmentName(text.to_owned()))
        } else {
            Err(NameError(format!(
                "environment names may only contain letters, numbers, periods, hyphens and \
                 underscores: `{text}`"
            )))
        }
    }
}

// A name that the sandbox answers with, or a job, is none before it is checked.
impl<'de> Deserialize<'de> for EnvironmentName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EnvironmentName, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A package: one config file in one repository. Printed as the ref `<repository>/-/<path>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageName {
    /// The repository's ref name, such as `github.com/acme/platform`, or its alias.
    pub repository: String,
    /// Path of the config file from the repository's root, without a leading slash.
    pub path: String,
}

impl PackageName {
    /// What people call the package: the folder of its file, or the file's stem at the root.
    pub fn short(&self) -> &str {
        match self.path.rsplit_once('/') {
            Some((folder, "release.ocu.star" | "package.ocu.star")) => folder,
            _ => self.path.strip_suffix(".ocu.star").unwrap_or(&self.path),
        }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/-/{}", self.repository, self.path)
    }
}

/// The `N` of a release `rN`; numbered from 1 per package, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseNumber(pub i64);

impl fmt::Display for ReleaseNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "r{}", self.0)
    }
}

impl FromStr for ReleaseNumber {
    type Err = NameError;

    fn from_str(text: &str) -> Result<ReleaseNumber, NameError> {
        text.strip_prefix('r')
            .and_then(|digits| digits.parse().ok())
            .filter(|number| *number > 0)
            .map(ReleaseNumber)
            .ok_or_else(|| NameError(format!("`{text}` is not a release such as `r7`")))
    }
}

/// Which attempt of a task in its release this is, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunNumber(pub i64);

impl fmt::Display for RunNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}
