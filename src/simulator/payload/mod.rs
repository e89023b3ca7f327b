//! GitHub's objects as JSON, the same for answers and for webhooks, and the events around them.

mod actions;
mod checks;
mod conversation;
mod deployments;
mod repository;

pub(crate) use checks::ACTIONS_APP_ID;
use serde_json::{Value, json};

use crate::simulator::deliveries::Pending;
use crate::simulator::keys::random_guid;
use crate::simulator::state::installation::merge;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;
use crate::simulator::timestamp::iso8601;

/// A time, or null.
fn time(seconds: Option<i64>) -> Value {
    seconds.map_or(Value::Null, |seconds| json!(iso8601(seconds)))
}

/// An opaque id of the GraphQL kind.
fn node_id(kind: &str, id: u64) -> String {
    format!("{kind}_{id:016x}")
}

impl World {
    /// Queues an event of a repository, if the App is installed there and hears of it.
    pub(crate) fn emit(
        &mut self,
        full_name: &str,
        event: &str,
        action: Option<&str>,
        login: &str,
        fields: Value,
    ) -> Result<(), Refusal> {
        self.user(login);
        let repository = self.repository(full_name)?;
        let Some(installation) = repository.installation else {
            return Ok(());
        };
        let id = repository.id;
        let owner = repository.owner.clone();
        let mut payload = json!({});
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        merge(&mut payload, fields);
        let mut repository = self.repository_json(full_name)?;
        if event == "push" {
            // The push event writes these two as numbers, and names the owner in one more way.
            let record = self.repository(full_name)?;
            repository["created_at"] = json!(record.created_at);
            repository["pushed_at"] = json!(record.pushed_at);
            repository["owner"]["name"] = json!(owner);
            repository["master_branch"] = json!(record.default_branch);
        }
        payload["repository"] = repository;
        payload["sender"] = self.user_json(login);
        payload["installation"] =
            json!({"id": installation, "node_id": node_id("MDIz", installation)});
        if let Some(account) = self
            .known_user(&owner)
            .filter(|account| account.kind == "Organization")
        {
            payload["organization"] = json!({
                "login": account.login, "id": account.id, "node_id": node_id("O", account.id),
                "url": format!("{}/orgs/{}", self.url, account.login), "description": null,
                "avatar_url": format!("{}/avatars/{}", self.url, account.id),
            });
        }
        self.enqueue(event, action, Some(installation), Some(id), &payload);
        Ok(())
    }

    /// Queues a delivery, if the App hears of this event.
    pub(crate) fn enqueue(
        &mut self,
        event: &str,
        action: Option<&str>,
        installation: Option<u64>,
        repository: Option<u64>,
        payload: &Value,
    ) {
        let suspended = installation
            .and_then(|id| self.installation(id))
            .is_some_and(|installation| installation.suspended && event != "installation");
        if suspended || !self.app.manifest.hears(event) {
            return;
        }
        self.deliveries.push(
            Pending {
                guid: random_guid(),
                event: event.to_owned(),
                action: action.map(str::to_owned),
                installation_id: installation,
                repository_id: repository,
                body: payload.to_string().into(),
                redelivery: false,
            },
            &mut self.faults,
        );
    }
}
