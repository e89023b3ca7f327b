//! `ocuroot run`: executes one run inside a job of GitHub Actions.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::output::job_environment;
use crate::runner::{self, Job, Stop};

/// Executes one run of a release inside a job of GitHub Actions. The workflow that `ocuroot init` writes calls this.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server that dispatched the job, such as `https://ocuroot.example`
    #[arg(long, env = "OCUROOT_SERVER", value_name = "URL")]
    server: String,
    /// The server's number of the run
    #[arg(long, env = "OCUROOT_RUN", value_name = "ID")]
    run: i64,
    /// Which start of the run this job belongs to
    #[arg(long, env = "OCUROOT_FENCE", value_name = "N")]
    fence: i64,
    /// Where the release's commit is checked out
    #[arg(long, default_value = ".")]
    directory: PathBuf,
}

/// Claims the run, calls its function, reports how it ended. Fails when the function does, so that the job shows red.
///
/// # Errors
/// When the run could not be claimed or its result not be reported.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let stop = Stop::new();
    stop_on_signals(stop.clone()).context("signals cannot be received")?;
    let job = Job {
        environment: job_environment(),
        directory: arguments.directory,
        server: arguments.server,
        run_id: arguments.run,
        fence: arguments.fence,
        console: Box::new(std::io::stdout()),
    };
    let ended = runner::execute_until(job, &stop)?;
    Ok(match ended.is_success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// GitHub cancels a job by an interrupt, soon followed by the signal to terminate. Both ask for the same.
fn stop_on_signals(stop: Stop) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => stop.cancel(),
                    _ = terminate.recv() => stop.cancel(),
                }
            }
        });
    });
    Ok(())
}
