//! A command whose output is logged as it appears, and which can be stopped.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With this exit code.
    Exited(i32),
    /// It took too long.
    TimedOut,
    /// The run was cancelled.
    Cancelled,
}

/// How often to look whether the command has to be stopped.
const TICK: Duration = Duration::from_millis(50);

/// Runs a command to its end, line by line, and stops it with everything it started when it has to.
pub(super) fn run(
    mut command: Command,
    deadline: Instant,
    mut log: impl FnMut(&str),
    cancelled: impl Fn() -> bool,
) -> std::io::Result<Ended> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn()?;
    let (sender, lines) = mpsc::channel();
    let readers = [
        child
            .stdout
            .take()
            .map(|output| read(output, sender.clone())),
        child.stderr.take().map(|output| read(output, sender)),
    ];
    let (mut stopped, mut has_exited) = (None, false);
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => log(&line),
            Err(RecvTimeoutError::Disconnected) => break,
            // A background process that kept the pipes open does not keep a finished step open. What the command itself
            // printed last is read by the time of the next tick.
            Err(RecvTimeoutError::Timeout) if has_exited => break,
            Err(RecvTimeoutError::Timeout) => has_exited = child.try_wait()?.is_some(),
        }
        if stopped.is_none() {
            stopped = if cancelled() {
                Some(Ended::Cancelled)
            } else if Instant::now() >= deadline {
                Some(Ended::TimedOut)
            } else {
                None
            };
            if stopped.is_some() {
                kill_group(&mut child);
            }
        }
    }
    drop(readers);
    let status = child.wait()?;
    while let Ok(line) = lines.try_recv() {
        log(&line);
    }
    Ok(stopped.unwrap_or_else(|| Ended::Exited(status.code().unwrap_or(1))))
}

fn read(output: impl Read + Send + 'static, lines: Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches(['\n', '\r'])
                .to_owned();
            if lines.send(text).is_err() {
                return;
            }
            line.clear();
        }
    })
}

/// The shell's `kill` reaches the whole group without a line of unsafe code.
fn kill_group(child: &mut Child) {
    let script = format!("kill -KILL -- -{}", child.id());
    let _ = Command::new("sh")
        .args(["-c", &script])
        .stderr(Stdio::null())
        .status();
    let _ = child.kill();
}
