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
    insta::assert_snapshot!(checkout.run(&app, &new).await.fails().text(), @"
    github.com/acme/shop/-/api/release.ocu.star/@r1

    There are already 1 releases for this commit (listed above). To make another one: --force
    ---
    ---
    1
    ");
    let forced = ["release", "new", "api", "--force"];
    let said = checkout.run(&app, &forced).await.succeeds();
    insta::assert_snapshot!(said.output, @r#"
    github.com/acme/shop/-/api/release.ocu.star/@r2 waiting
      ✓ Task: build [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r2/task/build#output/image = "api:1"
      ✓ Deploy to staging [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r2/deploy/staging#output/url = "https://api.example"
      · Task: approval [1]: pending
          Pending Inputs
            github.com/acme/shop/-/api/release.ocu.star/@r2/custom/approval
      · Deploy to production [1]: pending
      To go on: ocuroot state set github.com/acme/shop/-/api/release.ocu.star/@r2/custom/approval <value> && ocuroot work any
    "#);
    let record = app.record(100).await;
    let own = record.lines().filter(|line| line.starts_with("alice"));
    insta::assert_snapshot!(own.collect::<Vec<_>>().join("\n"), @"
    alice | asked | acme/shop | Recorded | heard
    alice | decided | api/release.ocu.star | Refused | already_released
    alice | asked | acme/shop | Recorded | heard
    alice | decided | api/release.ocu.star/@r2 | Allowed | released
    ");
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
    insta::assert_snapshot!(said.await.fails().output, @"
    github.com/acme/shop/-/api/release.ocu.star/@r1 failed
      ✗ Task: build [2]: failed
          still none
      · Deploy to staging [1]: pending
      · Task: approval [1]: pending
      · Deploy to production [1]: pending
    ");
    let said = checkout.run(&app, &retry).await.succeeds();
    insta::assert_snapshot!(said.output, @r#"
    github.com/acme/shop/-/api/release.ocu.star/@r1 waiting
      ✓ Task: build [3]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/task/build#output/image = "api:1"
      ✓ Deploy to staging [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/staging#output/url = "https://api.example"
      · Task: approval [1]: pending
          Pending Inputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval
      · Deploy to production [1]: pending
      To go on: ocuroot state set github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval <value> && ocuroot work any
    "#);
    let said = checkout.run(&app, &retry).await.fails();
    insta::assert_snapshot!(said.text(), @"
    github.com/acme/shop/-/api/release.ocu.star/@r1: nothing has failed that can be tried again
    ---
    ---
    1
    ");
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
    insta::assert_snapshot!(set.succeeds().text(), @"
    ---
    github.com/acme/shop/-/api/release.ocu.star/@/custom/approval should be so. To make it so: ocuroot state apply github.com/acme/shop/-/api/release.ocu.star/@/custom/approval
    ---
    0
    ");
    let apply = checkout.run(&app, &["state", "apply", reference]).await;
    assert_eq!(apply.succeeds().text(), "---\n---\n0");
    let watch = ["release", "continue", "api/release.ocu.star/@r1"];
    let said = checkout.run(&app, &watch).await.succeeds();
    insta::assert_snapshot!(said.output, @r#"
    github.com/acme/shop/-/api/release.ocu.star/@r1 complete
      ✓ Task: build [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/task/build#output/image = "api:1"
      ✓ Deploy to staging [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/staging#output/url = "https://api.example"
      ✓ Task: approval [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/task/approval#output/by = "alice"
      ✓ Deploy to production [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/production#output/url = "https://api.example"
    "#);
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
    insta::assert_snapshot!(without_commits(&said.errors), @"error: GitHub has no commit 1cb058d in acme/shop: push it first.");
    checkout
        .git(&["push", "--quiet", "origin", "HEAD:refs/heads/mine"])
        .await;
    let said = checkout.run(&app, &new).await.fails();
    insta::assert_snapshot!(without_commits(&said.errors), @"error: Commit 1cb058d is not in main: what is released from here is merged. Merge it first, or say /ocuroot deploy <environment> on its pull request.");
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
    let lint = ["release", "lint", "api/release.ocu.star"];
    let without = checkout.command(&lint).output().unwrap();
    let mut with = checkout.command(&lint);
    let with = with.env("OCUROOT_SERVER", &app.url).output().unwrap();
    assert_eq!(with, without, "the variable is for other verbs");
    app.finish().await;
}
