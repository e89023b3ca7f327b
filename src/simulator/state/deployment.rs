//! Deployments, their statuses and environments.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::world::World;

/// The states a deployment status may have.
pub(crate) const STATES: [&str; 7] = [
    "error",
    "failure",
    "inactive",
    "in_progress",
    "queued",
    "pending",
    "success",
];

/// A deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// GitHub's id.
    pub id: u64,
    /// The commit.
    pub sha: String,
    /// As it was asked for.
    pub reference: String,
    /// `deploy` unless said otherwise.
    pub task: String,
    /// Where to; a status may rename it.
    pub environment: String,
    /// Where to, as it was asked for.
    pub original_environment: String,
    /// An object or a string.
    pub payload: Value,
    /// One line.
    pub description: Option<String>,
    /// Goes away some time.
    pub transient: bool,
    /// Is what users see.
    pub production: bool,
    /// Who created it.
    pub creator: String,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Oldest first.
    pub statuses: Vec<DeploymentStatus>,
}

/// A status of a deployment.
#[derive(Clone, Debug)]
pub struct DeploymentStatus {
    /// GitHub's id.
    pub id: u64,
    /// `queued`, `in_progress`, `success`, `failure` …
    pub state: String,
    /// One line of at most 140 characters.
    pub description: String,
    /// Where to.
    pub environment: String,
    /// Where it can be seen.
    pub environment_url: String,
    /// Where its output is.
    pub log_url: String,
    /// Who said so.
    pub creator: String,
    /// Seconds since 1970.
    pub created_at: i64,
}

impl Deployment {
    /// The newest state; `pending` before the first.
    pub fn state(&self) -> &str {
        self.statuses
            .last()
            .map_or("pending", |status| &status.state)
    }
}

/// What is asked of a new deployment.
#[derive(Clone, Debug)]
pub(crate) struct NewDeployment {
    pub(crate) reference: String,
    pub(crate) task: String,
    pub(crate) auto_merge: bool,
    /// None: every check of the commit is required.
    pub(crate) required_contexts: Option<Vec<String>>,
    pub(crate) environment: String,
    pub(crate) payload: Value,
    pub(crate) description: Option<String>,
    pub(crate) transient: bool,
    pub(crate) production: bool,
}

/// What is asked of a new status.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewStatus {
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) environment: Option<String>,
    pub(crate) environment_url: String,
    pub(crate) log_url: String,
    pub(crate) auto_inactive: bool,
}

impl World {
    /// Creates a deployment. An `Err` with status 202 says that GitHub merged the base branch instead.
    pub(crate) fn create_deployment(
        &mut self,
        full_name: &str,
        new: NewDeployment,
        login: &str,
    ) -> Result<u64, Refusal> {
        let repository = self.repository(full_name)?;
        let no_ref = || Refusal::unprocessable(format!("No ref found for: {}", new.reference));
        let sha = repository.git.resolve(&new.reference).ok_or_else(no_ref)?;
        if new.auto_merge
            && repository.git.branch(&new.reference).is_some()
            && let Some(tip) = repository.default_tip()
            && !repository.git.is_ancestor(&tip, &sha)
        {
            let message = format!(
                "Auto-merged {} into {} on deployment.",
                repository.default_branch, new.reference
            );
            return Err(Refusal::new(202, message));
        }
        self.check_contexts(full_name, &sha, &new)?;
        let (id, now) = (self.ids.next("deployment"), self.now());
        let environment_id = self.ids.next("environment");
        let repository = self.repository_mut(full_name)?;
        repository
            .environments
            .entry(new.environment.clone())
            .or_insert((environment_id, now));
        repository.deployments.insert(
            id,
            Deployment {
                id,
                sha,
                reference: new.reference,
                task: new.task,
                original_environment: new.environment.clone(),
                environment: new.environment,
                payload: new.payload,
                description: new.description,
                transient: new.transient,
                production: new.production,
                creator: login.to_owned(),
                created_at: now,
                statuses: Vec::new(),
            },
        );
        let deployment = self.deployment_json(full_name, id)?;
        let fields = json!({"deployment": deployment, "workflow": null, "workflow_run": null});
        self.emit(full_name, "deployment", Some("created"), login, fields)?;
        Ok(id)
    }

    fn check_contexts(
        &self,
        full_name: &str,
        sha: &str,
        new: &NewDeployment,
    ) -> Result<(), Refusal> {
        let repository = self.repository(full_name)?;
        let checks: Vec<_> = repository
            .check_runs
            .values()
            .filter(|check| check.head_sha == sha)
            .collect();
        let good = |conclusion: Option<&str>| {
            matches!(conclusion, Some("success" | "neutral" | "skipped"))
        };
        let fails = match &new.required_contexts {
            None => checks
                .iter()
                .any(|check| !good(check.conclusion.as_deref())),
            Some(names) => names.iter().any(|name| {
                !checks
                    .iter()
                    .any(|check| check.name == *name && good(check.conclusion.as_deref()))
            }),
        };
        if fails {
            let message = format!(
                "Conflict: Commit status checks failed for {}.",
                new.reference
            );
            return Err(Refusal::new(409, message));
        }
        Ok(())
    }

    /// A deployment by its id.
    pub(crate) fn deployment(&self, full_name: &str, id: u64) -> Result<&Deployment, Refusal> {
        self.repository(full_name)?
            .deployments
            .get(&id)
            .ok_or_else(Refusal::not_found)
    }

    /// Adds a status to a deployment.
    pub(crate) fn add_deployment_status(
        &mut self,
        full_name: &str,
        deployment: u64,
        new: NewStatus,
        login: &str,
    ) -> Result<u64, Refusal> {
        self.deployment(full_name, deployment)?;
        let inactive = if new.state == "success" && new.auto_inactive {
            self.replaced_by(full_name, deployment)?
        } else {
            Vec::new()
        };
        let id = self.append_status(full_name, deployment, new, login)?;
        for previous in inactive {
            let status = NewStatus {
                state: "inactive".to_owned(),
                ..NewStatus::default()
            };
            self.append_status(full_name, previous, status, login)?;
        }
        Ok(id)
    }

    /// Earlier successful deployments of the same environment that are neither transient nor production.
    fn replaced_by(&self, full_name: &str, id: u64) -> Result<Vec<u64>, Refusal> {
        let environment = &self.deployment(full_name, id)?.environment;
        let others = self.repository(full_name)?.deployments.values();
        let replaced = others.filter(|other| {
            other.id < id
                && other.environment == *environment
                && other.state() == "success"
                && !other.transient
                && !other.production
        });
        Ok(replaced.map(|other| other.id).collect())
    }

    fn append_status(
        &mut self,
        full_name: &str,
        deployment: u64,
        new: NewStatus,
        login: &str,
    ) -> Result<u64, Refusal> {
        let (id, now) = (self.ids.next("deployment_status"), self.now());
        let repository = self.repository_mut(full_name)?;
        let record = repository
            .deployments
            .get_mut(&deployment)
            .ok_or_else(Refusal::not_found)?;
        if let Some(environment) = new.environment {
            record.environment = environment;
        }
        record.statuses.push(DeploymentStatus {
            id,
            state: new.state,
            description: new.description,
            environment: record.environment.clone(),
            environment_url: new.environment_url,
            log_url: new.log_url,
            creator: login.to_owned(),
            created_at: now,
        });
        let fields = json!({
            "deployment_status": self.deployment_status_json(full_name, deployment, id)?,
            "deployment": self.deployment_json(full_name, deployment)?, "workflow": null, "workflow_run": null,
        });
        self.emit(
            full_name,
            "deployment_status",
            Some("created"),
            login,
            fields,
        )?;
        Ok(id)
    }
}
