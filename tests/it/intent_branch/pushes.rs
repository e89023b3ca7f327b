//! Whose pushes they are, and what becomes of them when they are late, lost, doubled or not allowed.

use ocuroot::simulator::DeliveryFault;

use super::{COLOR, ENVIRONMENTS, FOLLOWS, WEB, WEB_COLOR, live, painted};
use crate::harness::App;
use crate::harness::repositories::RUNNER_WORKFLOW;

/// Only alice may deploy to staging, and bob may push.
async fn guarded() -> App {
    let app = App::with_shop().await;
    app.github
        .set_permission("acme/shop", "bob", "write")
        .expect("a permission");
    let environments = format!("{ENVIRONMENTS}protect([\"staging\"], deploy = [\"@alice\"])\n");
    app.push(
        &[
            ("repo.ocu.star", Some(FOLLOWS)),
            ("environments.ocu.star", Some(&environments)),
            ("web/release.ocu.star", Some(WEB)),
            (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ],
        "All of it",
    );
    app.play(painted).await;
    app.push(
        &[("web/release.ocu.star", Some(&WEB.replace("paint", "brush")))],
        "Brush",
    );
    app.play(painted).await;
    app
}

const STAGING: &str = "web/release.ocu.star/@/deploy/staging.json";
const FIRST: &str = "{\"release\": \"@r1\"}";

#[tokio::test]
async fn whoever_pushes_must_be_let_by_the_rules() {
    let app = guarded().await;
    let commit = app.want("bob", &[(STAGING, Some(FIRST))]).await;
    assert!(app.deployments().contains("staging web r2 success"));
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    let commit = app.want("alice", &[("@/custom/x.json", Some("1"))]).await;
    assert!(
        app.deployments().contains("staging web r2 success"),
        "alice has not said that"
    );
    insta::assert_snapshot!(app.page(&commit, "ocuroot / intent"));
    let spelled = FIRST.replace("@r1", "r1");
    app.want("alice", &[(STAGING, Some(&spelled))]).await;
    assert!(app.deployments().contains("staging web r1 success"));
    app.finish().await;
}

#[tokio::test]
async fn nobody_answers_for_a_push_that_got_lost() {
    let app = guarded().await;
    app.want("bob", &[("@/custom/x.json", Some("1"))]).await;
    app.github
        .faults()
        .deliveries(Some("push"), 1, DeliveryFault::Vanish);
    app.want(
        "alice",
        &[(STAGING, Some(FIRST)), ("@/custom/x.json", Some("2"))],
    )
    .await;
    assert_eq!(app.value("@/custom/x").await, "1");
    app.pass(1800);
    app.sweep().await;
    assert_eq!(app.value("@/custom/x").await, "2");
    assert!(app.deployments().contains("staging web r2 success"));
    let head = app
        .github
        .branch_tip("acme/shop", "intent")
        .expect("a branch");
    insta::assert_snapshot!(app.page(&head, "ocuroot / intent"));
    app.finish().await;
}

#[tokio::test]
async fn pushes_that_arrive_in_reverse_are_each_their_pushers() {
    let app = guarded().await;
    app.want("bob", &[("@/custom/x.json", Some("1"))]).await;
    let push = |user, files: &[(&str, Option<&str>)]| {
        let pushed = app.github.push("acme/shop", "intent", files, "More", user);
        pushed.expect("a commit");
    };
    push("alice", &[(STAGING, Some(FIRST))]);
    push("bob", &[("@/custom/x.json", Some("2"))]);
    app.github.faults().reverse_pending_deliveries();
    app.play(painted).await;
    assert_eq!(app.value("@/custom/x").await, "2");
    assert!(
        app.deployments().contains("staging web r1 success"),
        "alice has said it"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_doubled_push_says_nothing_twice() {
    let app = live().await;
    app.github
        .faults()
        .deliveries(Some("push"), 1, DeliveryFault::Duplicate);
    app.want("alice", &[(COLOR, Some("\"red\""))]).await;
    let runs = app.github.workflow_runs().len();
    for delivery in app.github.deliveries() {
        app.github.redeliver(&delivery.guid);
    }
    app.play(painted).await;
    assert_eq!(app.github.workflow_runs().len(), runs);
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"");
    app.finish().await;
}

#[tokio::test]
async fn a_server_that_dies_anywhere_takes_everything_over_once() {
    let mut app = live().await;
    let files = [
        (COLOR, Some("\"red\"")),
        ("@/environment/qa.json", Some("{}")),
    ];
    let pushed = app
        .github
        .push("acme/shop", "intent", &files, "What should be", "alice");
    let commit = pushed.expect("a commit");
    while app.github.deliver_next().await.is_some()
        || app.worker.intake().await.expect("the intake works")
        || app.worker.dispatch().await.expect("the dispatch works")
    {
        app.crash().await;
    }
    app.play(painted).await;
    let colors = "github.com/acme/shop/-/web/release.ocu.star/@/deploy/qa#output/color";
    assert_eq!(app.value(colors).await, "\"red\"");
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"");
    assert!(
        app.checks(&commit)
            .contains("ocuroot / intent | success | wants 2 things")
    );
    app.finish().await;
}

#[tokio::test]
async fn what_the_branch_has_when_it_is_first_followed_is_taken_over() {
    let app = App::with_shop().await;
    app.push(&[("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n"))], "Begin");
    app.want("alice", &[("@/custom/x.json", Some("1"))]).await;
    assert_eq!(app.value("@/custom/x").await, "nothing");
    app.push(&[("repo.ocu.star", Some(FOLLOWS))], "Follow");
    app.play(painted).await;
    assert_eq!(app.value("@/custom/x").await, "1");
    app.push(
        &[("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n"))],
        "Follow no more",
    );
    app.play(painted).await;
    app.want("alice", &[("@/custom/x.json", None)]).await;
    assert_eq!(app.value("@/custom/x").await, "1");
    app.finish().await;
}

#[tokio::test]
async fn what_could_not_be_made_so_is_tried_again_on_demand() {
    let app = live().await;
    let second = "{\"release\": \"@r2\"}";
    let commit = app.want("alice", &[(STAGING, Some(second))]).await;
    assert!(app.checks(&commit).contains("ocuroot / intent | failure"));
    let number = app.propose(&[("web/release.ocu.star", &WEB.replace("paint", "brush"))]);
    app.say(number, "alice", "/ocuroot lock staging --reason later")
        .await;
    app.merge(number);
    app.play(painted).await;
    app.say(number, "alice", "/ocuroot unlock staging").await;
    app.play(painted).await;
    let check = app.check(&commit, "ocuroot / intent");
    let again = app
        .github
        .rerequest_check_run("acme/shop", check.id, "alice");
    again.expect("it is there");
    app.play(painted).await;
    assert!(app.checks(&commit).contains("ocuroot / intent | success"));
    app.finish().await;
}

#[tokio::test]
async fn a_file_that_was_never_made_so_takes_nothing_with_it_when_it_goes() {
    let app = live().await;
    let file = "@/environment/staging.json";
    let refused = "{\"attributes\": {\"type\": 1}}";
    app.want("alice", &[(file, Some(refused))]).await;
    app.want("alice", &[(file, None)]).await;
    assert!(app.deployments().contains("staging web r1 success"));
    assert_ne!(app.value("@/environment/staging").await, "nothing");
    app.finish().await;
}

#[tokio::test]
async fn what_was_made_so_goes_with_its_file_although_that_was_wrong_in_between() {
    let app = live().await;
    app.want("alice", &[(COLOR, Some("\"red\""))]).await;
    app.want("alice", &[(COLOR, Some("\"re"))]).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"red\"");
    app.want("alice", &[(COLOR, None)]).await;
    assert_eq!(app.value(WEB_COLOR).await, "\"white\"");
    app.finish().await;
}
