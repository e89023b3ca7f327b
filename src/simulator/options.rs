//! How a simulator is started.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Everything a simulator needs to start.
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Holds the bare repositories and the workspaces of workflow runs. Created when missing.
    pub data_directory: PathBuf,
    /// The text of `app-manifest.yml`: the permissions and events the App has.
    pub manifest: String,
    /// Where deliveries go; may be set later with [`super::Simulator::set_webhook_url`].
    pub webhook_url: Option<String>,
    /// Signs every delivery.
    pub webhook_secret: String,
    /// Who runs the workflow runs.
    pub execution: Execution,
    /// When deliveries leave.
    pub delivery: Delivery,
    /// A second opinion on every request, for example GitHub's OpenAPI description.
    pub request_check: Option<RequestCheck>,
    /// What time it is on this GitHub.
    pub clock: Clock,
}

impl Options {
    /// Scripted execution, deliveries when asked, a free port of the loopback interface, the system's clock.
    pub fn new(data_directory: impl Into<PathBuf>, manifest: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_directory: data_directory.into(),
            manifest: manifest.into(),
            webhook_url: None,
            webhook_secret: "a secret of the simulator".to_owned(),
            execution: Execution::Scripted,
            delivery: Delivery::WhenAsked,
            request_check: None,
            clock: Clock::system(),
        }
    }
}

/// Who runs a workflow run.
#[derive(Clone, Debug)]
pub enum Execution {
    /// Workflow runs stay queued until someone starts and completes them.
    Scripted,
    /// Dispatched workflows really run on this machine.
    Laptop {
        /// Put first on `PATH`, so that a step finds the programs in them.
        path_prefix: Vec<PathBuf>,
        /// Actions that are not fetched: `owner/name` (without `@ref`) to the directory with its `action.yml`.
        actions: BTreeMap<String, PathBuf>,
    },
}

/// When a delivery is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Only by [`super::Simulator::deliver_next`] and its siblings.
    WhenAsked,
    /// In the background, as soon as there is one.
    AtOnce,
}

/// Looks at a request (method, path, JSON body or null) and returns what is wrong with it.
pub type RequestCheck = Arc<dyn Fn(&str, &str, &serde_json::Value) -> Vec<String> + Send + Sync>;

/// What time it is, in whole seconds since 1970.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::new(|| {
            let elapsed = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
        })
    }

    /// A clock that stands still: commits get the same ids in every run.
    pub fn fixed(seconds: i64) -> Self {
        Self::new(move || seconds)
    }

    /// Any other source of seconds since 1970.
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({})", self.now())
    }
}

/// What an operator gets from GitHub when an App is registered.
#[derive(Clone)]
pub struct AppCredentials {
    /// The App's numeric id.
    pub app_id: u64,
    /// The App's client id, which GitHub accepts as issuer too.
    pub client_id: String,
    /// The App's name in URLs; its bot is `{slug}[bot]`.
    pub slug: String,
    /// PKCS#8 PEM of an RSA key.
    pub private_key_pem: String,
    /// The secret deliveries are signed with.
    pub webhook_secret: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AppCredentials")
            .field("app_id", &self.app_id)
            .field("client_id", &self.client_id)
            .field("slug", &self.slug)
            .field("private_key_pem", &"(redacted)")
            .field("webhook_secret", &"(redacted)")
            .finish()
    }
}
