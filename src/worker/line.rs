//! Snapshot, decide, commit; and again if somebody else has decided meanwhile.

mod answered;
mod draft;
mod scope;

use serde_json::{Value, json};

use super::intent_branch::Adoption;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Answer, Change, Effect, Plan, Trigger};
use crate::model::{AuditEntry, CommitSha, Verdict};
use crate::report;
use crate::store::{Committed, Done};

pub(super) use answered::Answered;
pub use draft::{Draft, decide};

/// What is to be decided, and what goes down together with the decision.
pub(super) struct Decision<'a> {
    pub(super) installation_id: i64,
    pub(super) triggers: Vec<Trigger>,
    /// What is written down whatever is decided.
    pub(super) changes: Vec<Change>,
    /// Calls that do not depend on the decision, such as the acknowledgement of a command.
    pub(super) effects: Vec<Effect>,
    pub(super) done: Done<'a>,
    /// The default branch head that is released by it.
    pub(super) released: Option<(i64, CommitSha)>,
    /// The comment whose commands these are.
    pub(super) asked_in: Option<Comment>,
    /// What is said to it besides the decision's own answers.
    pub(super) said: Vec<String>,
    /// The same for programs that read the reply.
    pub(super) told: Vec<Value>,
    /// Whether something of it is not carried out.
    pub(super) is_refused: bool,
    /// The button that is pressed.
    pub(super) pressed: Option<Pressed>,
    /// Who asks, and the words or the button they ask with.
    pub(super) asked_by: Option<Asker>,
    /// The files that say what is asked for.
    pub(super) adoption: Option<Adoption>,
    /// What whoever asked through the API is told besides, if somebody did: kept with the delivery.
    pub(super) answered: Option<Answered>,
}

/// A button of a release's check run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pressed {
    pub(super) repository_id: i64,
    /// The pull request of the release.
    pub(super) pull_request: Option<i64>,
    /// The delivery that tells of it.
    pub(super) delivery: i64,
}

/// A person who wants something, as the audit record shows them.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// GitHub login.
    pub(super) login: String,
    /// Where: a pull request, a check run.
    pub(super) place: String,
    /// Their words, verbatim.
    pub(super) lines: Vec<String>,
}

/// A comment on a pull request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    pub(super) repository_id: i64,
    pub(super) pull_request: i64,
    pub(super) id: i64,
}

impl<'a> Decision<'a> {
    pub(super) fn new(
        installation_id: i64,
        triggers: Vec<Trigger>,
        done: Done<'a>,
    ) -> Decision<'a> {
        Decision {
            installation_id,
            triggers,
            changes: Vec::new(),
            effects: Vec::new(),
            done,
            released: None,
            asked_in: None,
            said: Vec::new(),
            told: Vec::new(),
            is_refused: false,
            pressed: None,
            asked_by: None,
            adoption: None,
            answered: None,
        }
    }
}

impl Worker {
    /// What would be decided, without doing it.
    pub(super) async fn foresee(
        &self,
        installation_id: i64,
        triggers: &[Trigger],
    ) -> Result<Plan, Problem> {
        let draft = Draft::of(&self.store, &self.clock, installation_id, triggers).await?;
        Ok(draft.plan)
    }

    /// Decides and writes the decision down.
    pub(super) async fn decide(&self, decision: Decision<'_>) -> Result<Plan, Problem> {
        let installation_id = decision.installation_id;
        loop {
            let triggers = &decision.triggers;
            let mut draft = Draft::of(&self.store, &self.clock, installation_id, triggers).await?;
            let plan = &mut draft.plan;
            plan.effects.extend(decision.effects.iter().cloned());
            let previews = self.previews_to_show(installation_id, plan).await?;
            plan.effects.extend(previews);
            let reply = reply(plan, &decision);
            plan.effects.extend(reply);
            let adoption = decision.adoption.as_ref();
            let adopted = adoption.map(|adoption| adoption.changes(plan));
            plan.changes.extend(decision.changes.iter().cloned());
            plan.changes.extend(adopted.unwrap_or_default());
            let heard = heard(plan, &decision);
            plan.changes.splice(0..0, heard);
            let released = decision.released.clone();
            let answer = answered::text(&draft.plan, &decision);
            let done = match (&answer, decision.done) {
                (Some(answer), Done::Delivery(id)) => Done::Answered(id, answer),
                (_, done) => done,
            };
            match draft.write(&self.store, done, released).await? {
                Committed::Yes => return Ok(draft.plan),
                Committed::Outdated => tracing::debug!("the workspace moved; deciding again"),
            }
        }
    }
}

/// Who asked for what, and what was decided, for the audit record.
fn heard(plan: &Plan, decision: &Decision<'_>) -> Vec<Change> {
    let Some(asker) = &decision.asked_by else {
        return Vec::new();
    };
    let entry = |action: &str, subject: &str, verdict, reason_code: &str, detail| AuditEntry {
        actor: Some(asker.login.clone()),
        action: action.to_owned(),
        subject: subject.to_owned(),
        verdict,
        reason_code: reason_code.to_owned(),
        detail,
    };
    let lines = json!({ "lines": asker.lines });
    let mut entries = vec![entry(
        "asked",
        &asker.place,
        Verdict::Recorded,
        "heard",
        lines,
    )];
    let mut told = decision.told.clone();
    told.extend(report::for_machines(&plan.answers));
    for answer in &told {
        let word = |key: &str| answer[key].as_str().unwrap_or_default();
        let verdict = match word("decision") {
            "refused" => Verdict::Refused,
            _ => Verdict::Allowed,
        };
        let (subject, code) = (word("subject"), word("reason_code"));
        entries.push(entry("decided", subject, verdict, code, Value::Null));
    }
    let entries = entries.into_iter();
    entries
        .map(|entry| Change::Audit(Box::new(entry)))
        .collect()
}

/// What is said to somebody who pressed a button in vain: GitHub's page shows them nothing. A release without a pull
/// request has no place to say it.
fn to_the_presser(plan: &Plan, decision: &Decision<'_>) -> Option<Effect> {
    let (pressed, asker) = (decision.pressed.as_ref()?, decision.asked_by.as_ref()?);
    let is_refusal = |answer: &&Answer| report::is_refusal(answer);
    let refusals: Vec<Answer> = plan.answers.iter().filter(is_refusal).cloned().collect();
    let words = report::answers(&refusals)?;
    let words = [format!("@{}, {words}", asker.login)];
    Some(Effect {
        repository_id: pressed.repository_id,
        call: Call::Reply {
            pull_request: pressed.pull_request?,
            to: format!("button {}", pressed.delivery),
            body: report::reply(&words, &report::for_machines(&refusals)),
        },
    })
}

/// What is said to a comment at once: a reaction, and one reply if there is something to say.
fn reply(plan: &Plan, decision: &Decision<'_>) -> Vec<Effect> {
    let Some(comment) = decision.asked_in else {
        return to_the_presser(plan, decision).into_iter().collect();
    };
    let is_refused = decision.is_refused || plan.answers.iter().any(report::is_refusal);
    let mut calls = vec![Call::React {
        comment: comment.id,
        is_taken: !is_refused,
    }];
    let mut words = decision.said.clone();
    words.extend(report::answers(&plan.answers));
    if !words.is_empty() {
        let mut told = decision.told.clone();
        told.extend(report::for_machines(&plan.answers));
        calls.push(Call::Reply {
            pull_request: comment.pull_request,
            to: comment.id.to_string(),
            body: report::reply(&words, &told),
        });
    }
    let repository_id = comment.repository_id;
    let effect = |call| Effect {
        repository_id,
        call,
    };
    calls.into_iter().map(effect).collect()
}

#[cfg(test)]
mod tests;
