//! What is to be done, and doing it in the order that makes the least of it: intent, packages whose environments have
//! changed, runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::execute::started_by;
use super::queue::{Selection, Worked};
use super::session::{Reader, Session, WORKSPACE};
use crate::engine::{Release, Trigger};
use crate::model::PackageName;
use crate::store::{Delivery, Done};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkItem {
    /// What it is done to.
    #[serde(rename = "ref")]
    pub reference: String,
    /// `create`, `update`, `delete`, `run`, `op` or `release`.
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

    /// The newest released commit of each repository.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn newest_commits(&self) -> anyhow::Result<Vec<WorkItem>> {
        let none = BTreeSet::new();
        let mut newest: BTreeMap<String, Release> = BTreeMap::new();
        for package in self.store.released_packages(WORKSPACE, &none).await? {
            let name = self.store.newest_release(WORKSPACE, &package).await?;
            let Some(name) = name else { continue };
            let Some((release, _)) = self.release(&name).await? else {
                continue;
            };
            let known = newest.get(&package.repository);
            if known.is_none_or(|known| known.created_at < release.created_at) {
                newest.insert(package.repository, release);
            }
        }
        let items = newest.into_iter().map(|(repository, release)| WorkItem {
            reference: format!("{repository}/-/repo.ocu.star/@{}", release.commit),
            work_type: "release",
            commit: Some(release.commit.to_string()),
            repository,
        });
        Ok(items.collect())
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
            if selection.includes_release(&release) {
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
            documents: BTreeSet::new(),
        };
        self.decide(vec![trigger], Done::Nothing).await?;
        Ok(())
    }

    /// Does all there is of the selected, until nothing more comes of it: what should be (if `follows_intent`), packages
    /// whose environments have changed, runs. Each thing that should be and each package that cannot be evaluated is
    /// tried once.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub async fn work_off(
        &self,
        selection: &Selection,
        follows_intent: bool,
    ) -> anyhow::Result<Worked> {
        let mut worked = Worked::default();
        let (mut applied, mut tried) = (BTreeSet::new(), BTreeSet::new());
        if follows_intent {
            match self.follow_intent().await {
                Ok(problems) => worked.problems.extend(problems),
                // What was said before still holds, and the rest can be done.
                Err(problem) => worked.problems.extend([format!("{problem:#}")]),
            }
        }
        loop {
            let mut lap = Worked::default();
            if follows_intent {
                lap.extend(self.apply_all(&mut applied).await?);
            }
            lap.extend(self.operate(selection, &mut tried).await?);
            lap.extend(self.work(selection).await?);
            let is_over = lap.runs.is_empty() && lap.operations == 0;
            worked.extend(lap);
            if is_over || self.stop.is_asked() {
                return Ok(worked);
            }
        }
    }
}
