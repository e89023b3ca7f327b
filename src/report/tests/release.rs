//! The check run `ocuroot / <package>`, in every state a release can be in.

use insta::assert_snapshot;
use serde_json::json;

use super::scene::{Scene, release_name};
use crate::model::{Limited, ReleaseNumber, RunKind, RunState, Timestamp};

#[test]
fn planned() {
    assert_snapshot!(Scene::shop().page());
}

#[test]
fn starting_and_running() {
    let mut scene = Scene::new(
        "build: task/build, task/test, task/lint | : task/announce | staging: deploy/staging",
    )
    .done("task/build", 75)
    .running("task/test")
    .linked("task/test", 1);
    scene.run("task/lint").state = RunState::Starting;
    assert_snapshot!(scene.page());
}

#[test]
fn what_github_keeps_from_starting_is_told_with_the_time_it_ends() {
    let mut scene = Scene::new("build: task/build, task/test, task/lint").done("task/build", 75);
    for key in ["task/test", "task/lint"] {
        scene.run(key).state = RunState::Starting;
    }
    scene.progress.limited = Some(Limited {
        until: Timestamp(1_795_428_840_000),
        steps: 2,
    });
    assert_snapshot!(scene.page(), @"
    ocuroot / api | in_progress | r7 is running: 1 of 3 steps done, GitHub limits us until 10:14 UTC
    [Cancel] Stop what is not finished

    Release **r7** of `github.com/acme/shop/-/api/release.ocu.star` at `c0ffeec`.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | `build` | ✅ done | 1 min 15 s |
    | `build` | `test` | 🕓 starting |  |
    | `build` | `lint` | 🕓 starting |  |

    ⏳ **GitHub limits us until 10:14 UTC.** As many requests as it allows an App have been made for this account: 2 steps are ready and start when more may be. Nothing has to be done.
    ");
}

#[test]
fn what_steps_usually_take_is_told_while_they_are_waited_for() {
    let mut scene = Scene::new("build: task/build, task/test | staging: deploy/staging")
        .done("task/build", 75)
        .running("task/test");
    for (key, usual) in [("task/test", 95_000), ("deploy/staging", 240_000)] {
        let key = key.parse().expect("a task");
        scene.progress.usual.insert(key, usual);
    }
    let page = scene.page();
    assert!(page.contains("usually 1 min 35 s |"), "{page}");
    assert!(page.contains("| usually 4 min 00 s |"), "{page}");
}

#[test]
fn waits_for_approval_on_a_pull_request() {
    let scene = Scene::shop()
        .done("task/build", 75)
        .done("deploy/staging", 8000)
        .linked("deploy/staging", 1);
    assert_snapshot!(scene.page());
}

#[test]
fn waits_for_approval_without_a_pull_request() {
    let mut scene = Scene::shop()
        .done("task/build", 75)
        .done("deploy/staging", 3);
    scene.release.pull_request = None;
    let page = scene.page();
    assert!(page.contains("To approve, press **Approve** on the check `ocuroot / api`."));
    assert!(
        !page.contains("/ocuroot approve"),
        "there is no place to say it"
    );
}

#[test]
fn waits_for_what_others_make() {
    let mut scene = Scene::new(
        "production: deploy/production \
         database=github.com/acme/shop/-/db/release.ocu.star/@/deploy/production#output/url \
         image=github.com/acme/tools/-/release.ocu.star/@/task/image#output/tag \
         region=@/environment/europe#attributes/region \
         key=github.com/acme/shop/-/db/release.ocu.star/@/custom/key \
         size=./task/measure#output/size, deploy/staging \
         database=github.com/acme/shop/-/db/release.ocu.star/@/deploy/production#output/url",
    );
    let made = "github.com/acme/shop/-/api/release.ocu.star/@r7/task/measure";
    let made = made.parse().expect("a ref");
    scene.snapshot.documents.insert(made, json!({"output": {}}));
    assert_snapshot!(scene.page());
}

#[test]
fn waits_for_another_release_in_its_environment() {
    let mut scene = Scene::shop().done("task/build", 75);
    let mut other = Scene::shop().running("deploy/staging").release;
    other.name.number = ReleaseNumber(6);
    let name = release_name("api", 6);
    scene.snapshot.releases.insert(name, other);
    assert_snapshot!(scene.page());
}

#[test]
fn failed() {
    let scene = Scene::shop()
        .done("task/build", 75)
        .failed(
            "deploy/staging",
            "api/release.ocu.star:14: `kubectl apply` exited with 1\nerror: no such namespace",
        )
        .linked("deploy/staging", 1);
    assert_snapshot!(scene.page());
}

#[test]
fn failed_in_many_places() {
    let keys: Vec<String> = (1..=6)
        .map(|number| format!("deploy/region-{number}"))
        .collect();
    let mut scene = Scene::new(&format!("regions: {}", keys.join(", ")));
    for key in &keys {
        scene = scene.failed(key, "no route to host");
    }
    let page = scene.page();
    let title = "r7 failed: deploy to region-1, deploy to region-2, deploy to region-3 and 3 more";
    assert!(page.contains(title), "{page}");
    assert_eq!(
        page.matches("/ocuroot retry").count(),
        1,
        "said once for all"
    );
}

#[test]
fn is_tried_again() {
    let scene = Scene::shop()
        .done("task/build", 75)
        .failed("deploy/staging", "no such namespace")
        .again("deploy/staging", RunKind::Up)
        .running("deploy/staging");
    assert_snapshot!(scene.page());
}

#[test]
fn done() {
    let scene = Scene::shop()
        .done("task/build", 0)
        .done("deploy/staging", 42)
        .done("task/approval", 0)
        .done("deploy/production", 9);
    assert_snapshot!(scene.page());
}

#[test]
fn done_as_far_as_it_was_asked_for() {
    let mut scene = Scene::shop()
        .done("task/build", 3)
        .done("deploy/staging", 42);
    scene.release.goals = Some(["staging".parse().expect("a name")].into());
    assert_snapshot!(scene.page());
}

#[test]
fn done_without_a_deployment() {
    let scene = Scene::new("build: task/build").done("task/build", 3);
    assert!(scene.page().contains("| success | r7 is complete\n"));
}

#[test]
fn superseded() {
    let mut scene = Scene::shop().done("task/build", 3);
    for key in ["deploy/staging", "task/approval", "deploy/production"] {
        scene.run(key).state = RunState::Superseded;
    }
    assert_snapshot!(scene.page());
}

#[test]
fn cancelled() {
    let mut scene =
        Scene::shop()
            .done("task/build", 3)
            .ended("deploy/staging", RunState::Cancelled, 20);
    scene.run("deploy/staging").error = Some("cancelled by @robin".to_owned());
    for key in ["task/approval", "deploy/production"] {
        scene.run(key).state = RunState::Cancelled;
    }
    assert_snapshot!(scene.page());
}

#[test]
fn takes_down_what_its_file_has_lost() {
    let mut scene = Scene::shop()
        .done("task/build", 3)
        .done("deploy/staging", 42)
        .again("deploy/staging", RunKind::Down)
        .running("deploy/staging")
        .linked("deploy/staging", 2);
    scene
        .release
        .package
        .phases
        .retain(|phase| phase.name == "build");
    assert_snapshot!(scene.page());
}

#[test]
fn of_a_repositorys_own_workflow() {
    let scene = Scene::new("production: deploy/production workflow=deploy.yml")
        .failed(
            "deploy/production",
            "the workflow run of deploy.yml was cancelled on GitHub \
             (https://github.com/acme/shop/actions/runs/4711)",
        )
        .linked("deploy/production", 1);
    assert_snapshot!(scene.page());
}
