//! What people press on check runs: our own buttons, and GitHub's "Re-run".

use super::checks::unsaid;
use super::line::{Asker, Decision, Pressed};
use super::previews::Proposed;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Effect, Trigger, Wish};
use crate::model::{CommitSha, Permission, ReleaseName};
use crate::report::Button;
use crate::store::{Delivery, Done, GithubObject, Repository, Scope};
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
        if let Some((kind, commit)) = of_commit(&key) {
            let is_removed = button(action) == Some(Button::Remove);
            let remover = sender.filter(|_| is_removed && kind == OF_COMMIT);
            if let Some(sender) = remover {
                return self.remove(delivery, repository, &commit, sender).await;
            }
            self.retry_intent(delivery, repository, &commit).await?;
            return self.look_again(delivery, repository, &commit).await;
        }
        let Some(call) = call_of(&key) else {
            return self.ignore(delivery, "nothing that can be pressed").await;
        };
        let button = button(action);
        let mut triggers = Vec::new();
        let (mut asked_by, mut pressed) = (None, None);
        if let (Call::ReleaseCheck { release }, Some(button), Some(sender)) =
            (&call, button, sender)
            && let Some((wish, pull_request)) = self.pressed(repository, release, sender).await?
        {
            pressed = Some(Pressed {
                repository_id: repository.id,
                pull_request,
                delivery: delivery.id,
            });
            asked_by = Some(Asker {
                login: sender.login.clone(),
                place: key.clone(),
                lines: vec![button.label().to_owned()],
            });
            triggers.extend(meaning(button, wish));
        }
        // Whoever it was: GitHub has reset the check run, or still shows the pressed button.
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, triggers, done);
        decision.asked_by = asked_by;
        decision.pressed = pressed;
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        self.forget(installation_id, &key).await?;
        self.decide(decision).await?;
        Ok(())
    }

    /// What whoever pressed a button wants, and the pull request of the release, if they may want anything: GitHub shows the buttons to everyone with write
    /// access; who this person is, is asked again.
    async fn pressed(
        &self,
        repository: &Repository,
        name: &ReleaseName,
        sender: &Sender,
    ) -> Result<Option<(Wish, Option<i64>)>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        let permission = installation
            .permission(&repository.name, &sender.login)
            .await?;
        if sender.is_bot || permission < Permission::Write {
            return Ok(None);
        }
        let scope = Scope::of_release(repository.installation_id, name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let Some(release) = snapshot.releases.get(name) else {
            return Ok(None);
        };
        let goals = release
            .planned_tasks()
            .filter_map(|task| task.key.environment().cloned())
            .collect();
        let person = (sender.login.as_str(), permission);
        let actor = self
            .actor_of_wish(repository, person, &snapshot, name, Some(&goals))
            .await?;
        let wish = Wish::of(name.clone(), actor);
        Ok(Some((wish, release.pull_request)))
    }

    /// "Re-run all checks": the check of the commit is worked out again, those of its releases are written again.
    pub(super) async fn on_check_suite(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<(), Problem> {
        let installation_id = repository.installation_id;
        let mut calls = Vec::new();
        for key in self
            .store
            .checks_of_commit(installation_id, repository.id, commit)
            .await?
        {
            self.forget(installation_id, &key).await?;
            calls.extend(call_of(&key));
        }
        let effects = calls.into_iter().map(|call| Effect {
            repository_id: repository.id,
            call,
        });
        let mut decision = Decision::new(installation_id, Vec::new(), Done::Nothing);
        decision.effects.extend(effects);
        self.decide(decision).await?;
        self.retry_intent(delivery, repository, commit).await?;
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
        let mut triggers = Vec::new();
        for open in pull_requests.iter().filter(|row| row.is_open) {
            let pull = self
                .github
                .installation(repository.installation_id)
                .pull_request(&repository.name, open.number)
                .await?;
            let proposed = Proposed {
                base: &pull.base_sha,
                head: commit,
                number: Some(open.number),
                base_ref: &pull.base_ref,
            };
            self.preview_intent(repository, proposed).await?;
            let previewed = self.previewed(repository, proposed).await?;
            triggers.extend(previewed.unwrap_or_default());
        }
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, triggers, done);
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        self.decide(decision).await?;
        Ok(())
    }

    /// Forgets what was last written to a check run: GitHub has reset it, so it must be written again.
    pub(super) async fn forget(&self, installation_id: i64, key: &str) -> Result<(), Problem> {
        if let Some(object) = self.store.github_object(installation_id, key).await? {
            let forgotten = GithubObject {
                digest: unsaid(&object.digest),
                ..object
            };
            self.store
                .put_github_object(installation_id, key, &forgotten)
                .await?;
        }
        Ok(())
    }
}

/// Which of our buttons is pressed; "Re-run" is one of a check run, too.
fn button(action: &CheckRunAction) -> Option<Button> {
    match action {
        CheckRunAction::Button { identifier } => Button::from_identifier(identifier),
        CheckRunAction::Rerequested => Some(Button::Retry),
    }
}

fn meaning(button: Button, wish: Wish) -> Option<Trigger> {
    match button {
        Button::Approve => Some(Trigger::Approve(wish)),
        Button::Retry => Some(Trigger::Retry(wish)),
        Button::Cancel => Some(Trigger::Cancel(wish)),
        // Releases have no environments.
        Button::Remove => None,
    }
}

const OF_COMMIT: &str = "commit check ";

/// The kind of a check run of a commit, and the commit; `None` for those of releases and steps.
fn of_commit(key: &str) -> Option<(&'static str, CommitSha)> {
    let mut kinds = [OF_COMMIT, "intent check "].into_iter();
    kinds.find_map(|kind| Some((kind, key.strip_prefix(kind)?.parse().ok()?)))
}

/// What writes the check run of `key`, if a release or a step has it.
pub(super) fn call_of(key: &str) -> Option<Call> {
    if let Some(release) = key.strip_prefix("release check ") {
        let release = release.parse().ok()?;
        return Some(Call::ReleaseCheck { release });
    }
    let run = key.strip_prefix("run check ")?.parse().ok()?;
    Some(Call::RunCheck { run })
}
