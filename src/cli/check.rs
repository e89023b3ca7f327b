//! `ocuroot check`: what the config files of a directory declare, and what is wrong with them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::config::{Evaluation, Limits, Session, SourceTree};
use crate::model::Environment;

/// What `ocuroot check` takes.
#[derive(Args)]
pub struct Arguments {
    /// The repository's root
    #[arg(default_value = ".")]
    directory: PathBuf,
}

/// Evaluates every `*.ocu.star` below the directory as the server would and prints what it found. Fails when a file
/// has an error.
///
/// # Errors
/// When the directory cannot be read.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut tree = SourceTree::new();
    collect(&arguments.directory, &arguments.directory, &mut tree)?;
    let limits = Limits::default();
    let paths: Vec<String> = tree
        .paths()
        .filter(|path| path.ends_with(".ocu.star"))
        .map(ToString::to_string)
        .collect();
    if paths.is_empty() {
        println!("no *.ocu.star files here; `ocuroot init` writes some to start from");
        return Ok(ExitCode::FAILURE);
    }
    let environments: Vec<Environment> = evaluate(&tree, &paths, &[], &limits)
        .into_iter()
        .flat_map(|(_, evaluation)| evaluation.environments)
        .collect();
    let mut has_errors = false;
    for (path, evaluation) in evaluate(&tree, &paths, &environments, &limits) {
        has_errors |= evaluation.has_errors();
        print_one(&path, &evaluation);
    }
    Ok(if has_errors {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn evaluate(
    tree: &SourceTree,
    paths: &[String],
    environments: &[Environment],
    limits: &Limits,
) -> Vec<(String, Evaluation)> {
    let session = Session::planning(tree, environments, &crate::config::Denied, limits);
    let evaluate = |path: &String| (path.clone(), session.evaluate(path));
    paths.iter().map(evaluate).collect()
}

fn print_one(path: &str, evaluation: &Evaluation) {
    println!("{path}");
    for diagnostic in &evaluation.diagnostics {
        println!("  {:?}: {diagnostic}", diagnostic.severity);
    }
    for environment in &evaluation.environments {
        println!("  environment {}", environment.name);
    }
    for phase in evaluation
        .package
        .iter()
        .flat_map(|package| &package.phases)
    {
        let keys: Vec<String> = phase
            .tasks
            .iter()
            .map(|task| task.key.to_string())
            .collect();
        let name = if phase.name.is_empty() {
            "-"
        } else {
            &phase.name
        };
        println!("  phase {name}: {}", keys.join(", "));
    }
}

fn collect(root: &Path, directory: &Path, tree: &mut SourceTree) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("{} cannot be read", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let is_hidden = name.is_none_or(|name| name.starts_with('.') || name == "node_modules");
        if path.is_dir() && !path.is_symlink() && !is_hidden {
            collect(root, &path, tree)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "star")
        {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            tree.insert(relative.to_string_lossy(), text);
        }
    }
    Ok(())
}
