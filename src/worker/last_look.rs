//! The last look before a run begins: people act between a decision and its carrying out.

use std::collections::BTreeMap;

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::gates::gates;
use crate::engine::{Release, Run, Snapshot, Trigger};
use crate::model::{CommitSha, RunName, RunState};
use crate::store::{Done, PendingEffect, RunRow, Scope};

/// The heads of pull requests as GitHub showed them, so that a wave asks once for each.
pub(super) type Heads = BTreeMap<i64, CommitSha>;

impl Worker {
    /// The run that a job is about to be asked for; `None` when this start of it is not wanted any more, or when it may
    /// not begin now: people may have locked the environment since it was decided, and the head of its pull request
    /// may have moved. Then that is decided.
    pub(super) async fn ready_run(
        &self,
        effect: &PendingEffect,
        name: &RunName,
        fence: i64,
        heads: &mut Heads,
    ) -> Result<Option<(Release, Run)>, Problem> {
        let scope = Scope::of_release(effect.installation_id, &name.release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let (Some(release), Some(run)) = (snapshot.releases.get(&name.release), snapshot.run(name))
        else {
            return Ok(None);
        };
        if run.fence != fence || !run.state.is_active() {
            return Ok(None);
        }
        let installation_id = effect.installation_id;
        let against = if has_begun(run) {
            None
        } else {
            self.against(installation_id, &snapshot, (name, release, run), heads)
                .await?
        };
        let Some(trigger) = against else {
            return Ok(Some((release.clone(), run.clone())));
        };
        let done = Done::Effect(effect);
        self.decide(Decision::new(installation_id, vec![trigger], done))
            .await?;
        Ok(None)
    }

    /// What follows from what stands against a run that has not begun.
    async fn against(
        &self,
        installation_id: i64,
        snapshot: &Snapshot,
        (name, release, run): (&RunName, &Release, &Run),
        heads: &mut Heads,
    ) -> Result<Option<Trigger>, Problem> {
        let now = self.clock.now();
        if gates(snapshot, release, &name.key, run, now).is_empty() {
            return self.outdated(installation_id, release, heads).await;
        }
        Ok(Some(Trigger::PutBack {
            run: name.clone(),
            fence: run.fence,
        }))
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
        if has_begun(run) {
            return Ok(true);
        }
        let outdated = self
            .outdated(row.installation_id, release, &mut Heads::new())
            .await?;
        let Some(trigger) = outdated else {
            return Ok(true);
        };
        let triggers = vec![trigger];
        self.decide(Decision::new(row.installation_id, triggers, Done::Nothing))
            .await?;
        Ok(false)
    }

    /// What follows if the release is of a pull request whose head has moved, as GitHub shows it now.
    async fn outdated(
        &self,
        installation_id: i64,
        release: &Release,
        heads: &mut Heads,
    ) -> Result<Option<Trigger>, Problem> {
        let (Some(number), Some(repository)) = (
            release.lane,
            self.store.repository(release.repository_id).await?,
        ) else {
            return Ok(None);
        };
        let head = match heads.get(&number) {
            Some(head) => head.clone(),
            None => {
                let installation = self.github.installation(installation_id);
                installation
                    .pull_request(&repository.name, number)
                    .await?
                    .head_sha
            }
        };
        heads.insert(number, head.clone());
        if head == release.commit {
            return Ok(None);
        }
        self.head_moved(&repository, number, &head).await
    }
}

/// Whether a machine has been at it before: it is between two functions of its chain.
fn has_begun(run: &Run) -> bool {
    run.calls.len() > 1 || run.state != RunState::Starting
}
