//! The pages a person drives the demo from.

use std::collections::BTreeMap;

use ocuroot::simulator::{Execution, NewPullRequest};
use serde_json::json;

use super::client::{REPOSITORY, World, read};

async fn page(world: &World, path: &str) -> String {
    let answer = read(
        world
            .http
            .get(format!("{}{path}", world.simulator.url()))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.bytes).expect("text")
}

async fn submit(world: &World, path: &str, fields: &[(&str, &str)]) -> super::client::Answer {
    let request = world
        .http
        .post(format!("{}{path}", world.simulator.url()))
        .form(fields);
    read(request.send().await.expect("an answer")).await
}

fn pull_request(world: &World) -> u64 {
    let new = NewPullRequest {
        title: "Change <it>".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a.txt".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    world
        .simulator
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request")
}

#[tokio::test]
async fn a_pull_request_shows_its_checks_and_takes_comments_and_clicks() {
    let world = World::new().await;
    let number = pull_request(&world);
    let head = world.simulator.pull_requests(REPOSITORY)[0]
        .head_sha
        .clone();
    let body = json!({
        "name": "ocuroot", "head_sha": head, "conclusion": "action_required",
        "output": {"title": "2 steps", "summary": "| step |\n|---|\n| **deploy** |", "annotations": [{
            "path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "careful",
        }]},
        "actions": [{"label": "Approve", "description": "Let it happen", "identifier": "approve"}],
    });
    let check = world
        .post(&format!("/repos/{REPOSITORY}/check-runs"), body)
        .await
        .body["id"]
        .clone();
    let deployment = json!({
        "ref": head, "environment": "staging", "auto_merge": false, "required_contexts": [],
    });
    world
        .post(&format!("/repos/{REPOSITORY}/deployments"), deployment)
        .await;
    world.simulator.faults().discard_pending_deliveries();

    let path = format!("/{REPOSITORY}/pull/{number}");
    let said = submit(
        &world,
        &format!("{path}/comment"),
        &[("user", "alice"), ("body", "**hello** <script>")],
    )
    .await;
    assert_eq!((said.status, said.header("location")), (303, path.as_str()));
    let press = format!("/{REPOSITORY}/check-runs/{check}/press");
    submit(
        &world,
        &press,
        &[
            ("user", "alice"),
            ("identifier", "approve"),
            ("back", &path),
        ],
    )
    .await;
    let sent = world.simulator.deliver_all().await;
    assert_eq!(sent[0].payload()["comment"]["body"], "**hello** <script>");
    assert_eq!(
        sent[1].payload()["requested_action"]["identifier"],
        "approve"
    );
    assert_eq!(sent[1].payload()["sender"]["login"], "alice");

    let html = page(&world, &path).await;
    for part in [
        "<title>Change &#60;it&#62; · #1 · acme/api</title>",
        "<strong>hello</strong> &lt;script&gt;",
        "<td><strong>deploy</strong></td>",
        "careful",
        ">Approve</button>",
        "<b>staging</b>",
        "Merge pull request",
    ] {
        assert!(html.contains(part), "{part} is not in\n{html}");
    }
    submit(&world, &format!("{path}/merge"), &[("user", "alice")]).await;
    assert!(page(&world, &path).await.contains("badge merged"));
    for path in [
        "/".to_owned(),
        format!("/{REPOSITORY}"),
        format!("/{REPOSITORY}/commit/{head}"),
    ] {
        assert!(page(&world, &path).await.contains("Change"), "{path}");
    }
    world.assert_clean();
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = World::new().await;
    let number = pull_request(&world);
    let url = format!(
        "{}/{REPOSITORY}/pull/{number}/comment",
        world.simulator.url()
    );
    let form = [("user", "alice"), ("body", "/ocuroot deploy production")];
    let request = world
        .http
        .post(url)
        .header("origin", "http://evil.example")
        .form(&form);
    assert_eq!(request.send().await.expect("an answer").status(), 403);
    assert!(world.simulator.comments(REPOSITORY, number).is_empty());
}

#[tokio::test]
async fn a_file_is_edited_and_proposed() {
    let world = World::new().await;
    assert!(
        page(&world, &format!("/{REPOSITORY}/blob/main/README.md"))
            .await
            .contains("# API")
    );
    let fields = [
        ("user", "alice"),
        ("text", "# Better\r\n"),
        ("propose", "1"),
    ];
    let proposed = submit(
        &world,
        &format!("/{REPOSITORY}/edit/main/README.md"),
        &fields,
    )
    .await;
    assert_eq!(proposed.header("location"), format!("/{REPOSITORY}/pull/1"));
    assert_eq!(
        world
            .simulator
            .file(REPOSITORY, "alice-patch-1", "README.md")
            .as_deref(),
        Some("# Better\n")
    );
    let committed = [("user", "alice"), ("text", "# Now\n"), ("propose", "")];
    submit(
        &world,
        &format!("/{REPOSITORY}/edit/main/README.md"),
        &committed,
    )
    .await;
    assert_eq!(
        world
            .simulator
            .file(REPOSITORY, "main", "README.md")
            .as_deref(),
        Some("# Now\n")
    );
}

#[tokio::test]
async fn a_run_shows_its_log() {
    let execution = Execution::Laptop {
        path_prefix: Vec::new(),
        actions: BTreeMap::new(),
    };
    let world = World::with(|options| options.execution = execution).await;
    let inputs = [("ocuroot_runs", "[7]")];
    let id = world
        .simulator
        .dispatch_workflow(REPOSITORY, "ocuroot.yml", "main", &inputs, "alice")
        .expect("a run");
    let done = world
        .simulator
        .wait_for(|github| github.workflow_run(id).filter(|run| run.is_completed()));
    tokio::time::timeout(std::time::Duration::from_secs(20), done)
        .await
        .expect("it ends");
    let html = page(&world, &format!("/{REPOSITORY}/actions/runs/{id}")).await;
    assert!(
        html.contains("ocuroot [7]") && html.contains("$ echo hello\nhello\n"),
        "{html}"
    );
}
