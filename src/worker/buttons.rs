//! What people press on check runs: our own buttons, and GitHub's "Re-run".

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::trigger::Command as Wish;
use crate::engine::{Effect, Trigger};
use crate::model::{CommitSha, Permission, ReleaseName};
use crate::report::Button;
use crate::store::{Delivery, Done, GithubObject, Repository};
use crate::webhook::{CheckRunAction, Sender};

impl Worker {
    pub(super) async fn on_check_run(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        check_run_id: i64,
        action: &CheckRunAction,
        sender: Option<&Sender>,
    ) -> Result<(), Problem> {
        let installation_id = repository.installation_id;
        let key = self
            .store
            .key_of_github_object(installation_id, check_run_id)
            .await?;
        let Some(key) = key else {
            return self.ignore(delivery, "the check run is not ours").await;
        };
        if let Some(commit) = key.strip_prefix("commit check ") {
            let commit: CommitSha = commit
                .parse()
                .map_err(|error| Problem::Impossible(format!("{error}")))?;
            return self.look_again(delivery, repository, &commit).await;
        }
        let release = key.strip_prefix("release check ").and_then(release_name);
        let button = match action {
            CheckRunAction::Button { identifier } => Button::from_identifier(identifier),
            CheckRunAction::Rerequested => Some(Button::Retry),
        };
        let (Some(release), Some(button), Some(sender)) = (release, button, sender) else {
            return self.ignore(delivery, "nothing that can be pressed").await;
        };
        // GitHub shows the buttons to everyone with write access; whether this person has it is asked again.
        let has = self
            .github
            .installation(installation_id)
            .permission(&repository.name, &sender.login)
            .await?;
        if sender.is_bot || has < Permission::Write {
            return self
                .ignore(delivery, "who pressed may not run anything")
                .await;
        }
        let wish = Wish {
            release: release.clone(),
            task: None,
            by: sender.login.clone(),
            reply_to: None,
        };
        let trigger = match button {
            Button::Approve => Trigger::Approve(wish),
            Button::Retry => Trigger::Retry(wish),
        };
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, vec![trigger], done);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call: Call::ReleaseCheck { release },
        });
        self.forget(installation_id, &key).await?;
        self.decide(decision).await?;
        Ok(())
    }

    /// "Re-run all checks": the check of the commit is worked out again.
    pub(super) async fn on_check_suite(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        self.look_again(delivery, repository, commit).await
    }

    /// Evaluates a pull request's head again, or writes again what is known of a commit of the default branch.
    async fn look_again(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        let call = Call::CommitCheck {
            commit: commit.clone(),
        };
        self.forget(repository.installation_id, &call.key()).await?;
        let pull_requests = self
            .store
            .pull_requests_of_head(repository.id, commit)
            .await?;
        if let Some(open) = pull_requests.iter().find(|row| row.is_open) {
            let pull = self
                .github
                .installation(repository.installation_id)
                .pull_request(&repository.name, open.number)
                .await?;
            return self
                .preview(
                    delivery,
                    repository,
                    &pull.base_sha,
                    commit,
                    Some(open.number),
                )
                .await;
        }
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, Vec::new(), done);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        self.decide(decision).await?;
        Ok(())
    }

    /// Forgets what was last written to a check run: GitHub has reset it, so it must be written again.
    async fn forget(&self, installation_id: i64, key: &str) -> Result<(), Problem> {
        if let Some(object) = self.store.github_object(installation_id, key).await? {
            let forgotten = GithubObject {
                digest: String::new(),
                ..object
            };
            self.store
                .put_github_object(installation_id, key, &forgotten)
                .await?;
        }
        Ok(())
    }
}

fn release_name(text: &str) -> Option<ReleaseName> {
    let reference: crate::model::Reference = text.parse().ok()?;
    Some(ReleaseName {
        package: reference.package()?,
        number: reference.release?.parse().ok()?,
    })
}
