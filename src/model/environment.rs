//! Environments: the places deployments go to, global to a workspace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EnvironmentName;

/// A registered environment, `@/environment/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name, unique in the workspace.
    pub name: EnvironmentName,
    /// Free labels that config files select and configure by, such as `type: production`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Where an environment comes from. Its document says only what config files may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The repository, as refs call it, whose config registers it; `None` when people set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file of that repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether it is on its way out: nothing new goes there, and what is there is taken down.
    #[serde(default)]
    pub is_leaving: bool,
}
