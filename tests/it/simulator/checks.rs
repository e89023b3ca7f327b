//! Check runs: their rules, their buttons.

use serde_json::json;

use super::client::{REPOSITORY, World};

fn path() -> String {
    format!("/repos/{REPOSITORY}/check-runs")
}

#[tokio::test]
async fn a_check_run_is_created_changed_and_found_again() {
    let world = World::new().await;
    let tip = world.tip();
    let body =
        json!({"name": "ocuroot", "head_sha": tip, "status": "in_progress", "external_id": "7"});
    let created = world.post(&path(), body).await;
    assert_eq!(
        (created.status, &created.body["status"]),
        (201, &json!("in_progress"))
    );
    let id = created.body["id"].as_u64().expect("an id");
    let note = |line: u64| json!({"path": "a", "start_line": line, "end_line": line, "annotation_level": "notice", "message": "m"});
    let change =
        |line: u64| json!({"output": {"title": "t", "summary": "s", "annotations": [note(line)]}});
    world.patch(&format!("{}/{id}", path()), change(1)).await;
    world.patch(&format!("{}/{id}", path()), change(2)).await;
    let done = json!({
        "status": "completed", "conclusion": "action_required",
        "actions": [{"label": "Approve", "description": "Let it happen", "identifier": "approve:1"}],
    });
    let done = world.patch(&format!("{}/{id}", path()), done).await;
    assert_eq!(
        done.body["output"]["annotations_count"], 2,
        "annotations are appended"
    );
    assert_eq!(done.body["output"]["title"], "t", "what is not sent stays");
    assert!(done.body["completed_at"].is_string());

    let list = format!("/repos/{REPOSITORY}/commits/{tip}/check-runs");
    let app = world.simulator.app().app_id;
    let found = world
        .get(&format!("{list}?check_name=ocuroot&app_id={app}"))
        .await;
    assert_eq!(found.body["check_runs"][0]["external_id"], "7");
    world
        .post(&path(), json!({"name": "ocuroot", "head_sha": tip}))
        .await;
    assert_eq!(
        world.get(&list).await.body["total_count"],
        1,
        "the latest of a name"
    );
    assert_eq!(
        world.get(&format!("{list}?filter=all")).await.body["total_count"],
        2
    );

    world.simulator.faults().discard_pending_deliveries();
    world
        .simulator
        .press_button(REPOSITORY, id, "approve:1", "carol")
        .expect("there is such a button");
    assert!(
        world
            .simulator
            .press_button(REPOSITORY, id, "reject:1", "carol")
            .is_err()
    );
    let pressed = world.simulator.deliver_next().await.expect("a delivery");
    assert_eq!(
        (pressed.event.as_str(), pressed.action.as_deref()),
        ("check_run", Some("requested_action"))
    );
    assert_eq!(
        pressed.payload()["requested_action"]["identifier"],
        "approve:1"
    );
    assert_eq!(pressed.payload()["sender"]["login"], "carol");
    world.assert_clean();
}

#[tokio::test]
async fn what_github_refuses_is_refused_and_noticed() {
    let world = World::new().await;
    let body = json!({"name": "ocuroot", "head_sha": world.tip(), "status": "completed"});
    assert_eq!(world.post(&path(), body).await.status, 422);
    world.assert_violation("conclusion");
    let body = json!({"name": "ocuroot", "head_sha": "0123456789012345678901234567890123456789"});
    assert_eq!(world.post(&path(), body).await.status, 422);
    world.assert_clean();
}

#[tokio::test]
async fn the_head_of_a_fork_can_be_checked_but_is_not_linked() {
    let world = World::new().await;
    let new = ocuroot::simulator::NewPullRequest {
        title: "From afar".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a".to_owned()))],
        user: "mallory".to_owned(),
        fork: true,
        ..Default::default()
    };
    world
        .simulator
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let head = world.simulator.pull_requests(REPOSITORY)[0]
        .head_sha
        .clone();
    let created = world
        .post(&path(), json!({"name": "ocuroot", "head_sha": head}))
        .await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["pull_requests"], json!([]));
    assert_eq!(created.body["check_suite"]["head_branch"], json!(null));
    let pull = world.get(&format!("/repos/{REPOSITORY}/pulls/1")).await;
    assert_eq!(pull.body["head"]["repo"]["full_name"], "mallory/api");
    assert_ne!(
        pull.body["head"]["repo"]["id"],
        pull.body["base"]["repo"]["id"]
    );
    world.assert_clean();
}
