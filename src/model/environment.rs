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
