//! Watching ends when the person wants, and the release goes on.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::checkout::Checkout;
use crate::harness::repositories::shop;
use crate::harness::{App, done, succeed};

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_watching_and_not_the_release() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let job = app.claim_all(&run).await.remove(0);
    app.settle().await;
    let checkout = Checkout::of(&app, "alice").await;
    let mut command = checkout.command(&["release", "continue", "api", "--server", &app.url]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let ended = tokio::task::spawn_blocking(move || {
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut text = String::new();
        while !text.contains("pending -> running") {
            assert_ne!(errors.read_line(&mut text).unwrap(), 0, "{text}");
        }
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        errors.read_to_string(&mut text).unwrap();
        (child.wait().unwrap().code(), text)
    });
    while !ended.is_finished() {
        app.settle().await;
        tokio::task::yield_now().await;
    }
    let (code, text) = ended.await.unwrap();
    assert_eq!(code, Some(130), "{text}");
    insta::assert_snapshot!(text, @"
    github.com/acme/shop > api/release.ocu.star > Task: build [1]> pending -> running
    No longer watched; the server goes on with it. To watch it again: ocuroot release continue github.com/acme/shop/-/api/release.ocu.star/@r1
    ");
    let image = done(serde_json::json!({"image": "api:1"}));
    assert_eq!(app.report(&job, &image).await, 202);
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.play(succeed).await;
    assert!(app.deployments().contains("staging api r1 success"));
    app.finish().await;
}
