//! How news of such branches reaches the inbox: as messages of our own, so that each is worked on by itself.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::github::GitHubError;
use crate::model::{CommitSha, DeliveryId};
use crate::store::{Delivery, Repository};
use crate::webhook::{IncomingDelivery, Push, Sender};

/// A push to such a branch.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::worker) struct IntentPush {
    pub(super) repository_id: i64,
    pub(super) branch: String,
    /// The commit before, if there was one and it is known.
    pub(super) before: Option<CommitSha>,
    pub(super) after: CommitSha,
    /// GitHub login, if it is known.
    pub(super) pusher: Option<String>,
}

/// A repository says that it follows another branch than before.
#[derive(Debug, Deserialize)]
pub(in crate::worker) struct IntentDeclared {
    follower: i64,
}

impl IntentPush {
    fn message(&self, key: String, installation_id: i64) -> IncomingDelivery {
        IncomingDelivery {
            id: DeliveryId::new(key),
            event: "ocuroot.intent_pushed".to_owned(),
            action: None,
            installation_id: Some(installation_id),
            repository_id: Some(self.repository_id),
            body: json!(self).to_string().into_bytes().into(),
        }
    }
}

impl Worker {
    /// Puts a push to a branch that somebody follows into the inbox once more, as what it is for them.
    pub(in crate::worker) async fn note_intent_push(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        push: &Push,
        sender: Option<&Sender>,
    ) -> Result<(), Problem> {
        let Some(branch) = push.branch.clone().filter(|_| !push.deleted) else {
            return Ok(());
        };
        if self.followers(repository, &branch).await?.is_empty() {
            return Ok(());
        }
        let pushed = IntentPush {
            repository_id: repository.id,
            branch,
            before: (!push.created).then(|| push.before.clone()),
            after: push.after.clone(),
            pusher: sender.map(|sender| sender.login.clone()),
        };
        let key = format!("{} intent", delivery.key);
        let message = pushed.message(key, repository.installation_id);
        self.store
            .append_deliveries(&[message], self.clock.now())
            .await?;
        Ok(())
    }

    /// What a repository follows has a head that was not taken over, or is followed for the first time.
    pub(in crate::worker) async fn unseen_intent(
        &self,
        follower: &Repository,
    ) -> Result<Option<IncomingDelivery>, Problem> {
        let Some(followed) = self.store.intent_branch(follower.id).await? else {
            return Ok(None);
        };
        let installation_id = follower.installation_id;
        let repository = self.store.repository_by_name(&followed.repository).await?;
        let in_workspace = |repository: &Repository| repository.installation_id == installation_id;
        let Some(repository) = repository.filter(in_workspace) else {
            return Ok(None);
        };
        let branch = followed.branch.as_ref();
        let branch = branch.unwrap_or(&repository.default_branch).clone();
        let head = self
            .github
            .installation(installation_id)
            .branch_head(&repository.name, &branch)
            .await;
        let after = match head {
            // It is followed before anything was pushed to it.
            Err(GitHubError::NotFound { .. }) => return Ok(None),
            head => head?,
        };
        if self
            .store
            .intent_head(repository.id, &branch)
            .await?
            .as_ref()
            == Some(&after)
        {
            return Ok(None);
        }
        let key = format!("intent {} {branch} {after}", repository.id);
        let pushed = IntentPush {
            repository_id: repository.id,
            branch,
            before: None,
            after,
            pusher: None,
        };
        Ok(Some(pushed.message(key, installation_id)))
    }

    /// Has what could not be used of a commit tried once more, in the name of those who pushed it.
    pub(in crate::worker) async fn retry_intent(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        let call = Call::IntentCheck {
            commit: commit.clone(),
        };
        self.forget(repository.installation_id, &call.key()).await?;
        let branches = self.store.intent_branches_at(repository.id, commit).await?;
        let messages = branches.into_iter().map(|branch| {
            let key = format!("{} intent {branch}", delivery.key);
            let pushed = IntentPush {
                repository_id: repository.id,
                branch,
                before: None,
                after: commit.clone(),
                pusher: None,
            };
            pushed.message(key, repository.installation_id)
        });
        let messages: Vec<IncomingDelivery> = messages.collect();
        self.store
            .append_deliveries(&messages, self.clock.now())
            .await?;
        Ok(())
    }

    pub(in crate::worker) async fn on_intent_declared(
        &self,
        delivery: &Delivery,
        declared: &IntentDeclared,
    ) -> Result<(), Problem> {
        let follower = self.store.repository(declared.follower).await?;
        if let Some(follower) = follower
            && let Some(message) = self.unseen_intent(&follower).await?
        {
            self.store
                .append_deliveries(&[message], self.clock.now())
                .await?;
        }
        self.ignore(delivery, "the branch is looked at").await
    }
}
