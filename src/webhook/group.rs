//! Group commit: deliveries that arrive while one write runs are written together by the next.
//!
//! One durable write per delivery loses an order of magnitude of rate on a disk with slow syncs
//! (reference/performance.md §1); no delay is added to collect a batch.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::intake::{Appended, DeliveryLog, IncomingDelivery, LogError};

/// The most deliveries one write gets.
const BATCH: usize = 256;

/// The most bytes of bodies that wait at once; a flood of large ones must not fill the memory.
const WAITING_BYTES: usize = 256 * 1024 * 1024;

/// Why a batch was not written. Logged, never sent to a client.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Writes batches durably.
pub trait GroupSink: Send + 'static {
    /// Writes `batch` in one go; all or nothing. Answers for each delivery, in order, whether it
    /// was new (`false`: its id was there before, or earlier in the same batch).
    ///
    /// # Errors
    /// When the batch is not, or perhaps not, written.
    fn write(
        &mut self,
        batch: Vec<IncomingDelivery>,
    ) -> impl Future<Output = Result<Vec<bool>, SinkError>> + Send;
}

/// A [`DeliveryLog`] that writes in groups. Cheap to clone.
#[derive(Clone, Debug)]
pub struct GroupWriter {
    queue: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
}

/// The task behind a [`GroupWriter`].
#[derive(Debug)]
pub struct GroupTask {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Waiting {
    delivery: IncomingDelivery,
    answer: oneshot::Sender<Result<Appended, LogError>>,
    /// Gives the body's bytes back when the delivery is written or given up.
    permit: OwnedSemaphorePermit,
}

/// Starts the task that owns `sink`. At most `capacity` deliveries wait; one more is refused with
/// [`LogError::Full`]. Needs a running tokio runtime.
pub fn spawn_group_writer(sink: impl GroupSink, capacity: usize) -> (GroupWriter, GroupTask) {
    let (queue, waiting) = mpsc::channel(capacity);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(write_groups(sink, waiting, stopped));
    let bytes = Arc::new(Semaphore::new(WAITING_BYTES));
    (GroupWriter { queue, bytes }, GroupTask { stop, task })
}

impl GroupTask {
    /// Refuses further deliveries, writes those that wait, and returns when all are answered.
    pub async fn shutdown(self) {
        // A task that has already ended cannot be told, and need not be.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the webhook writer ended abnormally");
        }
    }
}

impl GroupWriter {
    /// Whether deliveries are still written. Once they are not, every further one is refused.
    pub fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Returns when no delivery is written any more: the task was shut down, or its sink has panicked.
    pub async fn closed(&self) {
        self.queue.closed().await;
    }
}

impl DeliveryLog for GroupWriter {
    async fn append(&self, delivery: IncomingDelivery) -> Result<Appended, LogError> {
        let size = u32::try_from(delivery.body.len()).map_err(|_| LogError::Full)?;
        let permit = Arc::clone(&self.bytes)
            .try_acquire_many_owned(size)
            .map_err(|_| LogError::Full)?;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            delivery,
            answer,
            permit,
        };
        self.queue.try_send(waiting).map_err(|error| match error {
            TrySendError::Full(_) => LogError::Full,
            TrySendError::Closed(_) => LogError::Unavailable,
        })?;
        answered.await.unwrap_or(Err(LogError::Unavailable))
    }
}

async fn write_groups(
    mut sink: impl GroupSink,
    mut waiting: mpsc::Receiver<Waiting>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut group = Vec::with_capacity(BATCH);
    let mut is_stopping = false;
    loop {
        let received = tokio::select! {
            biased;
            // Also fires when the handle was dropped without a shutdown: then the writers decide.
            told = &mut stopped, if !is_stopping => {
                is_stopping = true;
                if told.is_ok() {
                    waiting.close();
                }
                continue;
            }
            received = waiting.recv_many(&mut group, BATCH) => received,
        };
        if received == 0 {
            return;
        }
        write_group(&mut sink, std::mem::take(&mut group)).await;
    }
}

async fn write_group(sink: &mut impl GroupSink, group: Vec<Waiting>) {
    let (deliveries, waiters): (Vec<_>, Vec<_>) = group
        .into_iter()
        .map(|waiting| (waiting.delivery, (waiting.answer, waiting.permit)))
        .unzip();
    let written = sink.write(deliveries).await.and_then(|new| {
        if new.len() == waiters.len() {
            Ok(new)
        } else {
            Err("the store did not answer for every delivery".into())
        }
    });
    let answers = match written {
        Ok(new) => new
            .into_iter()
            .map(|is_new| {
                Ok(if is_new {
                    Appended::New
                } else {
                    Appended::Duplicate
                })
            })
            .collect(),
        Err(error) => {
            tracing::error!(deliveries = waiters.len(), %error, "webhooks could not be recorded");
            vec![Err(LogError::Unavailable); waiters.len()]
        }
    };
    for ((answer, _), result) in waiters.into_iter().zip(answers) {
        // A client that hung up does not wait any more; its delivery is recorded all the same.
        let _ = answer.send(result);
    }
}

#[cfg(test)]
mod tests;
