//! One child process, seen from the parent.

use std::path::Path;
use std::pin::pin;
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

/// A child that gets no processor is waited for this many times as long as one that works.
const PATIENCE: u32 = 10;

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

    /// Sends a request and reads its answer, within `limit` of the child's own work. After a failure the child must be
    /// dropped.
    pub(super) async fn ask<Answer: DeserializeOwned>(
        &mut self,
        request: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, Failure> {
        let start = Instant::now();
        let work = self.child.id().map(Work::begun);
        let answer = {
            let mut exchange = pin!(async {
                self.send(request).await?;
                self.read().await
            });
            loop {
                match timeout(limit, &mut exchange).await {
                    Ok(answer) => break Ok(answer),
                    // On a machine that has much else to do, time passes without any work: that is not the file's fault.
                    Err(_)
                        if is_waiting(work.as_ref(), limit)
                            && start.elapsed() < limit * PATIENCE => {}
                    Err(elapsed) => break Err(elapsed),
                }
            }
        };
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

/// The processor time of a child when it was given something to do.
struct Work {
    process: u32,
    begin: Option<Duration>,
}

impl Work {
    fn begun(process: u32) -> Work {
        Work {
            process,
            begin: processor_time(process),
        }
    }
}

/// Whether the child has not had `limit` of processor time yet, as far as the system tells.
fn is_waiting(work: Option<&Work>, limit: Duration) -> bool {
    let used = work.and_then(|work| processor_time(work.process)?.checked_sub(work.begin?));
    // Half of it is enough to know that it works: what it read and wrote counts too.
    used.is_some_and(|used| used < limit / 2)
}

/// What a process has had of the processor so far, from Linux's `/proc/<pid>/stat`.
fn processor_time(process: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields after it count from the third.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // The kernel counts in hundredths of a second for everybody, whatever it uses itself.
    Some(Duration::from_millis(ticks * 10))
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use super::{Work, is_waiting, processor_time};

    #[test]
    fn a_process_that_works_is_told_from_one_that_gets_no_processor() {
        let own = std::process::id();
        let work = Work::begun(own);
        let limit = Duration::from_millis(100);
        assert!(is_waiting(Some(&work), limit), "nothing was done yet");
        let begin = processor_time(own).expect("this process is listed");
        while processor_time(own).is_some_and(|now| now - begin < limit) {
            std::hint::black_box((0..10_000).sum::<u64>());
        }
        assert!(!is_waiting(Some(&work), limit));
        assert!(
            !is_waiting(None, limit),
            "who tells nothing is not waited for"
        );
    }
}
