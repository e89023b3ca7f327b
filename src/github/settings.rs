//! What the server must be told about GitHub and its App.

use std::fmt;

use jsonwebtoken::EncodingKey;
use octocrab::auth::create_jwt;
use octocrab::models::AppId;

/// Where GitHub is and which App we are.
#[derive(Clone, Debug)]
pub struct GitHubSettings {
    /// Base address of the REST API: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api_url: String,
    /// The App's id.
    pub app_id: u64,
    /// The App's private key.
    pub private_key: PrivateKey,
    /// Who signs the identity tokens of workflow jobs:
    /// `https://token.actions.githubusercontent.com`, or `https://HOST/_services/token`.
    pub oidc_issuer: String,
    /// The audience those tokens must be for: this server's public address.
    pub oidc_audience: String,
}

/// The App's RSA private key. Never printed.
#[derive(Clone)]
pub struct PrivateKey(EncodingKey);

/// Why the settings cannot work. Shown to the operator; says nothing of the key itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The text is not a PEM file with an RSA private key.
    #[error(
        "the GitHub App's private key is not an RSA key in PEM form; \
         download one from the App's settings and pass the whole file"
    )]
    PrivateKey,
    /// An address is not one.
    #[error("`{address}` is not an http(s) address; set {setting} to one such as `{example}`")]
    Address {
        /// Which setting.
        setting: &'static str,
        /// What it is now.
        address: String,
        /// What it could be.
        example: &'static str,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl PrivateKey {
    /// Reads PEM, PKCS#1 as GitHub hands it out or PKCS#8. Line breaks written as `\n`, as they
    /// often are in environment variables, are understood.
    ///
    /// # Errors
    /// When it is not a key that can sign.
    pub fn from_pem(pem: &str) -> Result<PrivateKey, SettingsError> {
        let pem = pem.replace("\\n", "\n");
        let key = EncodingKey::from_rsa_pem(pem.trim().as_bytes())
            .map_err(|_| SettingsError::PrivateKey)?;
        // Reading checks the envelope only; signing is what must work.
        create_jwt(AppId(1), &key).map_err(|_| SettingsError::PrivateKey)?;
        Ok(PrivateKey(key))
    }

    pub(super) fn key(&self) -> EncodingKey {
        self.0.clone()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(hidden)")
    }
}
