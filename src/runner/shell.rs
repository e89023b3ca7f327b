//! Running a command to its end, or ending it.

use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::stop::Stop;
use crate::config::ShellResult;

/// What is kept of each stream.
const MAX_CAPTURE: usize = 16 << 20;
/// A line without an end is passed on in pieces of this size.
const MAX_LINE: usize = 64 << 10;
/// How often to look whether the command has exited or has to be ended.
const TICK: Duration = Duration::from_millis(50);
/// How long a command that was asked to end may take for that.
const GRACE: Duration = Duration::from_secs(2);
/// How long output is read after the exit: a process left in the background may keep the pipes open forever.
const DRAIN: Duration = Duration::from_secs(2);
/// Pieces of output that wait for a slow log; the command waits when there are more.
const BACKLOG: usize = 64;

#[derive(Clone, Copy)]
enum Stream {
    Output,
    Error,
}

enum Event {
    Bytes(Stream, Vec<u8>),
    Closed,
}

/// Runs `command` in a process group of its own and gives each line to `on_line` as it comes.
///
/// # Errors
/// A text for people when it cannot be started, or when `stop` ended it.
pub(super) fn run(
    command: &mut Command,
    stop: &Stop,
    on_line: &mut dyn FnMut(&str),
) -> Result<ShellResult, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let (sender, events) = mpsc::sync_channel(BACKLOG);
    read(child.stdout.take(), Stream::Output, sender.clone());
    read(child.stderr.take(), Stream::Error, sender);
    let mut output = Gathered::default();
    let status = follow(&mut child, &events, stop, &mut output, on_line)
        .map_err(|error| format!("`{program}` cannot be followed: {error}"))?;
    output.flush(on_line);
    match stop.reason() {
        Some(reason) => Err(reason.message()),
        None => Ok(output.result(status)),
    }
}

fn follow(
    child: &mut Child,
    events: &Receiver<Event>,
    stop: &Stop,
    output: &mut Gathered,
    on_line: &mut dyn FnMut(&str),
) -> std::io::Result<ExitStatus> {
    let group = Pid::from_child(child);
    let mut exit: Option<(ExitStatus, Instant)> = None;
    let mut end = Ending::default();
    let mut open = 2;
    let mut tick = TICK;
    loop {
        let is_idle = match events.recv_timeout(tick) {
            Ok(Event::Bytes(stream, bytes)) => {
                output.add(stream, &bytes, on_line);
                false
            }
            Ok(Event::Closed) => {
                open -= 1;
                // All is read: the exit follows at once, and should not take a whole tick to be seen.
                tick = if open == 0 {
                    Duration::from_millis(1)
                } else {
                    TICK
                };
                false
            }
            Err(RecvTimeoutError::Timeout) => true,
            // Both readers are gone, so this returns at once: wait by hand.
            Err(RecvTimeoutError::Disconnected) => {
                if exit.is_none() {
                    std::thread::sleep(tick);
                    tick = (tick * 2).min(TICK);
                }
                true
            }
        };
        if exit.is_none() {
            exit = child.try_wait()?.map(|status| (status, Instant::now()));
        }
        if stop.reason().is_some() {
            end.hasten(group, exit.is_some());
        }
        match exit {
            Some((status, _)) if open == 0 => return Ok(status),
            Some((status, at)) if is_idle && (end.is_killed || at.elapsed() >= DRAIN) => {
                return Ok(status);
            }
            Some((status, at)) if at.elapsed() >= DRAIN * 2 => return Ok(status),
            _ => {}
        }
    }
}

/// How far the ending of a process group is.
#[derive(Default)]
struct Ending {
    asked_at: Option<Instant>,
    is_killed: bool,
}

impl Ending {
    /// Asks the group to end, and kills what is left of it when the command has exited or its time is up.
    ///
    /// Once the command has exited and nothing of its group is left, the number could in theory name a new group;
    /// numbers are given out in a circle, so it would have to be gone through within milliseconds.
    fn hasten(&mut self, group: Pid, has_exited: bool) {
        let asked_at = *self.asked_at.get_or_insert_with(|| {
            let _ = kill_process_group(group, Signal::TERM);
            Instant::now()
        });
        if !self.is_killed && (has_exited || asked_at.elapsed() >= GRACE) {
            let _ = kill_process_group(group, Signal::KILL);
            self.is_killed = true;
        }
    }
}

fn read(pipe: Option<impl Read + Send + 'static>, stream: Stream, events: SyncSender<Event>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 32 << 10];
        if let Some(mut pipe) = pipe {
            while let Ok(length) = pipe.read(&mut buffer) {
                let bytes = buffer[..length].to_vec();
                if length == 0 || events.send(Event::Bytes(stream, bytes)).is_err() {
                    break;
                }
            }
        }
        let _ = events.send(Event::Closed);
    });
}

/// What a command has written so far.
#[derive(Default)]
struct Gathered {
    output: Capture,
    error: Capture,
    combined: Capture,
    lines: [Vec<u8>; 2],
}

impl Gathered {
    fn add(&mut self, stream: Stream, bytes: &[u8], on_line: &mut dyn FnMut(&str)) {
        self.combined.add(bytes);
        let partial = match stream {
            Stream::Output => {
                self.output.add(bytes);
                &mut self.lines[0]
            }
            Stream::Error => {
                self.error.add(bytes);
                &mut self.lines[1]
            }
        };
        partial.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(length) = line_length(&partial[start..]) {
            pass(&partial[start..start + length], on_line);
            start += length;
        }
        partial.drain(..start);
    }

    /// Passes on what has no line end.
    fn flush(&mut self, on_line: &mut dyn FnMut(&str)) {
        for partial in &mut self.lines {
            if !partial.is_empty() {
                pass(&std::mem::take(partial), on_line);
            }
        }
    }

    fn result(self, status: ExitStatus) -> ShellResult {
        // Shells report a signal the same way.
        let by_signal = 128 + status.signal().unwrap_or(0);
        ShellResult {
            stdout: self.output.text(),
            stderr: self.error.text(),
            combined_output: self.combined.text(),
            exit_code: status.code().unwrap_or(by_signal),
        }
    }
}

/// How long the first line is with its end, if it is there or too long to wait for.
fn line_length(bytes: &[u8]) -> Option<usize> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(position) => Some(position + 1),
        None => (bytes.len() >= MAX_LINE).then_some(bytes.len()),
    }
}

fn pass(bytes: &[u8], on_line: &mut dyn FnMut(&str)) {
    let text = String::from_utf8_lossy(bytes);
    on_line(text.trim_end_matches(['\n', '\r']));
}

#[derive(Default)]
struct Capture {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Capture {
    fn add(&mut self, bytes: &[u8]) {
        let room = MAX_CAPTURE - self.bytes.len();
        self.is_cut |= bytes.len() > room;
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn text(self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.is_cut {
            let mib = MAX_CAPTURE >> 20;
            text.push_str(&format!("\n(ocuroot kept only the first {mib} MiB)\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests;
