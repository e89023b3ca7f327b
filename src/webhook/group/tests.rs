use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use futures_util::future::join_all;
use tokio::sync::{Semaphore, mpsc};

use super::{GroupSink, GroupWriter, SinkError, WAITING_BYTES, spawn_group_writer};
use crate::model::DeliveryId;
use crate::webhook::{Appended, DeliveryLog, IncomingDelivery, LogError};

/// A store in memory: each write waits for a permit and tells that it began.
struct Memory {
    written: Arc<Mutex<BTreeSet<DeliveryId>>>,
    permits: Arc<Semaphore>,
    began: mpsc::UnboundedSender<usize>,
}

struct Fixture {
    written: Arc<Mutex<BTreeSet<DeliveryId>>>,
    permits: Arc<Semaphore>,
    began: mpsc::UnboundedReceiver<usize>,
}

impl Fixture {
    fn new() -> (Fixture, Memory) {
        let written = Arc::<Mutex<BTreeSet<DeliveryId>>>::default();
        let permits = Arc::new(Semaphore::new(0));
        let (began, begins) = mpsc::unbounded_channel();
        let memory = Memory {
            written: Arc::clone(&written),
            permits: Arc::clone(&permits),
            began,
        };
        let began = begins;
        let fixture = Fixture {
            written,
            permits,
            began,
        };
        (fixture, memory)
    }

    fn count(&self) -> usize {
        self.written.lock().expect("no test panicked").len()
    }
}

impl GroupSink for Memory {
    async fn write(&mut self, batch: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
        self.began.send(batch.len())?;
        self.permits.acquire().await?.forget();
        if batch.iter().any(|delivery| delivery.event == "fail") {
            return Err("the disk is full".into());
        }
        let mut written = self.written.lock().map_err(|_| "a test panicked")?;
        Ok(batch
            .into_iter()
            .map(|delivery| written.insert(delivery.id))
            .collect())
    }
}

fn delivery(id: &str) -> IncomingDelivery {
    IncomingDelivery {
        id: DeliveryId::new(id),
        event: String::from("push"),
        action: None,
        installation_id: None,
        repository_id: None,
        body: Bytes::from_static(b"{}"),
    }
}

fn append(
    writer: &GroupWriter,
    delivery: IncomingDelivery,
) -> tokio::task::JoinHandle<Result<Appended, LogError>> {
    let writer = writer.clone();
    tokio::spawn(async move { writer.append(delivery).await })
}

#[tokio::test]
async fn a_delivery_is_acknowledged_only_after_its_write() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, task) = spawn_group_writer(memory, 8);
    let answer = append(&writer, delivery("a"));
    assert_eq!(fixture.began.recv().await, Some(1));
    assert!(!answer.is_finished());
    assert_eq!(fixture.count(), 0);
    fixture.permits.add_permits(1);
    assert_eq!(answer.await.expect("no panic"), Ok(Appended::New));
    assert_eq!(fixture.count(), 1);
    task.shutdown().await;
}

#[tokio::test]
async fn deliveries_that_arrive_during_a_write_share_the_next_one_and_repeats_are_told() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, _task) = spawn_group_writer(memory, 8);
    let first = append(&writer, delivery("a"));
    assert_eq!(fixture.began.recv().await, Some(1));
    let others = ["b", "a", "b"].map(|id| append(&writer, delivery(id)));
    tokio::task::yield_now().await;
    fixture.permits.add_permits(1);
    assert_eq!(fixture.began.recv().await, Some(3));
    fixture.permits.add_permits(1);
    assert_eq!(first.await.expect("no panic"), Ok(Appended::New));
    let answers: Vec<_> = join_all(others)
        .await
        .into_iter()
        .map(|answer| answer.expect("no panic"))
        .collect();
    let duplicate = Ok(Appended::Duplicate);
    assert_eq!(answers, [Ok(Appended::New), duplicate, duplicate]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_recovers() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, _task) = spawn_group_writer(memory, 1);
    let first = append(&writer, delivery("a"));
    assert_eq!(fixture.began.recv().await, Some(1));
    let second = append(&writer, delivery("b"));
    tokio::task::yield_now().await;
    assert_eq!(writer.append(delivery("c")).await, Err(LogError::Full));
    fixture.permits.add_permits(3);
    assert_eq!(first.await.expect("no panic"), Ok(Appended::New));
    assert_eq!(second.await.expect("no panic"), Ok(Appended::New));
    assert_eq!(writer.append(delivery("c")).await, Ok(Appended::New));
}

#[tokio::test]
async fn too_many_waiting_bytes_refuse_and_are_given_back() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, _task) = spawn_group_writer(memory, 4096);
    let large = IncomingDelivery {
        body: Bytes::from(vec![b' '; WAITING_BYTES]),
        ..delivery("large")
    };
    let first = append(&writer, large);
    assert_eq!(fixture.began.recv().await, Some(1));
    assert_eq!(writer.append(delivery("a")).await, Err(LogError::Full));
    fixture.permits.add_permits(2);
    assert_eq!(first.await.expect("no panic"), Ok(Appended::New));
    assert_eq!(writer.append(delivery("a")).await, Ok(Appended::New));
}

#[tokio::test]
async fn a_failed_write_fails_its_deliveries_and_no_others() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, _task) = spawn_group_writer(memory, 8);
    let bad = IncomingDelivery {
        event: String::from("fail"),
        ..delivery("a")
    };
    let bad = append(&writer, bad);
    assert_eq!(fixture.began.recv().await, Some(1));
    fixture.permits.add_permits(2);
    assert_eq!(bad.await.expect("no panic"), Err(LogError::Unavailable));
    assert_eq!(writer.append(delivery("a")).await, Ok(Appended::New));
}

#[tokio::test]
async fn shutdown_writes_what_waits_and_refuses_the_rest() {
    let (mut fixture, memory) = Fixture::new();
    let (writer, task) = spawn_group_writer(memory, 8);
    let first = append(&writer, delivery("a"));
    assert_eq!(fixture.began.recv().await, Some(1));
    let second = append(&writer, delivery("b"));
    tokio::task::yield_now().await;
    let shutdown = tokio::spawn(task.shutdown());
    fixture.permits.add_permits(2);
    shutdown.await.expect("no panic");
    assert_eq!(first.await.expect("no panic"), Ok(Appended::New));
    assert_eq!(second.await.expect("no panic"), Ok(Appended::New));
    let late = writer.append(delivery("c")).await;
    assert_eq!(late, Err(LogError::Unavailable));
    assert_eq!(fixture.count(), 2);
}

#[tokio::test]
async fn the_task_ends_once_every_writer_is_gone() {
    let (fixture, memory) = Fixture::new();
    let (writer, task) = spawn_group_writer(memory, 8);
    fixture.permits.add_permits(1);
    assert_eq!(writer.append(delivery("a")).await, Ok(Appended::New));
    drop((writer, task));
    let mut began = fixture.began;
    assert_eq!(began.recv().await, Some(1));
    assert_eq!(began.recv().await, None);
}

#[tokio::test]
async fn a_sink_that_panics_fails_what_waits_and_what_comes_at_once() {
    struct Broken;
    impl GroupSink for Broken {
        async fn write(&mut self, _: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
            panic!("a mistake of ours");
        }
    }
    let (writer, task) = spawn_group_writer(Broken, 8);
    assert!(writer.is_open());
    let waiting = append(&writer, delivery("a"));
    assert_eq!(waiting.await.expect("no panic"), Err(LogError::Unavailable));
    writer.closed().await;
    assert!(!writer.is_open());
    let late = writer.append(delivery("b")).await;
    assert_eq!(late, Err(LogError::Unavailable));
    task.shutdown().await;
}
