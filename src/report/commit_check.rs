//! The check run `ocuroot`: what a commit releases, or would release. It is on every commit and always concludes.

use std::fmt::Write;

use super::{CheckText, Conclusion, markdown};
use crate::engine::{CommitReport, PackageReport};
use crate::model::{Diagnostic, Severity, TaskKey};

/// What the check run `ocuroot` says about a commit.
pub fn commit_check(report: &CommitReport) -> CheckText {
    let errors = report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    CheckText {
        name: "ocuroot".to_owned(),
        conclusion: Some(if errors > 0 {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }),
        title: title(report, errors),
        summary: markdown::fit(summary(report)),
        annotations: report.diagnostics.clone(),
        buttons: Vec::new(),
    }
}

fn title(report: &CommitReport, errors: usize) -> String {
    if errors > 0 {
        return format!(
            "{} in the configuration",
            counted(errors, "error", "errors")
        );
    }
    let names: Vec<&str> = report
        .packages
        .iter()
        .map(|package| package.name.short())
        .collect();
    let verb = if report.is_preview {
        "would release"
    } else {
        "releases"
    };
    match (names.len(), report.environments.len()) {
        (0, 0) => "nothing to release".to_owned(),
        (0, count) => {
            let changes = if report.is_preview {
                "would change"
            } else {
                "changes"
            };
            format!(
                "{changes} {}",
                counted(count, "environment", "environments")
            )
        }
        (1..=3, _) => format!("{verb} {}", names.join(", ")),
        (count, _) => format!("{verb} {count} packages"),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn summary(report: &CommitReport) -> String {
    let mut text = String::new();
    if !report.diagnostics.is_empty() {
        text.push_str(&diagnostics(&report.diagnostics));
    }
    if report.packages.is_empty() && report.environments.is_empty() {
        text.push_str("No package watches what changed here, so there is nothing to do.\n");
        return text;
    }
    for environment in &report.environments {
        let attributes: Vec<String> = environment
            .attributes
            .iter()
            .map(|(key, value)| markdown::code(&format!("{key}={value}")))
            .collect();
        let _ = writeln!(
            text,
            "- environment {} {}",
            markdown::code(environment.name.as_str()),
            attributes.join(" ")
        );
    }
    for package in &report.packages {
        text.push_str(&one_package(package));
    }
    if report.is_preview {
        text.push_str(
            "\nMerging releases this. To try it before: comment `/ocuroot deploy <environment>`.\n",
        );
    }
    text
}

fn one_package(package: &PackageReport) -> String {
    let number = package.release.as_ref().map_or(String::new(), |release| {
        format!(" → **{}**", release.number)
    });
    let mut text = format!(
        "\n#### {}{number}\n\nbecause {}\n\n",
        markdown::code(package.name.short()),
        package.reason
    );
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
            "nothing yet".to_owned()
        } else {
            steps.join(", ")
        };
        if name.is_empty() {
            let _ = writeln!(text, "1. {steps}");
        } else {
            let _ = writeln!(text, "1. {}: {steps}", markdown::code(name));
        }
    }
    text
}

fn diagnostics(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
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
        let _ = write!(
            text,
            "{mark} {}\n\n{}\n\n",
            markdown::code(&place),
            markdown::block(&diagnostic.message)
        );
    }
    text
}
