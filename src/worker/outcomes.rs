//! Workflow runs that moved on: adopting those whose id we never learned, and what their end means for our runs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::line::Decision;
use super::{Problem, Worker};
use crate::engine::Trigger;
use crate::model::{Outcome, RunName};
use crate::store::{ActiveRun, Delivery, Done, Repository, Wave};
use crate::webhook::{WorkflowRun, WorkflowRunAction};

/// The artifact a native workflow may leave its outputs in: files named after outputs, or JSON objects of them.
const OUTPUTS_ARTIFACT: &str = "ocuroot-outputs";

impl Worker {
    pub(super) async fn on_workflow_run(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        run: &WorkflowRun,
    ) -> Result<(), Problem> {
        let Some(wave) = self.wave_of(repository, run.id, &run.display_title).await? else {
            return self.ignore(delivery, "not a workflow run of ours").await;
        };
        if wave.workflow_run_id.is_none() {
            self.store
                .wave_started(&wave.key, run.id, run.html_url.as_deref())
                .await?;
        }
        if run.action != WorkflowRunAction::Completed {
            return self.ignore(delivery, "it has not ended").await;
        }
        let conclusion = run.conclusion.as_deref().unwrap_or("unknown");
        let url = run.html_url.as_deref().unwrap_or("");
        let triggers = self
            .end_of_wave(repository, &wave, run.id, conclusion, url)
            .await?;
        let done = Done::Delivery(delivery.id);
        self.decide(Decision::new(repository.installation_id, triggers, done))
            .await?;
        Ok(())
    }

    /// The wave a workflow run is: by its id, or by the title it carries when the answer to the dispatch was lost.
    async fn wave_of(
        &self,
        repository: &Repository,
        workflow_run_id: i64,
        title: &str,
    ) -> Result<Option<Wave>, Problem> {
        if let Some(wave) = self.store.wave_of_workflow_run(workflow_run_id).await? {
            return Ok(Some(wave));
        }
        let Some(key) = title.strip_prefix("ocuroot ") else {
            return Ok(None);
        };
        let wave = self.store.wave(key.trim()).await?;
        Ok(wave
            .filter(|wave| wave.repository_id == repository.id && wave.workflow_run_id.is_none()))
    }

    /// What the end of a workflow run means for those of its runs that have not ended by themselves. A report may still
    /// wait in the inbox: a server that died over it, or trouble with its decision, lets this end overtake it.
    pub(super) async fn end_of_wave(
        &self,
        repository: &Repository,
        wave: &Wave,
        workflow_run_id: i64,
        conclusion: &str,
        url: &str,
    ) -> Result<Vec<Trigger>, Problem> {
        let active = self.store.unreported_runs_of_wave(&wave.key).await?;
        let mut triggers = Vec::new();
        let mut why = String::new();
        for ActiveRun {
            name: run, fence, ..
        } in active
        {
            let outcome = if wave.is_native && conclusion == "success" {
                let outputs = self.outputs(repository, &run, workflow_run_id).await?;
                Outcome::Done {
                    outputs,
                    tags: Vec::new(),
                    watch: Vec::new(),
                }
            } else {
                if why.is_empty() {
                    why = self
                        .why_ended(repository, wave, workflow_run_id, conclusion)
                        .await?;
                }
                Outcome::Failed {
                    message: format!("{why} ({url})"),
                }
            };
            triggers.push(Trigger::Ended {
                run,
                fence,
                outcome,
            });
        }
        Ok(triggers)
    }

    /// Outputs of a native workflow: handed over while it ran (`ocuroot output`), else from its artifact.
    async fn outputs(
        &self,
        repository: &Repository,
        run: &RunName,
        workflow_run_id: i64,
    ) -> Result<BTreeMap<String, Value>, Problem> {
        let row = self
            .store
            .run_by_name(repository.installation_id, run)
            .await?;
        let reported = row.map(|row| row.reported_outputs).unwrap_or_default();
        if !reported.is_empty() {
            return Ok(reported);
        }
        let files = self
            .github
            .installation(repository.installation_id)
            .artifact(&repository.name, workflow_run_id, OUTPUTS_ARTIFACT)
            .await?;
        Ok(outputs_of_files(files.unwrap_or_default()))
    }
}

/// `outputs.json` (any `*.json` holding an object) gives each of its keys; any other file gives its trimmed text under
/// its name.
fn outputs_of_files(files: Vec<(String, Vec<u8>)>) -> BTreeMap<String, Value> {
    let mut outputs = BTreeMap::new();
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        let object = name
            .ends_with(".json")
            .then(|| serde_json::from_str::<BTreeMap<String, Value>>(&text).ok())
            .flatten();
        match object {
            Some(object) => outputs.extend(object),
            None => {
                outputs.insert(name, Value::String(text));
            }
        }
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::outputs_of_files;

    #[test]
    fn an_artifact_gives_outputs_by_json_or_by_file() {
        let files = vec![
            (
                "outputs.json".to_owned(),
                br#"{"url":"https://a","count":2}"#.to_vec(),
            ),
            ("version".to_owned(), b"1.2.3\n".to_vec()),
            ("broken.json".to_owned(), b"{".to_vec()),
        ];
        let outputs = serde_json::to_string(&outputs_of_files(files)).expect("JSON");
        assert_eq!(
            outputs,
            r#"{"broken.json":"{","count":2,"url":"https://a","version":"1.2.3"}"#
        );
    }
}
