//! The check run `ocuroot`: what a commit releases, or would release. It is on every commit and always concludes.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::blocks::{List, Page};
use super::leftovers::{self, Leftovers};
use super::package::{folded, one_package};
use super::{Button, CheckText, Conclusion, check_name, markdown, outlook, protection};
use crate::engine::CommitReport;
use crate::engine::preview::{Outlook, Reading};
use crate::model::{Diagnostic, Environment, EnvironmentName, Severity};

/// How many packages are shown unfolded.
const FEW: usize = 5;

/// What of a diagnostic's message the page shows; the annotation has it all.
const MESSAGE: usize = 4_000;

/// What a commit is on the default branch, or for one pull request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommitSection {
    /// What was found in it.
    pub report: CommitReport,
    /// What it would meet.
    pub outlook: Outlook,
    /// Who else reads what its steps leave.
    pub readings: BTreeSet<Reading>,
    /// What it leaves behind.
    pub leftovers: Leftovers,
    /// The pull request, unless it is said for none.
    pub destination: Option<Destination>,
}

/// Where a pull request is to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its number.
    pub number: i64,
    /// The branch it is to be merged into.
    pub branch: String,
    /// The branch that releases are made of, if that is another one.
    pub released_branch: Option<String>,
    /// Whether its head is in another repository.
    pub is_fork: bool,
}

/// What the check run `ocuroot` says about a commit, given what it is for each pull request it is the head of.
pub fn commit_check(sections: &[CommitSection]) -> CheckText {
    let most = markdown::LONGEST / sections.len().max(1);
    let is_one = sections.len() == 1;
    let mut summary = String::new();
    let mut annotations: Vec<Diagnostic> = Vec::new();
    for section in sections {
        let heading = heading(section).filter(|_| !is_one).unwrap_or_default();
        let body = body(section, most.saturating_sub(heading.len()));
        summary.push_str(&heading);
        summary.push_str(&body);
        for diagnostic in &section.report.diagnostics {
            if !annotations.contains(diagnostic) {
                annotations.push(diagnostic.clone());
            }
        }
    }
    let has_errors = annotations.iter().any(Diagnostic::is_error);
    CheckText {
        name: "ocuroot".to_owned(),
        conclusion: Some(if has_errors {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }),
        title: titles(sections),
        // The blocks are counted beforehand; this is for what nobody has thought of.
        summary: markdown::fit(summary),
        annotations,
        buttons: sections.iter().find_map(remove).into_iter().collect(),
    }
}

/// Environments that are not registered any more are taken away by whoever says so.
fn remove(section: &CommitSection) -> Option<Button> {
    let has_any = !section.leftovers.environments.is_empty();
    (has_any && !section.report.is_preview).then_some(Button::Remove)
}

fn heading(section: &CommitSection) -> Option<String> {
    let destination = section.destination.as_ref()?;
    Some(format!(
        "\n### #{} into {}\n",
        destination.number,
        markdown::code(&destination.branch)
    ))
}

/// One title for all of them, or each with its number.
fn titles(sections: &[CommitSection]) -> String {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for section in sections {
        let number = section.destination.as_ref();
        let number = number.map(|destination| format!("#{}", destination.number));
        let title = title(section);
        match said.iter_mut().find(|(other, _)| *other == title) {
            Some((_, numbers)) => numbers.extend(number),
            None => said.push((title, number.into_iter().collect())),
        }
    }
    match said.as_slice() {
        [(title, _)] => title.clone(),
        several => {
            let several = several.iter().map(|(title, numbers)| match numbers.len() {
                0 => title.clone(),
                _ => format!("{}: {title}", numbers.join(", ")),
            });
            several.collect::<Vec<_>>().join(" | ")
        }
    }
}

fn title(section: &CommitSection) -> String {
    let shifts = &section.outlook.shifts;
    let (weaker, stronger) = (
        protection::places(shifts, true),
        protection::places(shifts, false),
    );
    let release = what_is_released(&section.report);
    match (release, weaker, stronger) {
        (Some(release), Some(weaker), _) => format!("{release}; weakens protection of {weaker}"),
        (Some(release), None, _) => release,
        (None, Some(weaker), _) => format!("weakens protection of {weaker}"),
        (None, None, Some(stronger)) => format!("strengthens protection of {stronger}"),
        (None, None, None) if !section.leftovers.is_empty() => {
            "nothing to release; something stays until it is removed".to_owned()
        }
        (None, None, None) => "nothing to release".to_owned(),
    }
}

fn what_is_released(report: &CommitReport) -> Option<String> {
    let errors = report.diagnostics.iter();
    let errors = errors.filter(|diagnostic| diagnostic.is_error()).count();
    if errors > 0 {
        let errors = counted(errors, "error", "errors");
        return Some(format!("{errors} in the configuration"));
    }
    let names: Vec<&str> = report
        .packages
        .iter()
        .map(|package| package.name.short())
        .collect();
    let (releases, changes) = if report.is_preview {
        ("would release", "would change")
    } else {
        ("releases", "changes")
    };
    match (names.len(), report.environments.len()) {
        (0, 0) => None,
        (0, count) => {
            let environments = counted(count, "environment", "environments");
            Some(format!("{changes} {environments}"))
        }
        (1..=3, _) => Some(format!("{releases} {}", names.join(", "))),
        (count, _) => Some(format!("{releases} {count} packages")),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What is said for one pull request, in at most so many bytes.
fn body(section: &CommitSection, most: usize) -> String {
    let report = &section.report;
    let next = what_next(section);
    let mut page = Page::new(most.saturating_sub(next.len()));
    let remarks: Vec<String> = report.diagnostics.iter().map(diagnostic).collect();
    page.add_list(&REMARKS, &remarks);
    page.add_list(
        &protection::LIST,
        &protection::lines(&section.outlook.shifts),
    );
    page.add(&opening(section));
    let environments: Vec<String> = report.environments.iter().map(environment).collect();
    page.add_list(&ENVIRONMENTS, &environments);
    page.add_list(
        &leftovers::LIST,
        &leftovers::lines(&section.leftovers, report),
    );
    let packages: Vec<String> = if report.packages.len() > FEW {
        report.packages.iter().map(folded).collect()
    } else {
        report.packages.iter().map(one_package).collect()
    };
    // What is folded is long: what concerns all of it comes first.
    let is_folded = report.packages.len() > FEW;
    if !is_folded {
        page.add_list(&PACKAGES, &packages);
    }
    let places = outlook::places(&section.outlook.places);
    page.add_list(&outlook::PLACES, &places);
    page.add_list(&outlook::READERS, &outlook::readers(&section.readings));
    if is_folded {
        page.add_list(&PACKAGES, &packages);
    }
    page.into_text() + &next
}

const REMARKS: List<'static> = List {
    heading: "",
    of: (
        "remark on the configuration",
        "remarks on the configuration",
    ),
    most: 20_000,
};

const ENVIRONMENTS: List<'static> = List {
    heading: "\n#### Environments added or changed\n\n",
    of: ("environment", "environments"),
    most: 6_000,
};

const PACKAGES: List<'static> = List {
    heading: "",
    of: ("package", "packages"),
    most: markdown::LONGEST,
};

/// How much there is, or why there is nothing.
fn opening(section: &CommitSection) -> String {
    let report = &section.report;
    let has_errors = report.diagnostics.iter().any(Diagnostic::is_error);
    let is_nothing = report.packages.is_empty() && report.environments.is_empty();
    let mut text = match (is_nothing, has_errors) {
        (true, true) => {
            "Nothing is released from a file with errors. Fix it and push again.\n".to_owned()
        }
        (true, false) if section.outlook.shifts.is_empty() && section.leftovers.is_empty() => {
            "No package watches what changed here, so there is nothing to do.\n".to_owned()
        }
        (true, false) => "\nNo package watches what changed here.\n".to_owned(),
        (false, true) => {
            "Nothing is released from a file with errors; the rest is not held up by it.\n"
                .to_owned()
        }
        (false, false) => String::new(),
    };
    let destination = section.destination.as_ref();
    if let Some(destination) = destination.filter(|_| !is_nothing)
        && let Some(released) = &destination.released_branch
    {
        let _ = writeln!(
            text,
            "\nThis goes into {}, and releases are made of {}: what is shown happens once it gets there.",
            markdown::code(&destination.branch),
            markdown::code(released)
        );
    }
    if report.packages.len() > FEW {
        text.push_str(&counts(report));
    }
    text
}

fn counts(report: &CommitReport) -> String {
    let keys = report
        .packages
        .iter()
        .flat_map(|package| &package.phases)
        .flat_map(|(_, keys)| keys);
    let mut steps = 0;
    let mut deployments = 0;
    let mut environments: BTreeSet<&EnvironmentName> = BTreeSet::new();
    for key in keys {
        match key.environment() {
            Some(environment) => {
                deployments += 1;
                environments.insert(environment);
            }
            None => steps += 1,
        }
    }
    let mut parts = vec![format!("**{} packages**", report.packages.len())];
    if steps > 0 {
        parts.push(counted(steps, "step", "steps"));
    }
    if deployments > 0 {
        parts.push(format!(
            "{} to {}",
            counted(deployments, "deployment", "deployments"),
            counted(environments.len(), "environment", "environments")
        ));
    }
    format!("\n{}.\n", parts.join(", "))
}

fn environment(environment: &Environment) -> String {
    let attributes: Vec<String> = environment
        .attributes
        .iter()
        .map(|(key, value)| markdown::code(&format!("{key}={value}")))
        .collect();
    let line = format!(
        "- {} {}",
        markdown::code(environment.name.as_str()),
        attributes.join(" ")
    );
    format!("{}\n", line.trim_end())
}

/// What the reader can do, or where to look now.
fn what_next(section: &CommitSection) -> String {
    let report = &section.report;
    let is_nothing = report.packages.is_empty()
        && report.environments.is_empty()
        && section.outlook.shifts.is_empty();
    if is_nothing {
        return String::new();
    }
    if report.is_preview {
        return outlook::what_next(&section.outlook, section.destination.as_ref());
    }
    if report.packages.is_empty() {
        return String::new();
    }
    let checks: Vec<String> = report
        .packages
        .iter()
        .map(|package| markdown::code(&check_name(&package.name)))
        .collect();
    format!("\nFollow the progress in {}.\n", markdown::listed(&checks))
}

fn diagnostic(diagnostic: &Diagnostic) -> String {
    let mark = match diagnostic.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Notice => "ℹ️",
    };
    let place = if diagnostic.line == 0 {
        diagnostic.path.clone()
    } else {
        format!("{}:{}", diagnostic.path, diagnostic.line)
    };
    format!(
        "{mark} {}\n\n{}\n\n",
        markdown::code(&place),
        markdown::block(&markdown::shortened(&diagnostic.message, MESSAGE))
    )
}
