//! Pull requests and merge groups: looked at, never run.

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::{NewReleases, Trigger};
use crate::github;
use crate::model::CommitSha;
use crate::store::{Delivery, Done, PullRequestRow, Repository};
use crate::webhook::{MergeGroupAction, PullRequest, PullRequestAction};

impl Worker {
    pub(super) async fn on_pull_request(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        pull: &PullRequest,
    ) -> Result<(), Problem> {
        let ends = &pull.ends;
        let row = PullRequestRow {
            repository_id: repository.id,
            number: pull.number,
            head_sha: ends.head_sha.clone(),
            base_ref: ends.base_ref.clone(),
            is_fork: ends.is_fork,
            is_open: !matches!(pull.action, PullRequestAction::Closed { .. }),
        };
        self.store.put_pull_request(&row, self.clock.now()).await?;
        let is_news = match &pull.action {
            PullRequestAction::Opened
            | PullRequestAction::Synchronize
            | PullRequestAction::Reopened
            | PullRequestAction::ReadyForReview => true,
            PullRequestAction::Edited { base_changed } => *base_changed,
            PullRequestAction::Closed { .. } | PullRequestAction::Other(_) => false,
        };
        if !is_news {
            return self.ignore(delivery, "the pull request is noted").await;
        }
        self.preview(
            delivery,
            repository,
            &ends.base_sha,
            &ends.head_sha,
            Some(pull.number),
        )
        .await
    }

    pub(super) async fn on_merge_group(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        action: &MergeGroupAction,
        head: CommitSha,
        base: CommitSha,
    ) -> Result<(), Problem> {
        match action {
            MergeGroupAction::ChecksRequested => {
                self.preview(delivery, repository, &base, &head, None).await
            }
            _ => self.ignore(delivery, "the group is over").await,
        }
    }

    /// Remembers a pull request as GitHub shows it now.
    pub(super) async fn note_pull_request(
        &self,
        repository: &Repository,
        pull: &github::PullRequest,
    ) -> Result<(), Problem> {
        let row = PullRequestRow {
            repository_id: repository.id,
            number: pull.number,
            head_sha: pull.head_sha.clone(),
            base_ref: pull.base_ref.clone(),
            is_fork: pull.is_fork,
            is_open: pull.state == github::PullRequestState::Open,
        };
        self.store.put_pull_request(&row, self.clock.now()).await?;
        Ok(())
    }

    /// Says on `head` what merging it onto `base` would release.
    pub(super) async fn preview(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        base: &CommitSha,
        head: &CommitSha,
        number: Option<i64>,
    ) -> Result<(), Problem> {
        let Some(mut new) = self.proposed(repository, base, head).await? else {
            return self.ignore(delivery, "there is no repo.ocu.star").await;
        };
        new.pull_request = number;
        let done = Done::Delivery(delivery.id);
        let triggers = vec![Trigger::Preview(new)];
        self.decide(Decision::new(repository.installation_id, triggers, done))
            .await?;
        Ok(())
    }

    /// What `head` proposes over `base`; `None` for a repository that does not use Ocuroot.
    pub(super) async fn proposed(
        &self,
        repository: &Repository,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Option<NewReleases>, Problem> {
        let sources = self.sources(repository, head).await?;
        if !sources.is_ours {
            return Ok(None);
        }
        let comparison = self
            .github
            .installation(repository.installation_id)
            .compare(&repository.name, base.as_str(), head.as_str())
            .await?;
        let changed = if comparison.truncated {
            self.tree_difference(repository, &comparison.merge_base, head)
                .await?
        } else {
            comparison.changed_paths.into_iter().collect()
        };
        let new = self
            .evaluate(repository, head, &sources, Some(&changed))
            .await?;
        Ok(Some(new))
    }
}
