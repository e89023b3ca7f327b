//! What is wrong with workflow runs.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::scene::Scene;
use crate::model::{Diagnosis, RunState};
use crate::report;

fn labels() -> BTreeSet<String> {
    ["gpu", "self-hosted"].map(str::to_owned).into()
}

#[test]
fn every_diagnosis_says_what_to_do_next() {
    let all = [
        Diagnosis::NoRunner { labels: labels() },
        Diagnosis::NoMachine {
            labels: ["ubuntu-latest".to_owned()].into(),
        },
        Diagnosis::WaitsForApproval,
        Diagnosis::WaitsInLine,
        Diagnosis::Zombie,
        Diagnosis::StartupFailure,
        Diagnosis::ReplacedInLine,
        Diagnosis::Billing,
        Diagnosis::TimedOut,
        Diagnosis::NeverApproved,
        Diagnosis::NeverStarted { labels: labels() },
        Diagnosis::Cancelled { is_by_us: true },
        Diagnosis::Cancelled { is_by_us: false },
        Diagnosis::Deleted,
        Diagnosis::SaidNothing,
        Diagnosis::Ended {
            conclusion: "failure".to_owned(),
        },
    ];
    let lines = all.map(|found| report::diagnosis(&found, "ocuroot.yml"));
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_in_the_way_on_github_is_told_of_the_steps_it_concerns() {
    let mut scene = Scene::shop().linked("task/build", 1);
    scene.run("task/build").state = RunState::Starting;
    let name = scene.name("task/build", 1);
    let found = Diagnosis::NoRunner { labels: labels() };
    let found = (found, "ocuroot.yml".to_owned());
    scene.progress.troubles.insert(name, found);
    assert_snapshot!("page", scene.page());
    assert_snapshot!(
        "run page",
        scene.run_page("task/build", 1, &[]).expect("it has begun")
    );
    // A job has taken it: what keeps others waiting is none of its business.
    scene.run("task/build").state = RunState::Running;
    assert!(!scene.page().contains("In the way"));
}
