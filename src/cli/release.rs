//! `ocuroot release`: releases without a server.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::local::{Asked, Narrator, Project, Released, Selection, Session};
use crate::model::ReleaseName;

/// Releases of the repository around the current directory, executed on this machine and recorded in the state file that
/// its repo.ocu.star names.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,

    /// The package's file, instead of giving it as the last argument
    #[arg(long, global = true)]
    package: Option<String>,

    /// The release: a number such as r3, or a tag
    #[arg(long, global = true)]
    release: Option<String>,
}

#[derive(Subcommand)]
enum Verb {
    /// Release a package, or register the environments of a file
    ///
    /// Evaluates the file as it is in the working tree, makes a release of it and executes that until it is done or
    /// waits for something. Fails when a step does.
    ///
    /// Example: ocuroot release new api/release.ocu.star
    New {
        /// The file: from here, `//` from the repository's root
        package: Option<String>,
        /// Make another release of the same commit
        #[arg(short, long, num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true, action = clap::ArgAction::Set)]
        force: bool,
        /// Do the work that follows from it in other releases, too
        #[arg(long, num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true, action = clap::ArgAction::Set)]
        cascade: bool,
    },
}

/// Carries the verb out.
///
/// # Errors
/// When the repository or its state cannot be used, or the file has errors.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    super::local::run(carry_out(arguments))
}

async fn carry_out(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let project = super::local::project()?;
    match &arguments.verb {
        Verb::New {
            package,
            force,
            cascade,
        } => {
            let text = super::local::meant(package.as_deref(), arguments.package.as_deref())?;
            let asked = Asked {
                package: project.package(text)?,
                is_forced: *force,
            };
            new(project, &asked, *cascade).await
        }
    }
}

async fn new(project: Project, asked: &Asked, cascade: bool) -> anyhow::Result<ExitCode> {
    let command = format!("release new {}", asked.package.path);
    let session = Session::open(project, &command, Arc::new(Narrator::new())).await?;
    let before = session.queued().await?;
    let released = session.release_new(asked).await?;
    let code = match released {
        Released::Release(name) => {
            let selection = match cascade {
                true => Selection::Following(name.clone(), before),
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
            ExitCode::SUCCESS
        }
        Released::Nothing => {
            println!("{} declares nothing to release", asked.package.path);
            ExitCode::SUCCESS
        }
    };
    session.close().await;
    Ok(code)
}

/// Does the work, and shows how the release stands then.
async fn go_on(
    session: &Session,
    name: &ReleaseName,
    selection: &Selection,
) -> anyhow::Result<ExitCode> {
    let worked = session.work(selection).await?;
    for (run, why) in &worked.put_off {
        eprintln!("{run} was not begun: {why}");
    }
    let has_failed = super::local::show_release(&session.reader, name).await?;
    Ok(match has_failed || worked.has_failed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
