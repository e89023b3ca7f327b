//! Pull requests and merge groups: looked at, never run.

use std::collections::BTreeSet;

use super::line::Decision;
use super::previews::Proposed;
use super::sources::Sources;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Effect, NewReleases, Trigger};
use crate::github;
use crate::model::{CommitSha, GuardFile, Guards};
use crate::store::{Delivery, Done, PullRequestRow, Repository};
use crate::webhook::{MergeGroupAction, PullRequest, PullRequestAction};

/// What a commit proposes over another one.
pub(super) struct Proposal {
    /// Its packages.
    pub(super) new: NewReleases,
    /// The paths that differ.
    pub(super) changed: BTreeSet<String>,
}

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
        if let PullRequestAction::Closed { merged } = pull.action {
            let is_released = merged && ends.base_ref == repository.default_branch;
            return self
                .over(
                    delivery,
                    repository,
                    pull.number,
                    &ends.head_sha,
                    is_released,
                )
                .await;
        }
        if !is_news {
            return self.ignore(delivery, "the pull request is noted").await;
        }
        let proposed = Proposed {
            base: &ends.base_sha,
            head: &ends.head_sha,
            number: Some(pull.number),
            base_ref: &ends.base_ref,
        };
        self.preview(delivery, repository, proposed).await
    }

    /// A pull request that is over holds nothing any more: what it held is given back, unless it is merged into the
    /// default branch and released from there. What its head's check says of others is said without it.
    pub(super) async fn over(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        number: i64,
        head: &CommitSha,
        is_released: bool,
    ) -> Result<(), Problem> {
        let installation_id = repository.installation_id;
        let holds = self
            .store
            .holds_of_pull_request(installation_id, &repository.reference_name, number)
            .await?;
        let triggers = holds.into_iter().map(|hold| Trigger::LetGo {
            package: hold.package,
            environment: hold.environment,
            pull_request: number,
            is_given_back: !is_released,
        });
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, triggers.collect(), done);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call: Call::Overview {
                repository_id: repository.id,
                pull_request: number,
            },
        });
        let others = self
            .store
            .pull_requests_of_head(repository.id, head)
            .await?;
        if others.iter().any(|other| other.is_open) {
            let commit = head.clone();
            decision.effects.push(Effect {
                repository_id: repository.id,
                call: Call::CommitCheck { commit },
            });
        }
        self.decide(decision).await?;
        Ok(())
    }

    /// What follows for releases of older heads of a pull request, if there are any.
    pub(super) async fn head_moved(
        &self,
        repository: &Repository,
        number: i64,
        head: &CommitSha,
    ) -> Result<Option<Trigger>, Problem> {
        let packages = self.store.packages_of_lane(repository.id, number).await?;
        if packages.is_empty() {
            return Ok(None);
        }
        let holds = self
            .store
            .holds_of_pull_request(
                repository.installation_id,
                &repository.reference_name,
                number,
            )
            .await?;
        Ok(Some(Trigger::HeadMoved {
            packages,
            pull_request: number,
            head: head.clone(),
            holds,
        }))
    }

    pub(super) async fn on_merge_group(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        action: &MergeGroupAction,
        head: CommitSha,
        (base, base_ref): (CommitSha, &str),
    ) -> Result<(), Problem> {
        match action {
            MergeGroupAction::ChecksRequested => {
                let proposed = Proposed {
                    base: &base,
                    head: &head,
                    number: None,
                    base_ref,
                };
                self.preview(delivery, repository, proposed).await
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

    /// What `head` proposes over `base`; `None` for a repository that does not use Ocuroot.
    pub(super) async fn proposed(
        &self,
        repository: &Repository,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Option<Proposal>, Problem> {
        let sources = self.sources(repository, head).await?;
        if !sources.is_ours {
            return Ok(None);
        }
        let comparison = self
            .github
            .installation(repository.installation_id)
            .compare(&repository.name, base.as_str(), head.as_str())
            .await?;
        let (base, authors) = (comparison.merge_base.clone(), comparison.authors.clone());
        let changed = if comparison.truncated {
            self.tree_difference(repository, &comparison.merge_base, head)
                .await?
        } else {
            comparison.changed_paths.into_iter().collect()
        };
        let evaluated = self.evaluate(repository, head, &sources, Some(&changed));
        let mut new = evaluated.await?.new;
        new.guards
            .extend(taken_away(repository, &sources, &changed));
        new.base = Some(base);
        new.authors = authors;
        Ok(Some(Proposal { new, changed }))
    }
}

/// Config files that the proposed commit takes away guard nothing. (What the commit never had is not taken away: the
/// default branch may have got it meanwhile.)
fn taken_away(
    repository: &Repository,
    sources: &Sources,
    changed: &BTreeSet<String>,
) -> Vec<GuardFile> {
    let is_gone = |path: &&String| path.ends_with(".ocu.star") && !sources.has(path);
    let gone = changed.iter().filter(is_gone).map(|path| GuardFile {
        repository: repository.reference_name.clone(),
        name: repository.name.clone(),
        path: path.clone(),
        is_package: false,
        registers: BTreeSet::new(),
        guards: Guards::default(),
    });
    gone.collect()
}
