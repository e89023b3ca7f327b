//! `app-manifest.yml`: what the App may do and hears about.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

/// What the simulator needs of a manifest.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) default_permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) default_events: BTreeSet<String>,
}

/// Every key of GitHub's manifest flow.
const KEYS: [&str; 12] = [
    "name",
    "url",
    "hook_attributes",
    "redirect_url",
    "callback_urls",
    "setup_url",
    "description",
    "public",
    "default_events",
    "default_permissions",
    "request_oauth_on_install",
    "setup_on_update",
];

/// Sent to every App, and refused in a manifest.
const ALWAYS_SENT: [&str; 4] = [
    "installation",
    "installation_repositories",
    "installation_target",
    "github_app_authorization",
];

/// The permission a subscription needs (facts: GitHub's event documentation).
const EVENT_PERMISSIONS: [(&str, &str); 20] = [
    ("push", "contents"),
    ("create", "contents"),
    ("delete", "contents"),
    ("workflow_dispatch", "contents"),
    ("pull_request", "pull_requests"),
    ("pull_request_review", "pull_requests"),
    ("issue_comment", "issues"),
    ("issues", "issues"),
    ("check_run", "checks"),
    ("check_suite", "checks"),
    ("workflow_run", "actions"),
    ("workflow_job", "actions"),
    ("deployment", "deployments"),
    ("deployment_status", "deployments"),
    ("deployment_protection_rule", "deployments"),
    ("deployment_review", "deployments"),
    ("repository", "metadata"),
    ("merge_group", "merge_queues"),
    ("member", "members"),
    ("team", "members"),
];

impl Manifest {
    /// Reads a manifest and refuses what GitHub refuses.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let keys: BTreeMap<String, Value> =
            serde_saphyr::from_str(text).context("the App manifest cannot be read")?;
        if let Some(unknown) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
            bail!("the App manifest has the key `{unknown}`, which GitHub does not know");
        }
        let manifest: Self =
            serde_saphyr::from_str(text).context("the App manifest cannot be read")?;
        for event in &manifest.default_events {
            if ALWAYS_SENT.contains(&event.as_str()) {
                bail!(
                    "the App manifest lists the event `{event}`: it is always sent and must not be listed"
                );
            }
            let Some((_, permission)) = EVENT_PERMISSIONS.iter().find(|(name, _)| name == event)
            else {
                bail!(
                    "the App manifest lists the event `{event}`, which the simulator does not know"
                );
            };
            if !manifest.default_permissions.contains_key(*permission) {
                bail!(
                    "Default events are not supported by permissions: {event} (add `{permission}: read` to default_permissions)"
                );
            }
        }
        Ok(manifest)
    }

    /// Whether deliveries of this event are sent.
    pub(crate) fn hears(&self, event: &str) -> bool {
        let checks = self
            .default_permissions
            .get("checks")
            .is_some_and(|level| level == "write");
        ALWAYS_SENT.contains(&event)
            || self.default_events.contains(event)
            || (checks && matches!(event, "check_run" | "check_suite"))
    }

    /// Whether the App was granted this level or a higher one.
    pub(crate) fn grants(
        granted: &BTreeMap<String, String>,
        permission: &str,
        level: &str,
    ) -> bool {
        match granted.get(permission).map(String::as_str) {
            Some("admin") => true,
            Some("write") => level != "admin",
            Some("read") => level == "read",
            _ => permission == "metadata" && level == "read",
        }
    }
}
