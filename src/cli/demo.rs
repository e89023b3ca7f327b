//! `ocuroot demo`: the main job, end to end, on this machine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::demo::{
    Addresses, Installation, Narrator, PLATFORM, STOREFRONT, create_repositories, scenes, table,
};
use crate::telemetry::{self, LogFormat};

/// Who may push to the sample repositories: whoever goes on from a terminal.
const VISITOR: &str = "bob";
const DAY: i64 = 24 * 3600;

/// Starts a simulated GitHub and the real server, tells a story of two repositories that need each other, and stays
/// for you to go on: from the pages it prints, or with git.
#[derive(Args)]
pub struct Arguments {
    /// End after the story
    #[arg(long)]
    once: bool,

    /// Where the repositories and the database are kept; a temporary directory unless given
    #[arg(long)]
    directory: Option<PathBuf>,

    /// Where the simulated GitHub listens (any free port unless given)
    #[arg(long, default_value = "127.0.0.1:0")]
    listen_github: SocketAddr,

    /// Where the server listens (any free port unless given)
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Tells the story; stays afterwards unless asked to end.
///
/// # Errors
/// When something cannot be started, or a scene does not come to its goal.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    telemetry::start(LogFormat::Text, "warn");
    let temporary = tempfile::tempdir().context("there is no room for temporary files")?;
    let directory = match &arguments.directory {
        Some(directory) => directory.as_path(),
        None => temporary.path(),
    };
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    runtime.block_on(demonstrate(arguments, directory))?;
    Ok(ExitCode::SUCCESS)
}

async fn demonstrate(arguments: &Arguments, directory: &Path) -> anyhow::Result<()> {
    let executable = std::env::current_exe().context("this program cannot find itself")?;
    let addresses = Addresses {
        github: arguments.listen_github,
        server: arguments.listen,
    };
    let installation = Installation::start(directory, &executable, addresses).await?;
    let github = &installation.github;
    println!("GitHub (simulated): {}", github.url());
    println!("Ocuroot (real):     {}", installation.server_url);
    create_repositories(github)
        .context("the sample repositories cannot be created; give an empty or new --directory")?;
    let mut narrator = Narrator::new(github);
    for (number, scene) in (1..).zip(&scenes()) {
        narrator.tell(&installation, number, scene).await?;
    }
    narrator.finish();
    let installation_id = github.installation_id(PLATFORM).unwrap_or_default();
    let installation_id = i64::try_from(installation_id)?;
    let places = table(&installation.worker.store, installation_id).await?;
    println!("\nWhat is where:\n{places}");
    if arguments.once {
        println!(
            "\nWithout --once it stays, and you can go on from here in a browser or with git."
        );
    } else {
        let token = github.user_token(VISITOR, DAY);
        println!(
            "{}",
            invitation(&github.url(), &installation.server_url, &token)
        );
        tokio::signal::ctrl_c().await?;
        println!("\nStopping.");
    }
    installation.stop().await
}

fn invitation(github: &str, server: &str, token: &str) -> String {
    let platform = format!("{github}/{PLATFORM}");
    let storefront = format!("{github}/{STOREFRONT}");
    format!(
        "
Go on from here:
  the pull request   {platform}/pull/1    (comment `/ocuroot status`, or merge it)
  both repositories  {platform}
                     {storefront}
  with git           git clone {platform}.git && cd platform
                     change api/greeting.txt, commit, git push: it is released
  from a terminal    export OCUROOT_SERVER={server}
                     export OCUROOT_TOKEN={token}
                     in the clone: ocuroot state match '**/deploy/*', ocuroot release new api --force
  end it             Ctrl-C"
    )
}
