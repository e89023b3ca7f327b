//! Releases from a terminal, watched to their end.

use ocuroot::simulator::DeliveryFault;

use super::checkout::{Checkout, without_commits};
use crate::harness::repositories::shop;
use crate::harness::{App, failed, succeed};

async fn waiting() -> (App, Checkout) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let checkout = Checkout::of(&app, "alice").await;
    (app, checkout)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_released_again_only_by_force_and_watched_until_it_waits() {
    let (app, checkout) = waiting().await;
    let new = ["release", "new", "api/release.ocu.star"];
    insta::assert_snapshot!(checkout.run(&app, &new).await.fails().text(), @"");
    let forced = ["release", "new", "api", "--force"];
    let said = checkout.run(&app, &forced).await.succeeds();
    insta::assert_snapshot!(said.output, @"");
    insta::assert_snapshot!(app.record(4).await, @"");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_failed_is_tried_again_and_the_exit_code_tells_the_end() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(|_, _| failed("no disk space")).await;
    let checkout = Checkout::of(&app, "alice").await;
    let retry = ["release", "retry", "api/release.ocu.star"];
    let said = checkout.run_while(&app, &retry, |_, _| failed("still none"));
    insta::assert_snapshot!(said.await.fails().output, @"");
    let said = checkout.run(&app, &retry).await.succeeds();
    insta::assert_snapshot!(said.output, @"");
    let said = checkout.run(&app, &retry).await.fails();
    insta::assert_snapshot!(said.text(), @"");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_is_set_and_applied_lets_the_release_go_on() {
    let (app, checkout) = waiting().await;
    let reference = "api/release.ocu.star/@/custom/approval";
    let value = "{\"approved_by\": \"alice\"}";
    let set = checkout
        .run(&app, &["state", "set", reference, value])
        .await;
    insta::assert_snapshot!(set.succeeds().text(), @"");
    let apply = checkout.run(&app, &["state", "apply", reference]).await;
    assert_eq!(apply.succeeds().text(), "---\n---\n0");
    let watch = ["release", "continue", "api/release.ocu.star/@r1"];
    let said = checkout.run(&app, &watch).await.succeeds();
    insta::assert_snapshot!(said.output, @"");
    assert!(app.deployments().contains("production api r1 success"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_looked_at_when_its_webhook_was_lost() {
    let (app, checkout) = waiting().await;
    let said = checkout.run(&app, &["push"]).await.succeeds();
    assert_eq!(said.output, "nothing is released: no package has changed\n");
    let faults = app.github.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Vanish);
    app.push(&[("api/main.txt", Some("two\n"))], "Change");
    let said = checkout.run(&app, &["push"]).await.succeeds();
    assert!(
        said.output
            .starts_with("github.com/acme/shop/-/api/release.ocu.star/@r2 waiting"),
        "{said:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_has_not_or_has_not_merged_is_not_released() {
    let (app, checkout) = waiting().await;
    std::fs::write(checkout.folder().join("api/main.txt"), "mine\n").unwrap();
    checkout.git(&["commit", "--quiet", "-am", "Mine"]).await;
    let new = ["release", "new", "api/release.ocu.star"];
    let said = checkout.run(&app, &new).await.fails();
    insta::assert_snapshot!(without_commits(&said.errors), @"");
    checkout
        .git(&["push", "--quiet", "origin", "HEAD:refs/heads/mine"])
        .await;
    let said = checkout.run(&app, &new).await.fails();
    insta::assert_snapshot!(without_commits(&said.errors), @"");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_this_machine_does_is_no_servers() {
    let (app, checkout) = waiting().await;
    for verb in [
        &["state", "view"][..],
        &["preview", "api/release.ocu.star"],
        &["repl", "-c", "1"],
        &["mcp"],
        &["release", "lint", "api/release.ocu.star"],
    ] {
        let said = checkout.run(&app, verb).await.fails();
        assert!(
            said.errors.contains("works on this machine only"),
            "{verb:?} {said:?}"
        );
    }
    let mut lint = checkout.command(&["release", "lint", "api/release.ocu.star"]);
    let lint = lint.env("OCUROOT_SERVER", &app.url).output().unwrap();
    assert!(lint.status.success(), "the variable is for other verbs");
    app.finish().await;
}
