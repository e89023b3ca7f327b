//! `ocuroot push`: releases of what has changed.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::local::{self, project};
use super::remote;
use super::server_option::ServerOption;
use crate::local::{Narrator, Selection, Session};

/// Release every package that has changed since the last push, and do the work that follows.
///
/// What changes a package is what its file says with watch(...), its folder otherwise, and every file it loads. The same
/// commit is released once, however often it is pushed. Everything has to be committed. With --server the head of the
/// default branch on GitHub is looked at now. Fails when a file has errors or
/// a step fails.
#[derive(Args)]
#[command(after_help = "Example: ocuroot push --dryrun")]
pub struct Arguments {
    /// Only print the files, one a line
    #[arg(short = 'n', long)]
    dryrun: bool,
    #[command(flatten)]
    server: ServerOption,
}

/// Carries the verb out.
///
/// # Errors
/// When something is not committed, or the repository or its state cannot be used.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments.server.address() {
        Some(server) => local::run(async move { remote::push(&server, arguments.dryrun).await }),
        None => local::run(carry_out(arguments)),
    }
}

async fn carry_out(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let narrator = Arc::new(Narrator::new());
    if arguments.dryrun {
        let session = Session::open_beside(project()?, "push --dryrun", narrator).await?;
        for (file, _) in session.reader.to_push(session.repository()).await? {
            println!("{file}");
        }
        session.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    let session = Session::open(project()?, "push", narrator).await?;
    let pushed = session.push().await?;
    let worked = session.work_off(&Selection::Own, false).await?;
    let mut has_failed = pushed.has_errors;
    for name in &pushed.releases {
        has_failed |= local::show_release(&session.reader, name).await?;
    }
    if pushed.releases.is_empty() {
        println!("nothing is released: no package has changed");
    }
    session.close().await;
    Ok(local::code(&worked, has_failed))
}
