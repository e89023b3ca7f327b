//! Starting and following workflow runs.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::call::{Call, segment};
use super::client::Installation;
use super::error::GitHubError;
use super::pulls::User;
use crate::model::RepositoryName;

/// What starting a workflow told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// The run that was started; `None` on hosts that accept without telling.
    pub workflow_run_id: Option<i64>,
    /// Its page.
    pub html_url: Option<String>,
}

/// A workflow run as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRun {
    /// GitHub's id.
    pub id: i64,
    /// Which attempt of it, from 1.
    pub attempt: i64,
    /// Its name as people see it; carries our own id of it.
    pub display_title: String,
    /// What started it, such as `workflow_dispatch`.
    pub event: String,
    /// GitHub's status, such as `in_progress`.
    pub status: String,
    /// GitHub's conclusion, once there is one.
    pub conclusion: Option<String>,
    /// When it was created, RFC 3339.
    pub created_at: String,
    /// When anything about it last changed, RFC 3339.
    pub updated_at: String,
    /// Its page.
    pub html_url: String,
    /// Who started it; `None` for a deleted account.
    pub actor: Option<String>,
}

#[derive(Deserialize)]
struct DispatchAnswer {
    workflow_run_id: Option<i64>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct RunsPage {
    workflow_runs: Vec<RunItem>,
}

#[derive(Deserialize)]
struct RunItem {
    id: i64,
    run_attempt: Option<i64>,
    display_title: Option<String>,
    event: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    html_url: Option<String>,
    actor: Option<User>,
}

impl Installation {
    /// Starts the workflow `file` (its name below `.github/workflows/`) as it is at `git_ref`, a
    /// branch or tag. May never be repeated blindly: each call starts a run.
    ///
    /// # Errors
    /// `NotFound` when there is no such workflow; `Rejected` with 422 when it takes other inputs
    /// or cannot be dispatched.
    pub async fn dispatch_workflow(
        &self,
        repository: &RepositoryName,
        file: &str,
        git_ref: &str,
        inputs: &BTreeMap<String, String>,
    ) -> Result<Dispatched, GitHubError> {
        let rest = format!("actions/workflows/{}/dispatches", segment(file));
        let body = json!({"ref": git_ref, "inputs": inputs});
        let call = Call::post(Call::path(repository, &rest), body);
        let answer = self.caller.send(call).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(Dispatched::default());
        }
        // The workflow was started: an answer in another form must not look like a failure.
        let told: Result<DispatchAnswer, GitHubError> = answer.json();
        Ok(told.map_or_else(
            |_| Dispatched::default(),
            |told| Dispatched {
                workflow_run_id: told.workflow_run_id,
                html_url: told.html_url,
            },
        ))
    }

    /// The dispatched runs of the workflow `file` that were created at or after `since`
    /// (RFC 3339), newest first: how to find a run whose id was not told.
    ///
    /// # Errors
    /// `NotFound` when there is no such workflow.
    pub async fn workflow_runs_since(
        &self,
        repository: &RepositoryName,
        file: &str,
        since: &str,
    ) -> Result<Vec<WorkflowRun>, GitHubError> {
        let rest = format!("actions/workflows/{}/runs", segment(file));
        let call = Call::get(Call::path(repository, &rest))
            .query("event", "workflow_dispatch")
            .query("created", &format!(">={since}"));
        let items = self
            .caller
            .pages(call, |page: RunsPage| page.workflow_runs)
            .await?;
        Ok(items.into_iter().map(RunItem::read).collect())
    }

    /// The workflow run with that id.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it was deleted.
    pub async fn workflow_run(
        &self,
        repository: &RepositoryName,
        id: i64,
    ) -> Result<WorkflowRun, GitHubError> {
        let path = Call::path(repository, &format!("actions/runs/{id}"));
        let item: RunItem = self.caller.json(Call::get(path)).await?;
        Ok(item.read())
    }

    /// Asks GitHub to stop a run; its jobs may still finish their `always()` steps.
    ///
    /// # Errors
    /// `Rejected` with 409 when it has already ended.
    pub async fn cancel_workflow_run(
        &self,
        repository: &RepositoryName,
        id: i64,
    ) -> Result<(), GitHubError> {
        let path = Call::path(repository, &format!("actions/runs/{id}/cancel"));
        self.caller.send(Call::post_nothing(path)).await.map(|_| ())
    }

    /// Stops a run that ignores [`Installation::cancel_workflow_run`].
    ///
    /// # Errors
    /// `Rejected` with 409 when it has already ended.
    pub async fn force_cancel_workflow_run(
        &self,
        repository: &RepositoryName,
        id: i64,
    ) -> Result<(), GitHubError> {
        let path = Call::path(repository, &format!("actions/runs/{id}/force-cancel"));
        self.caller.send(Call::post_nothing(path)).await.map(|_| ())
    }

    /// The text of the workflow `file` as of `git_ref`; `None` when there is no such file.
    ///
    /// # Errors
    /// `Unreadable` when it is not UTF-8.
    pub async fn workflow_text(
        &self,
        repository: &RepositoryName,
        file: &str,
        git_ref: &str,
    ) -> Result<Option<String>, GitHubError> {
        let path = format!(".github/workflows/{file}");
        self.file_text(repository, &path, git_ref).await
    }
}

impl RunItem {
    fn read(self) -> WorkflowRun {
        WorkflowRun {
            id: self.id,
            attempt: self.run_attempt.unwrap_or(1),
            display_title: self.display_title.unwrap_or_default(),
            event: self.event.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            conclusion: self.conclusion,
            created_at: self.created_at.unwrap_or_default(),
            updated_at: self.updated_at.unwrap_or_default(),
            html_url: self.html_url.unwrap_or_default(),
            actor: self.actor.map(|actor| actor.login),
        }
    }
}
