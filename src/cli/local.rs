//! What the verbs that work without a server share.

use std::process::ExitCode;

use anyhow::Context;

use crate::clock::Clock;
use crate::engine::status::{self, ReleaseStatus};
use crate::local::{Project, Reader, release_text};
use crate::model::ReleaseName;

/// Carries a verb out.
pub(super) fn run(
    verb: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    runtime.block_on(verb)
}

/// The repository around the current directory.
pub(super) fn project() -> anyhow::Result<Project> {
    let directory = std::env::current_dir().context("there is no current directory")?;
    Project::find(&directory, std::env::vars().collect())
}

/// The package that is meant: as an argument, with `--package`, or the one of this folder.
pub(super) fn meant<'a>(
    argument: Option<&'a str>,
    option: Option<&'a str>,
) -> anyhow::Result<&'a str> {
    Ok(argument.or(option).unwrap_or("."))
}

/// Shows how a release stands; says whether it has failed.
pub(super) async fn show_release(reader: &Reader, name: &ReleaseName) -> anyhow::Result<bool> {
    let found = reader.release(name).await?;
    let (release, snapshot) = found.with_context(|| format!("{name} is not there"))?;
    let now = Clock::System.now();
    print!("{}", release_text(&release, &snapshot, now));
    Ok(status::of_release(&release, &snapshot, now) == ReleaseStatus::Failed)
}
