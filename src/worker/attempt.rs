//! Trying a function on the server: pure steps (approvals, arithmetic, joins) need no machine and no minutes.

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::gates::gates;
use crate::engine::{Release, Run, Trigger};
use crate::model::{Action, Invocation, Outcome, RunName, RunState};
use crate::store::{Done, PendingEffect, RunRow, Scope};

impl Worker {
    /// Calls the run's current function in the sandbox. Nothing outside can have happened by an earlier try, so an
    /// unsure one is simply repeated.
    pub(super) async fn attempt(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
    ) -> Result<(), Problem> {
        let Some((release, current)) = self.started_run(effect, run, fence).await? else {
            return self.settled(effect).await;
        };
        let Action::Function(function) = &current.current().action else {
            return self.settled(effect).await;
        };
        let Some(repository) = self.store.repository(release.repository_id).await? else {
            return Err(Problem::Impossible("the repository is gone".to_owned()));
        };
        let sources = self.sources(&repository, &release.commit).await?;
        let environments = self.environments(effect.installation_id).await?;
        let invocation = self
            .sandbox
            .invoke(
                &sources.tree,
                &run.release.package.path,
                function,
                &current.current().values,
                &environments,
            )
            .await?;
        let trigger = match invocation {
            Invocation::NeedsHost { .. } => Trigger::NeedsRunner {
                run: run.clone(),
                fence,
            },
            Invocation::Finished { outcome, logs } => {
                if let Some(row) = self.store.run_by_name(effect.installation_id, run).await? {
                    self.store.append_logs(row.id, fence, 0, &logs).await?;
                }
                Trigger::Ended {
                    run: run.clone(),
                    fence,
                    outcome,
                }
            }
        };
        self.decide(Decision::new(
            effect.installation_id,
            vec![trigger],
            Done::Effect(effect),
        ))
        .await?;
        Ok(())
    }

    /// The run, if it still is the start that `fence` means.
    pub(super) async fn started_run(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
    ) -> Result<Option<(Release, Run)>, Problem> {
        let scope = Scope::of_release(effect.installation_id, &run.release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let current = snapshot.run(run).cloned();
        let release = snapshot.releases.get(&run.release).cloned();
        let found = release.zip(current);
        Ok(found.filter(|(_, run)| run.fence == fence && run.state.is_active()))
    }

    /// Looks once more, right before a job is asked for, whether the run may still begin: people may have locked the
    /// environment since it was decided, and the head of its pull request may have moved. `false` when it may not;
    /// then that is decided.
    pub(super) async fn may_still_begin(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
    ) -> Result<bool, Problem> {
        let scope = Scope::of_release(effect.installation_id, &run.release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let (Some(release), Some(current)) =
            (snapshot.releases.get(&run.release), snapshot.run(run))
        else {
            return Ok(true);
        };
        if current.calls.len() > 1 || current.state != RunState::Starting {
            return Ok(true);
        }
        let now = self.clock.now();
        let stands = gates(&snapshot, release, &run.key, current, now);
        let trigger = if stands.is_empty() {
            self.is_outdated(effect.installation_id, release).await?
        } else {
            let run = run.clone();
            Some(Trigger::PutBack { run, fence })
        };
        let Some(trigger) = trigger else {
            return Ok(true);
        };
        self.decide(Decision::new(
            effect.installation_id,
            vec![trigger],
            Done::Effect(effect),
        ))
        .await?;
        Ok(false)
    }

    /// Whether a job may take the run: not once the head of its pull request has moved.
    ///
    /// # Errors
    /// When the database or GitHub does not answer.
    pub async fn may_be_claimed(&self, row: &RunRow) -> Result<bool, Problem> {
        let scope = Scope::of_release(row.installation_id, &row.name.release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let (Some(release), Some(run)) = (
            snapshot.releases.get(&row.name.release),
            snapshot.run(&row.name),
        ) else {
            return Ok(true);
        };
        let outdated = if run.calls.len() > 1 {
            None
        } else {
            self.is_outdated(row.installation_id, release).await?
        };
        let Some(trigger) = outdated else {
            return Ok(true);
        };
        let triggers = vec![trigger];
        self.decide(Decision::new(row.installation_id, triggers, Done::Nothing))
            .await?;
        Ok(false)
    }

    /// What follows if the release is of a pull request whose head has moved, as GitHub shows it now.
    async fn is_outdated(
        &self,
        installation_id: i64,
        release: &Release,
    ) -> Result<Option<Trigger>, Problem> {
        let (Some(number), Some(repository)) = (
            release.lane,
            self.store.repository(release.repository_id).await?,
        ) else {
            return Ok(None);
        };
        let pull = self
            .github
            .installation(installation_id)
            .pull_request(&repository.name, number)
            .await?;
        if pull.head_sha == release.commit {
            return Ok(None);
        }
        self.head_moved(&repository, number, &pull.head_sha).await
    }

    /// The run cannot be started: it fails, with words for whoever can mend it.
    pub(super) async fn unstartable(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
        message: String,
    ) -> Result<(), Problem> {
        let trigger = Trigger::Ended {
            run: run.clone(),
            fence,
            outcome: Outcome::Failed { message },
        };
        self.decide(Decision::new(
            effect.installation_id,
            vec![trigger],
            Done::Effect(effect),
        ))
        .await?;
        Ok(())
    }
}
