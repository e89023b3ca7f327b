//! Layer 4: every setting of the server, once: flag, environment variable, meaning. `docs/operations.md` shows this list.

use std::path::PathBuf;

use clap::Args;

use crate::github::{GitHubSettings, PrivateKey};
use crate::webhook::Secrets;

/// The database unless another one is named.
pub const DEFAULT_DATABASE: &str = "sqlite://ocuroot.db";

/// What `ocuroot serve` reads.
#[derive(Args, Clone)]
pub struct Settings {
    /// Address and port to listen on
    #[arg(long, env = "OCUROOT_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: String,

    /// Where GitHub and workflow jobs reach this server, such as `https://ocuroot.example.com`
    #[arg(long, env = "OCUROOT_PUBLIC_URL")]
    pub public_url: String,

    /// The database: `sqlite://<file>`, or `postgres://<user>:<password>@<host>/<database>`
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = DEFAULT_DATABASE
    )]
    pub database_url: String,

    /// Id of the GitHub App, a number
    #[arg(long, env = "OCUROOT_GITHUB_APP_ID")]
    pub github_app_id: u64,

    /// The GitHub App's private key, the text of the PEM file
    #[arg(long, env = "OCUROOT_GITHUB_PRIVATE_KEY", hide_env_values = true)]
    pub github_private_key: Option<String>,

    /// The GitHub App's private key, the path of the PEM file
    #[arg(long, env = "OCUROOT_GITHUB_PRIVATE_KEY_FILE")]
    pub github_private_key_file: Option<PathBuf>,

    /// The webhook secret; several separated by commas are all accepted while one replaces another
    #[arg(long, env = "OCUROOT_GITHUB_WEBHOOK_SECRET", hide_env_values = true)]
    pub github_webhook_secret: String,

    /// Base address of GitHub's REST API; https://HOST/api/v3 for GitHub Enterprise Server
    #[arg(
        long,
        env = "OCUROOT_GITHUB_API_URL",
        default_value = "https://api.github.com"
    )]
    pub github_api_url: String,

    /// Address of GitHub's pages; its host is the first part of refs
    #[arg(
        long,
        env = "OCUROOT_GITHUB_WEB_URL",
        default_value = "https://github.com"
    )]
    pub github_web_url: String,

    /// Who signs the identity tokens of workflow jobs
    #[arg(
        long,
        env = "OCUROOT_GITHUB_OIDC_ISSUER",
        default_value = "https://token.actions.githubusercontent.com"
    )]
    pub github_oidc_issuer: String,
}

/// Why the server cannot start. Names the setting and what it should be; never a secret's value.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No private key, or two.
    #[error(
        "set exactly one of OCUROOT_GITHUB_PRIVATE_KEY (the text) and OCUROOT_GITHUB_PRIVATE_KEY_FILE \
         (a path)"
    )]
    PrivateKeyCount,
    /// The key file cannot be read.
    #[error("OCUROOT_GITHUB_PRIVATE_KEY_FILE `{path}` cannot be read: {problem}")]
    PrivateKeyFile {
        /// The path.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// The key is none.
    #[error(transparent)]
    GitHub(#[from] crate::github::SettingsError),
    /// No webhook secret, or an empty one.
    #[error("OCUROOT_GITHUB_WEBHOOK_SECRET: {0}")]
    WebhookSecret(String),
}

impl Settings {
    /// What the GitHub client needs.
    ///
    /// # Errors
    /// When the private key is missing, doubled or unreadable.
    pub fn github(&self) -> Result<GitHubSettings, SettingsError> {
        let pem = match (&self.github_private_key, &self.github_private_key_file) {
            (Some(text), None) => text.clone(),
            (None, Some(path)) => {
                std::fs::read_to_string(path).map_err(|error| SettingsError::PrivateKeyFile {
                    path: path.clone(),
                    problem: error.to_string(),
                })?
            }
            _ => return Err(SettingsError::PrivateKeyCount),
        };
        Ok(GitHubSettings {
            api_url: self.github_api_url.clone(),
            app_id: self.github_app_id,
            private_key: PrivateKey::from_pem(&pem)?,
            oidc_issuer: self.github_oidc_issuer.clone(),
            oidc_audience: self.public_url().to_owned(),
        })
    }

    /// The webhook secrets that are accepted.
    ///
    /// # Errors
    /// When there is none, or one is empty.
    pub fn webhook_secrets(&self) -> Result<Secrets, SettingsError> {
        let secrets = self.github_webhook_secret.split(',').map(str::trim);
        Secrets::new(secrets.map(str::to_owned))
            .map_err(|error| SettingsError::WebhookSecret(error.to_string()))
    }

    /// The public address without a trailing slash.
    pub fn public_url(&self) -> &str {
        self.public_url.trim_end_matches('/')
    }

    /// The first part of refs: the host of GitHub's pages. A GitHub that is simulated on this machine passes for
    /// `github.com`, so that config files read the same.
    pub fn reference_host(&self) -> String {
        let host = self
            .github_web_url
            .split_once("://")
            .map_or(self.github_web_url.as_str(), |(_, rest)| rest)
            .split(['/', ':'])
            .next()
            .unwrap_or("");
        match host {
            "" | "localhost" | "127.0.0.1" | "[::1]" | "[" => "github.com".to_owned(),
            host => host.to_owned(),
        }
    }
}

/// Where a database is, without who one must be to open it.
fn without_secrets(url: &str) -> String {
    let (address, _) = url.split_once('?').unwrap_or((url, ""));
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => address.to_owned(),
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("database_url", &without_secrets(&self.database_url))
            .field("github_app_id", &self.github_app_id)
            .field("github_api_url", &self.github_api_url)
            .field("github_web_url", &self.github_web_url)
            .field("github_oidc_issuer", &self.github_oidc_issuer)
            .finish_non_exhaustive()
    }
}
