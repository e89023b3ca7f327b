//! What is to be done, and doing it in the order that makes the least of it: intent, packages whose environments have
//! changed, runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::evaluate::on_big_stack;
use super::execute::started_by;
use super::project::Project;
use super::queue::{Selection, Worked};
use super::session::{Reader, Session, WORKSPACE};
use crate::config::{Limits, call_trigger};
use crate::engine::Trigger;
use crate::model::{CommitSha, PackageName, RunName};
use crate::runner::{HostCapabilities, Output, Stop};
use crate::store::{Delivery, Done};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkItem {
    /// What it is done to.
    #[serde(rename = "ref")]
    pub reference: String,
    /// `create`, `update`, `delete`, `run` or `op`.
    pub work_type: &'static str,
    /// The commit it is done at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The repository that commit is of.
    #[serde(skip)]
    pub repository: String,
}

impl Reader {
    /// The packages that are to be evaluated again because environments have changed, with the message that asks for it.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn replans(&self) -> anyhow::Result<Vec<(PackageName, Delivery)>> {
        let now = crate::clock::Clock::System.now();
        let due = self.store.due_deliveries(WORKSPACE, now).await?;
        let asked = due
            .into_iter()
            .filter(|delivery| delivery.event == "ocuroot.replan");
        asked
            .map(|delivery| Ok((serde_json::from_slice(&delivery.body)?, delivery)))
            .collect()
    }

    /// The packages that wait to be evaluated again.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn operations(&self, selection: &Selection) -> anyhow::Result<Vec<WorkItem>> {
        let mut items = Vec::new();
        for (package, _) in self.replans().await? {
            let newest = self.store.newest_release(WORKSPACE, &package).await?;
            let Some(name) = newest else { continue };
            let Some((release, _)) = self.release(&name).await? else {
                continue;
            };
            if selection.includes_release(&release) {
                items.push(WorkItem {
                    reference: format!("{name}/op/check_envs"),
                    work_type: "op",
                    commit: Some(release.commit.to_string()),
                    repository: package.repository,
                });
            }
        }
        Ok(items)
    }

    /// The runs that wait to be executed.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn ready_runs(&self, selection: &Selection) -> anyhow::Result<Vec<WorkItem>> {
        let mut items = Vec::new();
        for effect in self.store.waiting_effects(WORKSPACE).await? {
            let Some((run, _)) = started_by(&effect) else {
                continue;
            };
            let Some((release, _)) = self.release(&run.release).await? else {
                continue;
            };
            if selection.includes(&effect, &release) {
                items.push(WorkItem {
                    reference: run.to_string(),
                    work_type: "run",
                    commit: Some(release.commit.to_string()),
                    repository: release.name.package.repository,
                });
            }
        }
        Ok(items)
    }
}

impl Session {
    /// Has everything looked at that may be able to go on.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn look_again(&self) -> anyhow::Result<()> {
        let store = &self.reader.store;
        let packages = store.released_packages(WORKSPACE, &BTreeSet::new()).await?;
        let trigger = Trigger::Wake {
            packages,
            environments: BTreeSet::new(),
        };
        self.decide(vec![trigger], Done::Nothing).await?;
        Ok(())
    }

    /// Evaluates the selected packages again whose environments have changed. One that cannot be is told of and stays.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn operate(&self, selection: &Selection) -> anyhow::Result<Worked> {
        let mut worked = Worked::default();
        for (package, delivery) in self.reader.replans().await? {
            let newest = self
                .reader
                .store
                .newest_release(WORKSPACE, &package)
                .await?;
            if let Some(name) = &newest
                && let Some((release, _)) = self.reader.release(name).await?
                && !selection.includes_release(&release)
            {
                continue;
            }
            if let Err(error) = self.replan(&package, &delivery).await {
                worked.problems.push(format!("{package}: {error:#}"));
            }
        }
        Ok(worked)
    }

    /// Calls the trigger of each repository and commit that has work left, without holding the state meanwhile: what it
    /// starts may want to write to it.
    ///
    /// # Errors
    /// When a checkout cannot be made. A trigger that fails is told of.
    pub async fn call_triggers(self, left: &[WorkItem]) -> anyhow::Result<bool> {
        let mut wanted: BTreeMap<(String, String), std::path::PathBuf> = BTreeMap::new();
        for item in left {
            let Some(commit) = &item.commit else { continue };
            let remotes = self.remotes(&item.repository).await?;
            let project = &self.reader.project;
            let commit_name = CommitSha::named(commit)?;
            // The trigger is what the file says at that commit; where that is not at hand, what it says now.
            let root = project
                .checkout(&item.repository, &commit_name, &remotes)
                .unwrap_or_else(|_| project.root.clone());
            wanted.insert((item.repository.clone(), commit.clone()), root);
        }
        let variables = self.reader.project.variables.clone();
        let narrator = self.narrator.clone();
        self.close().await;
        let mut is_well = true;
        for ((repository, commit), root) in wanted {
            narrator.note(&format!("trigger for {repository} at {commit}"));
            let variables = variables.clone();
            let called = tokio::task::spawn_blocking(move || {
                on_big_stack(move || {
                    let tree = Project::sources(&root, "repo.ocu.star")
                        .map_err(|error| format!("{error:#}"))?;
                    let host =
                        HostCapabilities::new(&root, variables, Stop::new(), Box::new(Aside))
                            .map_err(|error| error.to_string())?;
                    call_trigger(&tree, &commit, &host, &Limits::default())
                })
            });
            if let Err(problem) = called.await?? {
                is_well = false;
                narrator.note(&format!("  {problem}"));
            }
        }
        Ok(is_well)
    }

    /// The runs of `worked` that failed.
    pub fn failed(worked: &Worked) -> impl Iterator<Item = &RunName> {
        let runs = worked.runs.iter();
        runs.filter(|(_, failed)| **failed).map(|(run, _)| run)
    }
}

/// What a trigger prints.
struct Aside;

impl Output for Aside {
    fn line(&self, line: &str) {
        eprintln!("  {line}");
    }

    fn hide(&self, _: &str) {}
}
