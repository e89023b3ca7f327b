//! `ocuroot push`: what has changed since the last push that was turned into releases, by the rules of the server.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};

use super::evaluate::evaluate;
use super::project::{Project, git};
use super::session::{Reader, Session, WORKSPACE};
use super::state_file::StateFile;
use crate::config::Evaluation;
use crate::engine::affected::affected;
use crate::engine::{Candidate, Change, NewReleases, Plan, Trigger};
use crate::model::{CommitSha, Environment, PackageName, ReleaseName};
use crate::store::{Committed, Done, Repository};
use crate::worker::Draft;

/// What came of a push.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// The releases it made.
    pub releases: BTreeSet<ReleaseName>,
    /// Whether a file has errors: the push is not over then, and the next one looks at its changes again.
    pub has_errors: bool,
}

impl Project {
    /// What is not committed, the state itself left out.
    ///
    /// # Errors
    /// When git does not know.
    pub fn uncommitted(&self) -> anyhow::Result<Vec<String>> {
        let arguments = ["status", "--porcelain", "-z", "--untracked-files=all"];
        let listed = git(&self.root, &arguments).context("a push needs a git repository")?;
        let state = StateFile::of(self)?;
        let top = git(&self.root, &["rev-parse", "--show-toplevel"])?;
        let state = state.path().parent();
        let is_state = |path: &str| {
            state.is_some_and(|state| std::path::Path::new(&top).join(path).starts_with(state))
        };
        let paths = listed.split('\0').filter_map(|line| line.get(3..));
        Ok(paths
            .filter(|path| !is_state(path))
            .map(str::to_owned)
            .collect())
    }

    fn tracked(&self) -> anyhow::Result<Vec<String>> {
        let listed = git(&self.root, &["ls-files", "-z"])?;
        Ok(listed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// The paths below the root that differ between a commit and this one; `None` when git does not know that commit.
    fn changed_since(&self, commit: &CommitSha) -> Option<BTreeSet<String>> {
        let range = format!("{commit}..{}", self.commit);
        let arguments = [
            "diff",
            "--name-only",
            "--no-renames",
            "--relative",
            "-z",
            &range,
        ];
        let listed = git(&self.root, &arguments).ok()?;
        let paths = listed.split('\0').filter(|path| !path.is_empty());
        Some(paths.map(str::to_owned).collect())
    }

    fn is_ignored(&self, path: &str) -> bool {
        let globs = &self.settings.release_ignore;
        let mut matchers = globs
            .iter()
            .filter_map(|glob| globset::Glob::new(glob).ok());
        matchers.any(|glob| glob.compile_matcher().is_match(path))
    }
}

impl Reader {
    /// The files that a push would look at, each with why.
    ///
    /// # Errors
    /// When git or the record cannot be read.
    pub async fn to_push(&self, repository: &Repository) -> anyhow::Result<Vec<(String, String)>> {
        let project = &self.project;
        if repository.released_commit.as_ref() == Some(&project.commit) {
            return Ok(Vec::new());
        }
        let known = self.store.known_packages(repository.id).await?;
        let is_package = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.ends_with("ocu.star") && name != "repo.ocu.star" && !project.is_ignored(path)
        };
        let files: Vec<String> = project.tracked()?.into_iter().filter(is_package).collect();
        let released = repository.released_commit.as_ref();
        let changed = released.and_then(|commit| project.changed_since(commit));
        Ok(affected(&files, changed.as_ref(), &known))
    }
}

impl Session {
    /// The repository as the record knows it.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Makes a release of every package that has changed. A file with errors is told of, and stops no other.
    ///
    /// # Errors
    /// When something is not committed, or the record cannot be written.
    pub async fn push(&self) -> anyhow::Result<Pushed> {
        let uncommitted = self.reader.project.uncommitted()?;
        if !uncommitted.is_empty() {
            bail!(
                "these are not committed, and a push releases commits:\n  {}",
                uncommitted.join("\n  ")
            );
        }
        let selected = self.reader.to_push(&self.repository).await?;
        let (new, has_errors) = self.evaluated_push(&selected).await?;
        let wanted: BTreeSet<PackageName> = new
            .packages
            .iter()
            .map(|candidate| candidate.name.clone())
            .collect();
        let commit = self.reader.project.commit.clone();
        let released = (!has_errors).then(|| (self.repository.id, commit.clone()));
        let plan = self.decide_push(new, released).await?;
        self.complaints(&plan)?;
        let releases = plan.changes.iter().filter_map(|change| match change {
            Change::PutRelease(release)
                if release.commit == commit && wanted.contains(&release.name.package) =>
            {
                Some(release.name.clone())
            }
            _ => None,
        });
        Ok(Pushed {
            releases: releases.collect(),
            has_errors,
        })
    }

    async fn evaluated_push(
        &self,
        selected: &[(String, String)],
    ) -> anyhow::Result<(NewReleases, bool)> {
        let environments = self.reader.environments().await?;
        let mut evaluations = self.evaluate_all(selected, &environments)?;
        let merged = merged(&environments, &evaluations);
        if merged != environments {
            // A file of this commit changes the environments that `environments()` answers with.
            evaluations = self.evaluate_all(selected, &merged)?;
        }
        let name = &self.reader.project.name;
        let mut new = NewReleases {
            repository: Some(name.clone()),
            ..NewReleases::of(self.repository.id, self.reader.project.commit.clone())
        };
        let mut has_errors = false;
        for ((path, reason), evaluation) in selected.iter().zip(evaluations) {
            for diagnostic in &evaluation.diagnostics {
                self.narrator.note(&diagnostic.to_string());
            }
            if evaluation.has_errors() {
                has_errors = true;
                continue;
            }
            new.environments.extend(evaluation.environments);
            let Some(mut package) = evaluation.package else {
                let store = &self.reader.store;
                store
                    .put_known_file(&self.repository, path, &evaluation.loads)
                    .await?;
                continue;
            };
            package.loads.extend(evaluation.loads);
            new.packages.push(Candidate {
                name: PackageName {
                    repository: name.clone(),
                    path: path.clone(),
                },
                package,
                reason: reason.clone(),
            });
        }
        if !new.environments.is_empty() {
            let own = BTreeSet::new();
            new.others = self.reader.store.released_packages(WORKSPACE, &own).await?;
        }
        Ok((new, has_errors))
    }

    fn evaluate_all(
        &self,
        selected: &[(String, String)],
        environments: &[Environment],
    ) -> anyhow::Result<Vec<Evaluation>> {
        let root = &self.reader.project.root;
        let each = selected.iter();
        each.map(|(path, _)| evaluate(root, path, environments.to_vec()))
            .collect()
    }

    async fn decide_push(
        &self,
        new: NewReleases,
        released: Option<(i64, CommitSha)>,
    ) -> anyhow::Result<Plan> {
        let triggers = [Trigger::Release(new)];
        let store = &self.reader.store;
        loop {
            let draft = Draft::of(store, &self.clock, WORKSPACE, &triggers).await?;
            let written = draft.write(store, Done::Nothing, released.clone()).await?;
            if written == Committed::Yes {
                self.own(&draft.plan);
                return Ok(draft.plan);
            }
        }
    }
}

fn merged(known: &[Environment], evaluations: &[Evaluation]) -> Vec<Environment> {
    let sound = evaluations
        .iter()
        .filter(|evaluation| !evaluation.has_errors());
    let registered = sound.flat_map(|evaluation| &evaluation.environments);
    let by_name: BTreeMap<_, _> = known
        .iter()
        .chain(registered)
        .map(|environment| (environment.name.clone(), environment.clone()))
        .collect();
    by_name.into_values().collect()
}
