//! What runs leave behind: artifacts and logs, both behind short-lived links.

use aws_lc_rs::hmac;
use serde_json::Value;

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;

const READ: Access = Access::Installation(&[("actions", "read")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/runs/{run}/artifacts",
        access: READ,
        handler: list,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/artifacts/{id}/zip",
        access: READ,
        handler: download,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/actions/jobs/{id}/logs",
        access: READ,
        handler: logs,
    },
    Route {
        method: "GET",
        template: "/_simulator/artifacts/{id}",
        access: Access::Public,
        handler: signed_artifact,
    },
    Route {
        method: "GET",
        template: "/_simulator/logs/{id}",
        access: Access::Public,
        handler: signed_logs,
    },
];

fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let run = call
        .world
        .workflow_run(&call.repository, call.number("run")?)?;
    let name = call.query.get("name");
    let found = run
        .artifacts
        .iter()
        .filter(|artifact| name.is_none_or(|name| artifact.name == *name));
    let items: Vec<Value> = found
        .map(|artifact| call.world.artifact_json(run, artifact))
        .collect();
    call.page(Some("artifacts"), &items)
}

fn download(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    let mut runs = call.repo()?.workflow_runs.values();
    if !runs.any(|run| run.artifacts.iter().any(|artifact| artifact.id == id)) {
        return Err(Refusal::not_found());
    }
    Ok(Answer::redirect(
        302,
        call.world.signed_url(&format!("artifacts/{id}")),
    ))
}

fn logs(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    let mut runs = call.repo()?.workflow_runs.values();
    let job = runs
        .find_map(|run| run.jobs.iter().find(|job| job.id == id))
        .ok_or_else(Refusal::not_found)?;
    if job.status != "completed" {
        return Err(Refusal::not_found());
    }
    Ok(Answer::redirect(
        302,
        call.world.signed_url(&format!("logs/{id}")),
    ))
}

fn signed_artifact(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    call.world
        .check_signed_url(&format!("artifacts/{id}"), call.query.get("signature"))?;
    let runs = call
        .world
        .repositories
        .values()
        .flat_map(|repository| repository.workflow_runs.values());
    let artifact = runs
        .flat_map(|run| &run.artifacts)
        .find(|artifact| artifact.id == id);
    Ok(Answer::bytes(
        200,
        "application/zip",
        artifact.ok_or_else(Refusal::not_found)?.archive.clone(),
    ))
}

fn signed_logs(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = call.number("id")?;
    call.world
        .check_signed_url(&format!("logs/{id}"), call.query.get("signature"))?;
    let runs = call
        .world
        .repositories
        .values()
        .flat_map(|repository| repository.workflow_runs.values());
    let job = runs
        .flat_map(|run| &run.jobs)
        .find(|job| job.id == id)
        .ok_or_else(Refusal::not_found)?;
    let text: String = job
        .steps
        .iter()
        .map(|step| format!("##[group]{}\n{}##[endgroup]\n", step.name, step.log))
        .collect();
    Ok(Answer::bytes(
        200,
        "text/plain; charset=utf-8",
        text.into_bytes(),
    ))
}

impl World {
    /// A link that works without a token.
    pub(crate) fn signed_url(&self, path: &str) -> String {
        format!(
            "{}/_simulator/{path}?signature={}",
            self.url,
            self.url_signature(path)
        )
    }

    /// Refuses a link that was not given out by [`World::signed_url`].
    pub(crate) fn check_signed_url(
        &self,
        path: &str,
        signature: Option<&String>,
    ) -> Result<(), Refusal> {
        if signature == Some(&self.url_signature(path)) {
            Ok(())
        } else {
            Err(Refusal::new(403, "Signature not valid"))
        }
    }

    fn url_signature(&self, path: &str) -> String {
        // Keyed with what only the simulator knows; links last as long as the process.
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.issuer.private_pem().as_bytes());
        hex::encode(hmac::sign(&key, path.as_bytes()))
    }
}
