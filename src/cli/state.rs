//! `ocuroot state`: what is, and what should be.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::local::{self, project};
use crate::local::Reader;

/// Look at what is recorded, and say what should be.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Print a record as JSON
    ///
    /// Fails when there is none.
    ///
    /// Example: ocuroot state get release.ocu.star/@/deploy/production#output/url
    Get {
        /// Its ref; keys after `#` pick a part of it
        reference: String,
    },
}

/// Carries the verb out.
///
/// # Errors
/// When the repository or its state cannot be used, or the ref is none.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    local::run(carry_out(&arguments.verb))
}

async fn carry_out(verb: &Verb) -> anyhow::Result<ExitCode> {
    let project = project()?;
    match verb {
        Verb::Get { reference } => {
            let reference = project.reference(reference)?;
            let reader = Reader::open(project).await?;
            match reader.record(&reference).await? {
                Some(value) => {
                    println!("{}", serde_json::to_string_pretty(&value)?);
                    Ok(ExitCode::SUCCESS)
                }
                None => {
                    eprintln!("error: there is no {reference}");
                    Ok(ExitCode::FAILURE)
                }
            }
        }
    }
}
