//! GitHub's own record of what is deployed where.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Call;
use super::checks::cut;
use super::client::Installation;
use super::error::GitHubError;
use super::pulls::Identified;
use crate::model::{CommitSha, RepositoryName};

/// Longest description GitHub takes.
const DESCRIPTION_LIMIT: usize = 140;

/// A deployment to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentBody {
    /// What is deployed.
    pub sha: CommitSha,
    /// Where.
    pub environment: String,
    /// In words.
    pub description: String,
    /// Our own ids, to find it by.
    pub payload: Value,
    /// Whether end users use that environment.
    pub production: bool,
    /// Whether that environment is made to be destroyed.
    pub transient: bool,
}

/// A step in a deployment's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// Which.
    pub state: DeploymentState,
    /// Where the log is.
    pub log_url: Option<String>,
    /// Where the result can be used.
    pub environment_url: Option<String>,
    /// In words.
    pub description: String,
}

/// How a deployment is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It waits.
    Queued,
    /// It runs.
    InProgress,
    /// It is there.
    Success,
    /// It did not work.
    Failure,
    /// Something around it did not work.
    Error,
    /// It is not there any more.
    Inactive,
}

#[derive(Deserialize)]
struct DeploymentItem {
    id: i64,
    payload: Option<Value>,
}

impl Installation {
    /// Records a deployment of exactly that commit and answers its id.
    ///
    /// # Errors
    /// `Rejected` with 422 when GitHub does not know the commit.
    pub async fn create_deployment(
        &self,
        repository: &RepositoryName,
        deployment: &DeploymentBody,
    ) -> Result<i64, GitHubError> {
        // Without the first two GitHub would merge the base branch into ours, and wait for all
        // checks including our own.
        let body = json!({
            "auto_merge": false,
            "required_contexts": [],
            "ref": deployment.sha,
            "environment": deployment.environment,
            "description": cut(&deployment.description, DESCRIPTION_LIMIT),
            "payload": deployment.payload,
            "production_environment": deployment.production,
            "transient_environment": deployment.transient,
        });
        let call = Call::post(Call::path(repository, "deployments"), body);
        let name = call.name();
        let answer = self.caller.send(call).await?;
        if answer.status == StatusCode::ACCEPTED {
            return Err(GitHubError::Rejected {
                call: name,
                status: answer.status.as_u16(),
                message: String::from("GitHub merged instead of recording a deployment"),
            });
        }
        let created: Identified = answer.json()?;
        Ok(created.id)
    }

    /// Adds a step to deployment `id`.
    ///
    /// # Errors
    /// `NotFound` when there is no such deployment.
    pub async fn create_deployment_status(
        &self,
        repository: &RepositoryName,
        id: i64,
        status: &DeploymentStatus,
    ) -> Result<(), GitHubError> {
        let mut body = json!({
            "state": status.state,
            "description": cut(&status.description, DESCRIPTION_LIMIT),
            "auto_inactive": false,
        });
        if let Some(address) = &status.log_url {
            body["log_url"] = json!(address);
        }
        if let Some(address) = &status.environment_url {
            body["environment_url"] = json!(address);
        }
        let path = Call::path(repository, &format!("deployments/{id}/statuses"));
        self.caller.send(Call::post(path, body)).await.map(|_| ())
    }

    /// The newest deployment of `sha` to `environment` whose payload has `value` at `key`: how
    /// to find out whether a create whose answer was lost has happened.
    ///
    /// # Errors
    /// `NotFound` when there is no such repository.
    pub async fn find_deployment(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
        environment: &str,
        key: &str,
        value: &Value,
    ) -> Result<Option<i64>, GitHubError> {
        let call = Call::get(Call::path(repository, "deployments"))
            .query("sha", sha.as_str())
            .query("environment", environment);
        let items = self
            .caller
            .pages(call, |page: Vec<DeploymentItem>| page)
            .await?;
        let is_it = |item: &DeploymentItem| item.payload_value(key).as_ref() == Some(value);
        Ok(items.into_iter().filter(is_it).map(|item| item.id).max())
    }
}

impl DeploymentItem {
    /// GitHub gives a payload back as the object it was, or as that object's text.
    fn payload_value(&self, key: &str) -> Option<Value> {
        match self.payload.as_ref()? {
            Value::String(text) => {
                let payload: Value = serde_json::from_str(text).ok()?;
                payload.get(key).cloned()
            }
            payload => payload.get(key).cloned(),
        }
    }
}
