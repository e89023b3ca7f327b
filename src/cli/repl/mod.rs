//! `ocuroot repl`: try config files and their functions by hand, with this machine at their disposal.

mod reader;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::place::{Place, environments, root_of, with_deep_stack};
use super::server_option::NoServer;
use crate::config::{Interpreter, Limits, Setting, SourceTree, converse};
use crate::model::Diagnostic;
use crate::runner::{HostCapabilities, Output, Stop, source_tree};

use reader::{Read, Reader};

/// What `ocuroot repl` takes.
#[derive(Args)]
pub struct Arguments {
    /// A config file whose names are at hand
    file: Option<PathBuf>,
    /// The same, as other verbs have it
    #[arg(long, conflicts_with = "file")]
    package: Option<PathBuf>,
    /// Evaluates this and ends
    #[arg(short, long, value_name = "TEXT")]
    command: Option<String>,
    #[command(flatten)]
    server: NoServer,
}

/// Evaluates what is typed, or one command.
///
/// # Errors
/// When the file cannot be read, or has an error.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    arguments.server.refuse("repl")?;
    with_deep_stack(|| run(arguments))
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let is_talk = arguments.command.is_none();
    let file = arguments.file.as_deref().or(arguments.package.as_deref());
    if let Some(file) = file.filter(|_| !is_talk) {
        println!("Loading file {}", file.display());
    }
    let place = Surroundings::find(file)?;
    let variables = std::env::vars().collect();
    let output = Box::new(Terminal);
    let host = HostCapabilities::new(&place.root, variables, Stop::new(), output)?;
    let environments = environments(&place.root, &place.tree);
    let limits = Limits {
        ticks: 1_000_000_000,
        heap_bytes: 1 << 30,
        print_bytes: usize::MAX,
        ..Limits::default()
    };
    let setting = Setting {
        tree: &place.tree,
        file: place.file.as_deref(),
        environments: &environments,
        capabilities: &host,
        limits: &limits,
    };
    let talked = converse(&setting, |interpreter, findings| {
        show_findings(findings);
        match &arguments.command {
            Some(command) => one(interpreter, command, place.file.is_some()),
            None => talk(interpreter, place.file.as_deref()),
        }
    });
    match talked {
        Ok(code) => Ok(code),
        Err(findings) => {
            show_findings(&findings);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Where inputs are evaluated.
struct Surroundings {
    root: PathBuf,
    tree: SourceTree,
    file: Option<String>,
}

impl Surroundings {
    fn find(file: Option<&Path>) -> anyhow::Result<Surroundings> {
        let Some(file) = file else {
            let here = std::env::current_dir().context("there is no current directory")?;
            let root = root_of(&here).to_owned();
            let tree = source_tree(&root)?;
            return Ok(Surroundings {
                root,
                tree,
                file: None,
            });
        };
        let place = Place::of(file)?;
        Ok(Surroundings {
            root: place.root,
            tree: place.tree,
            file: Some(place.file),
        })
    }
}

fn show_findings(findings: &[Diagnostic]) {
    for finding in findings {
        eprintln!("{:?}: {finding}", finding.severity);
    }
}

/// Evaluates one command, in the words of the original.
fn one(interpreter: &mut dyn Interpreter, command: &str, has_file: bool) -> ExitCode {
    if has_file {
        println!("File loaded successfully");
    }
    println!("Executing: {command}");
    match interpreter.evaluate(command) {
        Ok(Some(value)) => println!("Result:\n{value}"),
        Ok(None) => println!("Command executed successfully"),
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn talk(interpreter: &mut dyn Interpreter, file: Option<&str>) -> ExitCode {
    let mut reader = match Reader::new() {
        Ok(reader) => reader,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            return ExitCode::FAILURE;
        }
    };
    if reader.is_terminal() {
        let what = file.map_or_else(String::new, |file| format!(" of {file}"));
        println!("Ocuroot{what}: help() lists what there is, Ctrl-D ends.");
    }
    let mut has_failed = false;
    loop {
        match reader.read(interpreter.names()) {
            Read::Text(text) if text.trim().is_empty() => {}
            Read::Text(text) => match interpreter.evaluate(&text) {
                Ok(Some(value)) => println!("{value}"),
                Ok(None) => {}
                Err(problem) => {
                    has_failed = true;
                    eprintln!("error: {problem}");
                }
            },
            Read::Discarded => {}
            Read::End => break,
        }
    }
    // Somebody at a terminal has seen the error; a program has only the exit code.
    match has_failed && !reader.is_terminal() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Prints what functions print.
struct Terminal;

impl Output for Terminal {
    fn line(&self, line: &str) {
        // Whoever has closed the pipe does not want to read more.
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    fn hide(&self, _: &str) {}
}
