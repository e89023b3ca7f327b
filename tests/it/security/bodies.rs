//! Requests that are too much, or not what they seem. Slow ones are in `src/server/guard/tests.rs` and
//! `src/server/listen/tests.rs`.

use std::io::Write;

use reqwest::{Client, Method, RequestBuilder};

use super::{signature, waiting};
use crate::harness::App;

const SECRET: &str = "a secret of the test";

/// Every route that takes a body, as whoever has no right to it would ask.
fn routes(app: &App) -> Vec<RequestBuilder> {
    let endpoints = ocuroot::api::endpoints().into_iter();
    let paths = endpoints
        .filter(|(method, _)| *method == "POST")
        .map(|(_, path)| path);
    let paths = paths.chain(["/webhooks/github"]);
    let fill = |path: &str| {
        let path = path.replace("{id}", "1").replace("{owner}", "acme");
        path.replace("{name}", "shop")
            .replace("{repository}", "shop")
    };
    let client = Client::new();
    paths
        .map(|path| client.request(Method::POST, format!("{}{}", app.url, fill(path))))
        .collect()
}

async fn status(request: RequestBuilder) -> u16 {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let words = answer.text().await.expect("a body");
    assert!(
        words.len() < 1_000,
        "an answer does not repeat the question: {words}"
    );
    status
}

async fn is_well(app: App) {
    assert_eq!(waiting(&app).await, (0, 0));
    app.push(&crate::harness::repositories::shop(), "Begin");
    app.settle().await;
    assert_eq!(app.queued().len(), 1, "work goes on");
    app.finish().await;
}

#[tokio::test]
async fn brackets_without_end_are_refused_wherever_they_are_sent() {
    let app = App::with_shop().await;
    let deep = "[".repeat(200_000);
    for text in [
        deep.clone(),
        format!("{{\"outcome\":{}", deep),
        "{\"a\":".repeat(100_000),
    ] {
        for route in routes(&app) {
            let route = route
                .header("Content-Type", "application/json")
                .header("X-GitHub-Event", "push")
                .header("X-GitHub-Delivery", "deep")
                .header("X-Hub-Signature-256", signature(SECRET, &text))
                .bearer_auth("x");
            let status = status(route.body(text.clone())).await;
            assert!((400..500).contains(&status), "{status}");
        }
    }
    is_well(app).await;
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let app = App::with_shop().await;
    let mut packed = Vec::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(&mut packed));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("zeros", options).unwrap();
    archive.write_all(&vec![b' '; 64 << 20]).unwrap();
    archive.finish().unwrap();
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        for route in routes(&app) {
            let route = route
                .header("Content-Type", "application/json")
                .header("Content-Encoding", encoding)
                .bearer_auth("x");
            let status = status(route.body(packed.clone())).await;
            assert!((400..500).contains(&status), "{encoding}: {status}");
        }
    }
    is_well(app).await;
}

#[tokio::test]
async fn more_than_a_route_takes_is_refused() {
    let app = App::with_shop().await;
    for route in routes(&app) {
        let body = vec![b' '; ocuroot::webhook::BODY_LIMIT + 1];
        let route = route
            .header("Content-Type", "application/json")
            .bearer_auth("x");
        // Who is refused early may find the line cut while it still sends.
        if let Ok(answer) = route.body(body).send().await {
            assert!(
                matches!(answer.status().as_u16(), 400..500),
                "{}",
                answer.status()
            );
        }
    }
    is_well(app).await;
}

#[tokio::test]
async fn headers_without_number_and_addresses_without_end_are_refused() {
    let app = App::with_shop().await;
    for route in routes(&app) {
        let many = (0..5_000).fold(route, |route, number| {
            route.header(format!("x-{number}"), "x")
        });
        if let Ok(answer) = many.send().await {
            assert_eq!(answer.status().as_u16(), 431);
        }
    }
    let long = format!("{}/api/v1/runs/{}/claim", app.url, "9".repeat(1_000_000));
    if let Ok(answer) = Client::new().post(long).send().await {
        assert!((400..500).contains(&answer.status().as_u16()));
    }
    is_well(app).await;
}

#[tokio::test]
async fn numbers_of_runs_that_are_none_find_nothing() {
    let app = App::with_shop().await;
    for id in [
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "1%20OR%201=1",
        "..%2f1",
        "x",
    ] {
        let url = format!("{}/api/v1/runs/{id}/report", app.url);
        let body = serde_json::json!({"fence": 1, "outcome": {"kind": "failed", "message": "x"}});
        let request = Client::new().post(url).bearer_auth("x").json(&body);
        let status = status(request).await;
        assert!(matches!(status, 400 | 404), "{id}: {status}");
    }
    is_well(app).await;
}
