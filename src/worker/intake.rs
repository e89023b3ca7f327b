//! From what arrived to a decision: the first half of the straight line.

use std::collections::BTreeSet;

use serde::Deserialize;
use tracing::Instrument;

use super::line::Decision;
use super::{LEASE_SECONDS, Problem, Worker, backoff};
use crate::engine::Trigger;
use crate::model::{EnvironmentName, Outcome, PackageName, Reference, RunName};
use crate::store::{Delivery, Done, Repository};
use crate::webhook::{Event, InstallationAction, Parsed, RepositoryFacts, parse};

/// A run and the start of it that a job tells about.
#[derive(Debug, Deserialize)]
struct RunNews {
    run: RunName,
    fence: i64,
    #[serde(default)]
    outcome: Option<Outcome>,
}

/// What is to be looked at again.
#[derive(Debug, Deserialize)]
struct Wake {
    packages: BTreeSet<PackageName>,
    environments: BTreeSet<EnvironmentName>,
    #[serde(default)]
    documents: BTreeSet<Reference>,
}

/// A pull request that was over before its deployment was.
#[derive(Debug, Deserialize)]
struct Over {
    package: PackageName,
    environment: EnvironmentName,
    pull_request: i64,
}

impl Worker {
    /// Takes the oldest delivery that is due to a decision. `false` when there is none.
    ///
    /// # Errors
    /// When the database does. What is wrong with one delivery stays with that delivery.
    pub async fn intake(&self) -> Result<bool, Problem> {
        let now = self.clock.now();
        let none = BTreeSet::new();
        let claimed = self.store.claim_delivery(now, LEASE_SECONDS, &none).await?;
        let Some(delivery) = claimed else {
            return Ok(false);
        };
        self.take_in(&delivery).await?;
        Ok(true)
    }

    /// Takes a claimed delivery to a decision.
    pub(super) async fn take_in(&self, delivery: &Delivery) -> Result<(), Problem> {
        let span = tracing::info_span!("delivery", key = %delivery.key, event = delivery.event);
        let is_of_people = matches!(
            delivery.event.as_str(),
            "issue_comment" | "check_run" | "ocuroot.asked"
        );
        if let Some(id) = delivery.installation_id {
            self.open_budget(id, is_of_people).await?;
        }
        let result = self.handle(delivery).instrument(span).await;
        if let Some(id) = delivery.installation_id {
            self.settle_budget(id, None).await?;
        }
        match result {
            Ok(()) => {}
            Err(problem)
                if problem.is_transient() && delivery.attempts < backoff::MOST_ATTEMPTS =>
            {
                let wait = problem
                    .retry_after()
                    .unwrap_or_else(|| backoff::seconds(delivery.attempts));
                tracing::warn!(%problem, wait, "a delivery is tried again later");
                let due = self.clock.now().plus_seconds(wait);
                self.store
                    .postpone_delivery(delivery.id, due, &problem.to_string())
                    .await?;
            }
            Err(problem) => {
                tracing::error!(%problem, "a delivery is given up");
                self.store
                    .close_delivery(delivery.id, "failed", Some(&problem.to_string()))
                    .await?;
            }
        }
        Ok(())
    }

    async fn handle(&self, delivery: &Delivery) -> Result<(), Problem> {
        match delivery.event.as_str() {
            "ocuroot.claimed" | "ocuroot.ended" => self.news_of_run(delivery).await,
            "ocuroot.late" => self.on_late_news(delivery, &internal(delivery)?).await,
            "ocuroot.replan" => {
                let package: PackageName = internal(delivery)?;
                self.replan(delivery, &package).await
            }
            "ocuroot.replan_all" => {
                let installation_id = installation_of(delivery)?;
                let none = BTreeSet::new();
                let packages = self.store.released_packages(installation_id, &none).await?;
                self.decide_on(delivery, Trigger::Replan(packages)).await
            }
            "ocuroot.wake" | "ocuroot.let_go" => self.reminder(delivery).await,
            "ocuroot.preview_again" => {
                let repository_id: i64 = internal(delivery)?;
                self.preview_again(delivery, repository_id).await
            }
            "ocuroot.intent_pushed" => self.on_intent_push(delivery, &internal(delivery)?).await,
            "ocuroot.intent_declared" => {
                self.on_intent_declared(delivery, &internal(delivery)?)
                    .await
            }
            "ocuroot.asked" => self.on_request(delivery, &internal(delivery)?).await,
            "ocuroot.head" => self.on_unseen_head(delivery, &internal(delivery)?).await,
            "ocuroot.unheard" => self.on_unheard(delivery, &internal(delivery)?).await,
            "ocuroot.pull_request" => {
                self.on_unseen_pull_request(delivery, &internal(delivery)?)
                    .await
            }
            event => {
                let parsed = parse(event, &delivery.body)
                    .map_err(|error| Problem::Impossible(error.to_string()))?;
                self.on_event(delivery, parsed).await
            }
        }
    }

    /// Something that a decision wanted looked at by another one.
    async fn reminder(&self, delivery: &Delivery) -> Result<(), Problem> {
        let trigger = if delivery.event == "ocuroot.wake" {
            let Wake {
                packages,
                environments,
                documents,
            } = internal(delivery)?;
            Trigger::Wake {
                packages,
                environments,
                documents,
            }
        } else {
            let over: Over = internal(delivery)?;
            Trigger::LetGo {
                package: over.package,
                environment: over.environment,
                pull_request: over.pull_request,
                is_given_back: true,
            }
        };
        self.decide_on(delivery, trigger).await
    }

    async fn on_event(&self, delivery: &Delivery, parsed: Parsed) -> Result<(), Problem> {
        let installation_id = parsed.installation_id.or(delivery.installation_id);
        let (Some(installation_id), facts) = (installation_id, parsed.repository.clone()) else {
            return self.ignore(delivery, "it names no installation").await;
        };
        if let Event::Installation {
            action, account, ..
        } = &parsed.event
        {
            let account = account
                .as_ref()
                .map_or("", |account| account.login.as_str());
            // While an installation is suspended its calls and events wait: they go on where they stopped.
            let is_suspended = *action == InstallationAction::Suspended;
            self.store
                .put_workspace(installation_id, account, is_suspended)
                .await?;
            if *action == InstallationAction::Deleted {
                for repository in self
                    .store
                    .repositories_of_workspace(installation_id)
                    .await?
                {
                    self.store.repository_gone(repository).await?;
                }
            }
            return self.ignore(delivery, "the workspace is noted").await;
        }
        if let Event::InstallationRepositories { removed, .. } = &parsed.event {
            for repository in removed {
                self.store.repository_gone(repository.id).await?;
            }
            return self.ignore(delivery, "the repositories are noted").await;
        }
        let Some(facts) = facts else {
            return self.ignore(delivery, "it names no repository").await;
        };
        let repository = self.repository(installation_id, &facts).await?;
        self.on_repository_event(delivery, &repository, parsed)
            .await
    }

    async fn on_repository_event(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        parsed: Parsed,
    ) -> Result<(), Problem> {
        let sender = parsed.sender;
        match parsed.event {
            Event::Push(push) => {
                self.on_push(delivery, repository, &push, sender.as_ref())
                    .await
            }
            Event::PullRequest(pull) => self.on_pull_request(delivery, repository, &pull).await,
            Event::MergeGroup {
                action,
                head_sha,
                base_sha,
                base_ref,
                ..
            } => {
                self.on_merge_group(
                    delivery,
                    repository,
                    &action,
                    head_sha,
                    (base_sha, &base_ref),
                )
                .await
            }
            Event::Comment(comment) => {
                self.on_comment(delivery, repository, &comment, sender.as_ref())
                    .await
            }
            Event::CheckRunRequested {
                action,
                check_run_id,
                ..
            } => {
                self.on_check_run(delivery, repository, check_run_id, &action, sender.as_ref())
                    .await
            }
            Event::CheckSuiteRerequested { head_sha, .. } => {
                self.on_check_suite(delivery, repository, &head_sha).await
            }
            Event::WorkflowRun(run) => self.on_workflow_run(delivery, repository, &run).await,
            Event::Repository { .. } => self.ignore(delivery, "the repository is noted").await,
            Event::Installation { .. }
            | Event::InstallationRepositories { .. }
            | Event::Ping
            | Event::Ignored { .. } => self.ignore(delivery, "nothing to act on").await,
        }
    }

    /// A job has taken a run, or ended it.
    async fn news_of_run(&self, delivery: &Delivery) -> Result<(), Problem> {
        let news: RunNews = internal(delivery)?;
        let (run, fence) = (news.run, news.fence);
        let trigger = match news.outcome {
            Some(outcome) => Trigger::Ended {
                run,
                fence,
                outcome,
            },
            None => Trigger::Claimed { run, fence },
        };
        self.decide_on(delivery, trigger).await
    }

    /// What one of our own messages comes to.
    async fn decide_on(&self, delivery: &Delivery, trigger: Trigger) -> Result<(), Problem> {
        let installation_id = installation_of(delivery)?;
        let done = Done::Delivery(delivery.id);
        self.decide(Decision::new(installation_id, vec![trigger], done))
            .await?;
        Ok(())
    }

    /// Closes a delivery that needs no decision.
    pub(super) async fn ignore(&self, delivery: &Delivery, why: &str) -> Result<(), Problem> {
        self.store
            .close_delivery(delivery.id, "ignored", Some(why))
            .await?;
        Ok(())
    }

    /// The repository an event is about, its facts taken over.
    async fn repository(
        &self,
        installation_id: i64,
        facts: &RepositoryFacts,
    ) -> Result<Repository, Problem> {
        let reference_name = format!("{}/{}", self.reference_host, facts.name);
        let default_branch = facts.default_branch.as_deref().unwrap_or("main");
        Ok(self
            .store
            .put_repository(
                installation_id,
                facts.id,
                &facts.name,
                &reference_name,
                default_branch,
            )
            .await?)
    }
}

/// The body of one of our own messages.
fn internal<T: serde::de::DeserializeOwned>(delivery: &Delivery) -> Result<T, Problem> {
    serde_json::from_slice(&delivery.body)
        .map_err(|error| Problem::Impossible(format!("{}: {error}", delivery.event)))
}

/// The workspace one of our own messages belongs to.
pub(super) fn installation_of(delivery: &Delivery) -> Result<i64, Problem> {
    delivery
        .installation_id
        .ok_or_else(|| Problem::Impossible(format!("{} names no workspace", delivery.event)))
}
