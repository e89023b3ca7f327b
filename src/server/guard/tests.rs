use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use super::{Limits, guarded};
use crate::server::tests::{CONNECTIONS, PATIENCE, ask, connect, start, talk};

const LIMITS: Limits = Limits {
    requests: 8,
    bytes: 1024,
    body_time: PATIENCE,
};

async fn echo(limits: Limits) -> SocketAddr {
    let echo = post(|body: Bytes| async move { body.len().to_string() });
    let router = guarded(Router::new().route("/", echo), limits);
    start(router, CONNECTIONS).await
}

/// A request that says it has `length` bytes and sends `body`.
async fn send(address: SocketAddr, length: usize, body: &str) -> String {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    talk(&mut connect(address).await, &(head + body)).await
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_not_waited_for() {
    let limits = Limits {
        body_time: Duration::from_millis(50),
        ..LIMITS
    };
    let address = echo(limits).await;
    let answer = send(address, 10, "slow").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(send(address, 4, "fast").await.ends_with("4"));
}

#[tokio::test]
async fn a_request_too_many_is_told_when_to_come_back() {
    let (begun, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (begin, gone) = (Arc::clone(&begun), Arc::clone(&go));
    let work = get(move || async move {
        begin.add_permits(1);
        gone.acquire().await.expect("open").forget();
        "done"
    });
    let limits = Limits {
        requests: 1,
        ..LIMITS
    };
    let router = Router::new().route("/", work);
    let address = start(guarded(router, limits), CONNECTIONS).await;
    let first = tokio::spawn(async move { ask(address, "/").await });
    begun.acquire().await.expect("open").forget();
    let refused = ask(address, "/").await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: 5"), "{refused}");
    go.add_permits(2);
    assert!(first.await.expect("no panic").ends_with("done"));
    assert!(ask(address, "/").await.ends_with("done"));
}

#[tokio::test]
async fn bytes_beyond_the_memory_are_refused_and_given_back() {
    let address = echo(LIMITS).await;
    for _ in 0..3 {
        let answer = send(address, 2000, &"x".repeat(2000)).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 5"), "{answer}");
        assert!(
            send(address, 1000, &"x".repeat(1000))
                .await
                .ends_with("1000")
        );
    }
}

#[tokio::test]
async fn bytes_that_are_only_announced_cost_nobody_anything() {
    let address = echo(LIMITS).await;
    let mut slow = connect(address).await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut slow, head.as_bytes())
        .await
        .expect("it is read");
    assert!(
        send(address, 1000, &"x".repeat(1000))
            .await
            .ends_with("1000")
    );
}
