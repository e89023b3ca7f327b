//! One job from its claim to its report.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::chain::Chain;
use super::checkout;
use super::console::Console;
use super::deadline::within;
use super::error::RunnerError;
use super::host::{HostCapabilities, Output};
use super::identity::Identity;
use super::log_stream::{LogStream, Recipient};
use super::masks::Masks;
use super::protocol::{Assignment, ReportRequest};
use super::server::{Claim, Patience, Receipt, Server};
use super::stop::{Stop, StopReason};
use super::summary;
use crate::model::Outcome;

/// How long a claim is asked for.
const CLAIM_PATIENCE: Duration = Duration::from_secs(300);
/// How long a result is offered: a server may be restarted, or moved, meanwhile.
const REPORT_PATIENCE: Duration = Duration::from_secs(600);
/// How long the rest of the log may take.
const LOG_PATIENCE: Duration = Duration::from_secs(10);
/// GitHub kills a cancelled job within ten seconds; the log gets this much of them.
const CANCELLED_LOG_PATIENCE: Duration = Duration::from_secs(1);

/// What a job is given.
pub struct Job {
    /// The job's environment variables, GitHub's among them.
    pub environment: BTreeMap<String, String>,
    /// Where the workflow checked the repository out.
    pub directory: PathBuf,
    /// The server's address.
    pub server: String,
    /// The server's number of the run.
    pub run_id: i64,
    /// Which start of the run this job belongs to.
    pub fence: i64,
    /// The job's log.
    pub console: Box<dyn Write + Send>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The run is not this job's; nothing was done. The server's words.
    NotClaimed(String),
    /// The run ended like this, and the server knows.
    Reported(Outcome),
    /// The run ended like this, but the server does not want to know any more. Its words.
    NotWanted(Outcome, String),
}

impl Ended {
    /// Whether the job should show green.
    pub fn is_success(&self) -> bool {
        match self {
            Ended::NotClaimed(_) => true,
            Ended::Reported(outcome) | Ended::NotWanted(outcome, _) => {
                !matches!(outcome, Outcome::Failed { .. })
            }
        }
    }
}

/// Does the job. Blocks; call it outside of async code.
///
/// # Errors
/// When the run could not be claimed, or its result not be reported. A run that fails is no error.
pub fn execute(job: Job) -> Result<Ended, RunnerError> {
    execute_until(job, &Stop::new())
}

/// Does the job unless `stop` is asked for first.
///
/// # Errors
/// Like [`execute`].
pub fn execute_until(job: Job, stop: &Stop) -> Result<Ended, RunnerError> {
    let masks = Masks::default();
    let is_github = job.environment.get("GITHUB_ACTIONS").map(String::as_str) == Some("true");
    let console = Arc::new(Console::new(job.console, masks.clone(), is_github));
    let server = Server::new(&job.server)?;
    let identity = Identity::new(&job.environment, server.audience())?;
    console.hide(identity.request_token());
    let patience = Patience {
        total: CLAIM_PATIENCE,
        stop: Some(stop),
    };
    let hide = |token: &str| console.hide(token);
    let claim = server.claim(
        (job.run_id, job.fence),
        &identity,
        &job.environment,
        &patience,
        &hide,
    )?;
    let assignment = match claim {
        Claim::Granted(assignment) => *assignment,
        Claim::NotOurs(reason) => {
            console.warning(&format!("nothing is done here: {reason}"));
            return Ok(Ended::NotClaimed(reason));
        }
    };
    console.hide(&assignment.token);
    let claimed = Claimed {
        directory: job.directory,
        environment: job.environment,
        run_id: job.run_id,
        fence: job.fence,
        server,
        assignment,
        console,
        masks,
        stop: stop.clone(),
    };
    claimed.finish()
}

/// A run that is this job's.
struct Claimed {
    directory: PathBuf,
    environment: BTreeMap<String, String>,
    run_id: i64,
    fence: i64,
    server: Server,
    assignment: Assignment,
    console: Arc<Console>,
    masks: Masks,
    stop: Stop,
}

impl Claimed {
    fn finish(self) -> Result<Ended, RunnerError> {
        let logs = LogStream::start(Recipient {
            server: self.server.clone(),
            run: self.run_id,
            fence: self.fence,
            token: self.assignment.token.clone(),
        });
        self.console.line(&self.assignment.run);
        let outcome = self
            .perform(&logs)
            .unwrap_or_else(|message| Outcome::Failed { message });
        if let Outcome::Failed { message } = &outcome {
            self.console.error(message);
        }
        summary::write(&self.environment, &self.assignment.run, &outcome);
        logs.finish(match self.stop.reason() {
            Some(StopReason::Cancelled) => CANCELLED_LOG_PATIENCE,
            _ => LOG_PATIENCE,
        });
        self.report(outcome)
    }

    /// Tells the server how the run ended. A result it cannot take is a failure it can.
    fn report(&self, outcome: Outcome) -> Result<Ended, RunnerError> {
        let (outcome, receipt) = match self.offer(&outcome)? {
            Receipt::TooLarge => {
                let outcome = too_large(&outcome);
                if let Outcome::Failed { message } = &outcome {
                    self.console.error(message);
                }
                let receipt = self.offer(&outcome)?;
                (outcome, receipt)
            }
            receipt => (outcome, receipt),
        };
        Ok(match receipt {
            Receipt::Accepted => Ended::Reported(outcome),
            Receipt::NotWanted(reason) => {
                self.console
                    .warning(&format!("the result is not wanted any more: {reason}"));
                Ended::NotWanted(outcome, reason)
            }
            Receipt::TooLarge => Ended::NotWanted(outcome, "it is too large".to_owned()),
        })
    }

    fn offer(&self, outcome: &Outcome) -> Result<Receipt, RunnerError> {
        let request = ReportRequest {
            fence: self.fence,
            outcome,
        };
        let patience = Patience {
            total: REPORT_PATIENCE,
            stop: None,
        };
        self.server
            .report(self.run_id, &self.assignment.token, &request, &patience)
    }

    /// Calls the run's functions. An error is how the run failed before the first one.
    fn perform(&self, logs: &LogStream) -> Result<Outcome, String> {
        let Assignment {
            commit,
            entry,
            function,
            inputs,
            environments,
            timeout_seconds,
            ..
        } = &self.assignment;
        if let Some(problem) = checkout::mismatch(&self.directory, commit, &self.environment) {
            return Err(problem);
        }
        let tree = checkout::source_tree(&self.directory).map_err(|error| error.to_string())?;
        let output = JobOutput {
            console: self.console.clone(),
            logs: logs.clone(),
            masks: self.masks.clone(),
        };
        let host = HostCapabilities::new(
            &self.directory,
            self.environment.clone(),
            self.stop.clone(),
            Box::new(output),
        )
        .map_err(|error| format!("{}: {error}", self.directory.display()))?;
        let chain = Chain {
            tree,
            entry: entry.clone(),
            environments: environments.clone(),
            host,
            console: self.console.clone(),
            masks: self.masks.clone(),
            stop: self.stop.clone(),
        };
        let (function, inputs) = (function.clone(), inputs.clone());
        within(&self.stop, *timeout_seconds, move || {
            chain.run(function, inputs)
        })
    }
}

fn too_large(outcome: &Outcome) -> Outcome {
    let bytes = serde_json::to_vec(outcome).map_or(0, |json| json.len());
    Outcome::Failed {
        message: format!(
            "the run's result has {bytes} bytes, more than the server takes. Return less: upload what is large and \
             give its address as output"
        ),
    }
}

/// The job's log and the server's.
struct JobOutput {
    console: Arc<Console>,
    logs: LogStream,
    masks: Masks,
}

impl Output for JobOutput {
    fn line(&self, line: &str) {
        self.console.line(line);
        self.logs.push(&self.masks.applied(line));
    }

    fn hide(&self, secret: &str) {
        self.console.hide(secret);
    }
}
