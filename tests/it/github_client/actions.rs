use std::collections::BTreeMap;

use ocuroot::github::{GitHubError, OidcError};
use ocuroot::simulator::Signer;
use serde_json::json;

use super::{AUDIENCE, REPOSITORY, World, api, signed, unsigned};

fn inputs() -> BTreeMap<String, String> {
    BTreeMap::from([(String::from("ocuroot_run"), String::from("12"))])
}

#[tokio::test]
async fn a_workflow_is_dispatched_followed_and_stopped() {
    let world = World::new().await;
    let github = world.installation();
    let dispatched = github
        .dispatch_workflow(&api(), "ocuroot.yml", "main", &inputs())
        .await;
    let dispatched = dispatched.expect("it starts");
    let id = dispatched.workflow_run_id.expect("GitHub tells the run");
    assert!(dispatched.html_url.is_some());
    let run = github.workflow_run(&api(), id).await.expect("the run");
    assert_eq!((run.id, run.attempt), (id, 1));
    assert_eq!(run.display_title, "ocuroot 12");
    assert_eq!(
        (run.event.as_str(), run.status.as_str()),
        ("workflow_dispatch", "queued")
    );
    assert!(run.actor.expect("an actor").ends_with("[bot]"));
    let since = async |time: &str| {
        let runs = github
            .workflow_runs_since(&api(), "ocuroot.yml", time)
            .await;
        runs.expect("a listing").len()
    };
    assert_eq!(since("2020-01-01T00:00:00Z").await, 1);
    assert_eq!(since("2999-01-01T00:00:00Z").await, 0);
    world
        .simulator
        .start_workflow_run(unsigned(id))
        .expect("it runs");
    assert_eq!(github.cancel_workflow_run(&api(), id).await, Ok(()));
    let run = world.simulator.workflow_run(unsigned(id)).expect("the run");
    assert!(run.cancel_requested);
    assert_eq!(github.force_cancel_workflow_run(&api(), id).await, Ok(()));
    let run = github.workflow_run(&api(), id).await.expect("the run");
    assert_eq!(run.conclusion.as_deref(), Some("cancelled"));
    let again = github.cancel_workflow_run(&api(), id).await;
    let is_over = matches!(again, Err(GitHubError::Rejected { status: 409, .. }));
    assert!(is_over, "{again:?}");
    world.assert_clean();
}

#[tokio::test]
async fn a_dispatch_that_cannot_work_certainly_did_nothing() {
    let world = World::new().await;
    let github = world.installation();
    let unknown_input = BTreeMap::from([(String::from("colour"), String::from("red"))]);
    let refusals = [
        github
            .dispatch_workflow(&api(), "ocuroot.yml", "main", &unknown_input)
            .await,
        github
            .dispatch_workflow(&api(), "ocuroot.yml", "no-such-branch", &inputs())
            .await,
        github
            .dispatch_workflow(&api(), "other.yml", "main", &inputs())
            .await,
    ];
    for refusal in refusals {
        let error = refusal.expect_err("it cannot start");
        assert!(
            error.is_certainly_not_done() && !error.is_transient(),
            "{error}"
        );
    }
    assert_eq!(world.simulator.workflow_runs().len(), 0);
    world.assert_clean();
}

#[tokio::test]
async fn what_a_run_left_behind_is_read() {
    let world = World::new().await;
    let github = world.installation();
    let dispatched = github
        .dispatch_workflow(&api(), "ocuroot.yml", "main", &inputs())
        .await;
    let id = dispatched.expect("it starts").workflow_run_id;
    let id = id.expect("GitHub tells the run");
    let none = github.artifact(&api(), id, "ocuroot-outputs").await;
    assert_eq!(none, Ok(None));
    let files: [(&str, &[u8]); 2] = [("outputs.json", b"{\"url\":1}"), ("log.txt", b"")];
    world
        .simulator
        .upload_artifact(unsigned(id), "ocuroot-outputs", &files)
        .expect("an artifact");
    let found = github.artifact(&api(), id, "ocuroot-outputs").await;
    let found = found.expect("readable").expect("an artifact");
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0],
        (String::from("outputs.json"), b"{\"url\":1}".to_vec())
    );
    world.assert_clean();
}

#[tokio::test]
async fn a_job_proves_who_it_is() {
    let world = World::new().await;
    let github = world.installation();
    let dispatched = github
        .dispatch_workflow(&api(), "ocuroot.yml", "main", &inputs())
        .await;
    let id = dispatched.expect("it starts").workflow_run_id;
    let id = id.expect("GitHub tells the run");
    world
        .simulator
        .start_workflow_run(unsigned(id))
        .expect("it runs");
    let token = |audience: &str, altered: &[(&str, serde_json::Value)], signer: Signer| {
        let token = world
            .simulator
            .identity_token(unsigned(id), 0, audience, altered, signer);
        token.expect("a token")
    };
    let verifier = world.github.oidc();
    let genuine = token(AUDIENCE, &[], Signer::Issuer);
    let claims = verifier.verify(&genuine).await.expect("accepted");
    assert_eq!((claims.run_id, claims.run_attempt), (id, 1));
    let repository = world.simulator.repository_id(REPOSITORY).expect("an id");
    assert_eq!(claims.repository_id, signed(repository));
    assert_eq!(claims.event_name, "workflow_dispatch");
    assert_eq!(claims.environment.as_deref(), Some("production"));
    let job = &world
        .simulator
        .workflow_run(unsigned(id))
        .expect("the run")
        .jobs[0];
    assert_eq!(claims.check_run_id, Some(signed(job.id)));
    let forgeries = [
        token("https://other.example", &[], Signer::Issuer),
        token(AUDIENCE, &[], Signer::Stranger),
        token(
            AUDIENCE,
            &[("iss", json!("https://evil.example"))],
            Signer::Issuer,
        ),
        token(AUDIENCE, &[("exp", json!(1_600_000_000))], Signer::Issuer),
        token(AUDIENCE, &[("repository_id", json!(null))], Signer::Issuer),
        token(AUDIENCE, &[("run_id", json!(7))], Signer::Issuer),
    ];
    for forgery in forgeries {
        let result = verifier.verify(&forgery).await;
        assert!(matches!(result, Err(OidcError::Refused(_))), "{result:?}");
    }
}
