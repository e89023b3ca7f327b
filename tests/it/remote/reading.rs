//! What is recorded at the server, looked at from a terminal.

use super::checkout::Checkout;
use crate::harness::repositories::shop;
use crate::harness::{App, succeed};

async fn waiting() -> (App, Checkout) {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let checkout = Checkout::of(&app, "alice").await;
    (app, checkout)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_read_by_refs_written_from_where_one_stands() {
    let (app, checkout) = waiting().await;
    let reference = "api/release.ocu.star/@/task/build#output/image";
    let said = checkout.run(&app, &["state", "get", reference]).await;
    assert_eq!(said.succeeds().output, "\"api:1\"\n");
    let said = checkout.run(&app, &["state", "get", "@/environment/staging"]);
    assert!(said.await.succeeds().output.contains("\"staging\""));
    let said = checkout.run(&app, &["state", "get", "api/release.ocu.star/@r9"]);
    insta::assert_snapshot!(said.await.fails().errors, @"error: there is no github.com/acme/shop/-/api/release.ocu.star/@r9, or you may not read it");
    let said = checkout.run(&app, &["state", "match", "./-/**/@r1/deploy/*"]);
    insta::assert_snapshot!(said.await.succeeds().output, @"github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/staging");
    let said = checkout.run(&app, &["state", "impact", "@/environment/staging"]);
    insta::assert_snapshot!(said.await.succeeds().output, @"github.com/acme/shop/-/api/release.ocu.star/@/deploy/staging");
    let said = checkout.run(&app, &["find-deploys", "HEAD", "HEAD"]);
    insta::assert_snapshot!(said.await.succeeds().output, @"github.com/acme/shop/-/api/release.ocu.star/@/deploy/staging");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_should_be_and_what_waits_are_shown() {
    let (app, checkout) = waiting().await;
    let said = checkout.run(&app, &["state", "diff", "--long"]).await;
    assert_eq!(said.succeeds().text(), "---\n---\n0");
    let value = ["state", "set", "@/custom/token", "{\"a\": 1}"];
    insta::assert_snapshot!(checkout.run(&app, &value).await.text(), @"
    ---
    @/custom/token should be so. To make it so: ocuroot state apply @/custom/token
    ---
    0
    ");
    let said = checkout.run(&app, &["state", "diff", "--long"]).await;
    insta::assert_snapshot!(said.succeeds().output, @"create @/custom/token");
    let said = checkout.run(&app, &["work", "continue"]).await;
    insta::assert_snapshot!(said.succeeds().text(), @"
    run github.com/acme/shop/-/api/release.ocu.star/@r1/task/approval/1: waits for github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval
    run github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/production/1: waits for the phase approval
    ---
    https://ocuroot.example does this by itself, as soon as it can be done. What is not done yet:
    ---
    0
    ");
    let said = checkout.run(&app, &["work", "any", "--dryrun"]).await;
    insta::assert_snapshot!(super::checkout::without_commits(&said.succeeds().output), @r#"
    [
      {
        "ref": "@/custom/token",
        "work_type": "create"
      },
      {
        "ref": "github.com/acme/shop/-/api/release.ocu.star/@r1/task/approval/1",
        "work_type": "run",
        "commit": "<commit>",
        "why": "waits for github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval"
      },
      {
        "ref": "github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/production/1",
        "work_type": "run",
        "commit": "<commit>",
        "why": "waits for the phase approval"
      }
    ]
    "#);
    let said = checkout.run(&app, &["work", "any"]).await;
    insta::assert_snapshot!(said.succeeds().text(), @"
    run github.com/acme/shop/-/api/release.ocu.star/@r1/task/approval/1: waits for github.com/acme/shop/-/api/release.ocu.star/@r1/custom/approval
    run github.com/acme/shop/-/api/release.ocu.star/@r1/deploy/production/1: waits for the phase approval
    ---
    ---
    0
    ");
    let said = checkout
        .run(&app, &["state", "get", "@/custom/token"])
        .await;
    assert!(said.succeeds().output.contains("\"a\": 1"));
    app.finish().await;
}
