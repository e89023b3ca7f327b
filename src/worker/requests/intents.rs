//! What should be, said and applied from a terminal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::releases::foreign;
use super::{Person, Understood};
use crate::engine::intent::drift;
use crate::engine::{Answer, Application, Trigger};
use crate::model::{Reference, SubPathKind};
use crate::report::{self, markdown};
use crate::store::Documents;
use crate::worker::desired::{place_of, wanted};
use crate::worker::meaning::intendable;
use crate::worker::{Problem, Worker};

impl Worker {
    /// Something should be (`Some`), or should not (`None`), without being so yet. Whom the rules would not let apply it
    /// does not say it either: others would carry it out for them.
    pub(super) async fn ask_intent(
        &self,
        person: Person<'_>,
        reference: &Reference,
        value: Option<Value>,
    ) -> Result<Understood, Problem> {
        let installation_id = person.repository.installation_id;
        let reference = match self.intendable_by(person, reference).await? {
            Ok(reference) => reference,
            Err(instead) => return Ok(instead),
        };
        let subject = reference.to_string();
        if value.is_none() {
            let intent = self
                .store
                .record(installation_id, &reference, Documents::Intent)
                .await?;
            if intent.is_none() {
                let words = format!("nothing should be at {} as it is", markdown::code(&subject));
                return Ok(Understood::refused("nothing_intended", &subject, words));
            }
        }
        let apply = self.application(person, &reference, false).await?;
        let actor = apply.actor.clone();
        let want = wanted(person.repository, actor, reference.clone(), value.clone());
        let plan = self.foresee(installation_id, &[want]).await?;
        let is_denial = |answer: &&Answer| matches!(answer, Answer::Denied { .. });
        let denials: Vec<Answer> = plan.answers.iter().filter(is_denial).cloned().collect();
        if let Some(words) = report::answers(&denials) {
            return Ok(Understood::refused("denied_by_rule", &subject, words));
        }
        let mut understood = Understood::of(Trigger::Intend { reference, value });
        understood.answered.references.push(subject);
        Ok(understood)
    }

    /// What is is to follow what should be.
    pub(super) async fn ask_apply(
        &self,
        person: Person<'_>,
        reference: &Reference,
    ) -> Result<Understood, Problem> {
        let reference = match self.intendable_by(person, reference).await? {
            Ok(reference) => reference,
            Err(instead) => return Ok(instead),
        };
        let mut understood = Understood::default();
        self.apply_one(person, &reference, true, &mut understood)
            .await?;
        Ok(understood)
    }

    /// The same for all that is not as it should be, of the repository and of the workspace.
    pub(super) async fn ask_apply_all(&self, person: Person<'_>) -> Result<Understood, Problem> {
        let installation_id = person.repository.installation_id;
        let intents = self.store.intents(installation_id).await?;
        let states = self.store.states(installation_id).await?;
        let own = &person.repository.reference_name;
        let mut understood = Understood::default();
        for drift in drift(&intents, &states) {
            let reference = drift.reference;
            if reference.global || reference.repository == *own {
                self.apply_one(person, &reference, false, &mut understood)
                    .await?;
            }
        }
        Ok(understood)
    }

    async fn apply_one(
        &self,
        person: Person<'_>,
        reference: &Reference,
        is_retry: bool,
        understood: &mut Understood,
    ) -> Result<(), Problem> {
        let installation_id = person.repository.installation_id;
        if let Some((SubPathKind::Environment, name)) = &reference.subpath {
            let intent = self
                .store
                .record(installation_id, reference, Documents::Intent)
                .await?;
            if intent.is_none() {
                understood.removed.extend(name.parse());
            }
        }
        let apply = self.application(person, reference, is_retry).await?;
        understood
            .places
            .extend(place_of(person.repository, reference));
        understood.triggers.push(Trigger::Apply(apply));
        understood.answered.references.push(reference.to_string());
        Ok(())
    }

    async fn application(
        &self,
        person: Person<'_>,
        reference: &Reference,
        is_retry: bool,
    ) -> Result<Application, Problem> {
        let repository = person.repository;
        let place = place_of(repository, reference);
        let packages = place.iter().map(|(package, _)| package.clone()).collect();
        let snapshot = self
            .surroundings(repository, &BTreeSet::new(), &packages)
            .await?;
        let actor = self
            .wisher(repository, person.rights(), &snapshot, reference)
            .await?;
        Ok(Application {
            reference: reference.clone(),
            actor,
            repository: Some(repository.reference_name.clone()),
            is_retry,
        })
    }

    /// The ref as it is known, if it can be intended here at all.
    async fn intendable_by(
        &self,
        person: Person<'_>,
        reference: &Reference,
    ) -> Result<Result<Reference, Understood>, Problem> {
        if let Some(refused) = foreign(person, reference) {
            return Ok(Err(refused));
        }
        let installation_id = person.repository.installation_id;
        let meant = intendable(&self.store, installation_id, reference).await?;
        Ok(meant.map_err(|words| {
            let subject = reference.to_string();
            Understood::refused("not_intendable", &subject, markdown::plain(&words))
        }))
    }
}
