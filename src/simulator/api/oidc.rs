//! The issuer of identity tokens for jobs.

use serde_json::json;

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::oidc::{KEY_ID, Signer};
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/.well-known/openid-configuration",
        access: Access::Public,
        handler: configuration,
    },
    Route {
        method: "GET",
        template: "/.well-known/jwks",
        access: Access::Public,
        handler: keys,
    },
    Route {
        method: "GET",
        template: "/_simulator/identity/{run}/{job}",
        access: Access::Public,
        handler: token,
    },
];

fn configuration(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let url = &call.world.url;
    Ok(Answer::json(
        200,
        &json!({
            "issuer": url, "jwks_uri": format!("{url}/.well-known/jwks"), "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"], "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"], "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf"],
        }),
    ))
}

fn keys(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &json!({"keys": [call.world.issuer.public_jwk(KEY_ID)]}),
    ))
}

fn token(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (run, job) = (call.number("run")?, call.number("job")?);
    let repository = call.world.repository_of_run(run)?;
    let record = call.world.workflow_run(&repository, run)?;
    let job = record
        .jobs
        .iter()
        .find(|known| known.id == job)
        .ok_or_else(Refusal::not_found)?;
    let bearer = call
        .headers
        .get("authorization")
        .and_then(|header| header.strip_prefix("Bearer "));
    if bearer != Some(job.request_token.0.as_str()) || record.is_completed() || !job.identity {
        return Err(Refusal::new(
            401,
            "The job may not ask for an identity token",
        ));
    }
    let audience = call.query.get("audience").cloned();
    let claims = call
        .world
        .identity_claims(&repository, run, job.id, audience.as_deref())?;
    let value = call.world.sign_identity(&claims, Signer::Issuer)?;
    Ok(Answer::json(
        200,
        &json!({"count": value.len(), "value": value}),
    ))
}
