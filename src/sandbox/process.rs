//! One child process, seen from the parent.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};

use super::protocol::Ready;

/// How long a child may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// An answer longer than this is not read: the child is allowed more memory than the parent wants to spend.
const MAX_ANSWER_BYTES: u64 = 16 << 20;

/// Why a child gave no answer; it is of no use any more.
#[derive(Debug)]
pub(super) enum Failure {
    /// It took too long and was killed.
    TimedOut,
    /// It ended by itself or by a limit.
    Ended(Option<ExitStatus>),
    /// It said too much, or what is no answer.
    BadAnswer,
}

/// A running child.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How many requests it has answered.
    pub(super) jobs: u32,
    /// How long they took together.
    pub(super) busy: Duration,
}

impl Process {
    /// Starts a child without environment and waits until it is confined.
    ///
    /// # Errors
    /// When the system refuses to start it, or it does not get ready.
    pub(super) async fn start(executable: &Path) -> std::io::Result<Process> {
        let mut child = Command::new(executable)
            .arg("eval-worker")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the evaluation process has no pipe");
        let mut process = Process {
            input: child.stdin.take().ok_or_else(missing)?,
            output: BufReader::new(child.stdout.take().ok_or_else(missing)?),
            child,
            jobs: 0,
            busy: Duration::ZERO,
        };
        match timeout(START_TIMEOUT, process.read::<Ready>()).await {
            Ok(Ok(ready)) => {
                if !ready.has_filter {
                    tracing::warn!("config files are evaluated without a system-call filter");
                }
                Ok(process)
            }
            Ok(Err(failure)) => Err(std::io::Error::other(format!(
                "the evaluation process did not start: {failure:?}"
            ))),
            Err(_) => Err(std::io::Error::other(
                "the evaluation process did not start in time",
            )),
        }
    }

    /// Whether it is still there: it may have been killed while it waited.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a request and reads its answer, within `limit`. After a failure the child must be dropped.
    pub(super) async fn ask<Answer: DeserializeOwned>(
        &mut self,
        request: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, Failure> {
        let start = Instant::now();
        let exchange = async {
            self.send(request).await?;
            self.read().await
        };
        let answer = timeout(limit, exchange).await;
        self.jobs += 1;
        self.busy += start.elapsed();
        match answer {
            Ok(Err(Failure::Ended(_))) => Err(Failure::Ended(self.child.wait().await.ok())),
            Ok(answer) => answer,
            Err(_) => Err(Failure::TimedOut),
        }
    }

    /// Sends a request that is not answered, within `limit`.
    pub(super) async fn tell(
        &mut self,
        request: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<(), Failure> {
        timeout(limit, self.send(request))
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    async fn send(&mut self, request: &(impl Serialize + Sync)) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(request).map_err(|_| Failure::BadAnswer)?;
        line.push(b'\n');
        self.input
            .write_all(&line)
            .await
            .map_err(|_| Failure::Ended(None))
    }

    async fn read<Answer: DeserializeOwned>(&mut self) -> Result<Answer, Failure> {
        let mut line = Vec::new();
        (&mut self.output)
            .take(MAX_ANSWER_BYTES)
            .read_until(b'\n', &mut line)
            .await
            .map_err(|_| Failure::Ended(None))?;
        if line.is_empty() {
            return Err(Failure::Ended(None));
        }
        serde_json::from_slice(&line).map_err(|_| Failure::BadAnswer)
    }
}

impl Failure {
    /// What to tell the person whose file it was.
    pub(super) fn message(&self, limit: Duration) -> String {
        match self {
            Failure::TimedOut => format!(
                "this takes longer than {} s and was stopped; does something here grow without end?",
                limit.as_secs_f32()
            ),
            Failure::Ended(status) if was_stopped_for_time(*status) => {
                "this takes too long and was stopped; does something here grow without end?".to_owned()
            }
            Failure::Ended(_) => {
                "this needs more memory or nesting than allowed and was stopped; does something here grow without end?"
                    .to_owned()
            }
            Failure::BadAnswer => "what this file declares is too large".to_owned(),
        }
    }
}

#[cfg(unix)]
fn was_stopped_for_time(status: Option<ExitStatus>) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.and_then(|status| status.signal()) == Some(libc::SIGXCPU)
}

#[cfg(not(unix))]
fn was_stopped_for_time(_status: Option<ExitStatus>) -> bool {
    false
}
