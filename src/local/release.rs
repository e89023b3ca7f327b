//! `ocuroot release new`: from a file to a release.

use std::collections::BTreeSet;

use anyhow::{Context, bail};

use super::evaluate::evaluate;
use super::project::Project;
use super::session::{Reader, Session, WORKSPACE};
use super::state_file::StateFile;
use crate::config::Evaluation;
use crate::engine::{Answer, Candidate, Change, NewReleases, Plan, Trigger, Wish};
use crate::model::{
    Actor, Diagnostic, EnvironmentName, PackageName, Permission, Reference, ReleaseName,
};
use crate::store::Done;

/// What somebody wants released.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The file.
    pub package: PackageName,
    /// Whether a second release of the same commit is wanted.
    pub is_forced: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Released {
    /// A release.
    Release(ReleaseName),
    /// There are releases of this commit already.
    Already(Vec<ReleaseName>),
    /// The file registers environments; these are new or changed.
    Environments(Vec<EnvironmentName>),
    /// The file declares nothing.
    Nothing,
}

impl Session {
    /// Evaluates a file of the working tree and makes a release of it, or registers its environments.
    ///
    /// # Errors
    /// When the file is not there or has errors, or the record cannot be written.
    pub async fn release_new(&self, asked: &Asked) -> anyhow::Result<Released> {
        let project = &self.reader.project;
        let package = &asked.package;
        if package.repository != project.name {
            bail!(
                "{package} belongs to another repository: this one is {}. Release it from a checkout of its own",
                project.name
            );
        }
        let store = &self.reader.store;
        let commit = project.commit.as_str();
        let already = store.releases_of_commit(WORKSPACE, package, commit).await?;
        if !already.is_empty() && !asked.is_forced {
            return Ok(Released::Already(already));
        }
        let evaluation = self.evaluated(&package.path).await?;
        let mut new = NewReleases {
            repository: Some(project.name.clone()),
            environments: evaluation.environments,
            is_forced: asked.is_forced,
            ..NewReleases::of(self.repository.id, project.commit.clone())
        };
        if let Some(mut found) = evaluation.package {
            found.loads.extend(evaluation.loads);
            new.packages.push(Candidate {
                name: package.clone(),
                package: found,
                reason: "asked for".to_owned(),
            });
        }
        if new.packages.is_empty() && new.environments.is_empty() {
            return Ok(Released::Nothing);
        }
        if !new.environments.is_empty() {
            let own = BTreeSet::new();
            new.others = store.released_packages(WORKSPACE, &own).await?;
        }
        let plan = self
            .decide(vec![Trigger::Release(new.clone())], Done::Nothing)
            .await?;
        self.complaints(&plan)?;
        match new.packages.is_empty() {
            true => Ok(Released::Environments(registered(&plan))),
            false => made(&plan).map(Released::Release).with_context(|| {
                format!("{package} was not released: there is a release of this commit already")
            }),
        }
    }

    /// What a file of the working tree says, told aloud.
    async fn evaluated(&self, path: &str) -> anyhow::Result<Evaluation> {
        let environments = self.reader.environments().await?;
        let evaluation = evaluate(&self.reader.project.root, path, environments)?;
        for line in &evaluation.prints {
            self.narrator.note(line);
        }
        for diagnostic in &evaluation.diagnostics {
            self.narrator.note(&diagnostic.to_string());
        }
        if evaluation.has_errors() {
            bail!("{path} has errors, see above: nothing is released");
        }
        if !evaluation.guards.is_empty() {
            self.narrator.note(&format!(
                "{path}: protect(...) and freeze(...) are kept by a server; here whoever can write the state may do \
                 everything"
            ));
        }
        Ok(evaluation)
    }

    /// Queues another attempt of what has failed in a release. `false` when nothing has.
    ///
    /// # Errors
    /// When a newer release is where it would go, or the record cannot be written.
    pub async fn retry(&self, release: &ReleaseName) -> anyhow::Result<bool> {
        let wish = Wish::of(release.clone(), self.actor());
        let plan = self
            .decide(vec![Trigger::Retry(wish)], Done::Nothing)
            .await?;
        for answer in &plan.answers {
            if let Answer::Overtaken(own, environment, newer) = answer {
                self.narrator.note(&format!(
                    "{own} does not go to {environment} any more: {newer} is there"
                ));
            }
            if let Some(why) = super::intent::closed(answer) {
                self.narrator.note(&why);
            }
        }
        let mut answers = plan.answers.iter();
        Ok(answers.any(|answer| matches!(answer, Answer::Retried(..))))
    }

    /// Whoever can write the state file may do everything.
    pub(super) fn actor(&self) -> Actor {
        let variables = &self.reader.project.variables;
        let login = variables.get("USER").or_else(|| variables.get("LOGNAME"));
        Actor {
            login: login.cloned().unwrap_or_else(|| "local".to_owned()),
            permission: Permission::Admin,
            grants: BTreeSet::new(),
        }
    }

    /// What the decision itself found wrong, such as an environment that belongs to another repository.
    pub(super) fn complaints(&self, plan: &Plan) -> anyhow::Result<()> {
        let reports = plan.changes.iter().filter_map(|change| match change {
            Change::PutCommitReport { report, .. } => Some(report),
            _ => None,
        });
        let mut has_errors = false;
        for diagnostic in reports.flat_map(|report| &report.diagnostics) {
            self.narrator.note(&diagnostic.to_string());
            has_errors |= Diagnostic::is_error(diagnostic);
        }
        if has_errors {
            bail!("not everything could be registered, see above");
        }
        Ok(())
    }
}

fn made(plan: &Plan) -> Option<ReleaseName> {
    plan.changes.iter().find_map(|change| match change {
        Change::PutRelease(release) => Some(release.name.clone()),
        _ => None,
    })
}

fn registered(plan: &Plan) -> Vec<EnvironmentName> {
    let reports = plan.changes.iter().filter_map(|change| match change {
        Change::PutCommitReport { report, .. } => Some(report),
        _ => None,
    });
    let environments = reports.flat_map(|report| &report.environments);
    environments
        .map(|environment| environment.name.clone())
        .collect()
}

/// What a file says when the environments of the record, if there is one yet, are there.
///
/// # Errors
/// When the file or the record cannot be read.
pub async fn lint(project: &Project, package: &PackageName) -> anyhow::Result<Evaluation> {
    let environments = match StateFile::of(project)?.open_read_only().await? {
        None => Vec::new(),
        Some(store) => {
            let project = project.clone();
            Reader { project, store }.environments().await?
        }
    };
    evaluate(&project.root, &package.path, environments)
}

/// What a package's file is, from the ref somebody gave: a folder stands for the config file in it.
///
/// # Errors
/// When it names no file, or a folder with none or several.
pub(super) fn package_of(
    reference: &Reference,
    root: &std::path::Path,
    text: &str,
) -> anyhow::Result<PackageName> {
    let folder = root.join(&reference.path);
    if !folder.is_dir() {
        let package = reference.package();
        return package.with_context(|| format!("`{text}` names no config file"));
    }
    let mut files: Vec<String> = std::fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".ocu.star") && name != "repo.ocu.star")
        .collect();
    files.sort();
    match files.as_slice() {
        [file] => Ok(PackageName {
            repository: reference.repository.clone(),
            path: match reference.path.as_str() {
                "" | "." => file.clone(),
                folder => format!("{folder}/{file}"),
            },
        }),
        [] => bail!("there is no *.ocu.star file in {}", folder.display()),
        several => bail!(
            "`{text}` is a folder; name one of its files: {}",
            several.join(", ")
        ),
    }
}
