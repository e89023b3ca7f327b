//! Workflow runs and their jobs, one move at a time, some of them as they should not be.

use ocuroot::model::Outcome;
use ocuroot::simulator::WorkflowRun;
use serde_json::{Value, json};

use super::plan::JobFault;
use super::world::World;
use crate::harness::{Job, done, failed};

/// A workflow run that is played.
#[derive(Debug)]
pub(super) struct Play {
    run: WorkflowRun,
    fault: Option<JobFault>,
    stage: Stage,
    entries: Vec<Value>,
    jobs: Vec<Job>,
    tries: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Queued,
    Claiming(usize),
    Reporting(usize),
    Ending,
    /// Nothing comes of it by itself.
    Stuck,
    Over,
}

impl World {
    /// Moves one workflow run on. `false` when there is none that moves.
    pub(super) async fn advance_a_job(&mut self) -> bool {
        for run in self.app.queued() {
            if !self.plays.contains_key(&run.id) {
                let runs = run
                    .inputs
                    .get("ocuroot_runs")
                    .expect("it executes functions");
                let entries = serde_json::from_str(runs).expect("a list of runs");
                let fault = (!self.job_faults.is_empty()).then(|| self.job_faults.remove(0));
                let (stage, jobs, tries) = (Stage::Queued, Vec::new(), 0);
                self.plays.insert(
                    run.id,
                    Play {
                        run,
                        fault,
                        stage,
                        entries,
                        jobs,
                        tries,
                    },
                );
            }
        }
        let moving = self.plays.values();
        let moving: Vec<u64> = moving
            .filter(|play| !matches!(play.stage, Stage::Stuck | Stage::Over))
            .map(|play| play.run.id)
            .collect();
        if moving.is_empty() {
            return false;
        }
        let id = self.random.pick(&moving);
        let mut play = self.plays.remove(&id).expect("it was there");
        let is_cancelled = self
            .app
            .github
            .workflow_run(id)
            .is_some_and(|run| run.cancel_requested);
        play.stage = if is_cancelled {
            self.end(&play, "cancelled")
        } else {
            self.advance(&mut play).await
        };
        self.plays.insert(id, play);
        true
    }

    /// What GitHub does in the end with runs that do not end by themselves.
    pub(super) fn end_stuck_jobs(&mut self) {
        for play in self
            .plays
            .values_mut()
            .filter(|play| play.stage == Stage::Stuck)
        {
            let conclusion = match play.fault {
                Some(JobFault::NeverStarts) => "cancelled",
                _ => "timed_out",
            };
            let ended = self
                .app
                .github
                .complete_workflow_run(play.run.id, conclusion);
            ended.expect("it is there");
            play.stage = Stage::Over;
        }
    }

    fn end(&self, play: &Play, conclusion: &str) -> Stage {
        let ended = self
            .app
            .github
            .complete_workflow_run(play.run.id, conclusion);
        ended.expect("it is there");
        Stage::Over
    }

    async fn advance(&mut self, play: &mut Play) -> Stage {
        match play.stage {
            Stage::Queued => match play.fault {
                Some(JobFault::NeverStarts) => Stage::Stuck,
                Some(JobFault::StartupFailure) => self.end(play, "startup_failure"),
                _ => {
                    self.app
                        .github
                        .start_workflow_run(play.run.id)
                        .expect("it starts");
                    Stage::Claiming(0)
                }
            },
            Stage::Claiming(index) if index < play.entries.len() => self.claim(play, index).await,
            Stage::Claiming(_) => match play.fault {
                Some(JobFault::NeverEnds) => Stage::Stuck,
                Some(JobFault::EndsSilently) => self.end(play, "success"),
                Some(JobFault::ReportsLate) => {
                    self.end(play, "failure");
                    Stage::Reporting(0)
                }
                _ => Stage::Reporting(0),
            },
            Stage::Reporting(index) if index < play.jobs.len() => self.tell(play, index).await,
            Stage::Reporting(_) => Stage::Ending,
            Stage::Ending => {
                self.end(play, "success");
                if play.fault == Some(JobFault::RunsAgain) {
                    self.run_again(play).await;
                }
                Stage::Over
            }
            Stage::Stuck | Stage::Over => play.stage,
        }
    }

    async fn claim(&mut self, play: &mut Play, index: usize) -> Stage {
        let entry = &play.entries[index];
        let (status, body) = self.app.claim(&play.run, index, entry, "mine").await;
        if status >= 500 {
            return self.try_again(play, Stage::Claiming(index + 1));
        }
        play.tries = 0;
        if status != 200 {
            return Stage::Claiming(index + 1);
        }
        let job = Job {
            run: body["run"].as_str().expect("a run").to_owned(),
            id: entry["id"].as_i64().expect("an id"),
            fence: entry["fence"].as_i64().expect("a fence"),
            token: body["token"].as_str().expect("a token").to_owned(),
            assignment: body,
        };
        let commit = job.assignment["commit"].as_str().expect("a commit");
        assert!(
            self.wanted.contains(commit),
            "nobody has asked for {commit}: {}",
            job.run
        );
        self.promises.executes(&job.run, job.fence);
        play.jobs.push(job);
        if play.fault == Some(JobFault::ClaimsTwice) {
            let (status, body) = self.app.claim(&play.run, index, entry, "mine").await;
            if status == 200 {
                let job = play.jobs.last_mut().expect("it was pushed");
                job.token = body["token"].as_str().expect("a token").to_owned();
            }
            let (status, _) = self.app.claim(&play.run, index, entry, "a thief's").await;
            assert!(status >= 400, "two jobs have {entry}");
        }
        Stage::Claiming(index + 1)
    }

    /// The job waits a little, as `ocuroot run` does; after ten minutes it gives up.
    fn try_again(&mut self, play: &mut Play, otherwise: Stage) -> Stage {
        play.tries += 1;
        self.app.pass(10);
        if play.tries > 60 {
            play.tries = 0;
            return otherwise;
        }
        play.stage
    }

    async fn tell(&mut self, play: &mut Play, index: usize) -> Stage {
        let job = &play.jobs[index];
        let outcome = self.outcome(job);
        let status = self.app.report(job, &outcome).await;
        if status >= 500 {
            return self.try_again(play, Stage::Reporting(index + 1));
        }
        let is_first_news = play.fault != Some(JobFault::ReportsLate);
        if status == 202 && is_first_news {
            self.promises.acknowledged(&job.run, &outcome).await;
        }
        if play.fault == Some(JobFault::ReportsTwice) {
            self.app.report(job, &failed("once more")).await;
        }
        Stage::Reporting(index + 1)
    }

    /// "Re-run all jobs": what was executed is not handed out again.
    async fn run_again(&mut self, play: &Play) {
        let id = play.run.id;
        self.app
            .github
            .rerun_workflow_run(id)
            .expect("it has ended");
        self.app.github.start_workflow_run(id).expect("it starts");
        for (index, entry) in play.entries.iter().enumerate() {
            let (status, body) = self.app.claim(&play.run, index, entry, "again").await;
            if status == 200 {
                let run = body["run"].as_str().expect("a run");
                let fence = entry["fence"].as_i64().expect("a fence");
                self.promises.executes(run, fence);
            }
        }
        self.end(play, "failure");
    }

    /// How a function ends, by nothing but its program and what it is given.
    fn outcome(&self, job: &Job) -> Outcome {
        let assignment = &job.assignment;
        let commit = assignment["commit"].as_str().expect("a commit");
        let inputs = &assignment["inputs"];
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if job.run.contains("/task/build/") {
            if self.broken.contains(commit) {
                return failed("it does not build");
            }
            return done(json!({ "image": format!("image{}", self.label(commit)) }));
        }
        let size = word(&inputs["environment"]["attributes"]["size"]);
        let place = word(&inputs["environment"]["name"]);
        let image = word(&inputs["image"]) + &word(&inputs["url"]).replace("https://", "of-");
        done(json!({ "url": format!("https://{image}.{place}-{size}") }))
    }
}
