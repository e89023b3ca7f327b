//! What people ask for from a terminal, through the API: the same rights, rules and decisions as commands in comments. The
//! answer is kept with the message that asks, written together with what was decided.

mod intents;
mod releases;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::commands::Place;
use super::line::{Answered, Asker, Decision};
use super::{Problem, Worker};
use crate::command::Request;
use crate::engine::Trigger;
use crate::model::{DeliveryId, EnvironmentName, Permission, ReleaseName};
use crate::report::{self, Refusal};
use crate::store::{Delivery, Done, Repository};
use crate::webhook::IncomingDelivery;

/// The event of the messages that carry a request.
const EVENT: &str = "ocuroot.asked";

/// A request, with who asks for it and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// GitHub login.
    pub login: String,
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// What.
    pub request: Request,
}

/// The person, as far as it matters for what they ask.
#[derive(Clone, Copy)]
struct Person<'a> {
    repository: &'a Repository,
    login: &'a str,
    permission: Permission,
    is_confirmed: bool,
}

impl<'a> Person<'a> {
    fn rights(&self) -> (&'a str, Permission) {
        (self.login, self.permission)
    }
}

/// What a request comes to.
#[derive(Default)]
struct Understood {
    triggers: Vec<Trigger>,
    /// What is said besides the decision's own answers, as Markdown.
    words: Vec<String>,
    /// The same for programs.
    told: Vec<Value>,
    is_refused: bool,
    /// Where it changes something.
    places: Vec<Place>,
    /// Environments that it takes away, with all that is there.
    removed: Vec<EnvironmentName>,
    answered: Answered,
}

impl Understood {
    fn of(trigger: Trigger) -> Understood {
        Understood {
            triggers: vec![trigger],
            ..Understood::default()
        }
    }

    /// Nothing is done, for this reason.
    fn refused(code: &str, subject: &str, words: String) -> Understood {
        Understood {
            words: vec![words],
            told: vec![json!({ "decision": "refused", "reason_code": code, "subject": subject })],
            is_refused: true,
            ..Understood::default()
        }
    }

    /// These are the releases that are meant.
    fn about(mut self, releases: impl IntoIterator<Item = ReleaseName>) -> Understood {
        self.answered.releases.extend(releases);
        self
    }
}

impl Asked {
    /// The key under which a person's request is kept: keys are of one person in one repository.
    pub fn key(repository_id: i64, person_id: i64, key: &str) -> DeliveryId {
        DeliveryId::new(format!("asked {repository_id} {person_id} {key}"))
    }

    /// The message that has it carried out.
    pub fn message(&self, key: DeliveryId, installation_id: i64) -> IncomingDelivery {
        IncomingDelivery {
            id: key,
            event: EVENT.to_owned(),
            action: None,
            installation_id: Some(installation_id),
            repository_id: Some(self.repository_id),
            body: json!(self).to_string().into_bytes().into(),
        }
    }
}

impl Worker {
    /// Carries a request out, or says why not.
    pub(super) async fn on_request(
        &self,
        delivery: &Delivery,
        asked: &Asked,
    ) -> Result<(), Problem> {
        let Some(repository) = self.store.repository(asked.repository_id).await? else {
            return self.ignore(delivery, "the repository is gone").await;
        };
        let installation = self.github.installation(repository.installation_id);
        let permission = installation
            .permission(&repository.name, &asked.login)
            .await?;
        let request = &asked.request;
        let person = Person {
            repository: &repository,
            login: &asked.login,
            permission,
            is_confirmed: request.is_confirmed(),
        };
        let (verb, line) = (request.verb(), request.line());
        let asker = Asker {
            login: asked.login.clone(),
            place: format!("API {}", repository.name),
            lines: vec![line.clone()],
        };
        let understood = if permission < verb.needed_permission() {
            let refusal = Refusal::NotAllowed {
                verb: verb.as_str().to_owned(),
                login: asked.login.clone(),
                has: permission,
                needs: verb.needed_permission(),
            };
            Understood::refused(refusal.code(), &line, report::refusal(&refusal))
        } else if *request == (Request::Push {}) {
            return self.look_at_head(delivery, &repository, asker).await;
        } else {
            let understood = self.understood(person, request).await?;
            let instead = self.wants_option(person, &understood).await?;
            instead.unwrap_or(understood)
        };
        let done = Done::Delivery(delivery.id);
        let installation_id = repository.installation_id;
        let mut decision = Decision::new(installation_id, understood.triggers, done);
        decision.said = understood.words;
        decision.told = understood.told;
        decision.is_refused = understood.is_refused;
        decision.asked_by = Some(asker);
        decision.answered = Some(understood.answered);
        self.decide(decision).await?;
        Ok(())
    }

    async fn understood(
        &self,
        person: Person<'_>,
        request: &Request,
    ) -> Result<Understood, Problem> {
        match request {
            Request::ReleaseNew {
                package,
                commit,
                force,
                ..
            } => self.ask_release(person, package, commit, *force).await,
            Request::ReleaseRetry { release } => self.ask_retry(person, release).await,
            Request::ReleaseContinue { release } => self.ask_continue(person, release).await,
            Request::StateSet { reference, value } => {
                self.ask_intent(person, reference, Some(value.clone()))
                    .await
            }
            Request::StateDelete { reference } => self.ask_intent(person, reference, None).await,
            Request::StateApply { reference, .. } => self.ask_apply(person, reference).await,
            Request::WorkAny { .. } => self.ask_apply_all(person).await,
            // Looked at before it comes to this.
            Request::Push {} => Ok(Understood::default()),
        }
    }

    /// The head of the default branch, as if its push had just arrived.
    async fn look_at_head(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        asker: Asker,
    ) -> Result<(), Problem> {
        let head = self
            .github
            .installation(repository.installation_id)
            .branch_head(&repository.name, &repository.default_branch)
            .await?;
        let login = asker.login.clone();
        self.release_head(delivery, repository, &head, Some(&login), Some(asker))
            .await
    }

    /// What is said instead of doing it, if a rule of a place it changes wants a second word.
    async fn wants_option(
        &self,
        person: Person<'_>,
        understood: &Understood,
    ) -> Result<Option<Understood>, Problem> {
        if person.is_confirmed || understood.triggers.is_empty() {
            return Ok(None);
        }
        let rule = self
            .rule_for_second_word(person.repository, &understood.places, &understood.removed)
            .await?;
        let Some((environment, rule)) = rule else {
            return Ok(None);
        };
        let plan = self
            .foresee(person.repository.installation_id, &understood.triggers)
            .await?;
        if plan.answers.iter().any(report::is_refusal) {
            // Refused now, it need not be confirmed first.
            return Ok(None);
        }
        let subject = format!("@/environment/{environment}");
        let words = report::wants_option(&environment, rule.as_deref(), &plan);
        Ok(Some(Understood::refused(
            "wants_confirmation",
            &subject,
            words,
        )))
    }
}
