//! Renamed repositories, removed and suspended installations.

use crate::harness::repositories::shop;
use crate::harness::{App, succeed};

#[tokio::test]
async fn a_renamed_repository_goes_on_where_it_was() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    app.github
        .rename_repository("acme/shop", "store", "alice")
        .unwrap();
    app.play(succeed).await;
    let files = [("api/main.txt", Some("two\n"))];
    let commit = app
        .github
        .push("acme/store", "main", &files, "Change the API", "alice")
        .unwrap();
    app.play(succeed).await;
    let checks = app.github.check_runs("acme/store", &commit);
    let titles: Vec<&str> = checks
        .iter()
        .filter_map(|check| check.title.as_deref())
        .collect();
    assert_eq!(titles[..2], ["releases api", "r2 waits for approval"]);
    app.finish().await;
}

#[tokio::test]
async fn a_name_that_github_has_changed_before_it_tells_us_is_followed() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    app.github
        .rename_repository("acme/shop", "store", "alice")
        .unwrap();
    app.github.faults().discard_pending_deliveries();
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    app.execute(&run, succeed).await;
    app.github.faults().discard_pending_deliveries();
    app.settle().await;
    assert_eq!(app.queued().len(), 1, "staging");
    app.finish().await;
}

#[tokio::test]
async fn a_repository_that_the_app_was_removed_from_is_left_alone() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.github.deliver_all().await;
    while app.worker.intake().await.unwrap() {}
    app.github.uninstall("acme/shop").unwrap();
    app.github.deliver_all().await;
    while app.worker.intake().await.unwrap() {}
    let before = app.github.requests().len();
    app.settle().await;
    app.pass(7200);
    app.sweep().await;
    let requests = app.github.requests().split_off(before);
    let of_shop: Vec<&str> = requests
        .iter()
        .map(|request| request.path.as_str())
        .filter(|path| path.starts_with("/repos/acme/shop"))
        .collect();
    assert_eq!(of_shop, Vec::<&str>::new());
    app.finish().await;
}

#[tokio::test]
async fn the_work_of_a_suspended_installation_waits_and_goes_on_where_it_stopped() {
    let app = App::with_shop().await;
    let commit = app.push(&shop(), "Begin");
    app.github.deliver_all().await;
    while app.worker.intake().await.unwrap() {}
    let id = app.github.installation_id("acme/shop").unwrap();
    app.github.suspend_installation(id, true).unwrap();
    app.github.deliver_all().await;
    while app.worker.intake().await.unwrap() {}
    let before = app.github.requests().len();
    app.pass(7200);
    app.settle().await;
    assert_eq!(app.github.requests().len(), before, "nothing is asked");
    app.github.suspend_installation(id, false).unwrap();
    app.play(succeed).await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r1 waits for approval")
    );
    app.finish().await;
}

#[tokio::test]
async fn what_was_pushed_during_a_suspension_is_released_after_it() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.play(succeed).await;
    let id = app.github.installation_id("acme/shop").unwrap();
    app.github.suspend_installation(id, true).unwrap();
    app.settle().await;
    let commit = app.push(&[("api/main.txt", Some("two\n"))], "Two");
    app.github.faults().discard_pending_deliveries();
    app.sweep().await;
    app.github.suspend_installation(id, false).unwrap();
    app.settle().await;
    app.sweep().await;
    app.play(succeed).await;
    assert_eq!(
        app.check(&commit, "ocuroot / api").title.as_deref(),
        Some("r2 waits for approval")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_removal_and_a_suspension_that_no_webhook_told_are_noticed_within_the_hour() {
    let app = App::with_shop().await;
    app.github.create_repository("acme/other", true).unwrap();
    app.push(&shop(), "Begin");
    app.settle().await;
    let faults = app.github.faults();
    let id = app.github.installation_id("acme/shop").unwrap();
    app.github.suspend_installation(id, true).unwrap();
    faults.discard_pending_deliveries();
    app.sweep().await;
    let suspended = app.worker.store.workspaces().await.unwrap();
    assert!(suspended.iter().all(|(_, is_suspended)| *is_suspended));
    app.github.suspend_installation(id, false).unwrap();
    app.github.uninstall("acme/shop").unwrap();
    faults.discard_pending_deliveries();
    app.pass(3600);
    app.sweep().await;
    let suspended = app.worker.store.workspaces().await.unwrap();
    assert!(suspended.iter().all(|(_, is_suspended)| !*is_suspended));
    let before = app.github.requests().len();
    app.pass(1800);
    app.sweep().await;
    let requests = app.github.requests().split_off(before);
    assert!(
        requests
            .iter()
            .all(|request| !request.path.starts_with("/repos/acme/shop"))
    );
    app.finish().await;
}
