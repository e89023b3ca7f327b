//! `--server`: who does what is asked for.

use anyhow::bail;
use clap::Args;

/// What the variable is called that stands for the option.
const VARIABLE: &str = "OCUROOT_SERVER";

/// Whether a server does it.
#[derive(Args)]
pub(super) struct ServerOption {
    /// Have it done by this server instead of on this machine [env: OCUROOT_SERVER]
    ///
    /// You prove who you are with a GitHub token: OCUROOT_TOKEN, GITHUB_TOKEN, GH_TOKEN or that of `gh`. It goes to
    /// this server only, which learns from GitHub whose it is.
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
}

/// The option where it does not belong.
#[derive(Args)]
pub(super) struct NoServer {
    #[arg(long, value_name = "URL", hide = true)]
    server: Option<String>,
}

impl ServerOption {
    /// The server's address, if one is to do it.
    pub(super) fn address(&self) -> Option<String> {
        let variable = || std::env::var(VARIABLE).ok();
        let address = self.server.clone().or_else(variable);
        address.filter(|address| !address.is_empty())
    }

    /// Complains if a server was asked to do what only this machine does. The variable may stand for other verbs.
    ///
    /// # Errors
    /// When the option was given.
    pub(super) fn refuse(&self, verb: &str) -> anyhow::Result<()> {
        refuse(self.server.as_ref(), verb)
    }
}

impl NoServer {
    /// Complains if the option was given.
    ///
    /// # Errors
    /// When it was.
    pub(super) fn refuse(&self, verb: &str) -> anyhow::Result<()> {
        refuse(self.server.as_ref(), verb)
    }
}

fn refuse(server: Option<&String>, verb: &str) -> anyhow::Result<()> {
    if server.is_some() {
        bail!("`ocuroot {verb}` works on this machine only: leave --server out");
    }
    Ok(())
}
