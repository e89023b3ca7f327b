//! Sends the run's log to the server while the run goes on. Nothing that happens here fails the run.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::protocol::LogsRequest;
use super::server::Server;

/// The most lines of one request.
const BATCH_LINES: usize = 100;
/// The most bytes of one request's lines.
const BATCH_BYTES: usize = 256 << 10;
/// How long lines wait for company.
const GATHER: Duration = Duration::from_millis(500);
/// A longer line is cut.
const LINE_BYTES: usize = 16 << 10;
/// Bytes that wait at most; what comes while the server is away that long is dropped, and said to be.
const QUEUE_BYTES: usize = 16 << 20;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// The way of a run's log to the server. Clones feed the same log.
#[derive(Clone)]
pub(super) struct LogStream(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<String>,
    bytes: usize,
    dropped: usize,
    /// No more lines will come; what waits should be sent by then.
    closes_at: Option<Instant>,
    /// The sender has nothing more to do.
    has_ended: bool,
}

/// Where the lines go.
pub(super) struct Recipient {
    pub(super) server: Server,
    pub(super) run: i64,
    pub(super) fence: i64,
    pub(super) token: String,
}

impl LogStream {
    /// Starts sending from a thread of its own.
    pub(super) fn start(recipient: Recipient) -> LogStream {
        let stream = LogStream(Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
        }));
        let shared = stream.0.clone();
        let thread = std::thread::Builder::new().name("log".to_owned());
        let started = thread.spawn(move || {
            shared.send_all(&recipient);
            shared.lock().has_ended = true;
            shared.changed.notify_all();
        });
        stream.0.lock().has_ended = started.is_err();
        stream
    }

    /// Adds a line, secrets masked.
    pub(super) fn push(&self, line: &str) {
        let mut queue = self.0.lock();
        if queue.has_ended {
            return;
        }
        if queue.bytes + line.len().min(LINE_BYTES) > QUEUE_BYTES {
            queue.dropped += 1;
            return;
        }
        if queue.dropped > 0 {
            let missing = format!(
                "({} lines are missing here: the server could not be reached)",
                std::mem::take(&mut queue.dropped)
            );
            queue.add(missing);
        }
        queue.add(cut(line));
        self.0.changed.notify_all();
    }

    /// Sends what waits, for at most this long.
    pub(super) fn finish(self, longest: Duration) {
        let until = Instant::now() + longest;
        let mut queue = self.0.lock();
        queue.closes_at = Some(until);
        self.0.changed.notify_all();
        while !queue.has_ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.0.wait(queue, left);
        }
    }
}

impl Queue {
    fn add(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    /// The lines of the next request.
    fn batch(&self) -> Vec<String> {
        let mut bytes = 0;
        let fitting = self.lines.iter().take(BATCH_LINES).take_while(|line| {
            bytes += line.len();
            bytes <= BATCH_BYTES
        });
        fitting.cloned().collect()
    }

    fn remove(&mut self, count: usize) {
        let removed: usize = self.lines.drain(..count).map(|line| line.len()).sum();
        self.bytes -= removed;
    }
}

impl Shared {
    fn send_all(&self, recipient: &Recipient) {
        let mut first = 0;
        let mut delay = FIRST_DELAY;
        while let Some(lines) = self.next_batch() {
            let request = LogsRequest {
                fence: recipient.fence,
                first,
                lines: &lines,
            };
            let sent = recipient
                .server
                .send_logs(recipient.run, &recipient.token, &request);
            match sent {
                Ok(true) => {
                    first += lines.len() as i64;
                    self.lock().remove(lines.len());
                    delay = FIRST_DELAY;
                }
                Ok(false) => return,
                Err(_) if self.pause(delay) => delay = (delay * 2).min(LONGEST_DELAY),
                Err(_) => return,
            }
        }
    }

    /// Waits for lines and a little for company. `None` when all is sent and no more will come.
    fn next_batch(&self) -> Option<Vec<String>> {
        let mut queue = self.lock();
        while queue.lines.is_empty() {
            if queue.closes_at.is_some() {
                return None;
            }
            queue = self
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while queue.lines.len() < BATCH_LINES && queue.closes_at.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.wait(queue, left);
        }
        Some(queue.batch())
    }

    /// Waits before sending is tried again; `false` when there is no time left for that.
    fn pause(&self, delay: Duration) -> bool {
        let until = Instant::now() + delay;
        let mut queue = self.lock();
        loop {
            let now = Instant::now();
            if queue.closes_at.is_some_and(|closes_at| until >= closes_at) {
                return false;
            }
            if now >= until {
                return true;
            }
            queue = self.wait(queue, until - now);
        }
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>, longest: Duration) -> MutexGuard<'a, Queue> {
        let waited = self.changed.wait_timeout(queue, longest);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut(line: &str) -> String {
    if line.len() <= LINE_BYTES {
        return line.to_owned();
    }
    let end = line.floor_char_boundary(LINE_BYTES);
    format!("{} (cut)", &line[..end])
}
