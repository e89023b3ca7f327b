//! `ocuroot release`: releases, without a server or by one.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgAction, Args, Subcommand};

use super::local::{self, Named, project};
use super::remote;
use super::server_option::ServerOption;
use crate::config::Evaluation;
use crate::local::{Asked, Narrator, Project, Released, Selection, Session};
use crate::model::{Reference, ReleaseName};

/// Releases of the repository around the current directory, executed on this machine and recorded in the state file that
/// its repo.ocu.star names; or by a server, with --server.
///
/// A package is named by its file: from here, or with `//` from the repository's root. A release of it is named
/// `<file>/@r3`, or by one of its tags; `<file>` alone means its latest release.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    server: ServerOption,
}

#[derive(Subcommand)]
enum Verb {
    /// Release a package, or register the environments of a file
    ///
    /// Evaluates the file as it is in the working tree, makes a release of it and executes that until it is done or
    /// waits for something. Fails when a step does.
    #[command(after_help = "Example: ocuroot release new api/release.ocu.star")]
    New {
        /// The file
        #[arg(value_name = "PACKAGE")]
        file: Option<String>,
        /// Make another release of the same commit
        #[arg(short, long, num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true, action = ArgAction::Set)]
        force: bool,
        /// Do the work that follows from it in other releases, too
        #[arg(long, num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true, action = ArgAction::Set)]
        cascade: bool,
        /// Where a rule wants a second word, this is it (only a server asks for one)
        #[arg(long)]
        confirm: bool,
    },
    /// Execute what can go on of a release
    #[command(after_help = "Example: ocuroot release continue api/release.ocu.star/@r3")]
    Continue {
        /// The release
        #[arg(value_name = "RELEASE")]
        reference: Option<String>,
    },
    /// Try again what has failed in a release
    ///
    /// Each failed step starts again with its first function, at the release's own commit: edits since do not count.
    /// Fails when nothing has failed, or a step fails again.
    #[command(after_help = "Example: ocuroot release retry api/release.ocu.star")]
    Retry {
        /// The release
        #[arg(value_name = "RELEASE")]
        reference: Option<String>,
    },
    /// Evaluate a file and show what it would release
    #[command(after_help = "Example: ocuroot release lint api/release.ocu.star")]
    Lint {
        /// The file
        #[arg(value_name = "PACKAGE")]
        file: Option<String>,
    },
}

/// Carries the verb out.
///
/// # Errors
/// When the repository or its state cannot be used, or the file has errors.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    local::run(carry_out(arguments))
}

async fn carry_out(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if matches!(arguments.verb, Verb::Lint { .. }) {
        arguments.server.refuse("release lint")?;
    }
    if let Some(server) = arguments.server.address()
        && let Some(code) = by_server(&server, arguments).await?
    {
        return Ok(code);
    }
    let project = project()?;
    let given = |argument| given(argument, arguments);
    match &arguments.verb {
        Verb::New {
            file,
            force,
            cascade,
            ..
        } => {
            let asked = Asked {
                package: project.package(&given(file))?,
                is_forced: *force,
            };
            new(project, &asked, *cascade).await
        }
        Verb::Continue { reference } => {
            let reference = meant(&project, &given(reference), arguments)?;
            resume(project, &reference, false).await
        }
        Verb::Retry { reference } => {
            let reference = meant(&project, &given(reference), arguments)?;
            resume(project, &reference, true).await
        }
        Verb::Lint { file } => {
            let package = project.package(&given(file))?;
            let session = crate::local::lint(&project, &package).await?;
            Ok(print_evaluation(&session))
        }
    }
}

/// What is named, by the last argument or by the option.
fn given(argument: &Option<String>, arguments: &Arguments) -> String {
    let text = argument.clone().or_else(|| arguments.named.package.clone());
    text.unwrap_or_else(|| ".".to_owned())
}

/// `None` for what a server does not do.
async fn by_server(server: &str, arguments: &Arguments) -> anyhow::Result<Option<ExitCode>> {
    let release = arguments.named.release.as_ref();
    let code = match &arguments.verb {
        Verb::New {
            file,
            force,
            confirm,
            ..
        } => {
            let new = remote::release::New {
                file: given(file, arguments),
                force: *force,
                confirm: *confirm,
            };
            remote::release::new(server, &new).await?
        }
        Verb::Continue { reference } => {
            let text = given(reference, arguments);
            remote::release::resume(server, &text, release, false).await?
        }
        Verb::Retry { reference } => {
            let text = given(reference, arguments);
            remote::release::resume(server, &text, release, true).await?
        }
        Verb::Lint { .. } => return Ok(None),
    };
    Ok(Some(code))
}

/// The release that is meant, as a ref.
fn meant(project: &Project, text: &str, arguments: &Arguments) -> anyhow::Result<Reference> {
    let reference = project.reference(text)?;
    let package = project.package_of(&reference, text)?;
    let release = reference.release.filter(|release| !release.is_empty());
    Ok(Reference {
        repository: package.repository,
        path: package.path,
        release: release.or_else(|| arguments.named.release.clone()),
        ..Reference::default()
    })
}

async fn new(project: Project, asked: &Asked, cascade: bool) -> anyhow::Result<ExitCode> {
    let command = format!("release new {}", asked.package.path);
    let session = Session::open(project, &command, Arc::new(Narrator::new())).await?;
    let released = session.release_new(asked).await?;
    let code = match released {
        Released::Release(name) => {
            let selection = match cascade {
                true => Selection::Own,
                false => Selection::Release(name.clone()),
            };
            go_on(&session, &name, &selection).await?
        }
        Released::Already(names) => {
            for name in &names {
                println!("{name}");
            }
            println!();
            println!(
                "There are already {} releases for this commit (listed above). To make another one: --force",
                names.len()
            );
            ExitCode::FAILURE
        }
        Released::Environments(names) => {
            for name in &names {
                println!("@/environment/{name}");
            }
            if names.is_empty() {
                println!(
                    "the environments of {} are as they were",
                    asked.package.path
                );
            }
            match cascade {
                true => local::code(&session.work_off(&Selection::Own, false).await?, false),
                false => ExitCode::SUCCESS,
            }
        }
        Released::Nothing => {
            println!("{} declares nothing to release", asked.package.path);
            ExitCode::SUCCESS
        }
    };
    session.close().await;
    Ok(code)
}

async fn resume(
    project: Project,
    reference: &Reference,
    is_retry: bool,
) -> anyhow::Result<ExitCode> {
    let verb = if is_retry { "retry" } else { "continue" };
    let command = format!("release {verb} {}", reference.path);
    let session = Session::open(project, &command, Arc::new(Narrator::new())).await?;
    let name = session.reader.release_name(reference).await?;
    if is_retry {
        if !session.retry(&name).await? {
            println!("{name}: nothing has failed that can be tried again");
            session.close().await;
            return Ok(ExitCode::FAILURE);
        }
    } else {
        session.look_again().await?;
    }
    let selection = Selection::Release(name.clone());
    let code = go_on(&session, &name, &selection).await?;
    session.close().await;
    Ok(code)
}

/// Does the work, and shows how the release stands then.
async fn go_on(
    session: &Session,
    name: &ReleaseName,
    selection: &Selection,
) -> anyhow::Result<ExitCode> {
    let worked = match selection {
        Selection::Own => session.work_off(selection, false).await?,
        _ => session.work(selection).await?,
    };
    let has_failed = local::show_release(&session.reader, name).await?;
    Ok(local::code(&worked, has_failed))
}

fn print_evaluation(evaluation: &Evaluation) -> ExitCode {
    for diagnostic in &evaluation.diagnostics {
        println!("{diagnostic}");
    }
    if evaluation.has_errors() {
        return ExitCode::FAILURE;
    }
    for environment in &evaluation.environments {
        println!("Environment \"{}\"", environment.name);
    }
    let phases = evaluation
        .package
        .iter()
        .flat_map(|package| &package.phases);
    for phase in phases {
        for task in &phase.tasks {
            match task.key.environment() {
                Some(environment) => println!("Deployment to \"{environment}\""),
                None => println!("Task: \"{}\"", task.key.name()),
            }
        }
        if !phase.name.is_empty() {
            println!("Phase \"{}\": {} tasks", phase.name, phase.tasks.len());
        }
    }
    if evaluation.package.is_none() && evaluation.environments.is_empty() {
        println!("No release configured");
    }
    println!("Config file evaluated successfully");
    ExitCode::SUCCESS
}
