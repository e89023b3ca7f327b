//! Repositories as GitHub shows them now: what no webhook has told.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::previews::Proposed;
use super::{Problem, Worker};
use crate::github::{PullRequest, PullRequestState};
use crate::model::{CommitSha, DeliveryId};
use crate::report::Synced;
use crate::store::{Delivery, Repository};
use crate::webhook::IncomingDelivery;

/// How often a repository is looked at, in seconds.
const INTERVAL: i64 = 1800;

/// Repositories looked at in one sweep: two requests each.
const MOST: i64 = 60;

/// The default branch has a head that was not released.
#[derive(Deserialize, Serialize)]
pub(super) struct UnseenHead {
    repository_id: i64,
    commit: CommitSha,
}

/// A pull request has a head that was not looked at.
#[derive(Deserialize, Serialize)]
pub(super) struct UnseenPullRequest {
    repository_id: i64,
    number: i64,
}

impl UnseenPullRequest {
    /// The message that has a pull request looked at; the same news twice is one message.
    pub(super) fn message(key: String, repository: &Repository, number: i64) -> IncomingDelivery {
        let body = json!(UnseenPullRequest {
            repository_id: repository.id,
            number,
        });
        message(key, "ocuroot.pull_request", repository, &body)
    }
}

impl Worker {
    /// Looks at the repositories whose turn it is, and puts what is new there into the inbox.
    pub(super) async fn unseen_heads(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let before = now.plus_seconds(-INTERVAL);
        let repositories = self
            .store
            .take_unseen_repositories(before, now, MOST)
            .await?;
        for repository in repositories {
            if let Err(problem) = self.look_at(&repository).await {
                let name = repository.name.as_str();
                tracing::warn!(%problem, repository = name, "looking at a repository failed");
            }
        }
        Ok(())
    }

    /// Looks at a repository and puts what is new there into the inbox. Answers what that is.
    pub(super) async fn look_at(&self, repository: &Repository) -> Result<Synced, Problem> {
        self.recovery.looked_at(1);
        let installation = self.github.installation(repository.installation_id);
        let mut found = Synced::default();
        let mut messages = Vec::new();
        let head = installation
            .branch_head(&repository.name, &repository.default_branch)
            .await?;
        if repository.released_commit.as_ref() != Some(&head) {
            let key = format!("head {} {head}", repository.id);
            let body = json!(UnseenHead {
                repository_id: repository.id,
                commit: head.clone(),
            });
            messages.push(message(key, "ocuroot.head", repository, &body));
            found.head = Some(head);
        }
        let intents = self.unseen_intent(repository).await?;
        found.has_intents = intents.is_some();
        messages.extend(intents);
        let open = installation.open_pull_requests(&repository.name).await?;
        for number in self.over_unnoticed(repository, &open).await? {
            let key = format!("over {} {number} {}", repository.id, self.clock.now().0);
            messages.push(UnseenPullRequest::message(key, repository, number));
            found.pull_requests.push(number);
        }
        for pull in &open {
            let known = self
                .store
                .pull_requests_of_head(repository.id, &pull.head_sha)
                .await?;
            if known.iter().all(|row| row.number != pull.number) {
                let key = format!("pull {} {} {}", repository.id, pull.number, pull.head_sha);
                messages.push(UnseenPullRequest::message(key, repository, pull.number));
                found.pull_requests.push(pull.number);
            }
        }
        if !messages.is_empty() {
            let now = self.clock.now();
            self.store.append_deliveries(&messages, now).await?;
        }
        let open: Vec<i64> = open.iter().map(|pull| pull.number).collect();
        found.checks = self.verify_checks(repository, &open).await?;
        Ok(found)
    }

    /// Pull requests that are over on GitHub, and of which nobody here has heard that.
    async fn over_unnoticed(
        &self,
        repository: &Repository,
        open: &[PullRequest],
    ) -> Result<BTreeSet<i64>, Problem> {
        let store = &self.store;
        let mut over: BTreeSet<i64> = store
            .holders_of_repository(repository.installation_id, &repository.reference_name)
            .await?
            .into_iter()
            .collect();
        over.extend(store.numbers_of_open_pull_requests(repository.id).await?);
        for pull in open {
            over.remove(&pull.number);
        }
        Ok(over)
    }

    pub(super) async fn on_unseen_head(
        &self,
        delivery: &Delivery,
        unseen: &UnseenHead,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(unseen.repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        self.release_head(delivery, &repository, &unseen.commit, None, None)
            .await
    }

    pub(super) async fn on_unseen_pull_request(
        &self,
        delivery: &Delivery,
        unseen: &UnseenPullRequest,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(unseen.repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let pull = self
            .github
            .installation(repository.installation_id)
            .pull_request(&repository.name, unseen.number)
            .await?;
        self.note_pull_request(&repository, &pull).await?;
        if pull.state == PullRequestState::Closed {
            let is_released = pull.merged && pull.base_ref == repository.default_branch;
            return self
                .over(
                    delivery,
                    &repository,
                    pull.number,
                    &pull.head_sha,
                    is_released,
                )
                .await;
        }
        let proposed = Proposed {
            base: &pull.base_sha,
            head: &pull.head_sha,
            number: Some(pull.number),
            base_ref: &pull.base_ref,
        };
        self.preview(delivery, &repository, proposed).await
    }
}

/// One of our own messages. Its key is what it is about: the same news twice is one message.
pub(super) fn message(
    key: String,
    event: &str,
    repository: &Repository,
    body: &serde_json::Value,
) -> IncomingDelivery {
    IncomingDelivery {
        id: DeliveryId::new(key),
        event: event.to_owned(),
        action: None,
        installation_id: Some(repository.installation_id),
        repository_id: Some(repository.id),
        body: body.to_string().into_bytes().into(),
    }
}
