//! What guards environments: `protect(...)` and `freeze(...)` of config files.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Environment, EnvironmentName, Permission, Window};

/// Which environments a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EnvironmentSelector {
    /// The one with this name, whether it is registered already or not.
    Name(EnvironmentName),
    /// Every one that has these attributes.
    Attributes(BTreeMap<String, String>),
}

impl EnvironmentSelector {
    /// Whether the rule is about `environment`.
    pub fn selects(&self, environment: &Environment) -> bool {
        match self {
            EnvironmentSelector::Name(name) => *name == environment.name,
            EnvironmentSelector::Attributes(wanted) => wanted
                .iter()
                .all(|(key, value)| environment.attributes.get(key) == Some(value)),
        }
    }
}

/// Somebody a rule lets do something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// One person, by GitHub login.
    User(String),
    /// The members of `@organization/slug`.
    Team {
        /// The organization.
        organization: String,
        /// The team's slug.
        slug: String,
    },
    /// Everybody with at least this permission on the package's repository.
    Permission(Permission),
    /// The owners of the paths the release changes, by `CODEOWNERS` of the default branch.
    CodeOwners,
}

impl fmt::Display for Grantee {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grantee::User(login) => write!(formatter, "@{login}"),
            Grantee::Team { organization, slug } => write!(formatter, "@{organization}/{slug}"),
            Grantee::Permission(permission) => write!(formatter, "permission:{permission}"),
            Grantee::CodeOwners => formatter.write_str("codeowners"),
        }
    }
}

/// What is wrong with the name of a grantee.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names nobody: write `@login`, `@organization/team`, `permission:write` (or triage, maintain, admin), or \
     `codeowners`"
)]
pub struct GranteeError(String);

impl FromStr for Grantee {
    type Err = GranteeError;

    fn from_str(text: &str) -> Result<Grantee, GranteeError> {
        let error = || GranteeError(text.to_owned());
        let is_name = |name: &str| {
            let is_allowed =
                |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            !name.is_empty() && name.chars().all(is_allowed)
        };
        if text == "codeowners" {
            return Ok(Grantee::CodeOwners);
        }
        if let Some(word) = text.strip_prefix("permission:") {
            let permission = word.parse().map_err(|_| error())?;
            return match permission {
                // Everybody who sees a repository may read it: that guards nothing.
                Permission::None | Permission::Read => Err(error()),
                permission => Ok(Grantee::Permission(permission)),
            };
        }
        match text.strip_prefix('@').ok_or_else(error)?.split_once('/') {
            Some((organization, slug)) if is_name(organization) && is_name(slug) => {
                Ok(Grantee::Team {
                    organization: organization.to_owned(),
                    slug: slug.to_owned(),
                })
            }
            None if is_name(&text[1..]) => Ok(Grantee::User(text[1..].to_owned())),
            _ => Err(error()),
        }
    }
}

impl Serialize for Grantee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grantee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Grantee, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What happens to deployments of one package that wait for the same environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueuePolicy {
    /// The newest release goes; older ones that wait are given up.
    #[default]
    Newest,
    /// Every release goes, one after the other.
    All,
    /// None goes until a person says `deploy`.
    Manual,
}

/// `protect(...)`: who may bring what to some environments, and when. All rules about an environment hold together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Protection {
    /// Which environments it guards.
    pub environments: Vec<EnvironmentSelector>,
    /// Who may give commands that change them; empty means: who may write.
    #[serde(default)]
    pub deploy: Vec<Grantee>,
    /// Whose approvals count; empty means: who may write.
    #[serde(default)]
    pub approve: Vec<Grantee>,
    /// How many people must approve each release there.
    #[serde(default)]
    pub approvals: u32,
    /// Whether the approval of whoever wrote or asked for the release counts.
    #[serde(default)]
    pub allow_self: bool,
    /// When deployments may start; empty means always.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// How long a release must have been live in every environment before this one, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_seconds: Option<i64>,
    /// Whether commands must be confirmed by a second one.
    #[serde(default)]
    pub confirm: bool,
    /// Whether commits of open pull requests may be deployed there.
    #[serde(default)]
    pub pull_requests: bool,
    /// Who may go past every gate of this rule with a reason; empty means: administrators.
    #[serde(default)]
    pub break_glass: Vec<Grantee>,
    /// What happens to deployments that wait.
    #[serde(default)]
    pub queue: QueuePolicy,
    /// Where the file declares it, from 1.
    #[serde(default)]
    pub line: u32,
}

/// `freeze(...)`: when nothing is deployed to some environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Freeze {
    /// Which environments stand still.
    pub environments: Vec<EnvironmentSelector>,
    /// When.
    pub windows: Vec<Window>,
    /// Why, for people.
    pub reason: String,
    /// Where the file declares it, from 1.
    #[serde(default)]
    pub line: u32,
}

/// Everything one config file guards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guards {
    /// Its `protect(...)`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protections: Vec<Protection>,
    /// Its `freeze(...)`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<Freeze>,
}

impl Guards {
    /// Whether it guards nothing.
    pub fn is_empty(&self) -> bool {
        self.protections.is_empty() && self.freezes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Grantee;

    #[test]
    fn grantees_are_written_as_they_are_read() {
        for text in ["@alice", "@acme/sre", "permission:maintain", "codeowners"] {
            let grantee: Grantee = text.parse().expect(text);
            assert_eq!(grantee.to_string(), text);
        }
    }

    #[test]
    fn whoever_cannot_be_somebody_is_refused() {
        for text in [
            "alice",
            "@",
            "@acme/",
            "@a/b/c",
            "permission:read",
            "permission:",
            "@a b",
            "",
        ] {
            assert!(text.parse::<Grantee>().is_err(), "{text}");
        }
    }
}
