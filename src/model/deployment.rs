//! What is deployed where, now.

use super::{EnvironmentName, PackageName, ReleaseName, Timestamp};

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
