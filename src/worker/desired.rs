//! What people want to be: from their words, or from a button, to what is live.

use std::collections::BTreeSet;

use serde_json::Value;

use super::line::{Asker, Decision};
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Application, Effect, Snapshot, Trigger};
use crate::model::{
    Actor, CommitSha, DeploymentName, EnvironmentName, PackageName, Permission, Presence,
    Reference, SubPathKind,
};
use crate::report::Button;
use crate::store::{Delivery, Done, Repository, Scope};
use crate::webhook::Sender;

/// Something should be, and is made so.
pub fn wanted(
    repository: &Repository,
    actor: Actor,
    reference: Reference,
    value: Option<Value>,
) -> Trigger {
    let wish = Application {
        reference,
        actor,
        repository: Some(repository.reference_name.clone()),
        is_retry: true,
    };
    Trigger::Want(wish, value)
}

/// The package and the environment whose rules a wish is held against; of an environment itself, those that hold for
/// any package of the repository.
pub(super) fn place_of(
    repository: &Repository,
    reference: &Reference,
) -> Option<(PackageName, EnvironmentName)> {
    match &reference.subpath {
        Some((SubPathKind::Environment, name)) => {
            let any = PackageName {
                repository: repository.reference_name.clone(),
                path: String::new(),
            };
            Some((any, name.parse().ok()?))
        }
        _ => {
            let deployment = DeploymentName::of_reference(reference)?;
            Some((deployment.package, deployment.environment))
        }
    }
}

impl Worker {
    /// The person as the rules of what the wish is about need to know them.
    pub(super) async fn wisher(
        &self,
        repository: &Repository,
        person: (&str, Permission),
        snapshot: &Snapshot,
        reference: &Reference,
    ) -> Result<Actor, Problem> {
        let places: Vec<_> = place_of(repository, reference).into_iter().collect();
        self.actor(repository, person, snapshot, &places, &BTreeSet::new())
            .await
    }

    /// Somebody pressed *Remove* on the check of a commit: the environments that it does not register any more are
    /// emptied and go. Who this person is, and what they may, is asked now.
    pub(super) async fn remove(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        commit: &CommitSha,
        sender: &Sender,
    ) -> Result<(), Problem> {
        let installation_id = repository.installation_id;
        let permission = self
            .github
            .installation(installation_id)
            .permission(&repository.name, &sender.login)
            .await?;
        let is_allowed = !sender.is_bot && permission >= Permission::Write;
        let mut reports = self.store.commit_reports(repository.id, commit).await?;
        let dropped = reports.remove(&None).map(|report| report.dropped);
        let dropped = dropped.filter(|_| is_allowed).unwrap_or_default();
        let scope = Scope {
            installation_id,
            repositories: BTreeSet::from([repository.reference_name.clone()]),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let mut triggers = Vec::new();
        for name in dropped {
            let known = snapshot.registrations.get(&name);
            // Registered again meanwhile, it stays.
            if known.is_none_or(|known| known.presence != Presence::Dropped) {
                continue;
            }
            let reference = Reference::global(SubPathKind::Environment, name.as_str());
            let person = (sender.login.as_str(), permission);
            let actor = self
                .wisher(repository, person, &snapshot, &reference)
                .await?;
            triggers.push(wanted(repository, actor, reference, None));
        }
        let call = Call::CommitCheck {
            commit: commit.clone(),
        };
        self.forget(installation_id, &call.key()).await?;
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(installation_id, triggers, done);
        decision.asked_by = Some(Asker {
            login: sender.login.clone(),
            place: call.key(),
            lines: vec![Button::Remove.label().to_owned()],
        });
        decision.effects.push(Effect {
            repository_id: repository.id,
            call,
        });
        self.decide(decision).await?;
        Ok(())
    }
}
