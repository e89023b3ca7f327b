//! What the verbs that work without a server share.

use std::process::ExitCode;

use anyhow::Context;

use crate::clock::Clock;
use crate::engine::status::{self, ReleaseStatus};
use crate::local::{Project, Reader, Worked};
use crate::model::ReleaseName;
use crate::report::terminal_release;

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

/// Shows how a release stands; says whether it has failed.
pub(super) async fn show_release(reader: &Reader, name: &ReleaseName) -> anyhow::Result<bool> {
    let found = reader.release(name).await?;
    let (release, snapshot) = found.with_context(|| format!("{name} is not there"))?;
    let now = Clock::System.now();
    print!("{}", terminal_release(&release, &snapshot, now));
    Ok(status::of_release(&release, &snapshot, now) == ReleaseStatus::Failed)
}

/// What a command ends with that has done work.
pub(super) fn code(worked: &Worked, has_failed: bool) -> ExitCode {
    for problem in &worked.problems {
        eprintln!("{problem}");
    }
    match has_failed || worked.has_failed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
