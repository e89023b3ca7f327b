//! `ocuroot version`.

use std::process::ExitCode;

use crate::config::SDK_VERSION;

/// Prints the program's version and that of the language its config files are written in.
///
/// # Errors
/// Never.
pub fn execute() -> anyhow::Result<ExitCode> {
    println!("Ocuroot version: {}", env!("CARGO_PKG_VERSION"));
    println!("SDK version: {SDK_VERSION}");
    Ok(ExitCode::SUCCESS)
}
