//! What should be: said, compared with what is, and made so.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use serde_json::Value;

use super::queue::Worked;
use super::session::{Reader, Session, WORKSPACE};
use super::work::WorkItem;
use crate::engine::intent::{Drift, Step, drift};
use crate::engine::{Answer, Application, Run, Trigger};
use crate::model::{
    DeploymentName, Reference, ReleaseName, RunKind, RunState, SubPathKind, TaskKey,
    latest_document,
};
use crate::store::{Documents, Done};
use crate::worker::intendable;

impl Reader {
    /// What is not as it should be, in the order of refs.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn drift(&self) -> anyhow::Result<Vec<Drift>> {
        let intents = self.store.intents(WORKSPACE).await?;
        let states = self.store.states(WORKSPACE).await?;
        Ok(drift(&intents, &states))
    }

    /// The same as work to be done.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn drift_items(&self) -> anyhow::Result<Vec<WorkItem>> {
        let items = self.drift().await?.into_iter().map(|drift| WorkItem {
            work_type: step_word(drift.step),
            repository: drift.reference.repository.clone(),
            reference: drift.reference.to_string(),
            commit: None,
        });
        Ok(items.collect())
    }

    /// What should be at `reference`; `None` when nothing should.
    ///
    /// # Errors
    /// When it is nothing that can be intended, or the record cannot be read.
    pub async fn intent(&self, reference: &Reference) -> anyhow::Result<Option<Value>> {
        let document = self.intendable(reference).await?;
        self.intent_at(&document).await
    }

    async fn intent_at(&self, document: &Reference) -> anyhow::Result<Option<Value>> {
        let found = self.store.record(WORKSPACE, document, Documents::Intent);
        Ok(found.await?.map(|record| record.value))
    }

    /// What should go and could not be taken down, with the environments that it keeps from going: that is tried again
    /// only if somebody says so. With the words for it.
    async fn stuck(&self, drifts: &[Drift]) -> anyhow::Result<BTreeMap<Reference, String>> {
        let mut stuck = BTreeMap::new();
        for drift in drifts.iter().filter(|drift| drift.step == Step::Delete) {
            let Some(deployment) = DeploymentName::of_reference(&drift.reference) else {
                continue;
            };
            let live = self.record(&drift.reference, Documents::State).await?;
            let name = live.and_then(|live| live["release"].as_str()?.parse().ok());
            let Some(name): Option<ReleaseName> = name else {
                continue;
            };
            let release = self.release(&name).await?;
            let latest = release.as_ref();
            let latest = latest.and_then(|(release, _)| release.latest_run(&deployment.key()));
            let has_failed = |run: &Run| run.kind == RunKind::Down && run.state == RunState::Failed;
            if latest.is_some_and(|(_, run)| has_failed(run)) {
                let problem = format!(
                    "{} could not be taken down. To try again: ocuroot release retry {name}",
                    drift.reference
                );
                let environment = format!("@/environment/{}", deployment.environment);
                stuck.insert(environment.parse()?, problem.clone());
                stuck.insert(drift.reference.clone(), problem);
            }
        }
        Ok(stuck)
    }

    /// What is wanted at `reference`: of a deployment, the release may be named as it is on the command line.
    async fn wanted(&self, reference: &Reference, mut value: Value) -> anyhow::Result<Value> {
        let is_deployment = matches!(reference.subpath, Some((SubPathKind::Deploy, _)));
        if is_deployment && let Some(text) = value["release"].as_str() {
            let release = self.project.reference(text)?;
            value["release"] = Value::from(self.release_name(&release).await?.to_string());
        }
        Ok(value)
    }

    /// The ref by which something is intended: a tag means the release that it is on now.
    async fn intendable(&self, reference: &Reference) -> anyhow::Result<Reference> {
        let meant = intendable(&self.store, WORKSPACE, reference).await?;
        meant.map_err(anyhow::Error::msg)
    }
}

impl Session {
    /// Says what should be (`Some`), or that nothing should (`None`). What is stays as it is until that is applied.
    /// Returns the ref by which it is known.
    ///
    /// # Errors
    /// When that cannot be said of `reference`, or the record cannot be written.
    pub async fn intend(
        &self,
        reference: &Reference,
        value: Option<Value>,
    ) -> anyhow::Result<Reference> {
        let reference = self.reader.intendable(reference).await?;
        if value.is_none() && self.reader.intent_at(&reference).await?.is_none() {
            bail!("nothing should be at {reference} as it is");
        }
        let value = match value {
            Some(value) => Some(self.reader.wanted(&reference, value).await?),
            None => None,
        };
        let trigger = Trigger::Intend {
            reference: reference.clone(),
            value,
        };
        self.decide(vec![trigger], Done::Nothing).await?;
        Ok(reference)
    }

    /// Makes what is follow what should be. What has failed before with the same inputs is tried again if
    /// `is_retry`. Returns what is in the way, in words.
    ///
    /// # Errors
    /// When nothing of the kind can be applied, or the record cannot be written.
    pub async fn apply(
        &self,
        reference: &Reference,
        is_retry: bool,
    ) -> anyhow::Result<Vec<String>> {
        let reference = self.reader.intendable(reference).await?;
        let is_custom = matches!(reference.subpath, Some((SubPathKind::Custom, _)));
        if is_custom
            && self.reader.intent_at(&reference).await?.is_none()
            && self
                .reader
                .record(&reference, Documents::State)
                .await?
                .is_none()
        {
            bail!("nothing is at {reference}, and nothing should be");
        }
        self.apply_together(vec![reference], is_retry).await
    }

    /// In one decision: what one of them replaces is not brought up because of another before.
    async fn apply_together(
        &self,
        references: Vec<Reference>,
        is_retry: bool,
    ) -> anyhow::Result<Vec<String>> {
        let triggers = references.into_iter().map(|reference| {
            Trigger::Apply(Application {
                reference,
                actor: self.actor(),
                repository: Some(self.reader.project.name.clone()),
                is_retry,
            })
        });
        let plan = self.decide(triggers.collect(), Done::Nothing).await?;
        let problems = refusals(&plan.answers);
        self.wake().await?;
        Ok(problems)
    }

    /// Applies all that is not as it should be, except `done`, to which it is added. One that cannot be is told of, and
    /// stops no other.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn apply_all(&self, done: &mut BTreeSet<Reference>) -> anyhow::Result<Worked> {
        let mut worked = Worked::default();
        let drifts = self.reader.drift().await?;
        let mut stuck = self.reader.stuck(&drifts).await?;
        let mut references = Vec::new();
        for drift in drifts {
            if let Some(problem) = stuck.remove(&drift.reference) {
                worked.problems.insert(problem);
            } else if done.insert(drift.reference.clone()) {
                references.push(drift.reference);
            }
        }
        if !references.is_empty() {
            let problems = self.apply_together(references, false).await?;
            worked.problems.extend(problems);
        }
        Ok(worked)
    }
}

/// What is in the way of what is wanted, in words.
pub(super) fn refusals(answers: &[Answer]) -> Vec<String> {
    let problems = answers.iter().filter_map(|answer| match answer {
        Answer::NotApplied(reference, why) => Some(format!("{reference}: {why}")),
        Answer::Denied {
            package,
            environment,
            ..
        } => {
            let place = package.as_ref().map_or_else(
                || Reference::global(SubPathKind::Environment, environment.as_str()),
                |package| latest_document(package, &TaskKey::Deploy(environment.clone())),
            );
            Some(format!("{place}: the rules of {environment} forbid it"))
        }
        _ => closed(answer),
    });
    problems.collect()
}

/// Why nothing is brought to an environment, if it takes nothing in.
pub(super) fn closed(answer: &Answer) -> Option<String> {
    match answer {
        Answer::EnvironmentLeaves(release, environment) => Some(format!(
            "{release} is not brought to {environment}: that is being emptied, and is gone then"
        )),
        Answer::EnvironmentGone(release, environment) => Some(format!(
            "{release} is not brought to {environment}: there is no such environment any more"
        )),
        _ => None,
    }
}

/// How work of the kind is called.
pub fn step_word(step: Step) -> &'static str {
    match step {
        Step::Create => "create",
        Step::Update => "update",
        Step::Delete => "delete",
    }
}
