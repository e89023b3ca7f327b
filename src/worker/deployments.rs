//! GitHub's own record of deployments: created and finished, and what was there before ended: three writes for each
//! change of a real environment.

use serde_json::json;

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::plan::Call;
use crate::engine::{Effect, Release, Run};
use crate::github::{DeploymentBody, DeploymentState, DeploymentStatus, GitHubError};
use crate::model::{Environment, ReleaseNumber, RunKind, RunName};
use crate::store::{Done, GithubObject, PendingEffect, Repository, Scope};

impl Worker {
    pub(super) async fn deployment(
        &self,
        effect: &PendingEffect,
        name: &RunName,
    ) -> Result<(), Problem> {
        let scope = Scope::of_run(effect.installation_id, name);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let release = snapshot.releases.get(&name.release);
        let (Some(release), Some(run), Some(environment)) =
            (release, snapshot.run(name), name.key.environment())
        else {
            return self.settled(effect).await;
        };
        let repository = self.repository_of(effect).await?;
        // One deployment of GitHub's per package and environment is current; a down ends it.
        let current = format!("deployment of {} to {environment}", name.release.package);
        let environment = snapshot.environments.get(environment);
        let before = self
            .store
            .github_object(effect.installation_id, &current)
            .await?;
        let deployment = match run.kind {
            RunKind::Down => before.as_ref().map(|object| object.github_id),
            RunKind::Up | RunKind::Task => Some(
                self.create_deployment(effect, &repository, release, name, environment)
                    .await?,
            ),
        };
        let Some(deployment) = deployment else {
            return self.settled(effect).await;
        };
        let progress = self
            .store
            .progress(effect.installation_id, &name.release)
            .await?;
        let status = status(name, run, progress.links.get(name));
        self.github
            .installation(effect.installation_id)
            .create_deployment_status(&repository.name, deployment, &status)
            .await?;
        let replaced = before
            .as_ref()
            .filter(|before| before.github_id != deployment);
        if let Some(replaced) = replaced {
            self.end(effect, &repository, replaced).await?;
        }
        let object = GithubObject {
            github_id: deployment,
            digest: name.to_string(),
        };
        self.store
            .put_github_object(effect.installation_id, &current, &object)
            .await?;
        let mut decision = Decision::new(effect.installation_id, Vec::new(), Done::Effect(effect));
        if run.kind == RunKind::Up {
            decision.effects = self.carried(effect, name, before.as_ref()).await?;
        }
        self.decide(decision).await?;
        Ok(())
    }

    /// What was there before is not any more. GitHub's own way would end those of other packages in the same
    /// environment, too, and none of production (reference/github.md §4).
    async fn end(
        &self,
        effect: &PendingEffect,
        repository: &Repository,
        before: &GithubObject,
    ) -> Result<(), Problem> {
        let status = DeploymentStatus {
            state: DeploymentState::Inactive,
            log_url: None,
            environment_url: None,
            description: "replaced".to_owned(),
        };
        let answer = self
            .github
            .installation(effect.installation_id)
            .create_deployment_status(&repository.name, before.github_id, &status)
            .await;
        match answer {
            // Somebody has deleted it.
            Ok(()) | Err(GitHubError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The pull requests whose changes this deployment has brought along: those of the releases since the one that was
    /// there before. Their comments say where they are.
    async fn carried(
        &self,
        effect: &PendingEffect,
        name: &RunName,
        before: Option<&GithubObject>,
    ) -> Result<Vec<Effect>, Problem> {
        let before = before.and_then(|object| object.digest.parse::<RunName>().ok());
        let after = before.map_or(ReleaseNumber(0), |run| run.release.number);
        let numbers = self
            .store
            .pull_requests_between(effect.installation_id, &name.release, after)
            .await?;
        let repository_id = effect.effect.repository_id;
        let effects = numbers.into_iter().map(|pull_request| Effect {
            repository_id,
            call: Call::Overview {
                repository_id,
                pull_request,
            },
        });
        Ok(effects.collect())
    }

    /// The deployment of this run on GitHub, made once.
    async fn create_deployment(
        &self,
        effect: &PendingEffect,
        repository: &Repository,
        release: &Release,
        name: &RunName,
        environment: Option<&Environment>,
    ) -> Result<i64, Problem> {
        let known = self
            .store
            .github_object(effect.installation_id, &effect.key)
            .await?;
        if let Some(known) = known {
            return Ok(known.github_id);
        }
        let installation = self.github.installation(effect.installation_id);
        let place = name.key.environment().map_or("", |place| place.as_str());
        let run = json!(name.to_string());
        if effect.is_unsure {
            let found = installation
                .find_deployment(
                    &repository.name,
                    &release.commit,
                    place,
                    "ocuroot_run",
                    &run,
                )
                .await?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let body = DeploymentBody {
            sha: release.commit.clone(),
            environment: place.to_owned(),
            description: format!("{} {}", name.release.package.short(), name.release.number),
            payload: json!({ "ocuroot_run": run }),
            production: is_production(place, environment),
            transient: false,
        };
        let github_id = installation
            .create_deployment(&repository.name, &body)
            .await?;
        let object = GithubObject {
            github_id,
            digest: String::new(),
        };
        self.store
            .put_github_object(effect.installation_id, &effect.key, &object)
            .await?;
        Ok(github_id)
    }
}

/// An environment is one of production by its name or by its attribute `type`.
fn is_production(name: &str, environment: Option<&Environment>) -> bool {
    let kind = environment.and_then(|environment| environment.attributes.get("type"));
    [Some(name), kind.map(String::as_str)]
        .into_iter()
        .flatten()
        .any(|word| matches!(word, "production" | "prod"))
}

fn status(name: &RunName, run: &Run, link: Option<&String>) -> DeploymentStatus {
    let url = run
        .outputs
        .get("url")
        .and_then(|value| value.as_str())
        .filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let release = &name.release;
    let (state, verb) = match run.kind {
        RunKind::Down => (DeploymentState::Inactive, "removed"),
        RunKind::Up | RunKind::Task => (DeploymentState::Success, "deployed"),
    };
    DeploymentStatus {
        state,
        log_url: link.cloned(),
        environment_url: url.map(str::to_owned),
        description: format!("{} {} {verb}", release.package.short(), release.number),
    }
}
