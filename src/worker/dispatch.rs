//! From the outbox to the outside: the second half of the straight line.

use std::collections::BTreeSet;

use super::{Problem, Worker, backoff};
use crate::engine::plan::Call;
use crate::github::GitHubError;
use crate::store::{PendingEffect, Repository};

impl Worker {
    /// Makes the most urgent call that is due. `false` when there is none.
    ///
    /// # Errors
    /// When the database does. What is wrong with one call stays with that call.
    pub async fn dispatch(&self) -> Result<bool, Problem> {
        let Some(effect) = self.claim_call(&BTreeSet::new()).await? else {
            return Ok(false);
        };
        self.make(&effect).await?;
        Ok(true)
    }

    /// Makes a claimed call, or puts it back until there is room for it.
    pub(super) async fn make(&self, effect: &PendingEffect) -> Result<(), Problem> {
        let taken = match self.take_budget(effect).await? {
            Ok(taken) => taken,
            Err(until) => return self.waits(effect, until).await,
        };
        let id = effect.installation_id;
        self.open_budget(id, effect.effect.call.lane() < 2).await?;
        tracing::debug!(key = effect.key, attempts = effect.attempts, "effect");
        let result = self.perform(effect).await;
        self.settle_budget(id, taken).await?;
        if let Err(problem) = result {
            self.not_done(effect, &problem).await?;
        }
        Ok(())
    }

    async fn perform(&self, effect: &PendingEffect) -> Result<(), Problem> {
        match &effect.effect.call {
            Call::Attempt { run, fence } => self.attempt(effect, run, *fence).await,
            Call::Dispatch { run, fence } => self.dispatch_wave(effect, run, *fence).await,
            Call::DispatchWorkflow { run, fence } => {
                self.dispatch_workflow(effect, run, *fence).await
            }
            Call::CancelWorkflow { run, is_forced, .. } => {
                self.cancel_workflow(effect, run, *is_forced).await
            }
            Call::CommitCheck { commit } => self.commit_check(effect, commit).await,
            Call::IntentCheck { commit } => self.intent_check(effect, commit).await,
            Call::ReleaseCheck { release } => self.release_check(effect, release).await,
            Call::RunCheck { run } => self.run_check(effect, run).await,
            Call::Deployment { run } => self.deployment(effect, run).await,
            Call::Result {
                release,
                pull_request,
            } => self.result(effect, release, *pull_request).await,
            Call::Overview { pull_request, .. } => self.overview(effect, *pull_request).await,
            Call::Reply {
                pull_request, body, ..
            } => self.reply(effect, *pull_request, body).await,
            Call::React { comment, is_taken } => self.react(effect, *comment, *is_taken).await,
        }
    }

    /// Decides what follows from a call that was not made, or of which nobody knows.
    pub(super) async fn not_done(
        &self,
        effect: &PendingEffect,
        problem: &Problem,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        if let Some(wait) = problem.retry_after() {
            let until = now.plus_seconds(wait);
            tracing::warn!(%problem, wait, key = effect.key, "a call waits for GitHub");
            self.store
                .effect_postponed(effect, until, false, &problem.to_string())
                .await?;
            return Ok(());
        }
        if !problem.is_transient() {
            tracing::error!(%problem, key = effect.key, "a call is given up");
            self.store
                .effect_failed(effect, &problem.to_string())
                .await?;
            return Ok(());
        }
        let is_unsure = match problem {
            Problem::GitHub(error) => !error.is_certainly_not_done(),
            Problem::Store(_) | Problem::Sandbox(_) | Problem::Impossible(_) => true,
        };
        let due = now.plus_seconds(backoff::seconds(effect.attempts));
        tracing::warn!(%problem, key = effect.key, is_unsure, "a call is tried again later");
        self.store
            .effect_postponed(effect, due, is_unsure, &problem.to_string())
            .await?;
        Ok(())
    }

    /// The call is made, or not needed any more.
    pub(super) async fn settled(&self, effect: &PendingEffect) -> Result<(), Problem> {
        self.store.effect_done(effect, self.clock.now()).await?;
        Ok(())
    }

    /// The repository a call is made in.
    pub(super) async fn repository_of(
        &self,
        effect: &PendingEffect,
    ) -> Result<Repository, Problem> {
        self.store
            .repository(effect.effect.repository_id)
            .await?
            .ok_or_else(|| Problem::Impossible("the repository is not known".to_owned()))
    }
}

/// What GitHub's refusal of a dispatch means, for the author of the config file.
pub(super) fn refused_dispatch(error: &GitHubError, workflow: &str) -> String {
    match error {
        GitHubError::NotFound { .. } => format!(
            "GitHub finds no workflow `.github/workflows/{workflow}` on the default branch; \
             `ocuroot init` writes one"
        ),
        GitHubError::Forbidden { message, .. } | GitHubError::Rejected { message, .. }
            if message.contains("disabled workflow") =>
        {
            format!(
                "the workflow `{workflow}` is disabled on GitHub: enable it on the repository's Actions page, then \
                 retry"
            )
        }
        GitHubError::Forbidden { message, .. } | GitHubError::Rejected { message, .. }
            if message.contains("Actions") && message.contains("disabled") =>
        {
            "GitHub Actions is disabled in this repository: allow it in the repository's settings under Actions, \
             then retry"
                .to_owned()
        }
        GitHubError::Forbidden { needed, .. } => format!(
            "GitHub does not let Ocuroot start `{workflow}`: the App needs {}, or the workflow is disabled",
            needed
                .as_deref()
                .unwrap_or("the permission `actions: write`")
        ),
        GitHubError::Rejected { message, .. } => {
            format!("GitHub refused to start `{workflow}`: {message}")
        }
        other => format!("GitHub could not start `{workflow}`: {other}"),
    }
}
