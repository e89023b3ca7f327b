//! A package that a commit releases, with its phases.

use std::fmt::Write;

use super::markdown;
use crate::engine::PackageReport;
use crate::model::TaskKey;

/// A package among few.
pub(super) fn one_package(package: &PackageReport) -> String {
    format!(
        "\n#### {}{}\n\n{}",
        markdown::code(package.name.short()),
        number(package),
        details(package)
    )
}

/// A package among many.
pub(super) fn folded(package: &PackageReport) -> String {
    let release = package.release.as_ref();
    let number = release.map_or(String::new(), |release| format!(" → {}", release.number));
    format!(
        "\n<details>\n<summary><code>{}</code>{number}</summary>\n\n{}\n</details>\n",
        markdown::html(package.name.short()),
        details(package)
    )
}

fn number(package: &PackageReport) -> String {
    package.release.as_ref().map_or(String::new(), |release| {
        format!(" → **{}**", release.number)
    })
}

fn details(package: &PackageReport) -> String {
    let mut text = format!("Reason: {}.\n\n", reason(&package.reason));
    for (name, keys) in &package.phases {
        let steps: Vec<String> = keys
            .iter()
            .map(|key| match key {
                TaskKey::Task(name) => markdown::code(name),
                TaskKey::Deploy(environment) => {
                    format!("deploy to {}", markdown::code(environment.as_str()))
                }
            })
            .collect();
        let steps = if steps.is_empty() {
            "no environment yet".to_owned()
        } else {
            markdown::several(&steps)
        };
        if name.is_empty() {
            let _ = writeln!(text, "1. {steps}");
        } else {
            let _ = writeln!(text, "1. {}: {steps}", markdown::code(name));
        }
    }
    text
}

/// The reason with the path in it, which a stranger may have chosen, kept in its code span.
fn reason(text: &str) -> String {
    let path = text
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix("` changed"));
    match path {
        Some(path) => format!("{} changed", markdown::code(path)),
        None => markdown::plain(text),
    }
}
