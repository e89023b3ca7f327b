//! Pains 14, 15 and 17: which workflow and which commit run, what a start gives away, and whose words count.

use std::collections::BTreeSet;

use super::{proposed, shop};
use crate::harness::succeed;

#[tokio::test]
async fn pain_14_the_trusted_workflow_runs_with_the_commit_that_was_asked_for() {
    let app = shop("").await;
    let files = [
        ("api/main.txt", "two\n"),
        (
            ".github/workflows/ocuroot.yml",
            "name: evil\non: workflow_dispatch\n",
        ),
    ];
    let number = app.propose(&files);
    app.settle().await;
    app.say(number, "alice", "/ocuroot deploy staging").await;
    let run = app.queued().into_iter().next().expect("a workflow run");
    let head = app.github.branch_tip("acme/shop", "main");
    assert_eq!(
        Some(run.head_sha.clone()),
        head,
        "not the pull request's workflow"
    );
    app.github.start_workflow_run(run.id).unwrap();
    let job = app.claim_all(&run).await.remove(0);
    assert_eq!(job.assignment["commit"], app.head(number).as_str());
    app.report(&job, &succeed(&job.run, &job.assignment)).await;
    app.github.complete_workflow_run(run.id, "success").unwrap();
    app.play(succeed).await;
    app.finish().await;
}

#[tokio::test]
async fn pain_15_a_start_gives_no_secret_away() {
    let app = shop("").await;
    let number = proposed(&app).await;
    app.say(number, "alice", "/ocuroot deploy production").await;
    app.play(succeed).await;
    for run in app.github.workflow_runs() {
        let names: BTreeSet<&str> = run.inputs.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["ocuroot_runs", "ocuroot_server", "ocuroot_wave"].into()
        );
        let runs: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
        for entry in runs {
            let names: BTreeSet<&str> = entry.keys().map(String::as_str).collect();
            let known = ["commit", "environment", "fence", "id", "name"];
            assert!(names.is_subset(&known.into()), "{names:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn pain_17_words_that_were_put_into_somebodys_mouth_do_not_count() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let comment = app.say(number, "bob", "Looks good to me").await;
    for editor in ["bob", "root"] {
        app.github
            .edit_comment("acme/shop", comment, editor, "/ocuroot deploy production")
            .unwrap();
        app.settle().await;
    }
    assert!(app.queued().is_empty());
    assert_eq!(app.reactions(comment), "");
    app.finish().await;
}
