//! `ocuroot simulate`: a GitHub on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::demo::{create_repositories, push_platform, push_storefront, simulator_options};
use crate::simulator::Simulator;

/// Runs a GitHub on this machine: repositories you can push to, pull requests with checks and comments in the browser,
/// and workflow runs whose steps are really executed here. It prints the settings that connect `ocuroot serve` to it.
#[derive(Args)]
pub struct Arguments {
    /// Address and port to listen on (loopback only: anybody who reaches it may do anything)
    #[arg(long, default_value = "127.0.0.1:4000")]
    listen: SocketAddr,

    /// Where the repositories are kept; a temporary directory unless given
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

    /// Where to write the App's private key, for OCUROOT_GITHUB_PRIVATE_KEY_FILE
    #[arg(long, default_value = "simulated-app.pem")]
    private_key_file: PathBuf,

    /// Begin with the two repositories of `ocuroot demo`; their pushes are delivered as soon as a server listens
    #[arg(long)]
    sample: bool,
}

/// Simulates GitHub until Ctrl-C.
///
/// # Errors
/// When the address is taken or a file cannot be written.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(simulate(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn simulate(arguments: &Arguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.listen.ip().is_loopback(),
        "--listen {} is no loopback address: whoever reaches the simulated GitHub can execute commands on this machine",
        arguments.listen
    );
    let temporary = tempfile::tempdir()?;
    let directory = match &arguments.directory {
        Some(directory) => directory.as_path(),
        None => temporary.path(),
    };
    let executable = std::env::current_exe().context("this program cannot find itself")?;
    let mut options = simulator_options(directory, &executable)?;
    options.listen = arguments.listen;
    options.webhook_url = Some(arguments.webhook_url.clone());
    options.webhook_secret.clone_from(&arguments.webhook_secret);
    let github = Simulator::start(options).await?;
    let key = &arguments.private_key_file;
    std::fs::write(key, github.app().private_key_pem)
        .with_context(|| format!("{} cannot be written", key.display()))?;
    println!("{}", connection(arguments, &github));
    if arguments.sample {
        create_repositories(&github)?;
        push_platform(&github)?;
        push_storefront(&github)?;
        println!(
            "The sample repositories are there. A push that no server hears is asked for by the next server."
        );
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// How to start a server that belongs to it.
fn connection(arguments: &Arguments, github: &Simulator) -> String {
    let url = github.url();
    let public_url = arguments
        .webhook_url
        .strip_suffix("/webhooks/github")
        .unwrap_or(&arguments.webhook_url);
    format!(
        "GitHub is simulated at {url}. Start a server for it with:

  ocuroot serve --public-url {public_url} \\
    --github-api-url {url} --github-web-url {url} --github-oidc-issuer {url} \\
    --github-app-id {} --github-private-key-file {} \\
    --github-webhook-secret {}
",
        github.app().app_id,
        arguments.private_key_file.display(),
        arguments.webhook_secret,
    )
}
