//! Looking records up by their refs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::session::{Reader, WORKSPACE};
use crate::model::{CommitSha, Dependent, Glob, Reference, TaskKey, latest_document};
use crate::store::{Documents, MatchOptions};

impl Reader {
    /// What `reference` (absolute) names, its fragment walked; `None` when there is no such thing.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn record(
        &self,
        reference: &Reference,
        of: Documents,
    ) -> anyhow::Result<Option<Value>> {
        let record = self.store.record(WORKSPACE, reference, of).await?;
        Ok(record.map(|record| record.value))
    }

    /// The refs of all that a glob means.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn matching(
        &self,
        glob: &Glob,
        options: &MatchOptions,
    ) -> anyhow::Result<Vec<Reference>> {
        Ok(self.store.matching(WORKSPACE, glob, options).await?)
    }

    /// What is deployed again if what `reference` (absolute) names changes, readers after what they read.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn impact(&self, reference: &Reference) -> anyhow::Result<Vec<Dependent>> {
        Ok(self.store.impact(WORKSPACE, reference).await?)
    }

    /// The refs of this repository's live deployments whose release was made from one of `commits`.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn deployed_from(
        &self,
        commits: &BTreeSet<CommitSha>,
    ) -> anyhow::Result<Vec<Reference>> {
        let name = &self.project.name;
        let live = self
            .store
            .deployments_of_repository(WORKSPACE, name)
            .await?;
        let mut found = Vec::new();
        for place in live {
            let release = self.release(&place.release).await?;
            if release.is_some_and(|(release, _)| commits.contains(&release.commit)) {
                let key = TaskKey::Deploy(place.environment);
                found.push(latest_document(&place.package, &key));
            }
        }
        Ok(found)
    }
}
