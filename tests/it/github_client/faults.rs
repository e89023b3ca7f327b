use std::collections::BTreeMap;

use ocuroot::github::GitHubError;
use ocuroot::simulator::{RequestFault, RequestLimits};

use super::{REPOSITORY, World, api};

const DISPATCHES: &str = "/repos/*/dispatches";

async fn dispatch(world: &World) -> Result<Option<i64>, GitHubError> {
    let inputs = BTreeMap::from([(String::from("ocuroot_run"), String::from("12"))]);
    let github = world.installation();
    let dispatched = github
        .dispatch_workflow(&api(), "ocuroot.yml", "main", &inputs)
        .await;
    dispatched.map(|dispatched| dispatched.workflow_run_id)
}

#[tokio::test]
async fn a_dispatch_whose_answer_is_lost_started_one_run_and_says_it_may_have() {
    let world = World::new().await;
    let faults = world.simulator.faults();
    faults.requests("POST", DISPATCHES, 1, RequestFault::LoseAnswer);
    let error = dispatch(&world).await.expect_err("no answer");
    assert!(matches!(error, GitHubError::Unknown { .. }), "{error}");
    assert!(!error.is_certainly_not_done());
    assert_eq!(world.simulator.workflow_runs().len(), 1);
    let github = world.installation();
    let runs = github
        .workflow_runs_since(&api(), "ocuroot.yml", "2020-01-01T00:00:00Z")
        .await;
    let runs = runs.expect("a listing");
    assert_eq!(runs[0].display_title, "ocuroot 12", "how it is found again");
    world.assert_clean();
}

#[tokio::test]
async fn no_fault_makes_the_client_send_a_write_twice() {
    let cases = [
        (RequestFault::ServerError, false),
        (RequestFault::BadGateway, false),
        (RequestFault::Reset, false),
        (RequestFault::SecondaryLimit(30), true),
        (RequestFault::TooManyRequests(30), true),
        (RequestFault::NotFound, true),
    ];
    for (fault, is_certain) in cases {
        let world = World::new().await;
        world
            .simulator
            .faults()
            .requests("POST", DISPATCHES, 1, fault);
        let error = dispatch(&world).await.expect_err("a fault");
        assert_eq!(error.is_certainly_not_done(), is_certain, "{error}");
        assert_eq!(world.count("POST", "/dispatches"), 1, "{error}");
        assert_eq!(world.simulator.workflow_runs().len(), 0);
        let id = dispatch(&world).await.expect("the fault is over");
        assert!(id.is_some());
        world.assert_clean();
    }
}

#[tokio::test]
async fn patience_is_asked_for_in_seconds() {
    let world = World::new().await;
    for fault in [
        RequestFault::SecondaryLimit(17),
        RequestFault::TooManyRequests(17),
    ] {
        world
            .simulator
            .faults()
            .requests("POST", DISPATCHES, 1, fault);
        let error = dispatch(&world).await.expect_err("a limit");
        assert_eq!(error.retry_after_seconds(), Some(17), "{error}");
    }
    world.assert_clean();
}

#[tokio::test]
async fn a_token_that_is_not_known_everywhere_yet_is_replaced() {
    let world = World::new().await;
    let faults = world.simulator.faults();
    faults.requests("POST", DISPATCHES, 1, RequestFault::Unauthorized);
    let id = dispatch(&world).await.expect("the second token works");
    assert!(id.is_some());
    assert_eq!(world.simulator.workflow_runs().len(), 1);
    world.assert_clean();
}

#[tokio::test]
async fn a_suspended_or_removed_installation_is_told_in_words() {
    let world = World::new().await;
    let id = world.simulator.installation_id(REPOSITORY).expect("an id");
    world
        .simulator
        .suspend_installation(id, true)
        .expect("it is suspended");
    let error = dispatch(&world).await.expect_err("suspended");
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error}");
    assert!(error.to_string().contains("suspended"), "{error}");
    let gone = world
        .github
        .installation(99)
        .branch_head(&api(), "main")
        .await;
    let error = gone.expect_err("no such installation").to_string();
    assert!(
        error.contains("not installed any more (installation 99)"),
        "{error}"
    );
}

#[tokio::test]
async fn the_budget_that_is_left_is_known_after_a_call() {
    let world = World::new().await;
    let github = world.installation();
    github.branch_head(&api(), "main").await.expect("a branch");
    let left = github.rate_limit().expect("GitHub tells");
    assert!(left.remaining < left.limit, "{left:?}");
    world.assert_clean();
}

#[tokio::test]
async fn what_has_not_changed_costs_nothing_of_the_hour_and_is_never_old() {
    let world = World::new().await;
    world.simulator.limit_requests(RequestLimits::GITHUB);
    let github = world.installation();
    let head = || async { github.branch_head(&api(), "main").await.expect("a branch") };
    let first = head().await;
    assert_eq!(head().await, first);
    let id = world.simulator.installation_id(REPOSITORY).expect("an id");
    let counts = world.simulator.request_counts(id);
    assert_eq!((counts.reads, counts.unchanged), (1, 1));
    let files = [("new.txt", Some("new"))];
    let pushed = world
        .simulator
        .push(REPOSITORY, "main", &files, "New", "alice");
    assert_eq!(head().await.as_str(), pushed.expect("a commit"));
    world.assert_clean();
}

#[tokio::test]
async fn what_may_not_be_sent_is_not_and_what_was_is_counted() {
    let world = World::new().await;
    let github = world.installation();
    github.allow(6, 7);
    github.branch_head(&api(), "main").await.expect("a branch");
    dispatch(&world).await.expect("a workflow run");
    let sent = github.sent();
    assert_eq!((sent.points, sent.writes, sent.content), (6, 1, 1));
    let error = github
        .branch_head(&api(), "main")
        .await
        .expect_err("too much");
    assert_eq!(error.retry_after_seconds(), Some(7), "{error}");
    assert_eq!(world.count("GET", "/git/ref/heads/main"), 1);
    assert_eq!(github.sent().points, 0);
    // A refusal closes until somebody has thought about it.
    github.allow(100, 7);
    let faults = world.simulator.faults();
    faults.requests("POST", DISPATCHES, 1, RequestFault::SecondaryLimit(17));
    dispatch(&world).await.expect_err("a limit");
    let error = github
        .branch_head(&api(), "main")
        .await
        .expect_err("closed");
    assert_eq!(error.retry_after_seconds(), Some(17), "{error}");
    assert_eq!(github.sent().refusals.len(), 1);
    world.assert_clean();
}
