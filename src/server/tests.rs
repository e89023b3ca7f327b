use std::future::{pending, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::listen::{self, Connections};
use super::{Ending, Health, ending, health};
use crate::clock::Clock;
use crate::model::DeliveryId;
use crate::store::Store;
use crate::webhook::{
    DeliveryLog, GroupSink, IncomingDelivery, LogError, SinkError, spawn_group_writer,
};
use crate::worker::Pulse;

/// What a test is ready to wait for; longer means that it hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const CONNECTIONS: Connections = Connections {
    most: 16,
    head_time: PATIENCE,
    drain_time: PATIENCE,
};

/// Serves `router` for the rest of the test.
pub(super) async fn start(router: Router, limits: Connections) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(listen::serve(listener, router, limits, pending()));
    address
}

pub(super) async fn connect(address: std::net::SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Sends `text` and reads until the other side closes.
pub(super) async fn talk(stream: &mut TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.expect("it is read");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
    // A connection that is closed with unread bytes is reset: what was said before counts.
    let _ = reading.await.expect("the connection is closed");
    String::from_utf8(answer).expect("text")
}

pub(super) async fn ask(address: std::net::SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    talk(&mut connect(address).await, &request).await
}

struct Broken;

impl GroupSink for Broken {
    async fn write(&mut self, _: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
        panic!("a mistake of ours");
    }
}

fn delivery() -> IncomingDelivery {
    IncomingDelivery {
        id: DeliveryId::new("a"),
        event: "push".to_owned(),
        action: None,
        installation_id: None,
        repository_id: None,
        body: Bytes::from_static(b"{}"),
    }
}

#[tokio::test]
async fn a_server_that_lost_a_part_of_itself_ends() {
    let (log, _task) = spawn_group_writer(Broken, 8);
    let mut loops = tokio::spawn(pending());
    let asked = ending(ready(()), &log, &mut loops).await;
    assert_eq!(asked, Ending::Asked);
    let mut dead = tokio::spawn(async { panic!("a mistake of ours") });
    let workers = ending(pending(), &log, &mut dead).await;
    assert_eq!(workers, Ending::Workers);
    assert_eq!(log.append(delivery()).await, Err(LogError::Unavailable));
    let inbox = ending(pending(), &log, &mut loops).await;
    assert_eq!(inbox, Ending::Inbox);
}

#[tokio::test]
async fn a_server_is_ready_while_its_workers_work_and_its_inbox_lives() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("ocuroot.db");
    let store = Store::open(&format!("sqlite://{}", file.display())).await;
    let (log, _task) = spawn_group_writer(Broken, 8);
    let pulse = Pulse::default();
    let parts = Health {
        store: store.expect("a database"),
        log: log.clone(),
        pulse: pulse.clone(),
        clock: Clock::System,
    };
    let address = start(health(parts), CONNECTIONS).await;
    assert!(
        ask(address, "/readyz")
            .await
            .contains("the workers do not work")
    );
    pulse.beat_all(Clock::System.now());
    assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    assert_eq!(log.append(delivery()).await, Err(LogError::Unavailable));
    log.closed().await;
    assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 503"));
    assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 200"));
}
