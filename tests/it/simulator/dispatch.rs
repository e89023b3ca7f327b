//! Workflow dispatch and what follows, played by hand.

use std::io::Read as _;

use ocuroot::simulator::RunFault;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{REPOSITORY, World, read};

const DISPATCH: &str = "/repos/acme/api/actions/workflows/ocuroot.yml/dispatches";

fn body(inputs: Value) -> Value {
    json!({"ref": "main", "inputs": inputs})
}

#[tokio::test]
async fn the_newer_api_always_tells_the_run_and_the_older_only_when_asked() {
    let mut world = World::new().await;
    let answer = world
        .post(DISPATCH, body(json!({"ocuroot_runs": "[7]"})))
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let run = world
        .simulator
        .workflow_run(answer.body["workflow_run_id"].as_u64().expect("an id"))
        .expect("a run");
    assert_eq!(run.display_title, "ocuroot [7]");
    assert_eq!(
        (run.status.as_str(), run.actor.as_str()),
        ("queued", "ocuroot[bot]")
    );
    assert_eq!(run.jobs[0].environment.as_deref(), Some("production"));
    assert_eq!(run.inputs["mode"], "fast");
    world.assert_clean();
    let asked =
        json!({"ref": "main", "inputs": {"ocuroot_runs": "[7]"}, "return_run_details": true});
    assert_eq!(world.post(DISPATCH, asked.clone()).await.status, 422);
    world.assert_violation("return_run_details");

    world.version = "2022-11-28";
    let silent = world
        .post(DISPATCH, body(json!({"ocuroot_runs": "[7]"})))
        .await;
    assert_eq!((silent.status, silent.bytes.len()), (204, 0));
    assert!(world.post(DISPATCH, asked).await.body["workflow_run_id"].is_u64());
    let runs = world
        .get(
            "/repos/acme/api/actions/workflows/ocuroot.yml/runs?event=workflow_dispatch&per_page=2",
        )
        .await;
    assert_eq!(runs.body["total_count"], 3);
    assert_eq!(runs.body["workflow_runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        runs.body["workflow_runs"][0]["display_title"],
        "ocuroot [7]"
    );
    world.assert_clean();
}

#[tokio::test]
async fn a_dispatch_that_github_refuses_starts_nothing() {
    let world = World::new().await;
    let good = json!({"ocuroot_runs": "[7]"});
    let refused = async |path: &str, body: Value, status: u16, part: &str| {
        let answer = world.post(path, body).await;
        let message = answer.body["message"].as_str().unwrap_or_default();
        assert!(
            answer.status == status && message.contains(part),
            "{status} {part}: {:?}",
            answer.body
        );
    };
    refused(
        DISPATCH,
        json!({"ref": world.tip(), "inputs": good}),
        422,
        "No ref found for",
    )
    .await;
    refused(
        DISPATCH,
        json!({"ref": "refs/pull/1/head", "inputs": good}),
        422,
        "No ref found for",
    )
    .await;
    refused(
        DISPATCH,
        body(json!({"ocuroot_runs": "[7]", "x": "1"})),
        422,
        "Unexpected inputs provided: [\"x\"]",
    )
    .await;
    refused(
        DISPATCH,
        body(json!({})),
        422,
        "Required input 'ocuroot_runs' not provided",
    )
    .await;
    refused(
        DISPATCH,
        body(json!({"ocuroot_runs": "1", "mode": "odd"})),
        422,
        "allowed values",
    )
    .await;
    refused(
        DISPATCH,
        body(json!({"ocuroot_runs": "x".repeat(65_536)})),
        422,
        "too large",
    )
    .await;
    let many: serde_json::Map<String, Value> =
        (0..26).map(|n| (format!("i{n}"), json!("1"))).collect();
    refused(DISPATCH, body(json!(many)), 422, "25 inputs").await;
    refused(
        &DISPATCH.replace("ocuroot.yml", "none.yml"),
        body(good.clone()),
        404,
        "Not Found",
    )
    .await;
    let other = "on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n";
    let files = [(".github/workflows/push.yml", Some(other))];
    world
        .simulator
        .push(REPOSITORY, "main", &files, "Another", "alice")
        .expect("a push");
    refused(
        &DISPATCH.replace("ocuroot.yml", "push.yml"),
        body(json!({})),
        422,
        "'workflow_dispatch' trigger",
    )
    .await;
    world
        .simulator
        .disable_workflow(REPOSITORY, "ocuroot.yml", true)
        .expect("disabled");
    refused(DISPATCH, body(good), 403, "disabled").await;
    assert!(world.simulator.workflow_runs().is_empty());
    world.assert_clean();
}

#[tokio::test]
async fn a_run_is_played_by_hand_and_tells_its_story() {
    let world = World::new().await;
    world.simulator.faults().discard_pending_deliveries();
    let answer = world
        .post(DISPATCH, body(json!({"ocuroot_runs": "[7]"})))
        .await;
    let id = answer.body["workflow_run_id"].as_u64().expect("an id");
    world.simulator.start_workflow_run(id).expect("it starts");
    world
        .simulator
        .upload_artifact(id, "ocuroot-outputs", &[("outputs.json", b"{\"url\": 1}")])
        .expect("an artifact");
    world
        .simulator
        .complete_workflow_run(id, "failure")
        .expect("it completes");
    let events: Vec<String> = world
        .simulator
        .deliver_all()
        .await
        .iter()
        .filter(|record| record.event.starts_with("workflow"))
        .map(|record| {
            format!(
                "{}.{}",
                record.event,
                record.action.as_deref().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        events,
        [
            "workflow_run.requested",
            "workflow_run.in_progress",
            "workflow_run.completed"
        ]
    );
    let run = world
        .get(&format!("/repos/{REPOSITORY}/actions/runs/{id}"))
        .await;
    assert_eq!(
        (&run.body["status"], &run.body["conclusion"]),
        (&json!("completed"), &json!("failure"))
    );
    let jobs = world
        .get(&format!("/repos/{REPOSITORY}/actions/runs/{id}/jobs"))
        .await;
    assert_eq!(jobs.body["jobs"][0]["conclusion"], "failure");
    let check = jobs.body["jobs"][0]["check_run_url"]
        .as_str()
        .expect("a url")
        .replace(&world.simulator.url(), "");
    assert_eq!(
        world.get(&check).await.body["app"]["slug"],
        "github-actions"
    );

    let artifacts = world
        .get(&format!(
            "/repos/{REPOSITORY}/actions/runs/{id}/artifacts?name=ocuroot-outputs"
        ))
        .await;
    let artifact = artifacts.body["artifacts"][0]["id"]
        .as_u64()
        .expect("an artifact");
    let link = world
        .get(&format!(
            "/repos/{REPOSITORY}/actions/artifacts/{artifact}/zip"
        ))
        .await;
    assert_eq!(link.status, 302);
    let archive = read(
        world
            .http
            .get(link.header("location"))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    let mut archive =
        zip::ZipArchive::new(std::io::Cursor::new(archive.bytes)).expect("a zip archive");
    let mut text = String::new();
    archive
        .by_name("outputs.json")
        .expect("the file")
        .read_to_string(&mut text)
        .expect("text");
    assert_eq!(text, "{\"url\": 1}");
    let unsigned = format!(
        "{}/_simulator/artifacts/{artifact}?signature=00",
        world.simulator.url()
    );
    assert_eq!(
        read(world.http.get(unsigned).send().await.expect("an answer"))
            .await
            .status,
        403
    );
    world.assert_clean();
}

#[tokio::test]
async fn cancelling_rerunning_and_odd_ends() {
    let world = World::new().await;
    let dispatch = async || {
        let answer = world
            .post(DISPATCH, body(json!({"ocuroot_runs": "[7]"})))
            .await;
        answer.body["workflow_run_id"].as_u64().expect("an id")
    };
    let state = |id: u64| {
        world
            .simulator
            .workflow_run(id)
            .map(|run| (run.status, run.conclusion.unwrap_or_default()))
    };
    let id = dispatch().await;
    let cancel = format!("/repos/{REPOSITORY}/actions/runs/{id}/cancel");
    assert_eq!(world.request(Method::POST, &cancel, None).await.status, 202);
    assert_eq!(
        state(id),
        Some(("completed".to_owned(), "cancelled".to_owned()))
    );
    assert_eq!(world.request(Method::POST, &cancel, None).await.status, 409);
    world
        .simulator
        .rerun_workflow_run(id)
        .expect("it runs again");
    assert_eq!(
        world.simulator.workflow_run(id).map(|run| run.run_attempt),
        Some(2)
    );
    world.simulator.start_workflow_run(id).expect("it starts");
    assert_eq!(world.request(Method::POST, &cancel, None).await.status, 202);
    assert_eq!(
        state(id),
        Some(("in_progress".to_owned(), String::new())),
        "it hangs"
    );
    assert_eq!(
        world
            .request(
                Method::POST,
                &cancel.replace("cancel", "force-cancel"),
                None
            )
            .await
            .status,
        202
    );
    assert_eq!(
        state(id),
        Some(("completed".to_owned(), "cancelled".to_owned()))
    );

    world.simulator.faults().next_run(RunFault::StartupFailure);
    world.simulator.faults().next_run(RunFault::Zombie);
    let (failed, zombie) = (dispatch().await, dispatch().await);
    assert_eq!(
        state(failed),
        Some(("completed".to_owned(), "startup_failure".to_owned()))
    );
    assert_eq!(state(zombie), Some(("queued".to_owned(), String::new())));
    assert!(
        world
            .simulator
            .workflow_run(zombie)
            .expect("a run")
            .jobs
            .is_empty()
    );
    world.assert_clean();
}
