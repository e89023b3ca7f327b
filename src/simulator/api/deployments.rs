//! Deployments and environments.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::deployment::{NewDeployment, NewStatus, STATES};
use crate::simulator::state::refusal::Refusal;

const READ: Access = Access::Installation(&[("deployments", "read")]);
const WRITE: Access = Access::Installation(&[("deployments", "write")]);
const ACTIONS: Access = Access::Installation(&[("actions", "read")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/deployments",
        access: READ,
        handler: list,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/deployments",
        access: WRITE,
        handler: create,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/deployments/{id}",
        access: READ,
        handler: get,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/deployments/{id}/statuses",
        access: READ,
        handler: statuses,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/deployments/{id}/statuses",
        access: WRITE,
        handler: create_status,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/environments",
        access: ACTIONS,
        handler: environments,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/environments/{name...}",
        access: ACTIONS,
        handler: environment,
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "ref")]
    reference: String,
    task: Option<String>,
    auto_merge: Option<bool>,
    required_contexts: Option<Vec<String>>,
    payload: Option<Value>,
    environment: Option<String>,
    description: Option<String>,
    transient_environment: Option<bool>,
    production_environment: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusBody {
    state: String,
    target_url: Option<String>,
    log_url: Option<String>,
    description: Option<String>,
    environment: Option<String>,
    environment_url: Option<String>,
    auto_inactive: Option<bool>,
}

fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body: Body = call.body()?;
    let environment = body.environment.unwrap_or_else(|| "production".to_owned());
    let payload = body.payload.unwrap_or_else(|| json!(""));
    if !payload.is_object() && !payload.is_string() {
        return Err(Refusal::invalid(
            "Deployment",
            "payload",
            "it is an object or a string",
        ));
    }
    let new = NewDeployment {
        reference: body.reference,
        task: body.task.unwrap_or_else(|| "deploy".to_owned()),
        auto_merge: body.auto_merge.unwrap_or(true),
        required_contexts: body.required_contexts,
        production: body
            .production_environment
            .unwrap_or(environment == "production"),
        environment,
        payload,
        description: body.description,
        transient: body.transient_environment.unwrap_or(false),
    };
    let (repository, login) = (call.repository.clone(), call.login());
    match call.world.create_deployment(&repository, new, &login) {
        Ok(id) => Ok(Answer::json(
            201,
            &call.world.deployment_json(&repository, id)?,
        )),
        Err(merged) if merged.status == 202 => {
            Ok(Answer::json(202, &json!({"message": merged.message})))
        }
        Err(refusal) => Err(refusal),
    }
}

fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let wanted = |name: &str, value: &str| {
        call.query
            .get(name)
            .is_none_or(|wanted| wanted == value || wanted == "none")
    };
    let deployments = call
        .repo()?
        .deployments
        .values()
        .rev()
        .filter(|deployment| {
            call.world.is_listed(deployment.created_at)
                && wanted("sha", &deployment.sha)
                && wanted("ref", &deployment.reference)
                && wanted("task", &deployment.task)
                && wanted("environment", &deployment.environment)
        });
    let items: Result<Vec<Value>, Refusal> = deployments
        .map(|deployment| call.world.deployment_json(&call.repository, deployment.id))
        .collect();
    call.page(None, &items?)
}

fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call
            .world
            .deployment_json(&call.repository, call.number("id")?)?,
    ))
}

fn statuses(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    let statuses = &call.world.deployment(&call.repository, id)?.statuses;
    let json = |status: u64| {
        call.world
            .deployment_status_json(&call.repository, id, status)
    };
    let items: Result<Vec<Value>, Refusal> = statuses
        .iter()
        .rev()
        .map(|status| json(status.id))
        .collect();
    call.page(None, &items?)
}

fn create_status(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body: StatusBody = call.body()?;
    if !STATES.contains(&body.state.as_str()) {
        return Err(Refusal::invalid(
            "DeploymentStatus",
            "state",
            format!("{} is not a state", body.state),
        ));
    }
    let description = body.description.unwrap_or_default();
    if description.chars().count() > 140 {
        return Err(Refusal::invalid(
            "DeploymentStatus",
            "description",
            "it is too long (maximum is 140 characters)",
        ));
    }
    let new = NewStatus {
        state: body.state,
        description,
        environment: body.environment,
        environment_url: body.environment_url.unwrap_or_default(),
        log_url: body.log_url.or(body.target_url).unwrap_or_default(),
        auto_inactive: body.auto_inactive.unwrap_or(true),
    };
    let (repository, id, login) = (call.repository.clone(), call.number("id")?, call.login());
    let status = call
        .world
        .add_deployment_status(&repository, id, new, &login)?;
    Ok(Answer::json(
        201,
        &call.world.deployment_status_json(&repository, id, status)?,
    ))
}

fn environments(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let names = call.repo()?.environments.keys();
    let items: Result<Vec<Value>, Refusal> = names
        .map(|name| call.world.environment_json(&call.repository, name))
        .collect();
    call.page(Some("environments"), &items?)
}

fn environment(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call
            .world
            .environment_json(&call.repository, call.parameter("name"))?,
    ))
}
