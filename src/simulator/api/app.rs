//! The App, its installations and their tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::manifest::Manifest;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::timestamp::iso8601;
use crate::simulator::tokens::Caller;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/app",
        access: Access::App,
        handler: |call| Ok(Answer::json(200, &call.world.app_json())),
    },
    Route {
        method: "GET",
        template: "/app/installations",
        access: Access::App,
        handler: installations,
    },
    Route {
        method: "GET",
        template: "/app/installations/{id}",
        access: Access::App,
        handler: installation,
    },
    Route {
        method: "POST",
        template: "/app/installations/{id}/access_tokens",
        access: Access::App,
        handler: create_token,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/installation",
        access: Access::App,
        handler: installation_of,
    },
    Route {
        method: "GET",
        template: "/installation/repositories",
        access: Access::Installation(&[]),
        handler: repositories,
    },
    Route {
        method: "DELETE",
        template: "/installation/token",
        access: Access::Installation(&[]),
        handler: revoke,
    },
    Route {
        method: "GET",
        template: "/rate_limit",
        access: Access::Installation(&[]),
        handler: rate_limit,
    },
];

fn installations(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let all = &call.world.installations;
    let items: Vec<Value> = all
        .iter()
        .map(|installation| call.world.installation_json(installation))
        .collect();
    call.page(None, &items)
}

fn installation(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let installation = call
        .world
        .installation(call.number("id")?)
        .ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(
        200,
        &call.world.installation_json(installation),
    ))
}

fn installation_of(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.repo()?.installation.ok_or_else(Refusal::not_found)?;
    let installation = call.world.installation(id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(
        200,
        &call.world.installation_json(installation),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    repositories: Option<Vec<String>>,
    repository_ids: Option<Vec<u64>>,
    permissions: Option<BTreeMap<String, String>>,
}

fn create_token(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let wanted: NewToken = call.body()?;
    let installation = call
        .world
        .installation(call.number("id")?)
        .ok_or_else(Refusal::not_found)?;
    if installation.suspended {
        return Err(Refusal::new(403, "This installation has been suspended"));
    }
    let id = installation.id;
    let reached = call.world.installed_repositories(id);
    let scoped = scope(call, &wanted, &reached)?;
    let granted = call.world.app.manifest.default_permissions.clone();
    let permissions = wanted.permissions.unwrap_or_else(|| granted.clone());
    if !permissions
        .iter()
        .all(|(name, level)| Manifest::grants(&granted, name, level))
    {
        let message = "The permissions requested are not granted to this installation.";
        return Err(Refusal {
            violation: true,
            ..Refusal::unprocessable(message)
        });
    }
    let (text, token) = call.world.issue_token(id, scoped, permissions);
    let mut json = json!({
        "token": text, "expires_at": iso8601(token.expires_at), "permissions": token.permissions,
        "repository_selection": "selected",
    });
    if let Some(ids) = token.repositories {
        let chosen = reached.iter().filter(|name| {
            call.world
                .repository(name)
                .is_ok_and(|found| ids.contains(&found.id))
        });
        json["repositories"] = chosen
            .map(|name| call.world.repository_json(name))
            .collect::<Result<_, _>>()?;
    }
    Ok(Answer::json(201, &json))
}

fn scope(
    call: &Call<'_>,
    wanted: &NewToken,
    reached: &[String],
) -> Result<Option<BTreeSet<u64>>, Refusal> {
    let count = wanted.repositories.as_ref().map_or(0, Vec::len)
        + wanted.repository_ids.as_ref().map_or(0, Vec::len);
    if count == 0 {
        return Ok(None);
    }
    let mut ids = BTreeSet::new();
    for name in reached {
        let repository = call.world.repository(name)?;
        let by_name = wanted
            .repositories
            .iter()
            .flatten()
            .any(|wanted| wanted.eq_ignore_ascii_case(&repository.name));
        if by_name
            || wanted
                .repository_ids
                .iter()
                .flatten()
                .any(|wanted| *wanted == repository.id)
        {
            ids.insert(repository.id);
        }
    }
    if ids.len() < count {
        return Err(Refusal::unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        ));
    }
    Ok(Some(ids))
}

fn repositories(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Caller::Installation(token) = &call.caller else {
        return Err(Refusal::not_found());
    };
    let mut items = Vec::new();
    for name in call.world.installed_repositories(token.installation) {
        let id = call.world.repository(&name)?.id;
        if token
            .repositories
            .as_ref()
            .is_none_or(|listed| listed.contains(&id))
        {
            items.push(call.world.repository_json(&name)?);
        }
    }
    call.page(Some("repositories"), &items)
}

fn revoke(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let header = call.headers.get("authorization").map_or("", String::as_str);
    let token = header
        .split_once(' ')
        .map_or("", |(_, token)| token)
        .to_owned();
    call.world.tokens.remove(&token);
    Ok(Answer::empty(204))
}

fn rate_limit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let left = call.world.requests_left;
    let core = json!({"limit": 5000, "remaining": left, "used": 5000 - left, "reset": (call.world.now() / 3600 + 1) * 3600});
    Ok(Answer::json(
        200,
        &json!({"resources": {"core": core, "search": core}, "rate": core}),
    ))
}
