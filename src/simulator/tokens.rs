//! Who calls: the App with a signed token, one of its installations, or a person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::keys::{TokenProblem, random_hex};
use super::state::refusal::Refusal;
use super::state::world::World;

/// Seconds an installation token is good for.
const LIFETIME: i64 = 3600;
/// The App's own tokens may be good for this long at most, in seconds.
const APP_LIFETIME: i64 = 600;

/// What an installation token allows.
#[derive(Clone, Debug)]
pub(crate) struct InstallationToken {
    pub(crate) installation: u64,
    /// None: all of the installation.
    pub(crate) repositories: Option<BTreeSet<u64>>,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) expires_at: i64,
}

/// A token that a person has made for themselves.
#[derive(Clone, Debug)]
pub(crate) struct UserToken {
    pub(crate) login: String,
    pub(crate) expires_at: i64,
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Nobody,
    App,
    User(String),
    Installation(InstallationToken),
}

impl World {
    /// Issues a token in GitHub's newer form: long, opaque, with dots in it.
    pub(crate) fn issue_token(
        &mut self,
        installation: u64,
        repositories: Option<BTreeSet<u64>>,
        permissions: BTreeMap<String, String>,
    ) -> (String, InstallationToken) {
        let text = format!(
            "ghs_{}_{}.{}.{}",
            self.app.id,
            random_hex(40),
            random_hex(80),
            random_hex(120)
        );
        let token = InstallationToken {
            installation,
            repositories,
            permissions,
            expires_at: Self::credential_time() + LIFETIME,
        };
        self.tokens.insert(text.clone(), token.clone());
        (text, token)
    }

    /// Makes a fine-grained token of a person, good for `seconds` from now on.
    pub(crate) fn issue_user_token(&mut self, login: &str, seconds: i64) -> String {
        let text = format!("github_pat_{}", random_hex(82));
        let token = UserToken {
            login: self.user(login).login,
            expires_at: Self::credential_time() + seconds,
        };
        self.user_tokens.insert(text.clone(), token);
        text
    }

    /// The person whose token it is, while it is good.
    fn holder(&self, token: &str) -> Result<Caller, Refusal> {
        let known = self.user_tokens.get(token);
        let known = known.filter(|known| known.expires_at > Self::credential_time());
        let known = known.ok_or_else(|| Refusal::new(401, "Bad credentials"))?;
        Ok(Caller::User(known.login.clone()))
    }

    /// Verifies what an `Authorization` header claims.
    pub(crate) fn authenticate(&self, header: Option<&str>) -> Result<Caller, Refusal> {
        let Some(header) = header else {
            return Ok(Caller::Nobody);
        };
        let (scheme, token) = header.split_once(' ').unwrap_or(("", header));
        let bad_credentials = || Refusal::new(401, "Bad credentials");
        if token.starts_with("github_pat_") {
            return self.holder(token);
        }
        if token.starts_with("ghs_")
            && (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token"))
        {
            let known = self
                .tokens
                .get(token)
                .filter(|known| known.expires_at > Self::credential_time());
            let known = known.ok_or_else(bad_credentials)?;
            let installation = self
                .installation(known.installation)
                .ok_or_else(bad_credentials)?;
            if installation.suspended {
                return Err(Refusal::new(403, "This installation has been suspended"));
            }
            return Ok(Caller::Installation(known.clone()));
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(bad_credentials());
        }
        self.verify_app_token(token)?;
        Ok(Caller::App)
    }

    fn verify_app_token(&self, token: &str) -> Result<(), Refusal> {
        let refused = |message: &str| Refusal::new(401, message);
        let claims = self
            .app
            .key
            .verify(token)
            .map_err(|problem| match problem {
                TokenProblem::Malformed => refused("A JSON web token could not be decoded"),
                TokenProblem::WrongSignature => {
                    refused("A JSON web token could not be decoded: wrong signature")
                }
            })?;
        let now = Self::credential_time();
        let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
        let issued_at = seconds("iat").filter(|issued_at| *issued_at <= now + 60).ok_or_else(|| {
            refused("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
        })?;
        let expires_at = seconds("exp")
            .ok_or_else(|| refused("'Expiration time' claim ('exp') must be a numeric value"))?;
        if expires_at <= now {
            return Err(refused(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time",
            ));
        }
        if expires_at > now + APP_LIFETIME || expires_at - issued_at > APP_LIFETIME + 60 {
            return Err(refused(
                "'Expiration time' claim ('exp') is too far in the future",
            ));
        }
        let issuer = claims
            .get("iss")
            .map(super::actions::expression::text_of)
            .unwrap_or_default();
        if issuer != self.app.id.to_string() && issuer != self.app.client_id {
            return Err(refused("Integration not found"));
        }
        Ok(())
    }
}
