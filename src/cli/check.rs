//! `ocuroot check`: what the config files of a directory declare, and what is wrong with them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::place::with_deep_stack;
use crate::config::{Evaluation, Limits, Session, SourceTree};
use crate::model::Environment;
use crate::runner::source_tree;

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
    with_deep_stack(|| check(arguments))
}

fn check(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let tree = source_tree(&arguments.directory)?;
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
    for line in super::guards::lines(&evaluation.guards) {
        println!("  {line}");
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
