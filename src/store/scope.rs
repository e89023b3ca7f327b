//! What a decision is about: as much as has to be read for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    CommitSha, DeploymentName, EnvironmentName, Package, PackageName, Reference, ReleaseName,
    RunName,
};

/// What a trigger can affect.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The workspace.
    pub installation_id: i64,
    /// Packages whose open releases are needed.
    pub packages: BTreeSet<PackageName>,
    /// Releases that are needed even if they are finished, with all that new runs of them would read.
    pub releases: BTreeSet<ReleaseName>,
    /// Runs of those that are needed however long ago they ended.
    pub runs: BTreeSet<RunName>,
    /// A commit whose releases (of the packages above) are needed.
    pub commit: Option<CommitSha>,
    /// What config files say now: a release that is made or changed by them reads their inputs.
    pub files: BTreeMap<PackageName, Package>,
    /// Deployments whose live release is needed, finished as it is.
    pub live: BTreeSet<(PackageName, EnvironmentName)>,
    /// Further documents the decision reads.
    pub reads: BTreeSet<Reference>,
    /// Documents the trigger may write: what waits for them is needed too.
    pub writes: BTreeSet<Reference>,
    /// Releases whose missing inputs the trigger may provide: what else waits for those is needed too.
    pub approves: BTreeSet<ReleaseName>,
    /// Deployments that may be given back to the default branch: what it brought there last is needed.
    pub returns: BTreeSet<(PackageName, EnvironmentName)>,
    /// Documents of what should be that the decision reads.
    pub intents: BTreeSet<Reference>,
    /// Environments that the trigger may take away or bring back: what is in them is needed.
    pub environments: BTreeSet<EnvironmentName>,
    /// Deployments that may follow at once what changed meanwhile: what they read is needed.
    pub follow: BTreeSet<DeploymentName>,
    /// Whether somebody wants a release somewhere: which of its environments are gone is needed.
    pub is_asked: bool,
    /// Repositories, as refs call them, whose rules and locks are needed besides those of the packages.
    pub repositories: BTreeSet<String>,
}

impl Scope {
    /// What one release is about, and nothing else.
    pub fn of_release(installation_id: i64, release: &ReleaseName) -> Scope {
        Scope {
            installation_id,
            releases: BTreeSet::from([release.clone()]),
            ..Scope::default()
        }
    }

    /// What one run is about, be it long over.
    pub fn of_run(installation_id: i64, run: &RunName) -> Scope {
        Scope {
            runs: BTreeSet::from([run.clone()]),
            ..Scope::of_release(installation_id, &run.release)
        }
    }
}
