//! The rules of environments hold from a terminal as they do in comments.

use super::checkout::Checkout;
use crate::harness::{App, succeed};
use crate::pains;

const DEPLOYMENT: &str = "api/release.ocu.star/@/deploy/production";

async fn guarded(rules: &str) -> (App, Checkout) {
    let app = pains::shop(rules).await;
    let checkout = Checkout::of(&app, "alice").await;
    (app, checkout)
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_rule_keeps_out_neither_applies_nor_says_what_should_be() {
    let (app, checkout) = guarded(r#"protect(["production"], deploy=["@bob"])"#).await;
    let before = app.deployments();
    let delete = checkout.run(&app, &["state", "delete", DEPLOYMENT]).await;
    insta::assert_snapshot!(delete.fails().errors, @"error: Changing api in production is for @bob (acme/shop environments.ocu.star:6), and you are not among them.");
    let forced = ["release", "new", "api", "--force"];
    insta::assert_snapshot!(checkout.run(&app, &forced).await.fails().errors, @"error: Changing api in production is for @bob (acme/shop environments.ocu.star:6), and you are not among them.");
    app.play(succeed).await;
    assert_eq!(app.deployments(), before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_rule_wants_a_second_word_it_is_an_option() {
    let (app, checkout) = guarded(r#"protect(["production"], confirm=True)"#).await;
    checkout
        .run(&app, &["state", "delete", DEPLOYMENT])
        .await
        .succeeds();
    let apply = ["state", "apply", DEPLOYMENT];
    insta::assert_snapshot!(checkout.run(&app, &apply).await.fails().errors, @"
    error: commands that change production want a second word (acme/shop environments.ocu.star:6). It would do this:

    - remove from production of api r1 starts now

    The answer would be:

    api is being removed from production.

    To have it done, say it again with --confirm.
    ");
    assert!(app.deployments().contains("production api r1 success"));
    let apply = ["state", "apply", DEPLOYMENT, "--confirm"];
    checkout.run(&app, &apply).await.succeeds();
    assert!(app.deployments().contains("production api r1 inactive"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_repository_is_changed_there() {
    let (app, checkout) = guarded("").await;
    let other = "github.com/acme/other/-/x.ocu.star/@/deploy/production";
    let said = checkout
        .run(&app, &["state", "delete", other])
        .await
        .fails();
    insta::assert_snapshot!(said.errors, @"error: github.com/acme/other/-/x.ocu.star/@/deploy/production belongs to github.com/acme/other: give the command in a checkout of that repository.");
    app.finish().await;
}
