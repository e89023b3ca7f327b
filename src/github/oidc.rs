//! Whether a caller really is a job of GitHub Actions: its identity token.

mod keys;

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

use keys::Keys;

/// How far the clocks of GitHub and this server may differ, in seconds.
const LEEWAY_SECONDS: u64 = 60;

/// The longest token that is looked at; GitHub's have about 2 kB.
const TOKEN_LIMIT: usize = 16 * 1024;

/// Checks identity tokens. Cheap to clone; the signing keys are fetched once and shared.
#[derive(Clone, Debug)]
pub struct OidcVerifier {
    keys: Keys,
    issuer: String,
    audience: String,
}

/// Who a job is, as its verified token says. `sub` and the names in it are not to be parsed: ids
/// are what authorises (reference/github.md §10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerClaims {
    /// The repository the job runs in.
    pub repository_id: i64,
    /// The account that owns it.
    pub repository_owner_id: i64,
    /// The workflow run.
    pub run_id: i64,
    /// Which attempt of it, from 1.
    pub run_attempt: i64,
    /// The job's check run, which identifies the job.
    pub check_run_id: Option<i64>,
    /// What started the run, such as `workflow_dispatch`.
    pub event_name: String,
    /// The environment the job names.
    pub environment: Option<String>,
    /// The file and ref of the workflow the job's steps come from.
    pub job_workflow_ref: String,
    /// The subject, for the record.
    pub sub: String,
    /// The token's own id: a second use is a replay.
    pub jti: String,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It is wrong, and repeating it will not help. Safe to send to whoever asked.
    #[error("the identity token is not accepted: {0}")]
    Refused(String),
    /// The signing keys cannot be had at the moment; ask again later.
    #[error("identity tokens cannot be checked at the moment")]
    Unavailable,
}

#[derive(Deserialize)]
struct Claims {
    /// One text: a token for several audiences is not for us.
    aud: String,
    sub: String,
    jti: String,
    exp: i64,
    repository_id: String,
    repository_owner_id: String,
    run_id: String,
    run_attempt: String,
    check_run_id: Option<String>,
    event_name: String,
    environment: Option<String>,
    job_workflow_ref: String,
}

impl OidcVerifier {
    /// For tokens that `issuer` signs for `audience`; `http` fetches the issuer's keys.
    pub fn new(issuer: &str, audience: &str, http: reqwest::Client) -> OidcVerifier {
        OidcVerifier {
            keys: Keys::new(issuer, http, Duration::from_secs(60)),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// Checks `token`: RS256 by a key of the issuer, the exact audience, not expired.
    ///
    /// # Errors
    /// `Refused` when anything about it is wrong; `Unavailable` when the keys cannot be fetched.
    pub async fn verify(&self, token: &str) -> Result<RunnerClaims, OidcError> {
        if token.len() > TOKEN_LIMIT {
            return Err(refused("it is too long"));
        }
        let header = decode_header(token).map_err(|_| refused("it is not a signed token"))?;
        if header.alg != Algorithm::RS256 {
            return Err(refused("it is not signed with RS256"));
        }
        let kid = header.kid.ok_or_else(|| refused("it names no key"))?;
        let key = self.keys.get(&kid).await?;
        let key = key.ok_or_else(|| refused("it is signed with an unknown key"))?;
        let claims = decode::<Claims>(token, &key, &self.validation()).map_err(|error| {
            refused(match error.kind() {
                ErrorKind::InvalidSignature => "its signature is wrong",
                ErrorKind::ExpiredSignature => "it has expired",
                ErrorKind::ImmatureSignature => "it is not valid yet",
                ErrorKind::InvalidIssuer => "it has another issuer",
                ErrorKind::InvalidAudience => "it is for another audience",
                _ => "its claims are not those of a workflow job",
            })
        })?;
        self.narrow(claims.claims)
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
        validation
    }

    fn narrow(&self, claims: Claims) -> Result<RunnerClaims, OidcError> {
        if claims.aud != self.audience {
            return Err(refused("it is for another audience"));
        }
        let id = |text: &str| {
            text.parse::<i64>()
                .ok()
                .filter(|id| *id > 0)
                .ok_or_else(|| refused("one of its ids is not a number"))
        };
        Ok(RunnerClaims {
            repository_id: id(&claims.repository_id)?,
            repository_owner_id: id(&claims.repository_owner_id)?,
            run_id: id(&claims.run_id)?,
            run_attempt: id(&claims.run_attempt)?,
            check_run_id: claims.check_run_id.as_deref().map(id).transpose()?,
            event_name: claims.event_name,
            environment: claims.environment,
            job_workflow_ref: claims.job_workflow_ref,
            sub: claims.sub,
            jti: claims.jti,
            exp: claims.exp,
        })
    }
}

fn refused(reason: &str) -> OidcError {
    OidcError::Refused(reason.to_owned())
}

#[cfg(test)]
mod tests;
