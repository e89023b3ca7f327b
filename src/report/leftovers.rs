//! What a commit leaves behind: its files do not say any more that it is to be there, and nothing goes before somebody
//! says so.

use std::collections::BTreeMap;

use super::blocks::List;
use super::markdown;
use crate::engine::CommitReport;
use crate::model::{DeploymentName, EnvironmentName, LiveDeployment};

/// What is there and would not be there by the commit's files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leftovers {
    /// Where packages are deployed to that do not go there any more, or are gone.
    pub deployments: Vec<LiveDeployment>,
    /// Environments that are not registered any more, with what is deployed there.
    pub environments: BTreeMap<EnvironmentName, Vec<DeploymentName>>,
}

impl Leftovers {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.deployments.is_empty() && self.environments.is_empty()
    }
}

/// The section about them.
pub(super) const LIST: List<'static> = List {
    heading: "\n#### What stays until somebody removes it\n\n",
    of: ("thing", "things"),
    most: 6_000,
};

/// What of `live`, the deployments of the report's packages, those do not deploy to any more.
pub fn left_behind(report: &CommitReport, live: Vec<LiveDeployment>) -> Vec<LiveDeployment> {
    let goes_there = |live: &LiveDeployment| {
        let mut packages = report.packages.iter();
        let package = packages.find(|package| package.name == live.package);
        package.is_some_and(|package| {
            let mut keys = package.phases.iter().flat_map(|(_, keys)| keys);
            keys.any(|key| key.environment() == Some(&live.environment))
        })
    };
    let left = live.into_iter().filter(|live| !goes_there(live));
    left.collect()
}

/// A line for each, with what removes it.
pub(super) fn lines(leftovers: &Leftovers, report: &CommitReport) -> Vec<String> {
    let environments = leftovers.environments.iter();
    let environments = environments.map(|(name, live)| environment(name, live, report.is_preview));
    let deployments = leftovers.deployments.iter();
    let deployments = deployments.filter(|live| {
        // It goes with its environment.
        !leftovers.environments.contains_key(&live.environment)
    });
    let deployments = deployments.map(|live| deployment(live, report));
    environments.chain(deployments).collect()
}

fn environment(name: &EnvironmentName, live: &[DeploymentName], is_preview: bool) -> String {
    let packages: Vec<String> = live
        .iter()
        .map(|deployment| markdown::code(deployment.package.short()))
        .collect();
    let what = match packages.len() {
        0 => "Nothing is deployed there.".to_owned(),
        1 => format!("{} is deployed there.", packages[0]),
        _ => format!("{} are deployed there.", markdown::several(&packages)),
    };
    let command = markdown::code(&format!("/ocuroot unset @/environment/{name}"));
    let how = if is_preview {
        format!("Once this is merged, {command} takes all of it down and removes the environment.")
    } else {
        format!(
            "**Remove** above, or {command} on a pull request, takes all of it down and removes the environment. To \
             keep it, register it again."
        )
    };
    format!(
        "- The environment {} is not registered any more. {what} {how}\n",
        markdown::code(name.as_str())
    )
}

fn deployment(live: &LiveDeployment, report: &CommitReport) -> String {
    let why = if report.gone.contains(&live.package) {
        "its file is gone"
    } else {
        "its file does not deploy there any more"
    };
    format!(
        "- {} stays in {} at {}: {why}. {} takes it down.\n",
        markdown::code(live.package.short()),
        markdown::code(live.environment.as_str()),
        live.release.number,
        markdown::code(&format!(
            "/ocuroot undeploy {} {}",
            live.environment,
            live.package.short()
        ))
    )
}
