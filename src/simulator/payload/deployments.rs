//! Deployments and environments.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;
use crate::simulator::timestamp::iso8601;

impl World {
    /// A deployment.
    pub(crate) fn deployment_json(&self, full_name: &str, id: u64) -> Result<Value, Refusal> {
        let deployment = self.deployment(full_name, id)?;
        let url = format!("{}/repos/{full_name}/deployments/{id}", self.url);
        let updated_at = deployment
            .statuses
            .last()
            .map_or(deployment.created_at, |status| status.created_at);
        let by_app = deployment.creator == self.bot();
        Ok(json!({
            "id": id, "node_id": node_id("DE", id), "url": url, "sha": deployment.sha, "ref": deployment.reference,
            "task": deployment.task, "payload": deployment.payload, "environment": deployment.environment,
            "original_environment": deployment.original_environment, "description": deployment.description,
            "transient_environment": deployment.transient, "production_environment": deployment.production,
            "creator": self.user_json(&deployment.creator), "statuses_url": format!("{url}/statuses"),
            "repository_url": format!("{}/repos/{full_name}", self.url), "created_at": iso8601(deployment.created_at),
            "updated_at": iso8601(updated_at), "performed_via_github_app": by_app.then(|| self.app_json()),
        }))
    }

    /// A status of a deployment.
    pub(crate) fn deployment_status_json(
        &self,
        full_name: &str,
        deployment: u64,
        id: u64,
    ) -> Result<Value, Refusal> {
        let record = self.deployment(full_name, deployment)?;
        let status = record
            .statuses
            .iter()
            .find(|status| status.id == id)
            .ok_or_else(Refusal::not_found)?;
        let deployment_url = format!("{}/repos/{full_name}/deployments/{deployment}", self.url);
        let by_app = status.creator == self.bot();
        Ok(json!({
            "id": id, "node_id": node_id("DES", id), "url": format!("{deployment_url}/statuses/{id}"),
            "state": status.state, "description": status.description, "environment": status.environment,
            "environment_url": status.environment_url, "log_url": status.log_url, "target_url": status.log_url,
            "creator": self.user_json(&status.creator), "deployment_url": deployment_url,
            "repository_url": format!("{}/repos/{full_name}", self.url), "created_at": iso8601(status.created_at),
            "updated_at": iso8601(status.created_at), "performed_via_github_app": by_app.then(|| self.app_json()),
        }))
    }

    /// An environment.
    pub(crate) fn environment_json(&self, full_name: &str, name: &str) -> Result<Value, Refusal> {
        let repository = self.repository(full_name)?;
        let (id, created_at) = *repository
            .environments
            .get(name)
            .ok_or_else(Refusal::not_found)?;
        Ok(json!({
            "id": id, "node_id": node_id("EN", id), "name": name, "protection_rules": [],
            "url": format!("{}/repos/{full_name}/environments/{name}", self.url),
            "html_url": format!("{}/{full_name}/deployments/activity_log?environments_filter={name}", self.url),
            "created_at": iso8601(created_at), "updated_at": iso8601(created_at), "deployment_branch_policy": null,
        }))
    }
}
