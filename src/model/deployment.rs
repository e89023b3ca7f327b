//! What is deployed where, now.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    EnvironmentName, PackageName, Reference, ReleaseName, SubPathKind, TaskKey, Timestamp,
};

/// A package in an environment, whichever release of it is there. Printed as the ref `<package>/@/deploy/<environment>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeploymentName {
    /// Whose.
    pub package: PackageName,
    /// Where.
    pub environment: EnvironmentName,
}

impl DeploymentName {
    /// The deployment of `package` that `key` is, if it is one.
    pub fn of(package: &PackageName, key: &TaskKey) -> Option<DeploymentName> {
        Some(DeploymentName {
            package: package.clone(),
            environment: key.environment()?.clone(),
        })
    }

    /// The deployment whose document `reference` (absolute) names, in whichever release.
    pub fn of_reference(reference: &Reference) -> Option<DeploymentName> {
        let (SubPathKind::Deploy, environment) = reference.subpath.as_ref()? else {
            return None;
        };
        Some(DeploymentName {
            package: reference.package()?,
            environment: environment.parse().ok()?,
        })
    }

    /// The task of a release that brings it up.
    pub fn key(&self) -> TaskKey {
        TaskKey::Deploy(self.environment.clone())
    }

    /// The ref of what is live there.
    pub fn document(&self) -> Reference {
        super::latest_document(&self.package, &self.key())
    }
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document().fmt(formatter)
    }
}

/// A live deployment that is deployed again when something changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// Which.
    pub deployment: DeploymentName,
    /// What it reads of what changes, or of what is deployed again because of that.
    pub reads: BTreeSet<Reference>,
}

/// A deployment that is live.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveDeployment {
    /// Whose.
    pub package: PackageName,
    /// Where.
    pub environment: EnvironmentName,
    /// Which release of it.
    pub release: ReleaseName,
    /// Since when.
    pub since: Timestamp,
    /// The pull request in whose lane it went there.
    pub pull_request: Option<i64>,
    /// Its output `url`, if it has one.
    pub url: Option<String>,
}
