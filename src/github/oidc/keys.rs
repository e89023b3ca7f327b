//! The issuer's signing keys: fetched when needed, kept, and fetched again for an unknown one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::OidcError;
use crate::github::error::http_reason;

/// The largest discovery document or key set that is read.
const DOCUMENT_LIMIT: usize = 256 * 1024;

/// How long a failed fetch is not repeated: jobs ask again, strangers must not cause a storm.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Keys {
    issuer: Arc<str>,
    http: reqwest::Client,
    /// How long a successful fetch is not repeated, however many unknown keys are asked for.
    floor: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Arc<DecodingKey>>,
    /// Whether `keys` were ever fetched.
    is_known: bool,
    not_before: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// Decoded one by one: a key of a new kind must not hide the others.
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct RsaKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: String,
    e: String,
}

impl Keys {
    pub(super) fn new(issuer: &str, http: reqwest::Client, floor: Duration) -> Keys {
        Keys {
            issuer: issuer.into(),
            http,
            floor,
            state: Arc::default(),
        }
    }

    /// The key called `kid`; `None` when the issuer has no such key.
    pub(super) async fn get(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, OidcError> {
        // Held during a fetch, so that jobs that start together cause one.
        let mut state = self.state.lock().await;
        if let Some(key) = state.keys.get(kid) {
            return Ok(Some(Arc::clone(key)));
        }
        let now = Instant::now();
        if state.not_before.is_none_or(|not_before| now >= not_before) {
            match self.fetch().await {
                Ok(keys) => {
                    *state = State {
                        keys,
                        is_known: true,
                        not_before: Some(now + self.floor),
                    };
                }
                Err(reason) => {
                    tracing::warn!(issuer = %self.issuer, %reason, "signing keys not fetched");
                    state.not_before = Some(now + PAUSE_AFTER_FAILURE);
                    return Err(OidcError::Unavailable);
                }
            }
        }
        match state.keys.get(kid) {
            Some(key) => Ok(Some(Arc::clone(key))),
            None if state.is_known => Ok(None),
            None => Err(OidcError::Unavailable),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<DecodingKey>>, String> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let discovery: Discovery = self.document(&address).await?;
        if discovery.issuer.trim_end_matches('/') != &*self.issuer {
            return Err(format!("{address} is about {}", discovery.issuer));
        }
        let set: KeySet = self.document(&discovery.jwks_uri).await?;
        let keys: HashMap<_, _> = set.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(format!("{} has no RSA key", discovery.jwks_uri));
        }
        Ok(keys)
    }

    async fn document<T: DeserializeOwned>(&self, address: &str) -> Result<T, String> {
        let failed = |error: reqwest::Error| format!("{address}: {}", http_reason(&error));
        let mut response = self.http.get(address).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(format!("{address}: status {}", response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > DOCUMENT_LIMIT {
                return Err(format!("{address}: more than {DOCUMENT_LIMIT} bytes"));
            }
        }
        serde_json::from_slice(&bytes).map_err(|error| format!("{address}: {error}"))
    }
}

fn usable(key: Value) -> Option<(String, Arc<DecodingKey>)> {
    let key: RsaKey = serde_json::from_value(key).ok()?;
    let is_for_signatures = key.kty == "RSA"
        && key.alg.is_none_or(|alg| alg == "RS256")
        && key.purpose.is_none_or(|purpose| purpose == "sig");
    let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
    is_for_signatures.then(|| (key.kid, Arc::new(decoding)))
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Keys({})", self.issuer)
    }
}
