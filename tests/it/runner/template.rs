//! The workflow that `ocuroot init` writes.

use serde_json::json;

use super::bench::{REPOSITORY, TEMPLATE, github};

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_becomes_one_job_for_each_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let github = github(directory.path(), TEMPLATE).await;
    let runs = json!([
        {"id": 1, "fence": 1, "name": "api r7 deploy/production", "commit": "c1", "environment": "production"},
        {"id": 2, "fence": 1, "name": "web r3 task/build", "commit": "c2", "environment": ""},
    ]);
    let inputs = [
        ("ocuroot_wave", "1-1-1"),
        ("ocuroot_server", "https://ocuroot.example"),
        ("ocuroot_runs", &runs.to_string()),
    ];
    let id = github
        .dispatch_workflow(REPOSITORY, "ocuroot.yml", "main", &inputs, "alice")
        .expect("a dispatch");
    let run = github.workflow_run(id).expect("the run");
    assert_eq!(run.error, None);
    assert_eq!(run.name, "Ocuroot");
    assert_eq!(run.display_title, "ocuroot 1-1-1");
    let jobs: Vec<(&str, Option<&str>)> = run
        .jobs
        .iter()
        .map(|job| (job.name.as_str(), job.environment.as_deref()))
        .collect();
    assert_eq!(
        jobs,
        [
            ("api r7 deploy/production", Some("production")),
            ("web r3 task/build", None)
        ]
    );
    github.start_workflow_run(id).expect("it starts");
    assert!(
        github
            .job_environment(id, 1)
            .expect("variables")
            .contains_key("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    );
    assert_eq!(github.violations(), []);
}

#[test]
fn no_input_is_written_into_a_script() {
    for text in [TEMPLATE, include_str!("../../../action.yml")] {
        let document: serde_json::Value = serde_saphyr::from_str(text).expect("YAML");
        assert_no_expression_in_scripts(&document);
    }
}

/// Looks at the `run` of every step, wherever `steps` are.
fn assert_no_expression_in_scripts(value: &serde_json::Value) {
    for step in value["steps"].as_array().into_iter().flatten() {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(!script.contains("${{"), "{script}");
    }
    for (_, entry) in value.as_object().into_iter().flatten() {
        assert_no_expression_in_scripts(entry);
    }
}
