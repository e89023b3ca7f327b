//! Calling a function for no longer than it may take.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::stop::{Stop, StopReason};
use crate::model::Outcome;

/// How long a function that was asked to stop may take; more than a command is given.
const STOP_GRACE: Duration = Duration::from_secs(4);
/// How often the clock is compared with the deadline.
const TICK: Duration = Duration::from_millis(100);
/// Deep but legal files need more stack than a thread usually has.
const STACK_BYTES: usize = 64 << 20;

/// Runs `call` in a thread of its own: whatever it is stuck in, the run ends in time.
pub(super) fn within(
    stop: &Stop,
    seconds: i64,
    call: impl FnOnce() -> Outcome + Send + 'static,
) -> Result<Outcome, String> {
    let longest = Duration::from_secs(u64::try_from(seconds.max(1)).unwrap_or(1));
    let deadline = Instant::now() + longest;
    let (sender, end) = mpsc::channel();
    std::thread::Builder::new()
        .name("function".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || drop(sender.send(call())))
        .map_err(|error| format!("the function cannot be called: {error}"))?;
    let mut stopped_at = None;
    loop {
        match end.recv_timeout(TICK) {
            Ok(outcome) => return Ok(outcome),
            Err(RecvTimeoutError::Disconnected) => {
                return Err("the function broke down; this is a mistake in Ocuroot".to_owned());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if Instant::now() >= deadline {
            stop.ask(StopReason::TimedOut(seconds));
        }
        let Some(reason) = stop.reason() else {
            continue;
        };
        let stopped_at = *stopped_at.get_or_insert_with(Instant::now);
        if stopped_at.elapsed() >= STOP_GRACE {
            return Err(reason.message());
        }
    }
}
