//! The check run `ocuroot`: what a commit releases, or would release. It is on every commit and always concludes.

use std::fmt::Write;

use super::{CheckText, Conclusion, check_name, markdown};
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
    let mut text = diagnostics(&report.diagnostics);
    let has_errors = report.diagnostics.iter().any(Diagnostic::is_error);
    if report.packages.is_empty() && report.environments.is_empty() {
        text.push_str(if has_errors {
            "Nothing is released from a file with errors. Fix it and push again.\n"
        } else {
            "No package watches what changed here, so there is nothing to do.\n"
        });
        return text;
    }
    if has_errors {
        text.push_str(
            "Nothing is released from a file with errors; the rest is not held up by it.\n",
        );
    }
    text.push_str(&environments(report));
    for package in &report.packages {
        text.push_str(&one_package(package));
    }
    text.push_str(&what_next(report));
    text
}

fn environments(report: &CommitReport) -> String {
    if report.environments.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n#### Environments added or changed\n\n");
    for environment in &report.environments {
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
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What the reader can do, or where to look now.
fn what_next(report: &CommitReport) -> String {
    let keys = report
        .packages
        .iter()
        .flat_map(|package| &package.phases)
        .flat_map(|(_, keys)| keys);
    let has_deployments = keys
        .into_iter()
        .any(|key| matches!(key, TaskKey::Deploy(_)));
    match (report.is_preview, report.packages.is_empty()) {
        (true, false) if has_deployments => {
            "\nThis is a preview: nothing runs before the merge. To deploy the head \
             of the pull request earlier, comment `/ocuroot deploy <environment>` on it.\n"
                .to_owned()
        }
        (true, _) => "\nThis is a preview: nothing happens before the merge.\n".to_owned(),
        (false, false) => {
            let checks: Vec<String> = report
                .packages
                .iter()
                .map(|package| markdown::code(&check_name(&package.name)))
                .collect();
            format!("\nFollow the progress in {}.\n", markdown::listed(&checks))
        }
        (false, true) => String::new(),
    }
}

fn one_package(package: &PackageReport) -> String {
    let number = package.release.as_ref().map_or(String::new(), |release| {
        format!(" → **{}**", release.number)
    });
    let mut text = format!(
        "\n#### {}{number}\n\nReason: {}.\n\n",
        markdown::code(package.name.short()),
        reason(&package.reason)
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
            "no environment yet".to_owned()
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
