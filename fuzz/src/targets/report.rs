//! How a run ended, as its job says.

use std::sync::LazyLock;

use ocuroot::config::{Evaluation, Limits, SourceTree, evaluate};
use ocuroot::engine::{Snapshot, Trigger};
use ocuroot::model::{Outcome, RunState};

const FILE: &str = "
def build():
    host.shell(\"make\")
    return done()

def up(environment, image):
    host.shell(\"deploy\")
    return done()

def down(environment, image):
    return done()

phase(\"build\", tasks=[task(build, name=\"build\")])
phase(\"deploy\", tasks=[
    deploy(up=up, down=down, environment=e, inputs={\"image\": input(ref=\"./@/task/build#output/image\")})
    for e in environments()
])
";

/// A release whose build is in the hands of a job.
static BEGUN: LazyLock<Snapshot> = LazyLock::new(|| {
    let mut tree = SourceTree::new();
    tree.insert("api/release.ocu.star", FILE);
    let environment = serde_json::from_str("{\"name\":\"staging\",\"attributes\":{}}");
    let environments = [environment.expect("an environment")];
    let evaluation = evaluate(
        &tree,
        "api/release.ocu.star",
        &environments,
        &Limits::default(),
    );
    assert!(!evaluation.has_errors(), "{:?}", evaluation.diagnostics);
    let evaluation = Evaluation {
        environments: environments.into(),
        ..evaluation
    };
    let snapshot = super::release::of(&evaluation);
    let (run, fence) = unfinished(&snapshot);
    super::release::decide(snapshot, &[Trigger::NeedsRunner { run, fence }])
});

pub fn run(data: &[u8]) {
    let Ok(outcome) = serde_json::from_slice::<Outcome>(data) else {
        return;
    };
    let text = serde_json::to_string(&outcome).expect("JSON");
    let again: Outcome = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(again, outcome, "what is kept in the inbox is what was said");
    ends(&outcome);
}

/// Holds an end against the build.
pub fn ends(outcome: &Outcome) {
    let begun = BEGUN.clone();
    let (run, fence) = unfinished(&begun);
    let ended = |fence| Trigger::Ended {
        run: run.clone(),
        fence,
        outcome: outcome.clone(),
    };
    let late = super::release::decide(begun.clone(), &[ended(fence - 1)]);
    assert_eq!(
        late.releases, begun.releases,
        "an old fence changes nothing"
    );
    let after = super::release::decide(begun, &[ended(fence)]);
    let state = after.run(&run).expect("the run").state;
    let expected = match outcome {
        Outcome::Done { .. } => RunState::Complete,
        Outcome::Failed { .. } => RunState::Failed,
        Outcome::Next { .. } => return,
    };
    assert_eq!(state, expected);
    let again = super::release::decide(after.clone(), &[ended(fence)]);
    assert_eq!(
        again.releases, after.releases,
        "the same report twice counts once"
    );
}

/// The first run that is not finished, and its fence.
fn unfinished(snapshot: &Snapshot) -> (ocuroot::model::RunName, i64) {
    let release = snapshot.releases.values().next().expect("a release");
    let mut runs = release.runs.iter();
    let (name, run) = runs
        .find(|(_, run)| !run.state.is_finished())
        .expect("a run");
    (release.run_name(&name.0, name.1), run.fence)
}
