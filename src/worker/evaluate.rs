//! From a commit's files to what it releases: which packages, with what in them, and what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Sources, is_starlark};
use super::{Problem, Worker};
use crate::config::{self, Evaluation, StoreSettings};
use crate::engine::affected::{Known, affected};
use crate::engine::{Candidate, NewReleases};
use crate::model::{
    Action, CommitSha, Diagnostic, Environment, GuardFile, IntentBranch, Package, PackageName,
    Severity,
};
use crate::store::{Repository, Scope};

/// What was found in a commit.
pub(super) struct Evaluated {
    /// Its packages, environments and rules.
    pub(super) new: NewReleases,
    /// Files without a package, with what each of them loads.
    pub(super) plain_files: BTreeMap<String, BTreeSet<String>>,
    /// Where its `repo.ocu.star` says that what should be is kept, unless that has errors.
    pub(super) intent: Option<Option<IntentBranch>>,
}

impl Worker {
    /// Evaluates what `changed` concerns in `commit`; `None` means everything. Nothing is remembered of it: the commit
    /// may be a stranger's.
    pub(super) async fn evaluate(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        sources: &Sources,
        changed: Option<&BTreeSet<String>>,
    ) -> Result<Evaluated, Problem> {
        let known = self.store.known_packages(repository.id).await?;
        let selected = affected(&sources.package_files, changed, &known);
        let mut paths: Vec<String> = selected.iter().map(|(path, _)| path.clone()).collect();
        paths.push("repo.ocu.star".to_owned());
        let environments = self.environments(repository.installation_id).await?;
        let mut evaluations = self
            .sandbox
            .evaluate(&sources.tree, &paths, &environments)
            .await?;
        let registered = registered(&evaluations);
        let merged = merge(&environments, &registered);
        if merged != environments {
            // A file of this commit changes the environments that `environments()` answers with.
            evaluations = self
                .sandbox
                .evaluate(&sources.tree, &paths, &merged)
                .await?;
        }
        let mut found = Evaluated {
            new: NewReleases {
                environments: registered,
                repository: Some(repository.reference_name.clone()),
                gone: gone(sources, changed, &known),
                ..NewReleases::of(repository.id, commit.clone())
            },
            plain_files: BTreeMap::new(),
            intent: None,
        };
        self.declared_intent(repository, &evaluations, &mut found)
            .await?;
        let ignored = ignored_paths(&evaluations);
        let reasons: BTreeMap<&String, &String> = selected
            .iter()
            .map(|(path, reason)| (path, reason))
            .collect();
        for (path, evaluation) in evaluations {
            let reason = reasons.get(&path).map_or("", |reason| reason.as_str());
            if ignored(&path) {
                continue;
            }
            self.take(
                repository, commit, sources, &path, reason, evaluation, &mut found,
            )
            .await?;
        }
        Ok(found)
    }

    /// Which branch says what should be of what belongs to the repository. One that cannot be read is told of.
    async fn declared_intent(
        &self,
        repository: &Repository,
        evaluations: &[(String, Evaluation)],
        found: &mut Evaluated,
    ) -> Result<(), Problem> {
        let file = "repo.ocu.star";
        let mut of_file = evaluations.iter().filter(|(path, _)| path == file);
        let settings = of_file.next().filter(|(_, file)| !file.has_errors());
        let Some(settings) = settings.and_then(|(_, file)| file.repository.as_ref()) else {
            return Ok(());
        };
        found.intent = Some(None);
        let Some(StoreSettings::Git { remote_url, branch }) = &settings.intent_store else {
            return Ok(());
        };
        let branch = IntentBranch::at(&self.reference_host, remote_url, branch.as_deref());
        let workspace = repository.installation_id;
        let is_known = match &branch {
            Some(branch) => {
                let known = self.store.repository_by_name(&branch.repository).await?;
                known.is_some_and(|known| known.installation_id == workspace)
            }
            None => false,
        };
        if !is_known {
            let message = format!(
                "intent is kept at {remote_url}, which this App does not see: nothing is taken over from there. \
                 Install the App on that repository, for the same account"
            );
            found.new.diagnostics.push(Diagnostic {
                severity: Severity::Warning,
                ..Diagnostic::error(file, 0, 0, message)
            });
        }
        found.intent = Some(branch);
        Ok(())
    }

    /// Adds one file's evaluation to what the commit releases. A file with errors is reported and left out.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one step, used once"
    )]
    async fn take(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        sources: &Sources,
        path: &str,
        reason: &str,
        evaluation: Evaluation,
        found: &mut Evaluated,
    ) -> Result<(), Problem> {
        let new = &mut found.new;
        let mut has_errors = evaluation.diagnostics.iter().any(Diagnostic::is_error);
        if !has_errors {
            new.guards.push(guards(repository, path, &evaluation));
        }
        new.diagnostics.extend(evaluation.diagnostics);
        let Some(mut package) = evaluation.package else {
            if !has_errors && path != "repo.ocu.star" {
                let loads = evaluation.loads;
                found.plain_files.insert(path.to_owned(), loads);
            }
            return Ok(());
        };
        package.loads.extend(evaluation.loads);
        for diagnostic in self
            .check_workflows(repository, commit, sources, path, &package)
            .await?
        {
            has_errors |= diagnostic.is_error();
            new.diagnostics.push(diagnostic);
        }
        if !has_errors {
            new.packages.push(Candidate {
                name: PackageName {
                    repository: repository.reference_name.clone(),
                    path: path.to_owned(),
                },
                package,
                reason: reason.to_owned(),
            });
        }
        Ok(())
    }

    /// What is wrong between the `workflow(...)` calls of a package and the workflow files they name.
    async fn check_workflows(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        sources: &Sources,
        path: &str,
        package: &Package,
    ) -> Result<Vec<Diagnostic>, Problem> {
        let mut diagnostics = Vec::new();
        for task in package.tasks() {
            for action in [Some(&task.action), task.down.as_ref()]
                .into_iter()
                .flatten()
            {
                if let Action::Workflow(call) = action {
                    let text = self
                        .workflow_text(repository, commit, sources, &call.file)
                        .await?;
                    let found =
                        config::workflow::check(path, call, task.inputs.keys(), text.as_deref());
                    diagnostics.extend(found);
                }
            }
        }
        Ok(diagnostics)
    }

    /// The registered environments of a workspace.
    pub(super) async fn environments(
        &self,
        installation_id: i64,
    ) -> Result<Vec<Environment>, Problem> {
        let scope = Scope {
            installation_id,
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot.environments.into_values().collect())
    }
}

/// The config files that were there and are not any more.
fn gone(
    sources: &Sources,
    changed: Option<&BTreeSet<String>>,
    known: &BTreeMap<String, Known>,
) -> BTreeSet<String> {
    let candidates: Vec<&String> = match changed {
        Some(changed) => changed.iter().filter(|path| is_starlark(path)).collect(),
        None => known.keys().collect(),
    };
    let gone = candidates.into_iter().filter(|path| !sources.has(path));
    gone.cloned().collect()
}

/// What a file guards. One with errors is not among them: what it guarded before stays.
pub(super) fn guards(repository: &Repository, path: &str, evaluation: &Evaluation) -> GuardFile {
    let registers = evaluation.environments.iter();
    GuardFile {
        repository: repository.reference_name.clone(),
        name: repository.name.clone(),
        path: path.to_owned(),
        is_package: evaluation.package.is_some(),
        registers: registers
            .map(|environment| environment.name.clone())
            .collect(),
        guards: evaluation.guards.clone(),
    }
}

fn registered(evaluations: &[(String, Evaluation)]) -> Vec<Environment> {
    let without_errors = evaluations
        .iter()
        .filter(|(_, evaluation)| !evaluation.diagnostics.iter().any(Diagnostic::is_error));
    without_errors
        .flat_map(|(_, evaluation)| evaluation.environments.iter().cloned())
        .collect()
}

fn merge(known: &[Environment], registered: &[Environment]) -> Vec<Environment> {
    let mut merged: BTreeMap<_, _> = known
        .iter()
        .map(|environment| (environment.name.clone(), environment.clone()))
        .collect();
    for environment in registered {
        merged.insert(environment.name.clone(), environment.clone());
    }
    merged.into_values().collect()
}

/// Whether `release_ignore` of `repo.ocu.star` leaves a path out.
fn ignored_paths(evaluations: &[(String, Evaluation)]) -> impl Fn(&str) -> bool + use<> {
    let mut builder = globset::GlobSetBuilder::new();
    let globs = evaluations
        .iter()
        .filter_map(|(_, evaluation)| evaluation.repository.as_ref())
        .flat_map(|settings| &settings.release_ignore);
    for glob in globs {
        if let Ok(glob) = globset::GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
        {
            builder.add(glob);
        }
    }
    let set = builder
        .build()
        .unwrap_or_else(|_| globset::GlobSet::empty());
    move |path| set.is_match(path)
}
