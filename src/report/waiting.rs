//! What a release waits for, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::gates::{self, Held};
use super::release_check::{shown_runs, step_name};
use super::{Button, check_name, markdown};
use crate::engine::status::{self, Waiting};
use crate::engine::{Release, Snapshot};
use crate::model::{EnvironmentName, PackageName, Reference, SubPathKind, Timestamp};

/// What the release's runs lack, each with the steps that lack it.
pub(super) type Missing = BTreeMap<Reference, BTreeSet<String>>;

pub(super) fn missing_inputs(release: &Release, snapshot: &Snapshot, now: Timestamp) -> Missing {
    let mut missing = Missing::new();
    for (_, key, _, run) in shown_runs(release) {
        if let Some(Waiting::ForInputs(references)) =
            status::waiting(release, key, run, snapshot, now)
        {
            for reference in references {
                let steps = missing.entry(reference).or_default();
                steps.insert(step_name(key, run));
            }
        }
    }
    missing
}

/// Whether a person provides the value with `approve`: it is a custom value of this release.
pub(super) fn is_approval(release: &Release, reference: &Reference) -> bool {
    is_own(release, reference) && matches!(reference.subpath, Some((SubPathKind::Custom, _)))
}

fn is_own(release: &Release, reference: &Reference) -> bool {
    reference.package().as_ref() == Some(&release.name.package)
        && reference.release.as_deref() == Some(release.name.number.to_string().as_str())
}

/// The section that names what is missing, with the next thing to do about each.
pub(super) fn section(
    release: &Release,
    snapshot: &Snapshot,
    missing: &Missing,
    held: &[Held],
) -> String {
    if missing.is_empty() && held.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n### Waiting for\n\n");
    for Held {
        step,
        environment,
        gate,
    } in held
    {
        let _ = writeln!(
            text,
            "- {}: {}",
            markdown::code(step),
            gates::long(gate, release, environment)
        );
    }
    for (reference, steps) in missing {
        let steps: Vec<String> = steps.iter().map(|step| markdown::code(step)).collect();
        let _ = writeln!(
            text,
            "- {} for {}. {}",
            markdown::code(&shown(release, reference)),
            markdown::listed(&steps),
            how_to_provide(release, snapshot, reference)
        );
    }
    text
}

/// The ref as the release's own file writes it: `./custom/approval` for a value of the release itself.
fn shown(release: &Release, reference: &Reference) -> String {
    match &reference.subpath {
        Some((kind, name)) if is_own(release, reference) => {
            let fragment = reference.fragment.iter();
            let fragment: String = fragment.map(|keys| format!("#{keys}")).collect();
            format!("./{}/{name}{fragment}", kind.as_str())
        }
        _ => reference.to_string(),
    }
}

fn how_to_provide(release: &Release, snapshot: &Snapshot, reference: &Reference) -> String {
    if is_approval(release, reference) {
        return format!(
            "To approve, {}.",
            command_or_button(release, Button::Approve, None)
        );
    }
    let is_made = snapshot.documents.contains_key(&reference.document());
    if let (true, Some(keys)) = (is_made, &reference.fragment) {
        return format!(
            "The step is done, but gave no {}: its function or workflow must give that.",
            markdown::code(keys)
        );
    }
    match (&reference.subpath, reference.package()) {
        (Some((SubPathKind::Deploy, environment)), Some(package)) => format!(
            "It is there once {} is deployed to {}.",
            called(release, &package),
            markdown::code(environment)
        ),
        (Some((SubPathKind::Task, task)), Some(package)) => format!(
            "It is there once the task {} of {} is done.",
            markdown::code(task),
            called(release, &package)
        ),
        (Some((SubPathKind::Environment, name)), _) => format!(
            "Register the environment {} with `register_environment(...)` on the default branch.",
            markdown::code(name)
        ),
        (Some((SubPathKind::Custom, _)), Some(package))
            if reference
                .release
                .as_ref()
                .is_some_and(|name| !name.is_empty()) =>
        {
            format!(
                "It is there once {} of {} is approved.",
                reference.release.as_deref().unwrap_or_default(),
                called(release, &package)
            )
        }
        _ => "Nothing has set it yet.".to_owned(),
    }
}

/// A package as the readers of this release call it: those of another repository by their whole name.
fn called(release: &Release, package: &PackageName) -> String {
    if package.repository == release.name.package.repository {
        markdown::code(package.short())
    } else {
        markdown::code(&package.to_string())
    }
}

/// Where a person says `button`'s word: only a release that belongs to a pull request has a place for comments.
pub(super) fn command_or_button(
    release: &Release,
    button: Button,
    environment: Option<&EnvironmentName>,
) -> String {
    let check = markdown::code(&check_name(&release.name.package));
    let press = format!("press **{}** on the check {check}", button.label());
    match release.pull_request {
        Some(number) => {
            let mut command = format!("/ocuroot {}", button.identifier());
            if let Some(environment) = environment {
                command.push_str(&format!(" {environment}"));
            }
            let command = markdown::code(&command);
            format!("comment {command} on #{number} or {press}")
        }
        None => press,
    }
}
