//! What the verbs that work without a server share.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::clock::Clock;
use crate::engine::status::{self, ReleaseStatus};
use crate::local::{Project, Reader, Worked};
use crate::model::ReleaseName;
use crate::report::terminal_release;

/// A package and a release of it, for those who do not write one ref of them.
#[derive(Args)]
pub(super) struct Named {
    /// The package's file, instead of giving a ref as the last argument
    #[arg(long, global = true)]
    pub(super) package: Option<String>,

    /// The release of it: a number such as r3, or a tag
    #[arg(long, global = true)]
    pub(super) release: Option<String>,
}

impl Named {
    /// The ref that is given, else the one of these.
    pub(super) fn reference(&self, given: &Option<String>) -> anyhow::Result<String> {
        let named = || {
            let package = self.package.as_deref()?;
            Some(match &self.release {
                Some(release) => format!("{package}/@{release}"),
                None => format!("{package}/@"),
            })
        };
        given
            .clone()
            .or_else(named)
            .context("give a ref, or a package with --package")
    }
}

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

/// What is recorded, to look at; where nothing is yet, that is said.
pub(super) async fn reader(project: Project) -> anyhow::Result<Option<Reader>> {
    let reader = Reader::find(project).await?;
    if reader.is_none() {
        eprintln!("nothing is recorded yet");
    }
    Ok(reader)
}

/// Shows how a release stands; says whether it has failed.
pub(super) async fn show_release(reader: &Reader, name: &ReleaseName) -> anyhow::Result<bool> {
    let found = reader.release(name).await?;
    let (release, snapshot) = found.with_context(|| format!("{name} is not there"))?;
    let now = Clock::System.now();
    print!("{}", coloured(&terminal_release(&release, &snapshot, now)));
    Ok(status::of_release(&release, &snapshot, now) == ReleaseStatus::Failed)
}

/// The marks in front of the steps in colour, where people see colours.
fn coloured(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let mark = line.trim_start().chars().next().unwrap_or(' ');
        let style = match mark {
            '✓' => console::Style::new().green(),
            '✗' => console::Style::new().red(),
            '›' | '·' => console::Style::new().yellow(),
            _ => return line.to_owned(),
        };
        line.replacen(mark, &style.apply_to(mark).to_string(), 1)
    });
    lines.collect()
}

/// What a command ends with that has done work.
pub(super) fn code(worked: &Worked, has_failed: bool) -> ExitCode {
    for problem in &worked.problems {
        eprintln!("{problem}");
    }
    if let Some(signal) = worked.ended_by {
        // As shells have it.
        return ExitCode::from(128 + signal);
    }
    match has_failed || worked.has_failed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
