//! What is said on pull requests.

use insta::assert_snapshot;

use super::assert_fits;
use super::scene::{NOW, Scene, names, package_name, release_name};
use crate::command::{CommandError, Verb};
use crate::engine::Answer;
use crate::model::{CommitSha, Hold, Permission};
use crate::report::{self, Refusal};

#[test]
fn answers_name_what_was_meant_and_what_now() {
    let api = || release_name("api", 5);
    let staging = || "staging".parse().expect("a name");
    let text = report::answers(&[
        Answer::NothingToApprove(api()),
        Answer::NothingToReject(api()),
        Answer::NothingToRetry(api()),
        Answer::NothingToCancel(api()),
        Answer::NotDeployed(package_name("api"), staging()),
        Answer::GoingDown(package_name("api"), staging()),
        Answer::GivenBack(package_name("api"), staging()),
        Answer::AlreadyThere(api(), staging()),
        Answer::NoSuchDeployment(api(), staging()),
        Answer::EnvironmentLeaves(api(), staging()),
        Answer::EnvironmentGone(api(), staging()),
        Answer::NeverDeployed(api(), staging()),
        Answer::Overtaken(api(), staging(), release_name("api", 7)),
        Answer::OfPullRequest(api(), 12),
        Answer::NothingToUnlock(staging()),
        Answer::OwnWork(api(), staging(), "acme/shop rules.ocu.star:4".to_owned()),
        Answer::NoPullRequests(
            package_name("api"),
            staging(),
            "acme/shop rules.ocu.star:4".to_owned(),
        ),
        Answer::WouldNeverEnd(Hold {
            package: package_name("api"),
            environment: staging(),
            pull_request: 14,
            by: "sam".to_owned(),
            asked_at: NOW,
            granted_at: Some(NOW),
        }),
    ]);
    assert_snapshot!(text.expect("answers"));
}

#[test]
fn what_the_work_itself_answers_is_not_answered_twice() {
    let answers = [
        Answer::Released(vec![release_name("api", 5)]),
        Answer::Approved(release_name("api", 5), Vec::new(), Vec::new()),
        Answer::Retried(release_name("api", 5), Vec::new()),
        Answer::Cancelled(release_name("api", 5), Vec::new()),
    ];
    assert_eq!(report::answers(&answers), None);
}

#[test]
fn refusals_say_why_and_what_would_do() {
    let not_allowed = |has| Refusal::NotAllowed {
        verb: "deploy".to_owned(),
        login: "sam".to_owned(),
        has,
        needs: Permission::Write,
    };
    let environment = |known: &[&str]| Refusal::UnknownEnvironment {
        asked: "prod".to_owned(),
        known: names(known),
    };
    let instead = |verb| Refusal::PackageNotEnvironment {
        asked: "api".to_owned(),
        verb,
    };
    let package = |known: &[&str]| Refusal::UnknownPackage {
        asked: "apo".to_owned(),
        known: names(known),
    };
    let refusals = [
        Refusal::NotUnderstood(CommandError {
            line: "/ocuroot depoly staging | tee".to_owned(),
            problem: "there is no command `depoly`; did you mean `/ocuroot deploy`?".to_owned(),
        }),
        not_allowed(Permission::Read),
        not_allowed(Permission::None),
        Refusal::Fork,
        Refusal::Closed,
        Refusal::Over {
            release: release_name("api", 5),
            pull_request: 7,
        },
        environment(&["staging", "production"]),
        environment(&[]),
        instead(Verb::Approve),
        instead(Verb::Deploy),
        instead(Verb::Promote),
        package(&["api", "web"]),
        package(&[]),
        Refusal::NotInPackages {
            environments: names(&["staging"]),
        },
        Refusal::BrokenConfiguration,
    ];
    let lines: Vec<String> = refusals.iter().map(report::refusal).collect();
    assert_snapshot!(lines.join("\n\n"));
}

#[test]
fn refusals_about_releases_name_them() {
    let (api, staging) = (release_name("api", 5), "staging".to_owned());
    let commit = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff";
    let commit: CommitSha = commit.parse().expect("a commit");
    let nothing = |packages: &[&str]| Refusal::NothingLive {
        environment: staging.clone(),
        packages: names(packages),
    };
    let refusals = [
        Refusal::HeadMoved {
            head: commit.clone(),
        },
        Refusal::WhichPackage {
            release: "r7".to_owned(),
        },
        Refusal::UnknownRelease {
            release: api.clone(),
        },
        nothing(&["api", "web"]),
        nothing(&[]),
        Refusal::NothingBefore {
            release: api.clone(),
            environment: staging.clone(),
        },
        Refusal::OtherCommit {
            release: api,
            commit,
        },
        Refusal::NothingToConfirm {
            login: "sam".to_owned(),
        },
    ];
    let lines: Vec<String> = refusals.iter().map(report::refusal).collect();
    assert_snapshot!(lines.join("\n\n"));
}

#[test]
fn a_result_is_one_line_with_the_steps_folded_away() {
    let mut scene = Scene::shop()
        .done("task/build", 3)
        .done("deploy/staging", 42)
        .linked("deploy/staging", 1);
    scene.release.goals = Some(["staging".parse().expect("a name")].into());
    let text = report::result(&scene.release, &scene.seen(), &scene.progress, NOW);
    assert_fits(&text);
    assert_snapshot!(text);
}

#[test]
fn a_result_calls_nobody_whatever_a_step_is_called() {
    let scene = Scene::new("x: task/tell-@acme").failed("task/tell-@acme", "no");
    let text = report::result(&scene.release, &scene.seen(), &scene.progress, NOW);
    let line = text.lines().next().expect("a line");
    assert_eq!(line, "**`api`**: r7 failed: tell-@\u{200b}acme");
}

#[test]
fn the_status_of_a_pull_request_shows_each_release() {
    let waiting = Scene::shop()
        .done("task/build", 3)
        .done("deploy/staging", 42);
    let mut failed = Scene::new("build: task/build").failed("task/build", "no compiler");
    failed.release.name = release_name("web", 3);
    let (one, two) = (waiting.seen(), failed.seen());
    let releases = [
        (&waiting.release, &one, &waiting.progress),
        (&failed.release, &two, &failed.progress),
    ];
    let text = report::status_overview(&releases, NOW);
    assert_fits(&text);
    assert_snapshot!(text);
}

#[test]
fn the_status_of_a_pull_request_without_releases_teaches_the_first_step() {
    assert_snapshot!(report::status_overview(&[], NOW));
    assert_snapshot!(report::nothing_to_release());
}

#[test]
fn the_status_of_very_many_releases_fits() {
    let mut scene = Scene::shop();
    for key in ["task/build", "deploy/staging"] {
        scene = scene.failed(key, &"a line\n".repeat(1000));
    }
    let snapshot = scene.seen();
    let releases = vec![(&scene.release, &snapshot, &scene.progress); 20];
    assert_fits(&report::status_overview(&releases, NOW));
}
