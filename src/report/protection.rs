//! What a commit does to the protection of environments, in words.

use super::blocks::List;
use super::gates::whom;
use super::markdown;
use crate::engine::difference::{Changed, Quorum, Shift};
use crate::model::{EnvironmentName, Grantee, Window};

/// The section about protection: what gets weaker first, with a sign.
pub(super) const LIST: List<'static> = List {
    heading: "\n#### What it changes in the protection of environments\n\n",
    of: ("change of protection", "changes of protection"),
    most: 12_000,
};

/// A line for each thing that changes.
pub(super) fn lines(shifts: &[Shift]) -> Vec<String> {
    let line = |shift: &Shift| {
        let mark = if shift.is_weaker {
            "⚠️ "
        } else {
            "stronger: "
        };
        format!("- {mark}{}\n", sentence(shift))
    };
    shifts.iter().map(line).collect()
}

/// The environments whose protection gets weaker (or, if `is_weaker` is false, changes otherwise), in few words.
pub(super) fn places(shifts: &[Shift], is_weaker: bool) -> Option<String> {
    let concerned = shifts.iter().filter(|shift| shift.is_weaker == is_weaker);
    let mut names: Vec<&EnvironmentName> = concerned.map(|shift| &shift.environment).collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [] => None,
        names @ ([_] | [_, _] | [_, _, _]) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            Some(names.join(", "))
        }
        names => Some(format!("{} environments", names.len())),
    }
}

fn sentence(shift: &Shift) -> String {
    let place = place(shift);
    let is_weaker = shift.is_weaker;
    match &shift.what {
        Changed::Approvals(now, after) => approvals(&place, now, after),
        Changed::SelfApproval if is_weaker => {
            format!("in {place}, those who wrote or asked for a release may approve it themselves.")
        }
        Changed::SelfApproval => format!("in {place}, nobody may approve their own work."),
        Changed::Deployers(now, after) => deployers(&place, people(now), people(after)),
        Changed::Windows(now, after) => starts(&place, times(now), times(after)),
        Changed::Soak(now, after) => soaks(&place, *now, *after),
        Changed::Confirmation if is_weaker => {
            format!("commands that concern {place} need not be confirmed any more.")
        }
        Changed::Confirmation => format!("commands that concern {place} must be confirmed."),
        Changed::PullRequests if is_weaker => {
            format!(
                "commits of open pull requests may be deployed to {place} (so far only what is merged)."
            )
        }
        Changed::PullRequests => {
            format!(
                "only what is merged may be deployed to {place} (so far open pull requests, too)."
            )
        }
        Changed::Manual if is_weaker => format!(
            "releases go to {place} by themselves (so far only when somebody says `/ocuroot deploy`)."
        ),
        Changed::Manual => format!(
            "releases go to {place} only when somebody says `/ocuroot deploy` (so far by themselves)."
        ),
        Changed::BreakGlass(now, after) => format!(
            "going past every gate of {place} with `--break-glass` is open to {} (so far to {}).",
            people(after).unwrap_or_default(),
            people(now).unwrap_or_default()
        ),
        Changed::Freeze(reason, windows) => format!(
            "{} freeze of {place} {}: {} ({}).",
            if is_weaker { "the" } else { "a" },
            if is_weaker { "is gone" } else { "is new" },
            markdown::plain(reason),
            codes(windows)
        ),
    }
}

fn deployers(place: &str, now: Option<String>, after: Option<String>) -> String {
    match (now, after) {
        (Some(now), None) => {
            format!("deploying to {place} is open to everyone who can push (so far only to {now}).")
        }
        (None, Some(after)) => {
            format!(
                "deploying to {place} is open only to {after} (so far to everyone who can push)."
            )
        }
        (now, after) => format!(
            "deploying to {place} is open to {} (so far to {}).",
            after.unwrap_or_default(),
            now.unwrap_or_default()
        ),
    }
}

fn starts(place: &str, now: Option<String>, after: Option<String>) -> String {
    match (now, after) {
        (Some(now), None) => {
            format!("deployments to {place} may start at any time (so far only at {now}).")
        }
        (None, Some(after)) => {
            format!("deployments to {place} may start only at {after} (so far at any time).")
        }
        (now, after) => format!(
            "deployments to {place} may start at {} (so far at {}).",
            after.unwrap_or_default(),
            now.unwrap_or_default()
        ),
    }
}

fn place(shift: &Shift) -> String {
    let environment = markdown::code(shift.environment.as_str());
    if shift.packages.is_empty() {
        return environment;
    }
    let packages = shift.packages.iter();
    let packages: Vec<String> = packages
        .map(|package| markdown::code(package.short()))
        .collect();
    format!("{environment} (for {})", markdown::listed(&packages))
}

fn approvals(place: &str, now: &[Quorum], after: &[Quorum]) -> String {
    match (quorums(now), quorums(after)) {
        (Some(now), None) => {
            format!("{place} can be reached without approval (so far {now} must approve).")
        }
        (None, Some(after)) => {
            format!("{after} must approve what goes to {place} (so far nobody must).")
        }
        (now, after) => format!(
            "{} must approve what goes to {place} (so far {}).",
            after.unwrap_or_default(),
            now.unwrap_or_default()
        ),
    }
}

fn quorums(quorums: &[Quorum]) -> Option<String> {
    let named = quorums
        .iter()
        .map(|quorum| format!("{} of {}", quorum.need, whom(&quorum.from)));
    all(named)
}

fn people(lists: &[Vec<Grantee>]) -> Option<String> {
    all(lists.iter().map(|list| whom(list)))
}

fn times(lists: &[Vec<Window>]) -> Option<String> {
    all(lists.iter().map(|list| codes(list)))
}

/// Things that are asked for together.
fn all(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// Windows, one of which must be open.
pub(super) fn codes(windows: &[Window]) -> String {
    let windows: Vec<String> = windows
        .iter()
        .map(|window| markdown::code(&window.to_string()))
        .collect();
    windows.join(" or ")
}

fn soaks(place: &str, now: i64, after: i64) -> String {
    match (now, after) {
        (0, after) => format!(
            "a release must have been live for {} before it goes to {place} (so far not at all).",
            hours(after)
        ),
        (now, 0) => format!(
            "a release need not have been live anywhere before it goes to {place} (so far for {}).",
            hours(now)
        ),
        (now, after) => format!(
            "the soak of {place} {} from {} to {}.",
            if after < now { "falls" } else { "rises" },
            hours(now),
            hours(after)
        ),
    }
}

/// A stretch of time as people write it in a rule: `24 h`, `30 min`.
pub(super) fn hours(seconds: i64) -> String {
    match seconds {
        whole if whole % 3600 == 0 => format!("{} h", whole / 3600),
        whole if whole % 60 == 0 => format!("{} min", whole / 60),
        _ => markdown::duration(seconds * 1000),
    }
}
