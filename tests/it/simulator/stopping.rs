//! Runs that are stopped stop, with everything they started.

use std::collections::BTreeMap;

use ocuroot::simulator::WorkflowRun;
use reqwest::Method;

use super::actions::{ended, finished, laptop, log};
use super::client::{REPOSITORY, World};

#[tokio::test]
async fn a_cancelled_run_stops_and_still_cleans_up() {
    let world = World::with(|options| options.execution = laptop(BTreeMap::new())).await;
    let workflow = "on: workflow_dispatch
jobs:
  slow:
    runs-on: x
    steps:
      - run: echo started; sleep 60
      - {if: always(), run: echo cleaned up}
";
    let files = [(".github/workflows/w.yml", Some(workflow))];
    world
        .simulator
        .push(REPOSITORY, "main", &files, "Add a workflow", "alice")
        .expect("a push");
    let id = world
        .simulator
        .dispatch_workflow(REPOSITORY, "w.yml", "main", &[], "alice")
        .expect("a run");
    let started = |run: &WorkflowRun| {
        run.jobs
            .first()
            .is_some_and(|_| log(run, 0).contains("\nstarted\n"))
    };
    finished(&world, id, started).await;
    let path = format!("/repos/{REPOSITORY}/actions/runs/{id}/cancel");
    assert_eq!(world.request(Method::POST, &path, None).await.status, 202);
    let run = finished(&world, id, |run| run.is_completed()).await;
    ended(&run, "cancelled");
    assert!(log(&run, 0).contains("\ncleaned up\n"));
}

#[tokio::test]
async fn a_simulator_that_stops_leaves_no_step_behind() {
    let world = World::with(|options| options.execution = laptop(BTreeMap::new())).await;
    let workflow = "on: workflow_dispatch
jobs:
  slow:
    runs-on: x
    steps: [{run: 'echo $$; exec sleep 600'}, {if: always(), run: sleep 600}]
";
    let files = [(".github/workflows/w.yml", Some(workflow))];
    world
        .simulator
        .push(REPOSITORY, "main", &files, "Add a workflow", "alice")
        .expect("a push");
    let id = world
        .simulator
        .dispatch_workflow(REPOSITORY, "w.yml", "main", &[], "alice")
        .expect("a run");
    let printed = |run: &WorkflowRun| {
        run.jobs
            .first()
            .is_some_and(|_| log(run, 0).lines().count() == 2)
    };
    let run = finished(&world, id, printed).await;
    let text = log(&run, 0);
    let process = text.lines().last().expect("a process id").to_owned();
    assert!(std::path::Path::new(&format!("/proc/{process}")).exists());
    world.simulator.stop();
    finished(&world, id, |run| run.is_completed()).await;
    assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
}
