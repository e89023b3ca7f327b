//! Trying a function on the server: pure steps (approvals, arithmetic, joins) need no machine and no minutes.

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::{Release, Run, Trigger};
use crate::model::{Action, Invocation, Outcome, RunName};
use crate::store::{Done, PendingEffect, Scope};

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
                    let now = self.clock.now();
                    self.store.append_logs(row.id, fence, 0, &logs, now).await?;
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
    async fn started_run(
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
