//! The client: made once, cheap to clone, one view per installation.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderName;
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use reqwest::redirect::Policy;

use super::call::{Call, Caller, RateLimit, segment};
use super::oidc::OidcVerifier;
use super::people::People;
use super::settings::{GitHubSettings, SettingsError};
use super::tally::Tally;
use crate::budget::Sent;
use crate::model::RepositoryName;

/// The API description this client was written against (reference/github.md §0).
pub(super) const API_VERSION: &str = "2026-03-10";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// GitHub, seen as the App. Cheap to clone.
#[derive(Clone)]
pub struct GitHub(Arc<Shared>);

struct Shared {
    app_id: i64,
    app: Caller,
    installations: Mutex<HashMap<i64, Caller>>,
    downloads: reqwest::Client,
    oidc: OidcVerifier,
    people: People,
}

/// GitHub, seen as one installation of the App. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    pub(super) github: GitHub,
    pub(super) caller: Caller,
}

impl GitHub {
    /// Makes a client; connects to nothing yet. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When an address is not one, or the system has no usable TLS setup.
    pub fn new(settings: GitHubSettings) -> Result<GitHub, SettingsError> {
        let api_url = settings.api_url.trim_end_matches('/');
        let origin = origin(api_url).ok_or_else(|| SettingsError::Address {
            setting: "the GitHub API address",
            address: settings.api_url.clone(),
            example: "https://api.github.com",
        })?;
        let failed = |error: &dyn fmt::Display| SettingsError::Client(error.to_string());
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        let octocrab = Octocrab::builder()
            .base_uri(api_url)
            .map_err(|error| failed(&error))?
            .add_header(
                HeaderName::from_static("x-github-api-version"),
                String::from(API_VERSION),
            )
            .app(AppId(settings.app_id), settings.private_key.key())
            .build_with_reqwest(http.clone())
            .map_err(|error| failed(&error))?;
        let issuer = settings.oidc_issuer.trim_end_matches('/');
        self::origin(issuer).ok_or_else(|| SettingsError::Address {
            setting: "the issuer of workflow identity tokens",
            address: settings.oidc_issuer.clone(),
            example: "https://token.actions.githubusercontent.com",
        })?;
        Ok(GitHub(Arc::new(Shared {
            app_id: i64::try_from(settings.app_id).unwrap_or(i64::MAX),
            app: Caller::new(octocrab, None, origin.into()),
            installations: Mutex::default(),
            oidc: OidcVerifier::new(issuer, &settings.oidc_audience, http.clone()),
            people: People::new(api_url, http.clone()),
            downloads: http,
        })))
    }

    /// The view of installation `id`; its token is got with the first call and shared by all
    /// views of the same installation.
    pub fn installation(&self, id: i64) -> Installation {
        let shared = &self.0;
        let mut installations = shared
            .installations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let caller = installations.entry(id).or_insert_with(|| {
            let octocrab = shared
                .app
                .octocrab
                .installation(InstallationId(id.unsigned_abs()))
                .expect("the client authenticates as an App, which is all this needs");
            Caller::new(octocrab, Some(id), Arc::clone(&shared.app.origin))
        });
        Installation {
            github: self.clone(),
            caller: caller.clone(),
        }
    }

    /// Checks the identity tokens of workflow jobs.
    pub fn oidc(&self) -> &OidcVerifier {
        &self.0.oidc
    }

    pub(super) fn people(&self) -> &People {
        &self.0.people
    }

    /// The App's own id.
    pub fn app_id(&self) -> i64 {
        self.0.app_id
    }

    pub(super) fn app_caller(&self) -> &Caller {
        &self.0.app
    }

    /// A client without any credentials, for the other hosts GitHub sends downloads to.
    pub(super) fn downloads(&self) -> &reqwest::Client {
        &self.0.downloads
    }
}

impl Installation {
    /// What GitHub last said about this installation's request budget.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        *self
            .caller
            .rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent for this installation since this was last asked.
    pub fn sent(&self) -> Sent {
        self.caller.tally.take()
    }

    /// From now on requests worth this many points may be sent. Any further one is not, and fails as if GitHub had
    /// asked for `wait` seconds of silence. Without a word about it, there is no limit.
    pub fn allow(&self, points: u32, wait: u64) {
        self.caller.tally.allow(points, wait);
    }
}

impl Caller {
    fn new(octocrab: Octocrab, installation: Option<i64>, origin: Arc<str>) -> Caller {
        Caller {
            octocrab: Arc::new(octocrab),
            installation,
            origin,
            minting: Arc::default(),
            rate_limit: Arc::default(),
            tally: Arc::new(Tally::new()),
            validators: Arc::default(),
        }
    }
}

impl Call {
    /// The path of `rest` within `repository`.
    pub(super) fn path(repository: &RepositoryName, rest: &str) -> String {
        let (owner, name) = (segment(repository.owner()), segment(repository.name()));
        format!("/repos/{owner}/{name}/{rest}")
    }
}

/// Scheme and host of an http(s) address.
fn origin(address: &str) -> Option<String> {
    let url = reqwest::Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web.then(|| url.origin().ascii_serialization())
}

impl fmt::Debug for GitHub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GitHub(app {})", self.0.app_id)
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Installation({:?})", self.caller.installation)
    }
}
