//! Commands that were given while nobody was here for longer than GitHub keeps webhooks. They are too old to be carried
//! out unasked, but whoever gave them is told.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::heads::message;
use super::line::Decision;
use super::{Problem, Worker};
use crate::command;
use crate::engine::Effect;
use crate::engine::plan::Call;
use crate::model::Timestamp;
use crate::report;
use crate::store::{Delivery, Done};

/// Comments of a repository that are answered at most.
const MOST: usize = 50;

/// Nobody has listened to what was said in a repository since some time.
#[derive(Deserialize, Serialize)]
pub(super) struct Unheard {
    repository_id: i64,
    since: Timestamp,
}

impl Worker {
    /// Has every repository looked at, and asked for what nobody heard since `since`.
    pub(super) async fn catch_up(&self, since: Timestamp) -> Result<(), Problem> {
        let ids = self.store.look_at_all_soon().await?;
        tracing::warn!(
            repositories = ids.len(),
            since = since.rfc3339(),
            "nobody was here for longer than GitHub keeps deliveries: looking at every repository"
        );
        for id in ids {
            let Some(repository) = self.store.repository(id).await? else {
                continue;
            };
            let key = format!("unheard {id} {}", since.0);
            let body = json!(Unheard {
                repository_id: id,
                since,
            });
            let message = message(key, "ocuroot.unheard", &repository, &body);
            self.store
                .append_deliveries(&[message], self.clock.now())
                .await?;
        }
        Ok(())
    }

    pub(super) async fn on_unheard(
        &self,
        delivery: &Delivery,
        unheard: &Unheard,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(unheard.repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let installation = self.github.installation(repository.installation_id);
        let comments = installation
            .comments_since(&repository.name, unheard.since)
            .await?;
        let mut calls = Vec::new();
        let given = comments
            .iter()
            .filter(|comment| !command::parse(&comment.body).is_empty());
        for comment in given.take(MOST) {
            let react = Call::React {
                comment: comment.id,
                is_taken: false,
            };
            let key = react.key();
            if self
                .store
                .has_effect(repository.installation_id, &key)
                .await?
            {
                continue;
            }
            calls.push(react);
            calls.push(Call::Reply {
                pull_request: comment.pull_request,
                to: comment.id.to_string(),
                body: report::reply(&[report::unheard()], &[]),
            });
        }
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, Vec::new(), done);
        decision
            .effects
            .extend(calls.into_iter().map(|call| Effect {
                repository_id: repository.id,
                call,
            }));
        self.decide(decision).await?;
        Ok(())
    }
}
