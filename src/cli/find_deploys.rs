//! `ocuroot find-deploys`: what a range of commits has deployed.

use std::process::ExitCode;

use clap::Args;

use super::local::{self, project};
use super::remote;
use super::server_option::ServerOption;

/// List the live deployments of this repository whose release was made from a commit of a range.
#[derive(Args)]
#[command(after_help = "Example: ocuroot find-deploys v1.4.0 HEAD")]
pub struct Arguments {
    /// The first commit, itself included
    start: String,
    /// The last one
    end: String,
    #[command(flatten)]
    server: ServerOption,
}

/// Prints one ref a line.
///
/// # Errors
/// When git does not know the commits, or the state cannot be read.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    local::run(async {
        if let Some(server) = arguments.server.address() {
            return remote::find_deploys(&server, &arguments.start, &arguments.end).await;
        }
        let project = project()?;
        let commits = project.commits(&arguments.start, &arguments.end)?;
        if let Some(reader) = local::reader(project).await? {
            for reference in reader.deployed_from(&commits).await? {
                println!("{reference}");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
