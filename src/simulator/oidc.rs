//! Identity tokens of jobs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keys::{Key, random_guid};
use super::state::refusal::Refusal;
use super::state::repository::Repository;
use super::state::workflow::WorkflowRun;
use super::state::world::World;

/// The `kid` of the issuer's key.
pub(crate) const KEY_ID: &str = "simulator-1";
/// Seconds a token is good for.
const LIFETIME: i64 = 300;

/// Whose key signs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The key the issuer publishes.
    Issuer,
    /// A key nobody published, under the published key's id.
    Stranger,
}

impl World {
    /// The claims of a job's token, all of them texts except the times.
    pub(crate) fn identity_claims(
        &mut self,
        full_name: &str,
        run: u64,
        job: u64,
        audience: Option<&str>,
    ) -> Result<Map<String, Value>, Refusal> {
        let actor = self.workflow_run(full_name, run)?.actor.clone();
        let actor = self.user(&actor);
        let owner = self.repository(full_name)?.owner.clone();
        let owner = self.owner(&owner);
        let repository = self.repository(full_name)?;
        let run = self.workflow_run(full_name, run)?;
        let job = run
            .jobs
            .iter()
            .find(|known| known.id == job)
            .ok_or_else(Refusal::not_found)?;
        let now = Self::credential_time();
        let workflow_ref = format!("{}/{}@{}", repository.full_name, run.path, run.reference);
        let kind = if run.reference.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        };
        let mut claims = json!({
            "iss": self.url, "aud": audience.map_or_else(|| format!("{}/{}", self.url, owner.login), str::to_owned),
            "jti": random_guid(), "iat": now, "nbf": now - 5, "exp": now + LIFETIME,
            "sub": subject(repository, owner.id, run, job.environment.as_deref()),
            "actor": actor.login, "actor_id": actor.id.to_string(),
            "repository": repository.full_name, "repository_id": repository.id.to_string(),
            "repository_owner": owner.login, "repository_owner_id": owner.id.to_string(),
            "repository_visibility": if repository.private { "private" } else { "public" },
            "ref": run.reference, "ref_type": kind, "ref_protected": "false", "head_ref": "", "base_ref": "",
            "sha": run.head_sha, "event_name": "workflow_dispatch", "workflow": run.name, "workflow_ref": workflow_ref,
            "workflow_sha": run.head_sha, "job_workflow_ref": workflow_ref, "job_workflow_sha": run.head_sha,
            "run_id": run.id.to_string(), "run_number": run.run_number.to_string(),
            "run_attempt": run.run_attempt.to_string(), "runner_environment": "github-hosted",
            "check_run_id": job.id.to_string(),
        });
        if let Some(environment) = &job.environment {
            claims["environment"] = json!(environment);
        }
        match claims {
            Value::Object(claims) => Ok(claims),
            _ => Err(Refusal::new(500, "claims are an object")),
        }
    }

    /// A token with these claims.
    pub(crate) fn sign_identity(
        &self,
        claims: &Map<String, Value>,
        signer: Signer,
    ) -> Result<String, Refusal> {
        let key = match signer {
            Signer::Issuer => self.issuer,
            Signer::Stranger => Key::of_stranger()?,
        };
        Ok(key.sign(KEY_ID, claims)?)
    }

    /// What a real job finds in its environment.
    pub(crate) fn job_environment(
        &self,
        full_name: &str,
        run: u64,
        job: u64,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let repository = self.repository(full_name)?;
        let run = self.workflow_run(full_name, run)?;
        let job = run
            .jobs
            .iter()
            .find(|known| known.id == job)
            .ok_or_else(Refusal::not_found)?;
        let (kind, name) = match run.reference.strip_prefix("refs/tags/") {
            Some(tag) => ("tag", tag),
            None => ("branch", run.reference.trim_start_matches("refs/heads/")),
        };
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
        set("CI", "true");
        set("GITHUB_ACTIONS", "true");
        set("GITHUB_ACTOR", &run.actor);
        set("GITHUB_API_URL", &self.url);
        set("GITHUB_EVENT_NAME", "workflow_dispatch");
        set("GITHUB_GRAPHQL_URL", &format!("{}/graphql", self.url));
        set("GITHUB_JOB", &job.key);
        set("GITHUB_REF", &run.reference);
        set("GITHUB_REF_NAME", name);
        set("GITHUB_REF_TYPE", kind);
        set("GITHUB_REPOSITORY", &repository.full_name);
        set("GITHUB_REPOSITORY_ID", &repository.id.to_string());
        set("GITHUB_REPOSITORY_OWNER", &repository.owner);
        set("GITHUB_RUN_ATTEMPT", &run.run_attempt.to_string());
        set("GITHUB_RUN_ID", &run.id.to_string());
        set("GITHUB_RUN_NUMBER", &run.run_number.to_string());
        set("GITHUB_SERVER_URL", &self.url);
        set("GITHUB_SHA", &run.head_sha);
        set("GITHUB_WORKFLOW", &run.name);
        set(
            "GITHUB_WORKFLOW_REF",
            &format!("{}/{}@{}", repository.full_name, run.path, run.reference),
        );
        set("RUNNER_ARCH", "X64");
        set("RUNNER_ENVIRONMENT", "github-hosted");
        set("RUNNER_NAME", "laptop");
        set("RUNNER_OS", "Linux");
        if job.identity {
            let url = format!(
                "{}/_simulator/identity/{}/{}?api-version=2.0",
                self.url, run.id, job.id
            );
            set("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
            set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &job.request_token.0);
        }
        Ok(variables)
    }
}

/// The form GitHub gives repositories created after July 2026: names with ids.
fn subject(
    repository: &Repository,
    owner_id: u64,
    run: &WorkflowRun,
    environment: Option<&str>,
) -> String {
    let (owner, name, id) = (&repository.owner, &repository.name, repository.id);
    let of = format!("repo:{owner}@{owner_id}/{name}@{id}");
    match environment {
        Some(environment) => format!("{of}:environment:{environment}"),
        None => format!("{of}:ref:{}", run.reference),
    }
}
