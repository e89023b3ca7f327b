//! What GitHub shows of what is over: check runs that still say it goes on are written again.

use std::collections::BTreeMap;

use super::buttons::call_of;
use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::Effect;
use crate::engine::plan::Call;
use crate::model::CommitSha;
use crate::store::{Done, OverRelease, Repository};

/// Releases that one look at a repository asks GitHub about: a request for each commit.
const MOST: i64 = 10;

/// How old a release may be to be asked about, in seconds.
const OLDEST: i64 = 7 * 24 * 3600;

impl Worker {
    /// Asks GitHub how it shows the releases that are over, each once, and has those check runs written again that do not
    /// say so, and the comments of open pull requests that do not say what is so now. Answers how many check runs.
    pub(super) async fn verify_checks(
        &self,
        repository: &Repository,
        open: &[i64],
    ) -> Result<usize, Problem> {
        let now = self.clock.now();
        let since = now.plus_seconds(-OLDEST);
        let over = self
            .store
            .unverified_releases(repository.id, since, MOST)
            .await?;
        let mut commits: BTreeMap<CommitSha, Vec<OverRelease>> = BTreeMap::new();
        for release in over {
            commits
                .entry(release.commit.clone())
                .or_default()
                .push(release);
        }
        let mut calls = Vec::new();
        for (commit, releases) in &commits {
            calls.extend(self.stale_checks(repository, commit, releases).await?);
        }
        let rewritten = calls.len();
        // Written only if they say something new.
        calls.extend(open.iter().map(|number| Call::Overview {
            repository_id: repository.id,
            pull_request: *number,
        }));
        if calls.is_empty() {
            return Ok(0);
        }
        let mut decision = Decision::new(repository.installation_id, Vec::new(), Done::Nothing);
        decision
            .effects
            .extend(calls.into_iter().map(|call| Effect {
                repository_id: repository.id,
                call,
            }));
        self.decide(decision).await?;
        self.recovery.rewrote(rewritten as u64);
        Ok(rewritten)
    }

    async fn stale_checks(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        releases: &[OverRelease],
    ) -> Result<Vec<Call>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let shown = installation.check_runs(&repository.name, commit).await?;
        let mut calls = Vec::new();
        for release in releases {
            let own = Call::ReleaseCheck {
                release: release.name.clone(),
            }
            .key();
            let of_runs = format!("run check {}/", release.name);
            let is_own = |id: &str| id == own.as_str() || id.starts_with(of_runs.as_str());
            let stale = shown
                .iter()
                .filter(|check| is_own(&check.external_id) && !check.is_completed);
            let mut is_right = shown.iter().any(|check| check.external_id == own);
            for check in stale {
                is_right = false;
                let key = &check.external_id;
                tracing::warn!(
                    key,
                    "GitHub shows in progress what is over: writing it again"
                );
                self.forget(repository.installation_id, key).await?;
                calls.extend(call_of(key));
            }
            let is_known = self
                .store
                .github_object(repository.installation_id, &own)
                .await?
                .is_some();
            // One that GitHub does not show though we wrote it is hidden behind a newer release's of the same name.
            if is_right || (is_known && calls.is_empty()) {
                self.store.release_is_verified(release).await?;
            } else if !is_known {
                calls.extend(call_of(&own));
            }
        }
        Ok(calls)
    }
}
