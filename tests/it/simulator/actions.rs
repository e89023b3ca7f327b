//! Workflows really run: real checkouts, real shells, real tokens.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use ocuroot::simulator::{Execution, WorkflowRun};

use super::client::{REPOSITORY, World, read};

const ACTION: &str = "name: Shout
inputs:
  text: {required: true}
  times: {default: '1'}
outputs:
  loud: {value: '${{ steps.shout.outputs.loud }}'}
runs:
  using: composite
  steps:
    - id: shout
      shell: bash
      env: {TEXT: '${{ inputs.text }}'}
      run: |
        echo \"loud=${TEXT^^}x${{ inputs.times }}\" >> \"$GITHUB_OUTPUT\"
        cat \"$GITHUB_ACTION_PATH/note.txt\"
";

pub(super) fn laptop(actions: BTreeMap<String, PathBuf>) -> Execution {
    Execution::Laptop {
        path_prefix: Vec::new(),
        actions,
    }
}

/// Dispatches a workflow on a laptop and waits for the end of its run.
async fn run(world: &World, workflow: &str, inputs: &[(&str, &str)]) -> WorkflowRun {
    let files = [(".github/workflows/w.yml", Some(workflow))];
    world
        .simulator
        .push(REPOSITORY, "main", &files, "Add a workflow", "alice")
        .expect("a push");
    let id = world
        .simulator
        .dispatch_workflow(REPOSITORY, "w.yml", "main", inputs, "alice")
        .expect("a run");
    finished(world, id, |run| run.is_completed()).await
}

/// Waits until a run is as it should be.
pub(super) async fn finished(
    world: &World,
    id: u64,
    done: impl Fn(&WorkflowRun) -> bool,
) -> WorkflowRun {
    let wait = world
        .simulator
        .wait_for(|github| github.workflow_run(id).filter(&done));
    tokio::time::timeout(std::time::Duration::from_secs(20), wait)
        .await
        .expect("it ends")
}

pub(super) fn log(run: &WorkflowRun, job: usize) -> String {
    run.jobs[job]
        .steps
        .iter()
        .map(|step| step.log.as_str())
        .collect()
}

#[track_caller]
pub(super) fn ended(run: &WorkflowRun, conclusion: &str) {
    let logs: Vec<String> = (0..run.jobs.len()).map(|job| log(run, job)).collect();
    assert_eq!(
        run.conclusion.as_deref(),
        Some(conclusion),
        "{:?}\n{}",
        run.error,
        logs.join("\n")
    );
}

#[tokio::test]
async fn a_workflow_with_a_matrix_checkout_action_outputs_and_an_artifact_runs() {
    let action = tempfile::TempDir::new().expect("a directory");
    std::fs::write(action.path().join("action.yml"), ACTION).expect("written");
    std::fs::write(action.path().join("note.txt"), "from the action\n").expect("written");
    let actions = BTreeMap::from([("acme/shout".to_owned(), action.path().to_path_buf())]);
    let world = World::with(|options| options.execution = laptop(actions)).await;
    let old = world.tip();
    world
        .simulator
        .push(
            REPOSITORY,
            "main",
            &[("README.md", Some("# Newer\n"))],
            "Newer",
            "alice",
        )
        .expect("a push");
    let workflow = "name: W
run-name: w ${{ inputs.runs }}
on: {workflow_dispatch: {inputs: {runs: {required: true}, dry: {type: boolean, default: true}}}}
permissions: {id-token: write}
env: {LEVEL: workflow}
jobs:
  build:
    name: build ${{ matrix.run.id }}
    runs-on: ubuntu-latest
    env: {LEVEL: job}
    strategy: {matrix: {run: '${{ fromJSON(inputs.runs) }}'}, fail-fast: false}
    outputs: {loud: '${{ steps.use.outputs.loud }}'}
    steps:
      - uses: actions/checkout@v5
        with: {ref: '${{ matrix.run.commit }}'}
      - run: cat README.md && git log --format=%s -1
      - id: use
        uses: acme/shout@v1
        with: {text: 'hello ${{ matrix.run.id }}'}
      - run: |
          echo \"LATER=$LEVEL $OWN\" >> \"$GITHUB_ENV\"
          mkdir -p out bin && echo '{}' > out/outputs.json
          printf '#!/bin/sh\\necho found on the path\\n' > bin/tool && chmod +x bin/tool
          echo \"$PWD/bin\" >> \"$GITHUB_PATH\"
        env: {OWN: step}
      - run: echo \"$LATER / ${{ env.LATER }} / ${OWN:-gone}\" && tool
      - if: ${{ !inputs.dry }}
        run: exit 1
      - uses: actions/upload-artifact@v4
        with: {name: 'outputs-${{ matrix.run.id }}', path: out/*.json}
  after:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: echo \"${{ needs.build.result }} ${{ needs.build.outputs.loud }}\"
      - run: curl --version > /dev/null || true; echo \"token ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+present}\"
";
    let runs =
        format!("[{{\"id\": 7, \"commit\": \"{old}\"}}, {{\"id\": 8, \"commit\": \"main\"}}]");
    let run = run(&world, workflow, &[("runs", &runs)]).await;
    ended(&run, "success");
    let names: Vec<&str> = run.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["build 7", "build 8", "after"]);
    let first = log(&run, 0);
    for part in [
        "# API\n",
        "Begin\n",
        "from the action\n",
        "job step / job step / gone\n",
        "found on the path\n",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(log(&run, 1).contains("# Newer\n"));
    assert_eq!(run.jobs[0].steps[5].conclusion.as_deref(), Some("skipped"));
    let after = log(&run, 2);
    assert!(
        after.contains("success HELLO 7x1\n") || after.contains("success HELLO 8x1\n"),
        "{after}"
    );
    assert!(after.contains("token present\n"), "{after}");
    assert_eq!(
        run.artifacts
            .iter()
            .filter(|artifact| artifact.name.starts_with("outputs-"))
            .count(),
        2
    );

    let artifact = run.artifacts[0].id;
    let link = world
        .get(&format!(
            "/repos/{REPOSITORY}/actions/artifacts/{artifact}/zip"
        ))
        .await;
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
    assert_eq!(text, "{}\n");
    let logs = world
        .get(&format!(
            "/repos/{REPOSITORY}/actions/jobs/{}/logs",
            run.jobs[0].id
        ))
        .await;
    let logs = read(
        world
            .http
            .get(logs.header("location"))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert!(String::from_utf8_lossy(&logs.bytes).contains("# API"));
    world.assert_clean();
}

#[tokio::test]
async fn what_fails_fails_and_what_may_fail_does_not() {
    let world = World::with(|options| options.execution = laptop(BTreeMap::new())).await;
    let workflow = "on: workflow_dispatch
jobs:
  good:
    runs-on: x
    steps:
      - {run: exit 3, continue-on-error: true, id: may}
      - run: echo outcome ${{ steps.may.outcome }} conclusion ${{ steps.may.conclusion }}
  secret:
    runs-on: x
    steps:
      - run: |
          echo ::add-mask::hunter2
          echo the password is hunter2
  bad:
    runs-on: x
    steps:
      - run: exit 3
      - run: echo not reached
      - {if: failure(), run: echo the rescue}
      - {if: always(), run: 'echo status ${{ job.status }}'}
  dependent:
    needs: [good, bad]
    runs-on: x
    steps: [{run: echo never}]
  last:
    needs: bad
    if: always() && needs.bad.result == 'failure'
    runs-on: x
    steps: [{run: echo cleaning up}]
";
    let run = run(&world, workflow, &[]).await;
    ended(&run, "failure");
    let job = |key: &str| {
        run.jobs
            .iter()
            .position(|job| job.key == key)
            .expect("a job")
    };
    let conclusion = |key: &str| run.jobs[job(key)].conclusion.clone().unwrap_or_default();
    let conclusions = ["good", "bad", "dependent", "last", "secret"].map(conclusion);
    assert_eq!(
        conclusions,
        ["success", "failure", "skipped", "success", "success"]
    );
    assert!(log(&run, job("good")).contains("outcome failure conclusion success\n"));
    let bad = log(&run, job("bad"));
    assert!(
        bad.contains("exit code 3")
            && bad.contains("the rescue\n")
            && bad.contains("status failure\n"),
        "{bad}"
    );
    assert!(!bad.contains("not reached\n"));
    let secret = log(&run, job("secret"));
    assert!(secret.contains("the password is ***\n"), "{secret}");
}

#[tokio::test]
async fn what_is_not_supported_fails_the_run_and_is_named() {
    let world = World::with(|options| options.execution = laptop(BTreeMap::new())).await;
    let job =
        |lines: &str| format!("on: workflow_dispatch\njobs:\n  x:\n    runs-on: u\n{lines}\n");
    let cases = [
        (
            "    services: {db: {image: pg}}\n    steps: [{run: 'true'}]",
            "does not support `services` in job `x`",
        ),
        (
            "    steps: [{uses: docker/login-action@v3}]",
            "does not support the action `docker/login-action@v3` in step 1",
        ),
        (
            "    steps: [{run: 'true', shell: pwsh}]",
            "does not support the shell `pwsh` in step 1 in job `x`",
        ),
        (
            "    concurrency: prod\n    steps: [{run: 'true'}]",
            "does not support `concurrency` in job `x`",
        ),
    ];
    for (lines, expected) in cases {
        let run = run(&world, &job(lines), &[]).await;
        ended(&run, "startup_failure");
        let error = run.error.unwrap_or_default();
        assert!(error.contains(expected), "{error}");
    }
    let run = run(
        &world,
        &job("    steps: [{run: 'echo ${{ hashFiles(1) }}'}]"),
        &[],
    )
    .await;
    ended(&run, "failure");
    assert!(
        log(&run, 0).contains("does not support hashFiles()"),
        "{}",
        log(&run, 0)
    );
}

#[tokio::test]
async fn a_job_that_names_an_environment_is_a_deployment_unless_it_says_no() {
    let world = World::with(|options| options.execution = laptop(BTreeMap::new())).await;
    let workflow = "on: workflow_dispatch
jobs:
  quiet:
    runs-on: x
    environment: {name: production, deployment: false}
    steps: [{run: 'true'}]
  told:
    runs-on: x
    environment: staging
    steps: [{run: 'true'}]
";
    let run = run(&world, workflow, &[]).await;
    ended(&run, "success");
    let deployments = world.simulator.deployments(REPOSITORY);
    let seen: Vec<_> = deployments
        .iter()
        .map(|found| (found.environment.as_str(), found.state()))
        .collect();
    assert_eq!(seen, [("staging", "success")]);
    assert_eq!(deployments[0].creator, "github-actions[bot]");
}
