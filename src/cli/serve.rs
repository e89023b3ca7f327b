//! `ocuroot serve`: the GitHub App.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::server::Server;
use crate::settings::Settings;
use crate::telemetry::{self, LogFormat};

/// What `ocuroot serve` takes.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: Settings,

    /// How log lines look
    #[arg(long, env = "OCUROOT_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
}

/// Serves until SIGTERM or Ctrl-C, then drains.
///
/// # Errors
/// When a setting is wrong, the address is taken, or the database cannot be opened.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    telemetry::start(arguments.log_format, "info");
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    runtime.block_on(serve(&arguments.settings))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let executable = std::env::current_exe().context("this program cannot find itself")?;
    let server = Server::assemble(settings, executable, Clock::System).await?;
    let listener = TcpListener::bind(&settings.listen)
        .await
        .with_context(|| format!("OCUROOT_LISTEN `{}` cannot be listened on", settings.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, ?settings, "serving");
    server.serve(listener, shutdown()).await
}

/// Ready when the process is asked to end.
async fn shutdown() {
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
