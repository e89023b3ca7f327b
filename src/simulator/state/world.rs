//! All of the state, behind one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use super::manifest::Manifest;
use super::refusal::Refusal;
use super::repository::Repository;
use super::user::User;
use crate::simulator::deliveries::Deliveries;
use crate::simulator::faults::Faults;
use crate::simulator::gate::{RequestRecord, Violation};
use crate::simulator::keys::Key;
use crate::simulator::limits::Limiter;
use crate::simulator::options::{Clock, Execution};
use crate::simulator::tokens::{InstallationToken, UserToken};

/// The App that everything is about.
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) client_id: String,
    pub(crate) key: &'static Key,
    pub(crate) manifest: Manifest,
    pub(crate) owner: String,
}

/// One account that installed the App.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) created_at: i64,
    pub(crate) suspended: bool,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) url: String,
    pub(crate) data_directory: PathBuf,
    pub(crate) app: App,
    pub(crate) issuer: &'static Key,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) installations: Vec<Installation>,
    /// Members by organization and slug, all in lower case.
    pub(crate) teams: BTreeMap<(String, String), BTreeSet<String>>,
    /// By the full name in lower case.
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// Old full names in lower case, and what they lead to.
    pub(crate) renamed: BTreeMap<String, String>,
    pub(crate) tokens: BTreeMap<String, InstallationToken>,
    pub(crate) user_tokens: BTreeMap<String, UserToken>,
    pub(crate) deliveries: Deliveries,
    pub(crate) faults: Faults,
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) requests_left: u64,
    pub(crate) limiter: Limiter,
    pub(crate) execution: Execution,
    /// Repository and workflow run of what waits for the laptop's workers.
    pub(crate) laptop_queue: Vec<(String, u64)>,
    /// Nothing is started any more, and what runs is killed.
    pub(crate) is_stopping: bool,
    /// Rung when a workflow run waits for the laptop.
    pub(crate) runs_wake: Arc<Notify>,
}

impl World {
    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Whether a list shows already what was created at that time.
    pub(crate) fn is_listed(&self, created_at: i64) -> bool {
        self.faults.stale == 0 || created_at + self.faults.stale <= self.now()
    }

    /// Seconds since 1970 by the machine's clock, whatever the story's says: credentials are checked on both sides of
    /// a connection, and the other side only knows this one.
    pub(crate) fn credential_time() -> i64 {
        Clock::system().now()
    }

    /// A repository by its full name, or by one it had.
    pub(crate) fn repository(&self, full_name: &str) -> Result<&Repository, Refusal> {
        self.repositories
            .get(&self.current_name(full_name))
            .ok_or_else(Refusal::not_found)
    }

    /// The same, to change it.
    pub(crate) fn repository_mut(&mut self, full_name: &str) -> Result<&mut Repository, Refusal> {
        let name = self.current_name(full_name);
        self.repositories
            .get_mut(&name)
            .ok_or_else(Refusal::not_found)
    }

    fn current_name(&self, full_name: &str) -> String {
        let mut name = full_name.to_lowercase();
        while let Some(newer) = self.renamed.get(&name) {
            name = newer.to_lowercase();
        }
        name
    }

    /// Whether the App's manifest grants a permission.
    pub(crate) fn app_may(&self, permission: &str, level: &str) -> bool {
        Manifest::grants(&self.app.manifest.default_permissions, permission, level)
    }
}

/// Ids per kind of thing. Each kind counts in a range of its own, so that a client which mixes two kinds up is noticed.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    counters: BTreeMap<&'static str, u64>,
}

const KINDS: [&str; 16] = [
    "app",
    "user",
    "installation",
    "repository",
    "pull_request",
    "comment",
    "reaction",
    "check_suite",
    "check_run",
    "workflow",
    "workflow_run",
    "artifact",
    "deployment",
    "deployment_status",
    "delivery",
    "environment",
];

impl Ids {
    /// The next id of a kind.
    pub(crate) fn next(&mut self, kind: &'static str) -> u64 {
        let counter = self.counters.entry(kind).or_default();
        *counter += 1;
        let range = KINDS
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(KINDS.len());
        *counter + 1_000_000 * (range as u64 + 1)
    }
}
