//! Jobs of started workflow runs, played by the test: they prove who they are and report as `ocuroot run` does.

use ocuroot::model::Outcome;
use ocuroot::simulator::{Signer, WorkflowRun};
use serde_json::{Value, json};

use super::App;

/// A run in the hands of a job.
#[derive(Debug)]
pub struct Job {
    pub run: String,
    pub id: i64,
    pub fence: i64,
    pub token: String,
    pub assignment: Value,
}

impl App {
    /// Workflow runs that wait for a machine.
    pub fn queued(&self) -> Vec<WorkflowRun> {
        let runs = self.github.workflow_runs();
        runs.into_iter()
            .filter(|run| run.status == "queued")
            .collect()
    }

    /// Executes every queued workflow run until none is left: functions end as `outcome` says for their run's ref,
    /// native workflows succeed.
    pub async fn play(&self, outcome: impl Fn(&str, &Value) -> Outcome) {
        loop {
            self.settle().await;
            let queued = self.queued();
            if queued.is_empty() {
                return;
            }
            for run in queued {
                self.github.start_workflow_run(run.id).expect("it starts");
                self.execute(&run, &outcome).await;
                self.settle().await;
            }
        }
    }

    /// Executes a started workflow run to its end.
    pub async fn execute(&self, run: &WorkflowRun, outcome: impl Fn(&str, &Value) -> Outcome) {
        for job in self.claim_all(run).await {
            let end = outcome(&job.run, &job.assignment["inputs"]);
            assert_eq!(self.report(&job, &end).await, 202);
        }
        self.github
            .complete_workflow_run(run.id, "success")
            .expect("it completes");
    }

    /// Claims every run a workflow run was started for; none for a native workflow.
    pub async fn claim_all(&self, run: &WorkflowRun) -> Vec<Job> {
        let Some(runs) = run.inputs.get("ocuroot_runs") else {
            return Vec::new();
        };
        let runs: Vec<Value> = serde_json::from_str(runs).expect("a list of runs");
        let mut jobs = Vec::new();
        for (index, entry) in runs.iter().enumerate() {
            let (status, body) = self.claim(run, index, entry, "a nonce").await;
            assert_eq!(status, 200, "{body}");
            jobs.push(Job {
                run: body["run"].as_str().expect("a run").to_owned(),
                id: entry["id"].as_i64().expect("an id"),
                fence: entry["fence"].as_i64().expect("a fence"),
                token: body["token"].as_str().expect("a token").to_owned(),
                assignment: body,
            });
        }
        jobs
    }

    /// One claim, as the job with that index would make it.
    pub async fn claim(
        &self,
        run: &WorkflowRun,
        index: usize,
        entry: &Value,
        nonce: &str,
    ) -> (u16, Value) {
        let identity = self
            .github
            .identity_token(
                run.id,
                index,
                &self.settings.public_url,
                &[],
                Signer::Issuer,
            )
            .expect("an identity token");
        let path = format!("/api/v1/runs/{}/claim", entry["id"]);
        let body = json!({ "fence": entry["fence"], "nonce": nonce, "job_url": null });
        self.post(&path, &identity, &body).await
    }

    /// Reports the end of a run and answers the HTTP status.
    pub async fn report(&self, job: &Job, outcome: &Outcome) -> u16 {
        let path = format!("/api/v1/runs/{}/report", job.id);
        let body = json!({ "fence": job.fence, "outcome": outcome });
        self.post(&path, &job.token, &body).await.0
    }

    /// A request of a job.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }
}

/// A function that ends well with these outputs.
pub fn done(outputs: Value) -> Outcome {
    Outcome::Done {
        outputs: serde_json::from_value(outputs).expect("an object"),
        tags: Vec::new(),
        watch: Vec::new(),
    }
}

/// Every function of `acme/shop` succeeds.
pub fn succeed(run: &str, _inputs: &Value) -> Outcome {
    if run.contains("deploy") {
        done(json!({"url": "https://api.example"}))
    } else {
        done(json!({"image": "api:1"}))
    }
}

/// A function that fails.
pub fn failed(message: &str) -> Outcome {
    Outcome::Failed {
        message: message.to_owned(),
    }
}
