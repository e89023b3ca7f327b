//! The trigger of `repo.ocu.star`: telling others that there is work for them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::evaluate::on_big_stack;
use super::project::Project;
use super::session::Session;
use super::work::WorkItem;
use crate::config::{Limits, call_trigger};
use crate::model::CommitSha;
use crate::runner::{HostCapabilities, Output, Stop};

impl Session {
    /// Calls the trigger of each repository and commit that has work left, without holding the state meanwhile: what it
    /// starts may want to write to it.
    ///
    /// # Errors
    /// When a checkout cannot be made. A trigger that fails is told of.
    pub async fn call_triggers(self, left: &[WorkItem]) -> anyhow::Result<bool> {
        let mut wanted: BTreeMap<(String, String), Place> = BTreeMap::new();
        for item in left {
            let Some(commit) = &item.commit else { continue };
            let remotes = self.remotes(&item.repository).await?;
            let project = &self.reader.project;
            let commit_name = CommitSha::named(commit)?;
            // The trigger is what the file says at that commit; where that is not at hand, what it says now.
            let files = project
                .checkout(&item.repository, &commit_name, &remotes)
                .unwrap_or_else(|_| project.root.clone());
            let directory = match item.repository == project.name {
                true => project.root.clone(),
                false => files.clone(),
            };
            let place = Place { files, directory };
            wanted.insert((item.repository.clone(), commit.clone()), place);
        }
        let variables = self.reader.project.variables.clone();
        let narrator = self.narrator.clone();
        self.close().await;
        let mut is_well = true;
        for ((repository, commit), place) in wanted {
            narrator.note(&format!("trigger for {repository} at {commit}"));
            let variables = variables.clone();
            let called = tokio::task::spawn_blocking(move || {
                on_big_stack(move || {
                    let tree = Project::sources(&place.files, "repo.ocu.star")
                        .map_err(|error| format!("{error:#}"))?;
                    let host = HostCapabilities::new(
                        &place.directory,
                        variables,
                        Stop::new(),
                        Box::new(Aside),
                    )
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
}

/// Where a trigger is called.
struct Place {
    /// What its file says.
    files: PathBuf,
    /// Where its commands work: where the command was given, unless it is another repository's.
    directory: PathBuf,
}

/// What a trigger prints.
struct Aside;

impl Output for Aside {
    fn line(&self, line: &str) {
        eprintln!("  {line}");
    }

    fn hide(&self, _: &str) {}
}
