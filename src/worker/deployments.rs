//! GitHub's own record of deployments: created and finished, two writes, for each change of a real environment.

use serde_json::json;

use super::{Problem, Worker};
use crate::engine::{Release, Run};
use crate::github::{DeploymentBody, DeploymentState, DeploymentStatus};
use crate::model::{Environment, RunKind, RunName};
use crate::store::{GithubObject, PendingEffect, Repository, Scope};

impl Worker {
    pub(super) async fn deployment(
        &self,
        effect: &PendingEffect,
        name: &RunName,
    ) -> Result<(), Problem> {
        let scope = Scope::of_release(effect.installation_id, &name.release);
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
        let deployment = match run.kind {
            RunKind::Down => self
                .store
                .github_object(effect.installation_id, &current)
                .await?
                .map(|object| object.github_id),
            RunKind::Up | RunKind::Task => Some(
                self.create_deployment(effect, &repository, release, name, environment)
                    .await?,
            ),
        };
        let Some(deployment) = deployment else {
            return self.settled(effect).await;
        };
        let view = self
            .store
            .release_view(effect.installation_id, &name.release)
            .await?;
        let status = status(name, run, view.links.get(name));
        self.github
            .installation(effect.installation_id)
            .create_deployment_status(&repository.name, deployment, &status)
            .await?;
        let object = GithubObject {
            github_id: deployment,
            digest: name.to_string(),
        };
        self.store
            .put_github_object(effect.installation_id, &current, &object)
            .await?;
        self.settled(effect).await
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
