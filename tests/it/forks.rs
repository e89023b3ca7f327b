//! Strangers and forks: looked at, never run.

use crate::harness::repositories::{ENVIRONMENTS, shop};
use crate::harness::{App, succeed};

async fn proposed_by_a_stranger(files: &[(&str, &str)]) -> (App, u64) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let number = app.propose_as(files, "mallory", true);
    app.settle().await;
    (app, number)
}

#[tokio::test]
async fn a_fork_gets_a_preview() {
    let (app, number) = proposed_by_a_stranger(&[("api/main.txt", "two\n")]).await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.finish().await;
}

#[tokio::test]
async fn code_of_a_fork_is_never_run_whoever_asks() {
    let (app, number) = proposed_by_a_stranger(&[("api/main.txt", "two\n")]).await;
    let before = app.github.workflow_runs().len();
    app.say(number, "mallory", "/ocuroot deploy staging").await;
    app.say(
        number,
        "alice",
        "/ocuroot deploy staging\n/ocuroot approve\n/ocuroot retry",
    )
    .await;
    app.play(succeed).await;
    assert_eq!(app.github.workflow_runs().len(), before);
    insta::assert_snapshot!(app.conversation(number));
    app.finish().await;
}

#[tokio::test]
async fn an_environment_that_a_fork_registers_is_only_shown() {
    let more = format!("{ENVIRONMENTS}register_environment(environment(\"evil\", {{}}))\n");
    let (app, number) = proposed_by_a_stranger(&[("environments.ocu.star", &more)]).await;
    insta::assert_snapshot!(app.page(&app.head(number), "ocuroot"));
    app.say(number, "alice", "/ocuroot deploy evil").await;
    let other = app.propose(&[("api/main.txt", "three\n")]);
    app.say(other, "alice", "/ocuroot deploy evil").await;
    assert!(
        app.conversation(other)
            .contains("There is no environment `evil`")
    );
    app.finish().await;
}
