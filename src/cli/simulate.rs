//! `ocuroot simulate`: a GitHub on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::simulator::{Delivery, Options, Simulator};

/// What `ocuroot simulate` takes.
#[derive(Args)]
pub struct Arguments {
    /// Address and port to listen on (loopback only: anybody who reaches it may do anything)
    #[arg(long, default_value = "127.0.0.1:4000")]
    listen: SocketAddr,

    /// Where the repositories are kept; a new temporary directory unless given
    #[arg(long)]
    directory: Option<PathBuf>,

    /// Where to deliver webhooks
    #[arg(long, default_value = "http://127.0.0.1:3000/webhooks/github")]
    webhook_url: String,

    /// The secret webhooks are signed with
    #[arg(
        long,
        env = "OCUROOT_GITHUB_WEBHOOK_SECRET",
        default_value = "simulated"
    )]
    webhook_secret: String,

    /// Write the App's private key to this file, for OCUROOT_GITHUB_PRIVATE_KEY_FILE
    #[arg(long)]
    private_key_file: Option<PathBuf>,
}

/// Simulates GitHub until Ctrl-C.
///
/// # Errors
/// When the address is taken or the directory cannot be written.
pub fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(simulate(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn simulate(arguments: Arguments) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let directory = arguments
        .directory
        .unwrap_or_else(|| temporary.path().to_path_buf());
    let mut options = Options::new(directory, crate::APP_MANIFEST);
    options.listen = arguments.listen;
    options.webhook_url = Some(arguments.webhook_url);
    options.webhook_secret = arguments.webhook_secret;
    options.delivery = Delivery::AtOnce;
    let github = Simulator::start(options).await?;
    let app = github.app();
    if let Some(path) = &arguments.private_key_file {
        std::fs::write(path, &app.private_key_pem)?;
    }
    println!("GitHub is simulated at {}", github.url());
    println!("  OCUROOT_GITHUB_API_URL={}", github.url());
    println!("  OCUROOT_GITHUB_WEB_URL={}", github.url());
    println!("  OCUROOT_GITHUB_OIDC_ISSUER={}", github.url());
    println!("  OCUROOT_GITHUB_APP_ID={}", app.app_id);
    tokio::signal::ctrl_c().await?;
    Ok(())
}
