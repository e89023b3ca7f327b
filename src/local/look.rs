//! Looking records up by their refs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::session::{Reader, WORKSPACE};
use super::summary::state_word;
use crate::engine::Run;
use crate::model::{
    CommitSha, Reference, ReleaseName, RunName, RunNumber, SubPathKind, TaskKey, latest_document,
};

impl Reader {
    /// What `reference` (absolute) names, its fragment walked; `None` when there is no such thing.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn record(&self, reference: &Reference) -> anyhow::Result<Option<Value>> {
        let document = reference.document();
        let stored = self.store.document(WORKSPACE, &document).await?;
        let found = match stored {
            Some(value) => Some(value),
            None => self.derived(&document).await?,
        };
        let keys = reference.fragment.iter().flat_map(|keys| keys.split('/'));
        Ok(keys.fold(found, |value, key| match value? {
            Value::Array(items) => items.into_iter().nth(key.parse().ok()?),
            mut value => value.get_mut(key).map(Value::take),
        }))
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

    /// What is in rows of its own, as the document that it stands for.
    async fn derived(&self, reference: &Reference) -> anyhow::Result<Option<Value>> {
        if reference.package().is_none() {
            return Ok(None);
        }
        let Ok(name) = self.release_name(reference).await else {
            return Ok(None);
        };
        let Some((release, _)) = self.release(&name).await? else {
            return Ok(None);
        };
        let Some((kind, path)) = &reference.subpath else {
            let body = json!({ "commit": release.commit, "package": release.package });
            return Ok(Some(body));
        };
        match kind {
            SubPathKind::Op if path == "check_envs" => {
                let newest = self.store.newest_release(WORKSPACE, &name.package).await?;
                let queued = self.replans().await?;
                let waits = queued.iter().any(|(package, _)| *package == name.package);
                Ok((waits && newest == Some(name)).then(|| json!({})))
            }
            SubPathKind::Task | SubPathKind::Deploy => {
                let Some((key, number, rest)) = run_part(*kind, path) else {
                    return Ok(None);
                };
                let run = release.runs.get(&(key.clone(), number));
                let Some(run) = run else { return Ok(None) };
                self.of_run(&name, &key, number, run, rest).await
            }
            _ => Ok(None),
        }
    }

    async fn of_run(
        &self,
        release: &ReleaseName,
        key: &TaskKey,
        number: RunNumber,
        run: &Run,
        rest: &str,
    ) -> anyhow::Result<Option<Value>> {
        if rest.is_empty() {
            return Ok(Some(json!({
                "type": run.kind,
                "release": release.to_string(),
                "functions": run.calls,
                "output": run.outputs,
                "error": run.error,
            })));
        }
        if rest == "logs" {
            let name = RunName {
                release: release.clone(),
                key: key.clone(),
                number,
            };
            let row = self.store.run_by_name(WORKSPACE, &name).await?;
            let Some(row) = row else { return Ok(None) };
            let lines = self.store.last_logs(row.id, i64::MAX).await?;
            let lines = lines.into_iter().map(|line| json!({ "message": line }));
            return Ok(Some(lines.collect()));
        }
        let is_status = rest.strip_prefix("status/") == Some(state_word(run.state));
        Ok(is_status.then(|| {
            let time = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
            json!({ "time": time.rfc3339() })
        }))
    }
}

/// `build/2/status/complete` → the task, the run's number, the rest. A task's name may have slashes.
fn run_part(kind: SubPathKind, path: &str) -> Option<(TaskKey, RunNumber, &str)> {
    let parts: Vec<&str> = path.split('/').collect();
    for at in (1..parts.len()).rev() {
        let (Ok(number), Ok(key)) = (
            parts[at].parse(),
            format!("{}/{}", kind.as_str(), parts[..at].join("/")).parse(),
        ) else {
            continue;
        };
        let before: usize = parts[..=at].iter().map(|part| part.len() + 1).sum();
        return Some((key, RunNumber(number), path.get(before..).unwrap_or("")));
    }
    None
}
