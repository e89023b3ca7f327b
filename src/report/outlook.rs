//! What a proposed commit would meet on its way if it was merged now, and whom else it would concern; in words.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::List;
use super::gates::{lock_words, whom};
use super::protection::{codes, hours};
use super::{Destination, markdown};
use crate::engine::gates::Gate;
use crate::engine::preview::{Outlook, Place, Reading};
use crate::model::{PackageName, SubPathKind};

/// The section about the environments.
pub(super) const PLACES: List<'static> = List {
    heading: "\n#### If this were merged now\n\n",
    of: ("place", "places"),
    most: 12_000,
};

/// The section about other packages.
pub(super) const READERS: List<'static> = List {
    heading: "\n#### Other packages that read what these steps leave\n\n",
    of: ("package", "packages"),
    most: 6_000,
};

/// A line for each environment, or several where packages would meet different things there.
pub(super) fn places(places: &[Place]) -> Vec<String> {
    places.iter().map(place).collect()
}

fn place(place: &Place) -> String {
    let mut name = markdown::code(place.environment.as_str());
    if !place.is_for_all {
        let packages: Vec<String> = place
            .packages
            .iter()
            .map(|package| markdown::code(package.short()))
            .collect();
        name = format!("{name} ({})", markdown::listed(&packages));
    }
    let way = &place.way;
    let mut parts: Vec<String> = way.gates.iter().map(|gate| words(gate, place)).collect();
    parts.extend(way.soak_seconds.map(|seconds| {
        format!(
            "once it has been live in the environments before it for {}",
            hours(seconds)
        )
    }));
    parts.extend(way.open.iter().map(|open| {
        format!(
            "only at {}, such as now until {} ({})",
            codes(&open.windows),
            markdown::time(open.until),
            markdown::code(&open.place)
        )
    }));
    match parts.as_slice() {
        [] => format!("- {name}: nothing stands in the way.\n"),
        [part] => format!("- {name}: {part}.\n"),
        parts => format!("- {name}:\n  - {}\n", parts.join("\n  - ")),
    }
}

fn words(gate: &Gate, place: &Place) -> String {
    let environment = place.environment.as_str();
    match gate {
        Gate::Locked(lock) => lock_words(lock).trim_end_matches('.').to_owned(),
        Gate::Held(hold) => format!(
            "held for #{} since {}",
            hold.pull_request,
            markdown::time(hold.granted_at.unwrap_or(hold.asked_at))
        ),
        Gate::Frozen {
            reason,
            until,
            place,
        } => format!(
            "frozen until {}: {} ({})",
            markdown::time(*until),
            markdown::plain(reason),
            markdown::code(place)
        ),
        Gate::Closed { opens, place } => match opens {
            Some(opens) => format!(
                "not before {} ({})",
                markdown::time(*opens),
                markdown::code(place)
            ),
            None => format!("not at any time that is known ({})", markdown::code(place)),
        },
        Gate::NeedsApproval {
            need,
            from,
            allow_self,
            place,
            ..
        } => format!(
            "after {need} of {} {}{} ({})",
            whom(from),
            if *need == 1 { "approves" } else { "approve" },
            if *allow_self {
                ""
            } else {
                ", and nobody approves their own work"
            },
            markdown::code(place)
        ),
        Gate::NotAsked { place } => format!(
            "only when somebody says {} ({})",
            markdown::code(&format!("/ocuroot deploy {environment}")),
            markdown::code(place)
        ),
        // These stand in the way of pull requests, of what has been somewhere, or of what is one of many.
        Gate::Queued { .. }
        | Gate::NotHeld(_)
        | Gate::NoPullRequests { .. }
        | Gate::Soaking { .. }
        | Gate::Behind(_) => "after what is before it".to_owned(),
    }
}

/// A line for each package that reads something.
pub(super) fn readers(readings: &BTreeSet<Reading>) -> Vec<String> {
    let mut by_package: BTreeMap<&PackageName, Vec<String>> = BTreeMap::new();
    for reading in readings {
        let read = by_package.entry(&reading.package).or_default();
        read.push(what(reading));
    }
    let line = |(package, read): (&PackageName, Vec<String>)| {
        format!(
            "- {} reads {}.\n",
            called(package),
            markdown::several(&read)
        )
    };
    by_package.into_iter().map(line).collect()
}

/// A package of whatever repository.
fn called(package: &PackageName) -> String {
    let name = package.repository.split_once('/');
    let repository = name.map_or(package.repository.as_str(), |(_, name)| name);
    format!(
        "{} ({})",
        markdown::code(package.short()),
        markdown::code(repository)
    )
}

fn what(reading: &Reading) -> String {
    let reference = &reading.reference;
    let from = match (&reference.subpath, reference.package()) {
        (Some((SubPathKind::Deploy, environment)), Some(package)) => format!(
            "{} in {}",
            markdown::code(package.short()),
            markdown::code(environment)
        ),
        (Some((_, task)), Some(package)) => format!(
            "the step {} of {}",
            markdown::code(task),
            markdown::code(package.short())
        ),
        _ => markdown::code(&reference.to_string()),
    };
    match &reference.fragment {
        Some(keys) => {
            let keys = keys.strip_prefix("output/").unwrap_or(keys);
            format!("{} of {from}", markdown::code(keys))
        }
        None => format!("all of {from}"),
    }
}

/// What the reader of a preview can do.
pub(super) fn what_next(outlook: &Outlook, destination: Option<&Destination>) -> String {
    let preview = "\nThis is a preview: nothing runs before the merge.";
    let Some(destination) = destination.filter(|_| !outlook.places.is_empty()) else {
        return format!("{preview}\n");
    };
    if destination.is_fork {
        return format!("{preview} Its head is in a fork, so it cannot be deployed before.\n");
    }
    let closed = outlook.closed.iter().map(|(environment, rule)| {
        let environment = markdown::code(environment.as_str());
        format!("{environment} ({})", markdown::code(rule))
    });
    let closed: Vec<String> = closed.collect();
    let mut text = preview.to_owned();
    if outlook.is_open_somewhere {
        text.push_str(
            " To deploy the head of the pull request earlier, comment \
             `/ocuroot deploy <environment>` on it.",
        );
    }
    if !closed.is_empty() {
        let closed = markdown::listed(&closed);
        text.push_str(&format!(" Open pull requests are kept away from {closed}."));
    }
    text + "\n"
}
