//! Starting jobs. A start is the one call that must not be made twice: the wave is written down first, carries a name
//! that GitHub shows, and a start whose answer was lost is looked for before it is given up or repeated.
//!
//! Jobs that execute our functions claim their run by its fence, so that even a doubled workflow run executes nothing
//! twice. The repository's own workflows claim nothing: an unconfirmed start of theirs is repeated only if their runs
//! show the wave's name, so that GitHub's list tells that there is none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dispatch::refused_dispatch;
use super::last_look::Heads;
use super::{LEASE_SECONDS, Problem, Worker};
use crate::config;
use crate::engine::plan::Call;
use crate::engine::{Release, Run};
use crate::github::GitHubError;
use crate::model::{Action, RunName, RunState, Timestamp, WorkflowCall};
use crate::store::{PendingEffect, Repository, Wave};

/// The workflow that executes functions unless the config file names another.
pub(super) const RUNNER_WORKFLOW: &str = "ocuroot.yml";

/// GitHub runs at most this many jobs of one matrix.
const LARGEST_WAVE: usize = 256;

/// A run about to travel, with what its job must know.
struct Passenger {
    effect: PendingEffect,
    run_id: i64,
    name: RunName,
    fence: i64,
    release: Release,
    run: Run,
}

impl Passenger {
    /// The wave it leads, of functions unless said otherwise. Every try of a start has a key of its own.
    fn wave(&self, workflow: &str, now: Timestamp) -> Wave {
        Wave {
            key: format!("{}-{}-{}", self.run_id, self.fence, self.effect.attempts),
            installation_id: self.effect.installation_id,
            repository_id: self.effect.effect.repository_id,
            workflow: workflow.to_owned(),
            is_native: false,
            is_listed: true,
            created_at: now,
            workflow_run_id: None,
            url: None,
        }
    }
}

impl Worker {
    /// Starts one workflow run for this run and every other that is ready in the same repository.
    pub(super) async fn dispatch_wave(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
    ) -> Result<(), Problem> {
        let repository = self.repository_of(effect).await?;
        if let Some(wave) = self.unconfirmed(effect).await? {
            return self.confirm(effect, &repository, &wave).await;
        }
        let mut heads = Heads::new();
        let first = self
            .passenger(effect.clone(), run, fence, &mut heads)
            .await?;
        let Some(first) = first else {
            return self.settled(effect).await;
        };
        let workflow = runner_of(&first.release);
        let mut passengers = vec![first];
        self.fill(effect, &workflow, &mut passengers, &mut heads)
            .await?;
        let wave = passengers[0].wave(&workflow, self.clock.now());
        let inputs = BTreeMap::from([
            ("ocuroot_wave".to_owned(), wave.key.clone()),
            ("ocuroot_server".to_owned(), self.public_url.clone()),
            ("ocuroot_runs".to_owned(), matrix(&passengers).to_string()),
        ]);
        self.start(&repository, &wave, &inputs, &passengers).await
    }

    /// Starts the repository's own workflow.
    pub(super) async fn dispatch_workflow(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        fence: i64,
    ) -> Result<(), Problem> {
        let repository = self.repository_of(effect).await?;
        if let Some(wave) = self.unconfirmed(effect).await? {
            return self.confirm(effect, &repository, &wave).await;
        }
        let passenger = self
            .passenger(effect.clone(), run, fence, &mut Heads::new())
            .await?;
        let Some(passenger) = passenger else {
            return self.settled(effect).await;
        };
        if passenger.run.state == RunState::Cancelling {
            let message = "cancelled before it was started".to_owned();
            return self.unstartable(effect, run, fence, message).await;
        }
        let Action::Workflow(call) = &passenger.run.current().action else {
            return self.settled(effect).await;
        };
        let commit = &passenger.release.commit;
        let sources = self.sources(&repository, commit).await?;
        let text = self
            .workflow_text(&repository, commit, &sources, &call.file)
            .await?;
        let text = text.unwrap_or_default();
        let wave = Wave {
            is_native: true,
            is_listed: config::workflow::shows_run(&text),
            ..passenger.wave(&call.file, self.clock.now())
        };
        let declared = config::workflow::declared_names(&text);
        let inputs = native_inputs(&self.public_url, &declared, call, &passenger, &wave.key);
        self.start(&repository, &wave, &inputs, &[passenger]).await
    }

    /// Takes along what is ready for the same workflow. What turns out to belong to another one is put back.
    async fn fill(
        &self,
        effect: &PendingEffect,
        workflow: &str,
        passengers: &mut Vec<Passenger>,
        heads: &mut Heads,
    ) -> Result<(), Problem> {
        let most = passengers[0]
            .release
            .package
            .wave
            .map_or(LARGEST_WAVE, |wave| usize::try_from(wave).unwrap_or(1))
            .clamp(1, LARGEST_WAVE);
        if most == 1 {
            return Ok(());
        }
        let mut companions = Vec::new();
        for lane in Call::STARTS {
            let (now, left) = (self.clock.now(), most - 1 - companions.len());
            let more = self
                .store
                .claim_companions(effect, lane, now, LEASE_SECONDS, left as i64)
                .await?;
            companions.extend(more);
        }
        for companion in companions {
            let Call::Dispatch { run, fence } = companion.effect.call.clone() else {
                continue;
            };
            match self
                .passenger(companion.clone(), &run, fence, heads)
                .await?
            {
                Some(passenger) if runner_of(&passenger.release) == workflow => {
                    passengers.push(passenger);
                }
                Some(other) => {
                    let now = self.clock.now();
                    self.store
                        .effect_postponed(&other.effect, now, false, "travels in another wave")
                        .await?;
                }
                None => self.settled(&companion).await?,
            }
        }
        Ok(())
    }

    /// The run with what its job must know; `None` when this start of it is not wanted any more.
    async fn passenger(
        &self,
        effect: PendingEffect,
        run: &RunName,
        fence: i64,
        heads: &mut Heads,
    ) -> Result<Option<Passenger>, Problem> {
        let Some((release, current)) = self.ready_run(&effect, run, fence, heads).await? else {
            return Ok(None);
        };
        let row = self.store.run_by_name(effect.installation_id, run).await?;
        Ok(row.map(|row| Passenger {
            effect,
            run_id: row.id,
            name: run.clone(),
            fence,
            release,
            run: current,
        }))
    }

    /// Writes the wave down, makes the call, writes down what became of it.
    async fn start(
        &self,
        repository: &Repository,
        wave: &Wave,
        inputs: &BTreeMap<String, String>,
        passengers: &[Passenger],
    ) -> Result<(), Problem> {
        let effects: Vec<PendingEffect> = passengers
            .iter()
            .map(|passenger| passenger.effect.clone())
            .collect();
        let starts: Vec<(i64, i64)> = passengers
            .iter()
            .map(|passenger| (passenger.run_id, passenger.fence))
            .collect();
        self.store.create_wave(wave, &effects, &starts).await?;
        let answer = self
            .github
            .installation(wave.installation_id)
            .dispatch_workflow(
                &repository.name,
                &wave.workflow,
                &repository.default_branch,
                inputs,
            )
            .await;
        match answer {
            Ok(started) => {
                if let Some(id) = started.workflow_run_id {
                    self.store
                        .wave_started(&wave.key, id, started.html_url.as_deref())
                        .await?;
                }
                for effect in &effects {
                    self.settled(effect).await?;
                }
            }
            Err(error) => self.not_started(passengers, error, &wave.workflow).await?,
        }
        Ok(())
    }

    /// GitHub refused, or nobody knows.
    async fn not_started(
        &self,
        passengers: &[Passenger],
        error: GitHubError,
        workflow: &str,
    ) -> Result<(), Problem> {
        let is_final = error.is_certainly_not_done() && !error.is_transient();
        let message = refused_dispatch(&error, workflow);
        let problem = Problem::GitHub(error);
        for passenger in passengers {
            if is_final {
                self.unstartable(
                    &passenger.effect,
                    &passenger.name,
                    passenger.fence,
                    message.clone(),
                )
                .await?;
            } else {
                self.not_done(&passenger.effect, &problem).await?;
            }
        }
        Ok(())
    }

    /// Asks GitHub to stop the workflow run, unless other runs still need it: a job of a matrix cannot be stopped alone.
    pub(super) async fn cancel_workflow(
        &self,
        effect: &PendingEffect,
        run: &RunName,
        is_forced: bool,
    ) -> Result<(), Problem> {
        let row = self.store.run_by_name(effect.installation_id, run).await?;
        let wave = match row.and_then(|row| row.wave) {
            Some(key) => self.store.wave(&key).await?,
            None => None,
        };
        let Some((id, wave)) = wave.and_then(|wave| Some((wave.workflow_run_id?, wave))) else {
            return self.settled(effect).await;
        };
        if !self.store.is_wave_needed(&wave.key).await? {
            let repository = self.repository_of(effect).await?;
            let installation = self.github.installation(effect.installation_id);
            let answer = match is_forced {
                true => {
                    installation
                        .force_cancel_workflow_run(&repository.name, id)
                        .await
                }
                false => installation.cancel_workflow_run(&repository.name, id).await,
            };
            match answer {
                // 409: it has ended by itself.
                Ok(()) | Err(GitHubError::Rejected { .. } | GitHubError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.settled(effect).await
    }
}

fn runner_of(release: &Release) -> String {
    let named = release.package.runner.as_deref();
    named.unwrap_or(RUNNER_WORKFLOW).to_owned()
}

/// The matrix: for each run its id, fence, name for people, commit and environment. Never a secret, never the spec.
fn matrix(passengers: &[Passenger]) -> Value {
    let runs = passengers.iter().map(|passenger| {
        let key = &passenger.name.key;
        json!({
            "id": passenger.run_id,
            "fence": passenger.fence,
            "name": format!("{} {} {key}", passenger.name.release.package.short(),
                            passenger.name.release.number),
            "commit": passenger.release.commit,
            "environment": key.environment().map_or("", |environment| environment.as_str()),
        })
    });
    Value::Array(runs.collect())
}

/// What a native workflow is given: the task's inputs and the fixed ones by name, and those of ours it declares.
fn native_inputs(
    server: &str,
    declared: &[String],
    call: &WorkflowCall,
    passenger: &Passenger,
    wave: &str,
) -> BTreeMap<String, String> {
    let own = [
        ("ocuroot_server", server.to_owned()),
        ("ocuroot_run", wave.to_owned()),
        ("ocuroot_commit", passenger.release.commit.to_string()),
        ("ocuroot_release", passenger.name.release.number.to_string()),
        (
            "ocuroot_environment",
            passenger
                .name
                .key
                .environment()
                .map_or(String::new(), ToString::to_string),
        ),
    ];
    let mut inputs: BTreeMap<String, String> = own
        .into_iter()
        .filter(|(name, _)| declared.iter().any(|declared| declared == name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (name, value) in passenger.run.current().values.iter().chain(&call.inputs) {
        // The environment a deployment has for free is passed only to workflows that ask for it.
        if name != "environment" || declared.iter().any(|declared| declared == name) {
            inputs.insert(name.clone(), config::workflow::input_text(name, value));
        }
    }
    inputs
}
