//! Words of strangers wherever people see them on GitHub.

use std::collections::BTreeSet;

use ocuroot::model::Outcome;
use ocuroot::simulator::{CheckApp, NewPullRequest};
use serde_json::json;

use crate::fuzz::targets::words::{is_inert, links};
use crate::harness::repositories::{ENVIRONMENTS, RUNNER_WORKFLOW, with};
use crate::harness::{App, done};

/// A name that tries everything, and is allowed as a folder.
const FOLDER: &str =
    "@acme/all #1 ![x](evil.example) <img src=x> `y` \u{202e}gnp &#64;acme www.evil.example";

const HOSTILE: &str = "closes #1 @acme/all\n</details>\n```\n# Approved\n![x](https://evil.example/beacon.png)\n\
    <img src=https://evil.example/x> [Approve](https://evil.example) &#64;acme \u{202e}txet \u{200b}| a | b |\n\
    https://github.com/acme/shop/issues/1 GH-1 acme/shop#1 <!-- ";

fn package(step: &str) -> String {
    format!(
        "ocuroot(\"0.3.0\")\ndef f():\n    host.shell(\"x\")\n    return done()\n\
         phase(\"@acme/all ![x](http://evil.example)\", tasks=[task(f, name={step:?})])\n"
    )
}

/// Everything that GitHub shows of ours.
fn shown(app: &App) -> Vec<String> {
    let mut texts = Vec::new();
    for check in app.github.all_check_runs("acme/shop") {
        if check.app == CheckApp::Ours {
            texts.extend(check.summary);
            texts.extend(check.text);
            let title = check.title.unwrap_or_default();
            assert!(!title.contains(['\u{202e}', '\u{200b}']), "{title:?}");
            for remark in check.annotations {
                let message = remark.message;
                assert!(!message.contains(['\u{202e}', '\u{200b}']), "{message:?}");
            }
        }
    }
    for pull in app.github.pull_requests("acme/shop") {
        let comments = app.github.comments("acme/shop", pull.number).into_iter();
        let ours = comments.filter(|comment| comment.user.ends_with("[bot]"));
        texts.extend(ours.map(|comment| comment.body));
    }
    texts
}

fn check_all(app: &App) {
    let texts = shown(app);
    assert!(!texts.is_empty());
    let mut hosts = BTreeSet::new();
    for text in texts {
        is_inert(&text);
        hosts.extend(links(&text));
    }
    for link in hosts {
        assert!(
            link.starts_with(&app.github.url()),
            "a link leads elsewhere: {link}"
        );
    }
}

#[tokio::test]
async fn a_strangers_pull_request_calls_nobody_and_links_nowhere() {
    let app = App::with_shop().await;
    app.push(&with(&[]), "Begin");
    app.settle().await;
    let hostile = |path: &str| format!("{FOLDER}/{path}");
    let files = [
        (hostile("release.ocu.star"), package("a|b")),
        (hostile("broken.ocu.star"), format!("fail({HOSTILE:?})\n")),
        (hostile("odd.ocu.star"), format!("x = {HOSTILE:?} + 1\n")),
        (
            "workflow.ocu.star".to_owned(),
            format!("task(workflow({HOSTILE:?}), name=\"t\")\n"),
        ),
    ];
    let new = NewPullRequest {
        title: HOSTILE.to_owned(),
        body: HOSTILE.to_owned(),
        branch: "fixes-#1-@acme".to_owned(),
        files: files
            .into_iter()
            .map(|(path, text)| (path, Some(text)))
            .collect(),
        user: "mallory".to_owned(),
        fork: true,
        ..NewPullRequest::default()
    };
    let number = app.github.open_pull_request("acme/shop", new).unwrap();
    app.settle().await;
    let commands = HOSTILE.replace('\n', " ");
    for verb in ["deploy", "help", "set x=", "lock", "where", "nonsense"] {
        app.say(number, "mallory", &format!("/ocuroot {verb} {commands}"))
            .await;
        app.say(number, "alice", &format!("/ocuroot {verb} {commands}"))
            .await;
    }
    check_all(&app);
    app.finish().await;
}

#[tokio::test]
async fn what_a_step_says_of_itself_calls_nobody_and_links_nowhere() {
    for outcome in [
        done(json!({"out": HOSTILE, HOSTILE: "x", "deep": [{"a": HOSTILE}]})),
        Outcome::Failed {
            message: HOSTILE.to_owned(),
        },
    ] {
        let app = App::with_shop().await;
        let files = [
            ("api/release.ocu.star", package("step")),
            ("environments.ocu.star", ENVIRONMENTS.to_owned()),
        ];
        let files = files.map(|(path, text)| (path, Some(text)));
        let mut files: Vec<(&str, Option<&str>)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_deref()))
            .collect();
        files.push((".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)));
        files.push(("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")));
        app.push(&files, "Begin");
        app.settle().await;
        let run = app.queued().remove(0);
        app.github.start_workflow_run(run.id).unwrap();
        for job in app.claim_all(&run).await {
            let path = format!("/api/v1/runs/{}/logs", job.id);
            let lines: Vec<&str> = HOSTILE.lines().collect();
            let logs = json!({"fence": job.fence, "first": 0, "lines": lines});
            assert_eq!(app.post(&path, &job.token, &logs).await.0, 204);
            assert_eq!(app.report(&job, &outcome).await, 202);
        }
        app.settle().await;
        check_all(&app);
        app.github.complete_workflow_run(run.id, "success").unwrap();
        app.finish().await;
    }
}

/// The link of a run leads to GitHub, whatever the job says of its page.
#[tokio::test]
async fn a_job_cannot_have_its_check_lead_elsewhere() {
    let app = App::with_shop().await;
    app.push(
        &with(&[("api/release.ocu.star", &package("step"))]),
        "Begin",
    );
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).unwrap();
    let entries: serde_json::Value = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
    let id = &entries[0]["id"];
    let audience = &app.settings.public_url;
    for address in [
        "https://evil.example/",
        &format!("{}.evil.example/", app.github.url()),
    ] {
        let signer = ocuroot::simulator::Signer::Issuer;
        let token = app
            .github
            .identity_token(run.id, 0, audience, &[], signer)
            .unwrap();
        let body = json!({"fence": entries[0]["fence"], "nonce": "n", "job_url": address});
        let path = format!("/api/v1/runs/{id}/claim");
        assert_eq!(app.post(&path, &token, &body).await.0, 200);
    }
    app.settle().await;
    check_all(&app);
    app.finish().await;
}
