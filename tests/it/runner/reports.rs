//! What the server is told, whatever happens on the way.

use std::process::Command;
use std::time::{Duration, Instant};

use ocuroot::runner::{Ended, send_outputs};
use serde_json::{Value, json};

use super::bench::Bench;
use super::server::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_repeated_until_it_is_answered_and_the_work_is_not() {
    let bench = Bench::new(
        "def f():\n  shell('echo ran >> count')\n  return done(outputs={'a': 1})\n",
        "f",
    )
    .await;
    bench.server.seen().report_faults.extend([
        Fault::Unavailable,
        Fault::LoseAnswer,
        Fault::Refuse(502),
    ]);
    let ended = bench.try_run().await.expect("it ends");
    assert!(ended.is_success());
    let seen = bench.server.seen();
    assert_eq!(seen.reports.len(), 3);
    assert!(
        seen.reports
            .iter()
            .all(|report| report.body == seen.reports[0].body)
    );
    assert_eq!(seen.reports[0].body["outcome"]["outputs"], json!({"a": 1}));
    assert_eq!(seen.claims.len(), 1);
    assert_eq!(bench.file("api/count"), "ran\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_not_wanted_any_more_is_dropped_with_a_word() {
    let bench = Bench::new("def f(): return done()\n", "f").await;
    bench
        .server
        .seen()
        .report_faults
        .push_back(Fault::Refuse(409));
    let ended = bench.try_run().await.expect("it ends");
    assert!(
        matches!(&ended, Ended::NotWanted(_, words) if words == "words about 409"),
        "{ended:?}"
    );
    assert!(ended.is_success());
    assert!(
        bench.console().contains(
            "::warning title=ocuroot::the result is not wanted any more: words about 409"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_the_server_cannot_take_is_a_failure_that_says_so() {
    let bench = Bench::new("def f(): return done(outputs={'a': 'x' * 1000})\n", "f").await;
    bench
        .server
        .seen()
        .report_faults
        .push_back(Fault::Refuse(413));
    let ended = bench.try_run().await.expect("it ends");
    assert!(!ended.is_success());
    let seen = bench.server.seen();
    assert_eq!(seen.reports.len(), 2);
    let message = seen.reports[1].body["outcome"]["message"].to_string();
    assert!(message.contains("more than the server takes"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_in_a_few_words() {
    let bench = Bench::new("def f(): fail('x' * 100000)\n", "f").await;
    assert!(bench.failure().await.len() < 20000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_sent_fails_nothing() {
    let text = "def f():\n  for n in range(250):\n    print(n)\n  return done()\n";
    let bench = Bench::new(text, "f").await;
    bench
        .server
        .seen()
        .log_faults
        .extend([Fault::LoseAnswer, Fault::Unavailable]);
    assert_eq!(bench.run().await["kind"], "done");
    let expected: Vec<String> = (0..250).map(|n| n.to_string()).collect();
    assert_eq!(bench.server.log(), expected);
    assert!(
        bench
            .server
            .seen()
            .logs
            .iter()
            .all(|request| request.body["lines"].as_array().expect("lines").len() <= 100)
    );

    let bench = Bench::new(text, "f").await;
    bench.server.seen().log_faults.push_back(Fault::Refuse(409));
    assert_eq!(bench.run().await["kind"], "done");
    assert_eq!(
        bench.server.seen().logs.len(),
        1,
        "a log that is not wanted is not sent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_is_ended_with_all_it_started() {
    let text = "def f():\n  shell('sleep 300 & echo $! > pid; wait', continue_on_error=True)\n  return done()\n";
    let bench = Bench::new(text, "f").await;
    bench.server.seen().assignment["timeout_seconds"] = json!(1);
    assert_eq!(bench.failure().await, "timed out after 1 s");
    assert_gone(bench.file("api/pid").trim());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_never_ends_is_reported_in_time() {
    let text = "def f():\n  for a in range(100000):\n    for b in range(100000):\n      pass\n  return done()\n";
    let bench = Bench::new(text, "f").await;
    bench.server.seen().assignment["timeout_seconds"] = json!(1);
    assert_eq!(bench.failure().await, "timed out after 1 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_ends_its_command_and_says_so() {
    let text = "def f():\n  shell('echo $$ > pid; echo begun; sleep 300', continue_on_error=True)\n  return done()\n";
    let bench = Bench::new(text, "f").await;
    let cancel = async {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !bench.console().contains("\nbegun\n") {
            assert!(Instant::now() < deadline, "{}", bench.console());
            tokio::task::yield_now().await;
        }
        bench.stop.cancel();
    };
    let (message, ()) = tokio::join!(bench.failure(), cancel);
    assert_eq!(message, "cancelled on GitHub");
    assert!(
        bench
            .console()
            .contains("::error title=ocuroot::cancelled on GitHub")
    );
    assert_gone(bench.file("api/pid").trim());
}

fn assert_gone(process: &str) {
    assert!(process.parse::<u32>().is_ok(), "`{process}` is no process");
    let is_alive = || {
        let state = Command::new("ps")
            .args(["-o", "stat=", "-p", process])
            .output()
            .expect("ps runs");
        let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
        !state.is_empty() && !state.starts_with('Z')
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_alive() {
        assert!(Instant::now() < deadline, "process {process} still runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_of_a_native_workflow_arrive() {
    let bench = Bench::new("", "f").await;
    bench
        .server
        .seen()
        .output_faults
        .extend([Fault::Unavailable, Fault::LoseAnswer]);
    let outputs = json!({"version": "1.2", "count": 3});
    sent(&bench, outputs.clone()).await.expect("they are sent");
    let seen = bench.server.seen();
    assert_eq!(seen.outputs.len(), 2);
    assert_eq!(seen.outputs[1].body, json!({"outputs": outputs}));
    assert_eq!(seen.outputs[1].claims()["aud"], bench.server.url.as_str());
    assert_ne!(seen.outputs[0].token, seen.outputs[1].token);
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_belong_to_no_run_are_refused_in_the_servers_words() {
    let bench = Bench::new("", "f").await;
    bench
        .server
        .seen()
        .output_faults
        .push_back(Fault::Refuse(404));
    let error = sent(&bench, json!({"a": 1})).await.expect_err("refused");
    assert!(
        error.contains("refused to take the outputs: words about 404"),
        "{error}"
    );
}

async fn sent(bench: &Bench, outputs: Value) -> Result<(), String> {
    let (environment, server) = (bench.environment.clone(), bench.server.url.clone());
    let outputs = serde_json::from_value(outputs).expect("a map");
    let task = tokio::task::spawn_blocking(move || send_outputs(&environment, &server, &outputs));
    task.await
        .expect("no panic")
        .map_err(|error| error.to_string())
}
