//! What a commit does to the protection of environments: the rules of now against those that would hold after it.
//!
//! All rules about a place hold together, so what counts is not which rule changed but what they ask for together:
//! something is weaker when one thing that was asked for is asked for by none of the new rules, or by less. What cannot
//! be compared (other people, other hours) counts as weaker: people are to look at it.

use std::collections::BTreeSet;

use super::rules::{Rules, rules};
use super::snapshot::Snapshot;
use super::trigger::NewReleases;
use crate::model::{
    EnvironmentName, Freeze, Grantee, GuardFile, PackageName, Permission, Protection, QueuePolicy,
    Timestamp, Window,
};

/// One thing that a commit changes in the protection of an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// Whether something that was asked for is not any more, or less of it.
    pub is_weaker: bool,
    /// Where.
    pub environment: EnvironmentName,
    /// For which packages; empty means every one.
    pub packages: BTreeSet<PackageName>,
    /// What.
    pub what: Changed,
}

/// What rules ask for together, now and after the commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// Who must approve; empty means nobody.
    Approvals(Vec<Quorum>, Vec<Quorum>),
    /// Whether people may approve their own work, where approvals are asked for.
    SelfApproval,
    /// Who may deploy; empty means whoever may push.
    Deployers(Vec<Vec<Grantee>>, Vec<Vec<Grantee>>),
    /// When deployments may start; empty means always.
    Windows(Vec<Vec<Window>>, Vec<Vec<Window>>),
    /// How long a release must have been live before, in seconds; 0 means not at all.
    Soak(i64, i64),
    /// Whether commands must be confirmed.
    Confirmation,
    /// Whether commits of open pull requests are kept away.
    PullRequests,
    /// Whether releases go only when a person says so.
    Manual,
    /// Who may go past every gate.
    BreakGlass(Vec<Vec<Grantee>>, Vec<Vec<Grantee>>),
    /// A freeze that is gone, or new.
    Freeze(String, Vec<Window>),
}

/// How many of whom must approve.
#[derive(Clone, Debug, PartialEq)]
pub struct Quorum {
    /// How many.
    pub need: u32,
    /// Of whom; empty means whoever may push.
    pub from: Vec<Grantee>,
}

/// What `after` changes in the protection of every environment, for `repository` as a whole and for what packages have
/// of their own.
pub(super) fn shifts(
    repository: &str,
    named: &BTreeSet<PackageName>,
    now: &Snapshot,
    after: &Snapshot,
    at: Timestamp,
) -> Vec<Shift> {
    if now.guards == after.guards && now.environments == after.environments {
        return Vec::new();
    }
    let mut subjects = vec![None];
    subjects.extend(
        packages(repository, named, now, after)
            .into_iter()
            .map(Some),
    );
    let mut found: Vec<Shift> = Vec::new();
    for environment in after.environments.keys() {
        let is_known = now.environments.contains_key(environment);
        let first = found.len();
        for package in &subjects {
            let before = rules(now, repository, package.as_ref(), environment);
            let then = rules(after, repository, package.as_ref(), environment);
            for (is_weaker, what) in compare(&before, &then, at) {
                // What protects a new environment from the beginning is no change.
                if is_weaker || is_known {
                    note(
                        &mut found,
                        first,
                        environment,
                        package.as_ref(),
                        is_weaker,
                        what,
                    );
                }
            }
        }
    }
    found.sort_by_key(|shift| !shift.is_weaker);
    found
}

/// What holds for every package needs no mention of any: the repository as a whole comes first.
fn note(
    found: &mut Vec<Shift>,
    first: usize,
    environment: &EnvironmentName,
    package: Option<&PackageName>,
    is_weaker: bool,
    what: Changed,
) {
    let mut here = found[first..].iter_mut();
    let same = here.find(|shift| shift.is_weaker == is_weaker && shift.what == what);
    match (same, package) {
        (Some(shift), Some(package)) if !shift.packages.is_empty() => {
            shift.packages.insert(package.clone());
        }
        (Some(_), _) => {}
        (None, package) => found.push(Shift {
            is_weaker,
            environment: environment.clone(),
            packages: package.cloned().into_iter().collect(),
            what,
        }),
    }
}

/// The packages that may be guarded otherwise than their repository.
fn packages(
    repository: &str,
    named: &BTreeSet<PackageName>,
    now: &Snapshot,
    after: &Snapshot,
) -> BTreeSet<PackageName> {
    let files = now.guards.iter().chain(&after.guards);
    let own = files.filter(|file| file.is_package && file.repository == repository);
    let own = own.map(|file| PackageName {
        repository: file.repository.clone(),
        path: file.path.clone(),
    });
    own.chain(named.iter().cloned()).collect()
}

fn compare(now: &Rules<'_>, after: &Rules<'_>, at: Timestamp) -> Vec<(bool, Changed)> {
    let mut found = Vec::new();
    let mut add = |is_weaker: Option<bool>, what: Changed| {
        found.extend(is_weaker.map(|is_weaker| (is_weaker, what)));
    };
    let (old, new) = (quorums(now), quorums(after));
    let is_more = |one: &Quorum, other: &Quorum| {
        one.need >= other.need && is_narrower(&one.from, &other.from)
    };
    add(
        weaker(&old, &new, is_more),
        Changed::Approvals(old.clone(), new.clone()),
    );
    if !old.is_empty() && !new.is_empty() {
        add(
            dropped(no_self_approval(now), no_self_approval(after)),
            Changed::SelfApproval,
        );
    }
    let (old, new) = (
        lists(now, |rule| &rule.deploy),
        lists(after, |rule| &rule.deploy),
    );
    let narrower = |one: &Vec<Grantee>, other: &Vec<Grantee>| is_narrower(one, other);
    add(
        weaker(&old, &new, narrower),
        Changed::Deployers(old.clone(), new.clone()),
    );
    let (old, new) = (windows(now), windows(after));
    let is_within =
        |one: &Vec<Window>, other: &Vec<Window>| one.iter().all(|window| other.contains(window));
    add(
        weaker(&old, &new, is_within),
        Changed::Windows(old.clone(), new.clone()),
    );
    let soak = |rules: &Rules<'_>| rules.soak_seconds().unwrap_or(0);
    let (old, new) = (soak(now), soak(after));
    add((old != new).then_some(new < old), Changed::Soak(old, new));
    let asks = |rules: &Rules<'_>| rules.wants_confirmation().is_some();
    add(dropped(asks(now), asks(after)), Changed::Confirmation);
    let refuses = |rules: &Rules<'_>| rules.refuses_pull_requests().is_some();
    add(dropped(refuses(now), refuses(after)), Changed::PullRequests);
    let is_manual = |rules: &Rules<'_>| rules.queue() == QueuePolicy::Manual;
    add(dropped(is_manual(now), is_manual(after)), Changed::Manual);
    if !now.protections.is_empty() && !after.protections.is_empty() {
        let (old, new) = (breakers(now), breakers(after));
        add(
            weaker(&old, &new, narrower),
            Changed::BreakGlass(old.clone(), new.clone()),
        );
    }
    found.extend(freezes(now, after, at));
    found
}

/// Whether what is asked for gets weaker (`Some(true)`), stronger, or neither. `is_as_much` tells whether its first
/// argument asks for all that the second one asks for.
fn weaker<T>(now: &[T], after: &[T], is_as_much: impl Fn(&T, &T) -> bool) -> Option<bool> {
    let is_met = |one: &T, by: &[T]| by.iter().any(|other| is_as_much(other, one));
    let is_lost = now.iter().any(|one| !is_met(one, after));
    let is_new = after.iter().any(|one| !is_met(one, now));
    (is_lost || is_new).then_some(is_lost)
}

fn dropped(now: bool, after: bool) -> Option<bool> {
    (now != after).then_some(now)
}

/// Whether everybody whom one list lets is let by the other one, as far as the lists tell. An empty one lets whoever
/// may push.
fn is_narrower(one: &[Grantee], other: &[Grantee]) -> bool {
    if is_everyone(other) {
        return true;
    }
    let is_let = |grantee: &Grantee| {
        other.iter().any(|by| match (grantee, by) {
            (Grantee::Permission(has), Grantee::Permission(needed)) => has >= needed,
            (grantee, by) => grantee == by,
        })
    };
    !is_everyone(one) && one.iter().all(is_let)
}

/// Whether a list lets whoever may push.
fn is_everyone(grantees: &[Grantee]) -> bool {
    let is_anyone = |grantee: &Grantee| matches!(grantee, Grantee::Permission(needed) if *needed <= Permission::Write);
    grantees.is_empty() || grantees.iter().any(is_anyone)
}

fn quorums(rules: &Rules<'_>) -> Vec<Quorum> {
    let protections = rules.protections.iter().map(|(_, protection)| protection);
    protections
        .filter(|protection| protection.approvals > 0)
        .map(|protection| Quorum {
            need: protection.approvals,
            from: protection.approve.clone(),
        })
        .collect()
}

fn no_self_approval(rules: &Rules<'_>) -> bool {
    let mut protections = rules.protections.iter();
    protections.any(|(_, protection)| protection.approvals > 0 && !protection.allow_self)
}

fn lists(rules: &Rules<'_>, of: impl Fn(&Protection) -> &Vec<Grantee>) -> Vec<Vec<Grantee>> {
    let lists = rules
        .protections
        .iter()
        .map(|(_, protection)| of(protection));
    lists.filter(|list| !is_everyone(list)).cloned().collect()
}

fn breakers(rules: &Rules<'_>) -> Vec<Vec<Grantee>> {
    let lists = rules.protections.iter().map(|(_, rule)| &rule.break_glass);
    lists
        .map(|list| match list.as_slice() {
            [] => vec![Grantee::Permission(Permission::Admin)],
            named => named.to_vec(),
        })
        .collect()
}

fn windows(rules: &Rules<'_>) -> Vec<Vec<Window>> {
    let windows = rules.protections.iter().map(|(_, rule)| &rule.windows);
    windows
        .filter(|windows| !windows.is_empty())
        .cloned()
        .collect()
}

/// Freezes that are gone or new and are not over yet.
fn freezes(now: &Rules<'_>, after: &Rules<'_>, at: Timestamp) -> Vec<(bool, Changed)> {
    let is_ahead =
        |window: &Window| window.interval_at(at).is_some() || window.next_start(at).is_some();
    let is_kept = |freeze: &Freeze, by: &Rules<'_>| {
        by.freezes.iter().any(|(_, other)| {
            let mut windows = freeze.windows.iter().filter(|window| is_ahead(window));
            windows.all(|window| other.windows.contains(window))
        })
    };
    let of = |some: &Rules<'_>, others: &Rules<'_>, is_weaker: bool| {
        let freezes = some.freezes.iter().map(|(_, freeze)| *freeze);
        let lost = freezes
            .filter(|freeze| freeze.windows.iter().any(is_ahead) && !is_kept(freeze, others));
        let changes = lost.map(|freeze| {
            let what = Changed::Freeze(freeze.reason.clone(), freeze.windows.clone());
            (is_weaker, what)
        });
        changes.collect::<Vec<_>>()
    };
    let mut found = of(now, after, true);
    found.extend(of(after, now, false));
    found
}

/// What a commit that is only looked at would guard, without what changes nothing.
pub(super) fn proposed_guards(
    snapshot: &Snapshot,
    new: &NewReleases,
    is_preview: bool,
) -> Vec<GuardFile> {
    let is_known = |file: &GuardFile| {
        let mut known = snapshot.guards.iter();
        known.any(|other| other.repository == file.repository && other.path == file.path)
    };
    let guards = new.guards.iter().filter(|_| is_preview);
    guards
        .filter(|file| !file.guards.is_empty() || is_known(file))
        .cloned()
        .collect()
}
