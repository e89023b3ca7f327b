use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Connections, serve};
use crate::server::tests::{CONNECTIONS, ask, connect, start, talk};

fn router() -> Router {
    Router::new().route("/", get(|| async { "here" }))
}

#[tokio::test]
async fn a_head_that_never_ends_is_hung_up_on() {
    let limits = Connections {
        head_time: Duration::from_millis(50),
        ..CONNECTIONS
    };
    let address = start(router(), limits).await;
    let mut slow = connect(address).await;
    assert_eq!(
        talk(&mut slow, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await,
        ""
    );
    assert!(ask(address, "/").await.ends_with("here"));
}

#[tokio::test]
async fn a_connection_that_is_one_too_many_is_served_when_another_ends() {
    let limits = Connections {
        most: 1,
        ..CONNECTIONS
    };
    let address = start(router(), limits).await;
    let first = connect(address).await;
    let second = tokio::spawn(async move { ask(address, "/").await });
    drop(first);
    assert!(second.await.expect("no panic").ends_with("here"));
}

#[tokio::test]
async fn the_end_waits_for_the_request_under_way_and_not_for_silence() {
    let (begin, began) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let work = std::sync::Mutex::new(Some((begin, gone)));
    let work = std::sync::Arc::new(work);
    let slow = get(move || async move {
        let taken = work.lock().expect("no panic").take();
        let (begin, gone) = taken.expect("one request");
        begin.send(()).expect("the test waits");
        gone.await.expect("the test tells");
        "done"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let end = async {
        stopped.await.expect("the test stops it");
    };
    let router = Router::new().route("/", slow);
    let server = tokio::spawn(serve(listener, router, CONNECTIONS, end));
    let mut silent = connect(address).await;
    silent.write_all(b"GET /").await.expect("it is read");
    let request = tokio::spawn(async move { ask(address, "/").await });
    began.await.expect("it begins");
    stop.send(()).expect("it serves");
    go.send(()).expect("it works");
    assert!(request.await.expect("no panic").ends_with("done"));
    drop(silent);
    server.await.expect("no panic");
}
