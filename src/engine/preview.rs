//! What a proposed commit would meet on its way if it was merged now. Looked at whenever the commit's check run is
//! written: what stands in the way is then what stands there at that time.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Shift, shifts};
use super::gates::{Gate, gates};
use super::plan::CommitReport;
use super::rules::{place, rules_of};
use super::snapshot::{Release, Run, Snapshot};
use crate::model::{
    Action, CommitSha, EnvironmentName, FunctionName, Package, PackageName, Reference, ReleaseName,
    ReleaseNumber, RunKind, TaskKey, Timestamp, Window,
};

/// Another package that reads what a step of a proposed release leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// Who reads.
    pub package: PackageName,
    /// What: the latest document of a step, with the keys that are read of it.
    pub reference: Reference,
}

/// What a proposed commit would meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Where its packages would go, in the order of their phases.
    pub places: Vec<Place>,
    /// Where rules of now keep commits of open pull requests away, with the places where those are written.
    pub closed: BTreeSet<(EnvironmentName, String)>,
    /// Whether there is any place where they do not.
    pub is_open_somewhere: bool,
    /// What it does to the protection of environments, what gets weaker first.
    pub shifts: Vec<Shift>,
}

/// An environment, and the packages that would meet the same there.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where.
    pub environment: EnvironmentName,
    /// Whose releases.
    pub packages: Vec<PackageName>,
    /// Whether those are all that go there.
    pub is_for_all: bool,
    /// What they would meet.
    pub way: Way,
}

/// What a release would meet on its way to an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// What would stand there now, by the rules that hold after the merge.
    pub gates: Vec<Gate>,
    /// Windows that are open now.
    pub open: Vec<OpenWindow>,
    /// How long it must have been live in the environments before, in seconds.
    pub soak_seconds: Option<i64>,
}

/// The times at which a rule lets deployments start, one of which is now.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenWindow {
    /// The times.
    pub windows: Vec<Window>,
    /// When the present one ends.
    pub until: Timestamp,
    /// Where it is written.
    pub place: String,
}

/// What the commit of a preview, in a repository as refs call it, would meet if it was merged `now`; nothing for a
/// commit that is merged.
pub fn outlook(
    report: &CommitReport,
    (repository, commit): (&str, &CommitSha),
    snapshot: &Snapshot,
    now: Timestamp,
) -> Outlook {
    if !report.is_preview {
        return Outlook::default();
    }
    let after = merged(report, snapshot);
    let mut named: BTreeSet<PackageName> = BTreeSet::new();
    named.extend(report.packages.iter().map(|package| package.name.clone()));
    let (closed, is_open_somewhere) = closed(report, snapshot);
    Outlook {
        places: places(report, commit, &after, now),
        closed,
        is_open_somewhere,
        shifts: shifts(repository, &named, snapshot, &after, now),
    }
}

/// Where rules keep commits of open pull requests away, and whether there is a place where they do not.
fn closed(
    report: &CommitReport,
    snapshot: &Snapshot,
) -> (BTreeSet<(EnvironmentName, String)>, bool) {
    let mut closed = BTreeSet::new();
    let mut is_open_somewhere = false;
    for package in &report.packages {
        let keys = package.phases.iter().flat_map(|(_, keys)| keys);
        for environment in keys.filter_map(TaskKey::environment) {
            let rules = rules_of(snapshot, &package.name, environment);
            match rules.refuses_pull_requests() {
                Some(place) => {
                    closed.insert((environment.clone(), place));
                }
                None => is_open_somewhere = true,
            }
        }
    }
    (closed, is_open_somewhere)
}

/// The workspace with the rules and the environments of the commit.
fn merged(report: &CommitReport, snapshot: &Snapshot) -> Snapshot {
    let mut after = snapshot.clone();
    for environment in &report.environments {
        let name = environment.name.clone();
        after.environments.insert(name, environment.clone());
    }
    for file in &report.guards {
        after
            .guards
            .retain(|other| other.repository != file.repository || other.path != file.path);
        after.guards.push(file.clone());
    }
    after
}

fn places(
    report: &CommitReport,
    commit: &CommitSha,
    after: &Snapshot,
    now: Timestamp,
) -> Vec<Place> {
    let mut found: BTreeMap<&EnvironmentName, (usize, Vec<Place>)> = BTreeMap::new();
    for package in &report.packages {
        let mut has_been_somewhere = false;
        let next = next_release(&package.name, commit, now);
        for (index, (_, keys)) in package.phases.iter().enumerate() {
            let environments = keys.iter().filter_map(TaskKey::environment);
            let environments: Vec<&EnvironmentName> = environments.collect();
            for environment in &environments {
                let mut way = way(&next, environment, after, now);
                way.soak_seconds = way.soak_seconds.filter(|_| has_been_somewhere);
                let (phase, groups) = found.entry(environment).or_default();
                *phase = (*phase).max(index);
                join(groups, environment, &package.name, way);
            }
            has_been_somewhere |= !environments.is_empty();
        }
    }
    let mut ordered: Vec<(usize, Vec<Place>)> = found.into_values().collect();
    ordered.sort_by_key(|(phase, _)| *phase);
    let groups = ordered.into_iter().flat_map(|(_, mut groups)| {
        let is_for_all = groups.len() == 1;
        for group in &mut groups {
            group.is_for_all = is_for_all;
        }
        groups
    });
    groups.collect()
}

fn join(groups: &mut Vec<Place>, environment: &EnvironmentName, package: &PackageName, way: Way) {
    match groups.iter_mut().find(|group| group.way == way) {
        Some(group) => group.packages.push(package.clone()),
        None => groups.push(Place {
            environment: environment.clone(),
            packages: vec![package.clone()],
            is_for_all: false,
            way,
        }),
    }
}

fn way(next: &Release, environment: &EnvironmentName, after: &Snapshot, now: Timestamp) -> Way {
    let package = &next.name.package;
    let rules = rules_of(after, package, environment);
    let open = rules
        .protections
        .iter()
        .filter_map(|(file, protection)| {
            let windows = protection.windows.iter();
            let ends = windows.filter_map(|window| Some(window.interval_at(now)?.1));
            Some(OpenWindow {
                windows: protection.windows.clone(),
                until: ends.max()?,
                place: place(file, protection.line),
            })
        })
        .collect();
    let key = TaskKey::Deploy(environment.clone());
    let action = Action::Function(FunctionName {
        file: package.path.clone(),
        name: String::new(),
    });
    let run = Run::pending(RunKind::Up, action, BTreeMap::new(), now);
    Way {
        gates: gates(after, next, &key, &run, now),
        open,
        soak_seconds: rules.soak_seconds(),
    }
}

/// A release of the default branch that is still to be made.
fn next_release(package: &PackageName, commit: &CommitSha, now: Timestamp) -> Release {
    Release {
        name: ReleaseName {
            package: package.clone(),
            // No release has this number, so that no pin and no approval is meant for it.
            number: ReleaseNumber(0),
        },
        repository_id: 0,
        commit: commit.clone(),
        package: Package::default(),
        goals: None,
        pull_request: None,
        lane: None,
        base: None,
        authors: BTreeSet::new(),
        reply_to: None,
        created_at: now,
        is_again: false,
        runs: BTreeMap::new(),
    }
}
