//! Where the App is installed.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::world::{Installation, World};

impl World {
    /// The installation of an account.
    pub(crate) fn installation_of(&self, account: &str) -> Option<&Installation> {
        self.installations
            .iter()
            .find(|installation| installation.account.eq_ignore_ascii_case(account))
    }

    /// The installation with this id.
    pub(crate) fn installation(&self, id: u64) -> Option<&Installation> {
        self.installations
            .iter()
            .find(|installation| installation.id == id)
    }

    /// Full names of the repositories an installation reaches.
    pub(crate) fn installed_repositories(&self, id: u64) -> Vec<String> {
        let reached = self
            .repositories
            .values()
            .filter(|repository| repository.installation == Some(id));
        reached
            .map(|repository| repository.full_name.clone())
            .collect()
    }

    /// Installs the App on a repository: creates its owner's installation, or adds the repository to it.
    pub(crate) fn install(&mut self, full_name: &str) -> Result<u64, Refusal> {
        let owner = self.repository(full_name)?.owner.clone();
        let existing = self
            .installation_of(&owner)
            .map(|installation| installation.id);
        let id = existing.unwrap_or_else(|| self.ids.next("installation"));
        self.repository_mut(full_name)?.installation = Some(id);
        let short = self.short_repository_json(full_name)?;
        if existing.is_some() {
            self.emit_installation(
                id,
                "installation_repositories",
                "added",
                json!({
                    "repository_selection": "selected", "requester": null,
                    "repositories_added": [short], "repositories_removed": [],
                }),
            )?;
        } else {
            let created_at = self.now();
            self.installations.push(Installation {
                id,
                account: owner,
                created_at,
                suspended: false,
            });
            self.emit_installation(
                id,
                "installation",
                "created",
                json!({"repositories": [short], "requester": null}),
            )?;
        }
        Ok(id)
    }

    /// Takes a repository out of its owner's installation.
    pub(crate) fn uninstall(&mut self, full_name: &str) -> Result<(), Refusal> {
        let short = self.short_repository_json(full_name)?;
        let id = self
            .repository_mut(full_name)?
            .installation
            .take()
            .ok_or_else(Refusal::not_found)?;
        self.emit_installation(
            id,
            "installation_repositories",
            "removed",
            json!({
                "repository_selection": "selected", "requester": null,
                "repositories_added": [], "repositories_removed": [short],
            }),
        )
    }

    /// Suspends an installation, or lifts the suspension.
    pub(crate) fn suspend(&mut self, id: u64, suspended: bool) -> Result<(), Refusal> {
        let installation = self
            .installations
            .iter_mut()
            .find(|installation| installation.id == id);
        installation.ok_or_else(Refusal::not_found)?.suspended = suspended;
        let action = if suspended { "suspend" } else { "unsuspend" };
        self.emit_installation(id, "installation", action, json!({"repositories": []}))
    }

    fn emit_installation(
        &mut self,
        id: u64,
        event: &str,
        action: &str,
        fields: Value,
    ) -> Result<(), Refusal> {
        let installation = self
            .installation(id)
            .cloned()
            .ok_or_else(Refusal::not_found)?;
        let sender = self.user_json(&installation.account);
        let mut payload = json!({"action": action, "installation": self.installation_json(&installation), "sender": sender});
        merge(&mut payload, fields);
        self.enqueue(event, Some(action), Some(id), None, &payload);
        Ok(())
    }
}

/// Adds the members of one object to another.
pub(crate) fn merge(target: &mut Value, fields: Value) {
    if let (Value::Object(target), Value::Object(fields)) = (target, fields) {
        target.extend(fields);
    }
}
