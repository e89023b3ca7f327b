//! The check run `ocuroot / <package> / <step>`.

use insta::assert_snapshot;
use serde_json::json;

use super::scene::Scene;
use crate::model::{RunKind, RunState};

fn page(scene: &Scene, key: &str, number: i64) -> String {
    scene.run_page(key, number, &[]).expect("it has begun")
}

#[test]
fn what_has_not_begun_has_no_check() {
    assert_eq!(Scene::shop().run_page("task/build", 1, &[]), None);
}

#[test]
fn running() {
    let scene = Scene::shop().running("task/build").linked("task/build", 1);
    let logs = ["$ cargo build", "   Compiling api v0.1.0"];
    let page = scene.run_page("task/build", 1, &logs);
    assert_snapshot!(page.expect("it has begun"));
}

#[test]
fn done_with_outputs() {
    let scene = Scene::shop()
        .done("deploy/staging", 42)
        .linked("deploy/staging", 1)
        .outputs(
            "deploy/staging",
            json!({"url": "https://staging.example", "replicas": 3, "zones": ["a|b", "c`d"], "note": "x".repeat(600)}),
        );
    assert_snapshot!(page(&scene, "deploy/staging", 1));
}

#[test]
fn failed() {
    let scene = Scene::shop()
        .failed("task/build", "api/release.ocu.star:6: `make` exited with 2")
        .linked("task/build", 1);
    let logs = ["$ make", "make: *** No targets specified.  Stop."];
    let page = scene.run_page("task/build", 1, &logs);
    assert_snapshot!(page.expect("it has begun"));
}

#[test]
fn the_other_ends() {
    let mut scene = Scene::shop()
        .done("deploy/staging", 4)
        .again("deploy/staging", RunKind::Down)
        .running("deploy/staging");
    for (state, title) in [
        (
            RunState::Starting,
            "in_progress | remove from staging is running",
        ),
        (
            RunState::Paused,
            "in_progress | remove from staging waits for input",
        ),
        (RunState::Complete, "success | remove from staging is done"),
        (
            RunState::Cancelled,
            "cancelled | remove from staging was cancelled",
        ),
        (
            RunState::Superseded,
            "neutral | remove from staging is not needed any more",
        ),
    ] {
        scene.run("deploy/staging").state = state;
        let page = page(&scene, "deploy/staging", 2);
        let line = page.lines().next().expect("a line");
        assert_eq!(line, format!("ocuroot / api / staging | {title}"));
    }
}

#[test]
fn a_long_log_is_cut_inside_its_fold() {
    let scene = Scene::shop().running("task/build");
    let line = "a line of a log that says very little in very many words ".repeat(40);
    let logs = vec![line.as_str(); 40];
    let page = scene
        .run_page("task/build", 1, &logs)
        .expect("it has begun");
    assert!(page.ends_with("```\n\n</details>\n\n…and more than fits here.\n"));
}
