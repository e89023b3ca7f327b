//! What the pages ask the record.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::intent::{Step, drift};
use crate::model::{Glob, PackageName, Reference, Timestamp};
use crate::report::markdown;
use crate::store::{Documents, MatchOptions, Record, Store};

/// The runs of one release: of each task (`deploy/staging`), by number, the word for where it stands.
pub(super) type Runs = BTreeMap<String, BTreeMap<u64, String>>;

/// The records of one workspace.
pub(super) struct Look {
    store: Store,
    workspace: i64,
}

/// What should be, and in what what is differs from that.
pub(super) struct Intents {
    pub(super) wanted: BTreeMap<Reference, Value>,
    pub(super) drift: BTreeMap<Reference, Step>,
}

impl Look {
    pub(super) fn new(store: Store, workspace: i64) -> Look {
        Look { store, workspace }
    }

    pub(super) async fn record(
        &self,
        reference: &Reference,
        of: Documents,
    ) -> anyhow::Result<Option<Record>> {
        Ok(self.store.record(self.workspace, reference, of).await?)
    }

    /// The document at a ref; null when there is none.
    pub(super) async fn document(&self, reference: &Reference) -> anyhow::Result<Value> {
        let found = self.record(reference, Documents::State).await?;
        Ok(found.map_or(Value::Null, |record| record.value))
    }

    pub(super) async fn matching(
        &self,
        glob: &Glob,
        of: Documents,
        limit: Option<usize>,
    ) -> anyhow::Result<Vec<Reference>> {
        let options = MatchOptions {
            of,
            limit,
            ..MatchOptions::default()
        };
        Ok(self.store.matching(self.workspace, glob, &options).await?)
    }

    /// What is there by a glob of this program's.
    pub(super) async fn all(&self, glob: &str) -> anyhow::Result<Vec<Reference>> {
        self.matching(&glob.parse()?, Documents::State, None).await
    }

    pub(super) async fn children(
        &self,
        reference: &Reference,
        of: Documents,
    ) -> anyhow::Result<Vec<Reference>> {
        Ok(self.store.children(self.workspace, reference, of).await?)
    }

    pub(super) async fn intents(&self) -> anyhow::Result<Intents> {
        let wanted = self.store.intents(self.workspace).await?;
        let states = self.store.states(self.workspace).await?;
        let drift = drift(&wanted, &states).into_iter();
        Ok(Intents {
            drift: drift.map(|drift| (drift.reference, drift.step)).collect(),
            wanted,
        })
    }

    /// The runs of the releases whose names begin with `releases` (`r7`, or `r` for all), by release.
    pub(super) async fn runs(
        &self,
        package: &PackageName,
        releases: &str,
    ) -> anyhow::Result<BTreeMap<String, Runs>> {
        let own = Glob::escaped(&package.to_string());
        let glob = format!("{own}/@{releases}/{{task,deploy}}/**/status/*");
        let mut all: BTreeMap<String, Runs> = BTreeMap::new();
        for reference in self.all(&glob).await? {
            let (Some((kind, name)), Some(release)) = (reference.subpath, reference.release) else {
                continue;
            };
            let parts: Vec<&str> = name.rsplitn(4, '/').collect();
            if let [word, "status", number, task] = parts[..] {
                let runs = all.entry(release).or_default();
                let task = format!("{}/{task}", kind.as_str());
                let number = number.parse().unwrap_or(0);
                runs.entry(task)
                    .or_default()
                    .insert(number, word.to_owned());
            }
        }
        Ok(all)
    }

    /// Since when a run stands where it stands.
    pub(super) async fn since(&self, run: &str, word: &str) -> anyhow::Result<String> {
        let Ok(marker) = format!("{run}/status/{word}").parse() else {
            return Ok(String::new());
        };
        Ok(time(&self.document(&marker).await?))
    }
}

/// When a marker was set, for people.
pub(super) fn time(marker: &Value) -> String {
    let text = marker["time"].as_str().unwrap_or_default();
    Timestamp::from_rfc3339(text).map_or_else(String::new, markdown::time)
}
