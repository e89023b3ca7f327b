//! `ocuroot init`: the files a repository starts with.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use super::guards;
use crate::config::{Limits, evaluate};
use crate::model::{Action, Diagnostic, Environment, Input, Package, Task};
use crate::runner;

/// Writes the files a repository needs to be released with Ocuroot. Keeps every file that is there already.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The root of a git repository
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Replaces .github/workflows/ocuroot.yml by this version's; other files are never replaced
    #[arg(long)]
    force: bool,
}

struct Template {
    path: &'static str,
    text: &'static str,
}

const WORKFLOW: Template = Template {
    path: ".github/workflows/ocuroot.yml",
    text: crate::RUNNER_WORKFLOW,
};
const REPOSITORY: Template = Template {
    path: "repo.ocu.star",
    text: include_str!("../../templates/repo.ocu.star"),
};
const ENVIRONMENTS: Template = Template {
    path: "environments.ocu.star",
    text: include_str!("../../templates/environments.ocu.star"),
};
const RELEASE: Template = Template {
    path: "release.ocu.star",
    text: include_str!("../../templates/release.ocu.star"),
};

/// Writes the files, then shows what they mean.
///
/// # Errors
/// When the directory is no root of a git repository, or a file cannot be written.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let is_usable = initialise(&arguments, &mut std::io::stdout())?;
    Ok(match is_usable {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Says on `out` what it does; returns whether what is there now can be used.
fn initialise(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<bool> {
    let root = repository_root(&arguments.directory)?;
    let mut written = Vec::new();
    for template in [WORKFLOW, REPOSITORY, ENVIRONMENTS, RELEASE] {
        let is_workflow = template.path == WORKFLOW.path;
        if write(&root, &template, is_workflow && arguments.force)? {
            writeln!(out, "wrote {}", template.path)?;
            written.push(template.path);
        } else if is_workflow && !is_current(&root, &template) {
            let note = "it differs from this version's; --force replaces it";
            writeln!(out, "kept  {} ({note})", template.path)?;
        } else {
            writeln!(out, "kept  {} (it is there already)", template.path)?;
        }
    }
    let (plan, is_usable) = plan(&root)?;
    write!(out, "\n{plan}")?;
    if is_usable {
        write!(out, "\n{}", next_steps(&written))?;
    }
    Ok(is_usable)
}

/// The directory, if it is where a git repository begins.
fn repository_root(directory: &Path) -> anyhow::Result<PathBuf> {
    let shown = directory.display();
    let directory = directory
        .canonicalize()
        .with_context(|| format!("{shown} cannot be opened"))?;
    let output = Command::new("git")
        .args(["rev-parse", "--show-toplevel"])
        .current_dir(&directory)
        .output()
        .context("git cannot be started; is it installed?")?;
    if !output.status.success() {
        bail!("{shown} is not a git repository: run `git init` there first");
    }
    let root = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
    if root.canonicalize().is_ok_and(|root| root == directory) {
        return Ok(directory);
    }
    bail!(
        "{shown} is inside a git repository, but GitHub reads workflows at its root: run `ocuroot init {}`",
        root.display()
    );
}

/// Writes a file unless it is there; says whether it did.
fn write(root: &Path, template: &Template, is_forced: bool) -> anyhow::Result<bool> {
    let path = root.join(template.path);
    let is_kept = !is_forced || is_current(root, template);
    if is_kept && path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let failed = || format!("{} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    fs::write(&path, template.text).with_context(failed)?;
    Ok(true)
}

fn is_current(root: &Path, template: &Template) -> bool {
    fs::read_to_string(root.join(template.path)).is_ok_and(|text| text == template.text)
}

/// What the files mean, in words, and whether they can be used.
fn plan(root: &Path) -> anyhow::Result<(String, bool)> {
    let tree = runner::source_tree(root)?;
    let limits = Limits::default();
    let evaluated =
        |path, environments: &[Environment]| evaluate(&tree, path, environments, &limits);
    let repository = evaluated(REPOSITORY.path, &[]);
    let environments = evaluated(ENVIRONMENTS.path, &[]);
    let release = evaluated(RELEASE.path, &environments.environments);
    let diagnostics: Vec<&Diagnostic> = [&repository, &environments, &release]
        .into_iter()
        .flat_map(|evaluation| &evaluation.diagnostics)
        .collect();
    let mut text = String::new();
    for diagnostic in &diagnostics {
        text.push_str(&format!("{diagnostic}\n"));
    }
    if let Some(package) = &release.package {
        text.push_str(&format!("A release of {} would do:\n", RELEASE.path));
        text.push_str(&phases(package));
    }
    for line in guards::lines(&environments.guards) {
        text.push_str(&format!("{}: {line}\n", ENVIRONMENTS.path));
    }
    let is_usable = !diagnostics.iter().any(|diagnostic| diagnostic.is_error());
    Ok((text, is_usable))
}

fn phases(package: &Package) -> String {
    let mut text = String::new();
    for (position, phase) in package.phases.iter().enumerate() {
        let mut tasks: Vec<String> = phase.tasks.iter().map(describe).collect();
        if tasks.is_empty() {
            tasks.push("nothing yet".to_owned());
        }
        let name = match phase.name.as_str() {
            "" => String::new(),
            name => format!("{name}: "),
        };
        text.push_str(&format!("  {}. {name}{}\n", position + 1, tasks.join(", ")));
    }
    text
}

/// A task with where it runs and what it waits for.
fn describe(task: &Task) -> String {
    let waits: Vec<String> = task
        .inputs
        .values()
        .filter_map(|input| match input {
            Input::Reference {
                reference,
                default: None,
            } if !reference.global => Some(format!("`{reference}`")),
            _ => None,
        })
        .collect();
    let mut text = task.key.to_string();
    if let Action::Workflow(call) = &task.action {
        text.push_str(&format!(" by {}", call.file));
    }
    if !waits.is_empty() {
        text.push_str(&format!(" (needs {})", waits.join(", ")));
    }
    text
}

fn next_steps(written: &[&str]) -> String {
    let mut steps: Vec<String> = Vec::new();
    if !written.is_empty() {
        steps.push(format!("git add {}", written.join(" ")));
        steps.push("git commit -m \"Release with Ocuroot\"".to_owned());
    }
    steps.push(
        "git push to the default branch: GitHub starts only workflows that are there".to_owned(),
    );
    steps.push(
        "install your server's GitHub App on this repository; from then on every push is released"
            .to_owned(),
    );
    let mut text = String::from("Next:\n");
    for (position, step) in steps.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", position + 1));
    }
    text
}

#[cfg(test)]
mod tests;
