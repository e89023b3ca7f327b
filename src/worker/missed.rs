//! What GitHub tried to tell us and could not: webhooks that failed are asked for again, and heads that no webhook has
//! told of are looked for. Webhooks only wake us; this alone would do, later.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Problem, Worker};
use crate::github::{GitHubError, HookDelivery};
use crate::model::{CommitSha, DeliveryId, Timestamp};
use crate::store::{Delivery, PullRequestRow, Repository};
use crate::webhook::{IncomingDelivery, Push};

/// How far GitHub's log of deliveries is read back beyond the last look, in seconds: an attempt is logged when it has
/// ended.
const OVERLAP: i64 = 60;

/// How far it is read back at the first look, in seconds.
const FIRST_LOOK: i64 = 24 * 3600;

/// How often the heads of a repository are looked at, in seconds.
const HEADS_EVERY: i64 = 1800;

/// Where the last look at GitHub's log of deliveries ended.
const MARK: &str = "deliveries looked at";

/// The head of the default branch, or of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    repository: i64,
    commit: CommitSha,
    pull_request: Option<i64>,
}

impl Worker {
    /// Asks GitHub to deliver again what failed since the last look.
    pub(super) async fn ask_for_missed(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let last = self.store.mark(MARK).await?;
        let since = last
            .unwrap_or_else(|| now.plus_seconds(-FIRST_LOOK))
            .plus_seconds(-OVERLAP);
        let mut arrived: BTreeSet<String> = BTreeSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.github.hook_deliveries(cursor.as_deref()).await?;
            let is_last = page
                .deliveries
                .last()
                .is_none_or(|attempt| is_before(attempt, since));
            for attempt in page.deliveries {
                // The newest attempt of a delivery comes first and speaks for it.
                let is_newest = arrived.insert(attempt.guid.clone());
                if is_newest && !is_before(&attempt, since) && has_failed(&attempt) {
                    tracing::warn!(
                        delivery = attempt.guid,
                        event = attempt.event,
                        "asking for a missed delivery"
                    );
                    self.github.redeliver(attempt.id).await?;
                }
            }
            cursor = page.next;
            if is_last || cursor.is_none() {
                break;
            }
        }
        self.store.put_mark(MARK, now).await?;
        Ok(())
    }

    /// Looks for heads that no webhook has told of, and puts them into the inbox as if one had.
    pub(super) async fn look_at_heads(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        let due = now.plus_seconds(-HEADS_EVERY);
        for repository in self.store.take_unseen_repositories(due, now).await? {
            match self.unknown_heads(&repository).await {
                Ok(heads) => {
                    self.store.append_deliveries(&heads, now).await?;
                }
                Err(Problem::GitHub(
                    GitHubError::NotFound { .. } | GitHubError::Forbidden { .. },
                )) => {}
                Err(problem) => {
                    tracing::warn!(%problem, repository = %repository.name, "looking at heads failed");
                }
            }
        }
        Ok(())
    }

    async fn unknown_heads(
        &self,
        repository: &Repository,
    ) -> Result<Vec<IncomingDelivery>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let mut heads = Vec::new();
        let head = installation
            .branch_head(&repository.name, &repository.default_branch)
            .await?;
        if repository.released_commit.as_ref() != Some(&head) {
            heads.push(message(repository, &head, None));
        }
        for pull in installation.open_pull_requests(&repository.name).await? {
            let known = self
                .store
                .pull_requests_of_head(repository.id, &pull.head_sha)
                .await?;
            if !known.iter().any(|row| row.number == pull.number) {
                heads.push(message(repository, &pull.head_sha, Some(pull.number)));
            }
        }
        Ok(heads)
    }

    /// A head that was found by looking.
    pub(super) async fn on_head(&self, delivery: &Delivery, head: Head) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(head.repository).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let Some(number) = head.pull_request else {
            let push = Push {
                branch: Some(repository.default_branch.clone()),
                before: head.commit.clone(),
                after: head.commit,
                created: false,
                deleted: false,
                forced: false,
            };
            return self.on_push(delivery, &repository, &push).await;
        };
        let pull = self
            .github
            .installation(repository.installation_id)
            .pull_request(&repository.name, number)
            .await?;
        let row = PullRequestRow {
            repository_id: repository.id,
            number,
            head_sha: pull.head_sha.clone(),
            base_ref: pull.base_ref,
            is_fork: pull.is_fork,
            is_open: true,
        };
        self.store.put_pull_request(&row, self.clock.now()).await?;
        self.preview(
            delivery,
            &repository,
            &pull.base_sha,
            &pull.head_sha,
            Some(number),
        )
        .await
    }
}

/// Found again, it is the same message: each head is looked into once.
fn message(
    repository: &Repository,
    commit: &CommitSha,
    pull_request: Option<i64>,
) -> IncomingDelivery {
    let body: Value =
        json!({ "repository": repository.id, "commit": commit, "pull_request": pull_request });
    let number = pull_request.unwrap_or(0);
    IncomingDelivery {
        id: DeliveryId::new(format!("head {} {number} {commit}", repository.id)),
        event: "ocuroot.head".to_owned(),
        action: None,
        installation_id: Some(repository.installation_id),
        repository_id: Some(repository.id),
        body: body.to_string().into(),
    }
}

/// Times as GitHub writes them compare as texts, up to the seconds.
fn is_before(attempt: &HookDelivery, time: Timestamp) -> bool {
    let seconds = "2026-11-23T09:00:00".len();
    let time = time.rfc3339();
    attempt.delivered_at.get(..seconds) < time.get(..seconds)
}

/// What we refused (4xx) would be refused again.
fn has_failed(attempt: &HookDelivery) -> bool {
    attempt.status_code == 0 || attempt.status_code >= 500
}
