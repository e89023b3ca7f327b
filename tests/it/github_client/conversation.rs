use ocuroot::github::{
    Annotation, AnnotationLevel, Button, CheckConclusion, CheckRunBody, CheckStatus,
    DeploymentBody, DeploymentState, DeploymentStatus, GitHubError, Reaction,
};
use ocuroot::model::CommitSha;
use serde_json::json;

use super::{REPOSITORY, World, api, unsigned};

fn check(head_sha: CommitSha) -> CheckRunBody {
    CheckRunBody {
        name: String::from("ocuroot / api"),
        head_sha,
        external_id: String::from("release/7"),
        details_url: Some(String::from("https://ocuroot.example/acme/api/r7")),
        status: CheckStatus::InProgress,
        started_at: Some(String::from("2026-11-23T09:00:00Z")),
        completed_at: None,
        title: String::from("1 of 2 steps"),
        summary: String::from("Deploying."),
        text: Some(String::from("| step | state |")),
        annotations: Vec::new(),
        actions: Vec::new(),
    }
}

#[tokio::test]
async fn a_check_run_is_created_found_and_concluded() {
    let world = World::new().await;
    let github = world.installation();
    let mut check = check(world.tip());
    let id = github.create_check_run(&api(), &check).await;
    let id = id.expect("a check run");
    let find = async |external: &str| {
        let found = github
            .find_check_run(&api(), &check.head_sha, &check.name, external)
            .await;
        found.expect("a listing")
    };
    assert_eq!(find("release/7").await, Some(id));
    assert_eq!(find("release/8").await, None);
    check.status = CheckStatus::Completed(CheckConclusion::ActionRequired);
    check.completed_at = Some(String::from("2026-11-23T09:05:00Z"));
    check.title = String::from("Waiting for approval");
    check.actions = vec![Button {
        label: String::from("Approve"),
        description: String::from("Let it go to production"),
        identifier: String::from("approve"),
    }];
    let updated = github.update_check_run(&api(), id, &check).await;
    assert_eq!(updated, Ok(()));
    let shown = world
        .simulator
        .check_runs(REPOSITORY, check.head_sha.as_str());
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].id, unsigned(id));
    assert_eq!(shown[0].conclusion.as_deref(), Some("action_required"));
    assert_eq!(shown[0].title.as_deref(), Some("Waiting for approval"));
    assert_eq!(shown[0].external_id.as_deref(), Some("release/7"));
    assert_eq!(shown[0].actions.len(), 1);
    world.assert_clean();
}

#[tokio::test]
async fn a_hundred_and_twenty_annotations_all_arrive_in_order() {
    let world = World::new().await;
    let mut check = check(world.tip());
    check.status = CheckStatus::Completed(CheckConclusion::Failure);
    let annotation = |line| Annotation {
        path: String::from("release.ocu.star"),
        start_line: line,
        end_line: line,
        start_column: Some(2),
        level: AnnotationLevel::Failure,
        message: format!("problem {line}"),
        title: Some(String::from("Config")),
    };
    check.annotations = (1..=120).map(annotation).collect();
    let id = world.installation().create_check_run(&api(), &check).await;
    id.expect("a check run");
    let shown = world
        .simulator
        .check_runs(REPOSITORY, check.head_sha.as_str());
    let lines: Vec<_> = shown[0]
        .annotations
        .iter()
        .map(|annotation| annotation.start_line)
        .collect();
    assert_eq!(lines, (1..=120).collect::<Vec<_>>());
    world.assert_clean();
}

#[tokio::test]
async fn a_check_run_on_an_unknown_commit_is_refused() {
    let world = World::new().await;
    let unknown: CommitSha = "1".repeat(40).parse().expect("a commit id");
    let created = world
        .installation()
        .create_check_run(&api(), &check(unknown))
        .await;
    let error = created.expect_err("no such commit");
    let is_rejected = matches!(error, GitHubError::Rejected { status: 422, .. });
    assert!(is_rejected, "{error}");
}

#[tokio::test]
async fn a_comment_is_written_found_by_its_marker_and_edited() {
    let world = World::new().await;
    let github = world.installation();
    let number = world.pull_request(false, &[("a.txt", Some("a"))]);
    let marker = "<!-- ocuroot:pr -->";
    let asked = world
        .simulator
        .comment(
            REPOSITORY,
            unsigned(number),
            "bob",
            "/ocuroot help <!-- ocuroot:pr -->",
        )
        .expect("a comment");
    let found = github.find_comment(&api(), number, marker).await;
    assert_eq!(found, Ok(None), "somebody else's comment is not ours");
    let body = format!("{marker}\nPreview");
    let id = github.create_comment(&api(), number, &body).await;
    let id = id.expect("a comment");
    let found = github.find_comment(&api(), number, marker).await;
    assert_eq!(found, Ok(Some(id)));
    let long = format!("{marker}{}", "\u{e4}".repeat(70_000));
    let updated = github.update_comment(&api(), id, &long).await;
    assert_eq!(updated, Ok(()));
    for _ in 0..2 {
        let asked = i64::try_from(asked).expect("a small id");
        let reacted = github.react(&api(), asked, Reaction::Eyes).await;
        assert_eq!(reacted, Ok(()));
    }
    assert_eq!(world.simulator.reactions(REPOSITORY, asked).len(), 1);
    let comments = world.simulator.comments(REPOSITORY, unsigned(number));
    assert_eq!(comments.len(), 2);
    assert!(comments[1].by_app && comments[1].body.ends_with("ä…"));
    world.assert_clean();
}

#[tokio::test]
async fn a_deployment_is_recorded_at_its_commit_and_found_again() {
    let world = World::new().await;
    let github = world.installation();
    let deployment = DeploymentBody {
        sha: world.tip(),
        environment: String::from("production"),
        description: "long ".repeat(60),
        payload: json!({"ocuroot_run": 12}),
        production: true,
        transient: false,
    };
    let id = github.create_deployment(&api(), &deployment).await;
    let id = id.expect("a deployment");
    let find = async |value: i64| {
        let value = json!(value);
        let found = github
            .find_deployment(&api(), &world.tip(), "production", "ocuroot_run", &value)
            .await;
        found.expect("a listing")
    };
    assert_eq!(find(12).await, Some(id));
    assert_eq!(find(13).await, None);
    for state in [DeploymentState::InProgress, DeploymentState::Success] {
        let status = DeploymentStatus {
            state,
            log_url: Some(String::from("https://ocuroot.example/r7")),
            environment_url: Some(String::from("https://api.example")),
            description: String::from("r7"),
        };
        let created = github.create_deployment_status(&api(), id, &status).await;
        assert_eq!(created, Ok(()));
    }
    let recorded = world.simulator.deployments(REPOSITORY);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].sha, world.tip().as_str());
    assert!(recorded[0].production && !recorded[0].transient);
    assert_eq!(recorded[0].statuses.len(), 2);
    world.assert_clean();
}

#[tokio::test]
async fn a_comment_of_ours_that_somebody_deleted_is_not_found() {
    let world = World::new().await;
    let github = world.installation();
    let number = world.pull_request(false, &[("a.txt", Some("a"))]);
    let id = github.create_comment(&api(), number, "Preview").await;
    let id = id.expect("a comment");
    world
        .simulator
        .delete_comment(REPOSITORY, unsigned(id), "bob")
        .expect("it is deleted");
    let updated = github.update_comment(&api(), id, "Newer").await;
    assert!(
        matches!(updated, Err(GitHubError::NotFound { .. })),
        "{updated:?}"
    );
    let found = github.find_comment(&api(), number, "Preview").await;
    assert_eq!(found, Ok(None));
    world.assert_clean();
}
