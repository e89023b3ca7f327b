//! Every command that changes something, with the words it is answered with.

use crate::harness::{App, succeed};
use crate::pains::{proposed, shop};

/// Says it, lets everything go on, and gives what was answered.
async fn said(app: &App, number: u64, person: &str, command: &str) -> String {
    app.say(number, person, command).await;
    app.play(succeed).await;
    app.last_words(number)
}

#[tokio::test]
async fn plan_shows_the_preview_again() {
    let app = shop(r#"protect(["production"], approvals=1)"#).await;
    let number = proposed(&app).await;
    insta::assert_snapshot!(said(&app, number, "rita", "/ocuroot plan").await, @"
    @ocuroot[bot]
    **would release api**


    #### `api`

    Reason: `api/main.txt` changed.

    1. `build`: `build`
    1. `staging`: deploy to `staging`
    1. `production`: deploy to `production`

    #### If this were merged now

    - `staging`: nothing stands in the way.
    - `production`: after 1 of those who can push approves, and nobody approves their own work (`acme/shop environments.ocu.star:6`).

    This is a preview: nothing runs before the merge. To deploy the head of the pull request earlier, comment `/ocuroot deploy <environment>` on it. Open pull requests are kept away from `production` (`acme/shop environments.ocu.star:6`).
    ");
    app.finish().await;
}

#[tokio::test]
async fn deploy_says_what_it_would_do_and_does_nothing() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let before = app.deployments();
    let words = said(
        &app,
        number,
        "alice",
        "/ocuroot deploy production --dry-run",
    )
    .await;
    insta::assert_snapshot!(words, @"
    @ocuroot[bot]
    Nothing has been done. It would do this:

    - `build` of `api` r2 starts now
    - `deploy to staging` of `api` r2 follows, or waits
    - `deploy to production` of `api` r2 follows, or waits
    ");
    let words = said(&app, number, "rita", "/ocuroot deploy production --dry-run").await;
    insta::assert_snapshot!(words, @"
    @ocuroot[bot]
    @rita, `/ocuroot deploy` needs write permission in this repository, and you have read permission.
    ");
    assert_eq!(app.deployments(), before);
    app.finish().await;
}

#[tokio::test]
async fn promote_brings_what_is_live_to_another_environment() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let words = said(
        &app,
        number,
        "alice",
        "/ocuroot promote staging production web",
    )
    .await;
    insta::assert_snapshot!(words, @"
    @ocuroot[bot]
    `web` r1 is live in `production` already.
    ");
    app.say(number, "bob", "/ocuroot rollback staging api")
        .await;
    app.play(succeed).await;
    insta::assert_snapshot!(app.last_words(number), @"
    @ocuroot[bot]
    `api` r1 is the first release of `api` in `staging`: there is none before it to go back to.
    ");
    app.finish().await;
}

#[tokio::test]
async fn undeploy_takes_down_what_is_live_or_gives_back_what_is_held() {
    let app = shop("").await;
    let number = proposed(&app).await;
    let command = "/ocuroot undeploy staging web --dry-run";
    insta::assert_snapshot!(said(&app, number, "alice", command).await, @"
    @ocuroot[bot]
    Nothing has been done. It would do this:

    - `remove from staging` of `web` r1 starts now

    The answer would be:

    `web` is being removed from `staging`.
    ");
    let command = "/ocuroot undeploy staging web";
    insta::assert_snapshot!(said(&app, number, "alice", command).await, @"
    @ocuroot[bot]
    `web` is being removed from `staging`.
    ");
    said(&app, number, "alice", "/ocuroot deploy staging").await;
    let command = "/ocuroot undeploy staging";
    insta::assert_snapshot!(said(&app, number, "alice", command).await, @"
    @ocuroot[bot]
    `staging` is given back to what the default branch deploys of `api`.
    ");
    insta::assert_snapshot!(app.deployments(), @"
    staging api r1 inactive
    staging web r1 inactive
    production api r1 success
    production web r1 success
    staging api r2 inactive
    staging api r1 success
    ");
    app.finish().await;
}

#[tokio::test]
async fn what_stands_still_says_so_until_it_is_lifted() {
    let app = shop("").await;
    let number = proposed(&app).await;
    for (command, undo) in [
        ("pin production api --for 3d", "unpin production api"),
        (
            "freeze production --reason \"incident\"",
            "unfreeze production",
        ),
        (
            "lock staging web --reason \"load test\" --for 2h",
            "unlock staging web",
        ),
    ] {
        let done = said(&app, number, "bob", &format!("/ocuroot {command}")).await;
        let undone = said(&app, number, "bob", &format!("/ocuroot {undo}")).await;
        let again = said(&app, number, "bob", &format!("/ocuroot {undo}")).await;
        insta::assert_snapshot!(
            format!("stands_still_{}", &command[..3]),
            format!("{done}\n{undone}\n{again}")
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_rejected_or_cancelled_is_tried_again_on_demand() {
    let app = shop(r#"protect(["production"], approvals=1, pull_requests=True)"#).await;
    let number = proposed(&app).await;
    said(&app, number, "alice", "/ocuroot deploy production").await;
    let command = "/ocuroot reject production --reason \"not on a Friday\"";
    insta::assert_snapshot!(said(&app, number, "bob", command).await, @"
    @ocuroot[bot]
    **`api`**: r2 was cancelled

    <details>
    <summary>Steps</summary>

    Release **r2** of `github.com/acme/shop/-/api/release.ocu.star` at `9386462`.

    It goes as far as `/ocuroot deploy production` asks for.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000003) | ✅ done | 0 ms |
    | `staging` | [`deploy to staging`](https://github.example/acme/shop/actions/runs/11000004) | ✅ done | 0 ms |
    | `production` | `deploy to production` | ⛔ cancelled |  |

    ### `deploy to production` was cancelled

    ```text
    rejected by @bob: not on a Friday
    ```

    To run it again as it is, comment `/ocuroot retry` on #1 or press **Retry** on the check `ocuroot / api`. To change it, push a fix: that makes a new release.

    </details>
    ");
    insta::assert_snapshot!(said(&app, number, "bob", "/ocuroot retry").await, @"
    @ocuroot[bot]
    **`api`**: r2 waits for approval

    <details>
    <summary>Steps</summary>

    Release **r2** of `github.com/acme/shop/-/api/release.ocu.star` at `9386462`.

    It goes as far as `/ocuroot deploy production` asks for.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000003) | ✅ done | 0 ms |
    | `staging` | [`deploy to staging`](https://github.example/acme/shop/actions/runs/11000004) | ✅ done | 0 ms |
    | `production` | `deploy to production` (attempt 2) | ✋ waits for approval (0 of 1) |  |

    ### Waiting for

    - `deploy to production`: One of those who can push must approve (`acme/shop environments.ocu.star:6`). Nobody approves their own work. To approve, comment `/ocuroot approve production` on #1 or press **Approve** on the check `ocuroot / api`.

    </details>
    ");
    insta::assert_snapshot!(said(&app, number, "alice", "/ocuroot cancel").await, @"
    @ocuroot[bot]
    **`api`**: r2 was cancelled

    <details>
    <summary>Steps</summary>

    Release **r2** of `github.com/acme/shop/-/api/release.ocu.star` at `9386462`.

    It goes as far as `/ocuroot deploy production` asks for.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000003) | ✅ done | 0 ms |
    | `staging` | [`deploy to staging`](https://github.example/acme/shop/actions/runs/11000004) | ✅ done | 0 ms |
    | `production` | `deploy to production` (attempt 2) | ⛔ cancelled |  |

    ### `deploy to production` was cancelled

    ```text
    cancelled by @alice
    ```

    To run it again as it is, comment `/ocuroot retry` on #1 or press **Retry** on the check `ocuroot / api`. To change it, push a fix: that makes a new release.

    </details>
    ");
    insta::assert_snapshot!(said(&app, number, "alice", "/ocuroot cancel").await, @"
    @ocuroot[bot]
    Everything of `api` r2 is finished already, so there is nothing to cancel.
    ");
    app.finish().await;
}

#[tokio::test]
async fn a_command_that_wants_a_second_word_waits_for_it() {
    let app = shop(r#"protect(["production"], confirm=True, pull_requests=True)"#).await;
    let number = proposed(&app).await;
    let command = "/ocuroot deploy production";
    insta::assert_snapshot!(said(&app, number, "alice", command).await, @"
    @ocuroot[bot]
    @alice, commands that change `production` want a second word (`acme/shop environments.ocu.star:6`). It would do this:

    - `build` of `api` r2 starts now
    - `deploy to staging` of `api` r2 follows, or waits
    - `deploy to production` of `api` r2 follows, or waits

    To have it done, comment `/ocuroot confirm` within ten minutes.
    ");
    insta::assert_snapshot!(said(&app, number, "bob", "/ocuroot confirm").await, @"
    @ocuroot[bot]
    @bob, no command of yours waits to be confirmed here. A command waits for ten minutes; give it again.
    ");
    insta::assert_snapshot!(said(&app, number, "alice", "/ocuroot confirm").await, @"
    @ocuroot[bot]
    **`api`**: r2 is deployed to staging, production

    <details>
    <summary>Steps</summary>

    Release **r2** of `github.com/acme/shop/-/api/release.ocu.star` at `ff11fb2`.

    It goes as far as `/ocuroot deploy production` asks for.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000004) | ✅ done | 0 ms |
    | `staging` | [`deploy to staging`](https://github.example/acme/shop/actions/runs/11000005) | ✅ done | 0 ms |
    | `production` | [`deploy to production`](https://github.example/acme/shop/actions/runs/11000006) | ✅ done | 0 ms |

    </details>
    ");
    app.finish().await;
}

#[tokio::test]
async fn a_release_of_no_pull_request_is_approved_by_its_number_anywhere() {
    let app = shop(r#"protect(["production"], approvals=1)"#).await;
    let number = proposed(&app).await;
    let command = "/ocuroot approve production --package api --release r1";
    insta::assert_snapshot!(said(&app, number, "bob", command).await, @"
    @ocuroot[bot]
    **`api`**: r1 is deployed to staging, production

    <details>
    <summary>Steps</summary>

    Release **r1** of `github.com/acme/shop/-/api/release.ocu.star` at `eb5088e`.

    | phase | step | status | took |
    | --- | --- | --- | --- |
    | `build` | [`build`](https://github.example/acme/shop/actions/runs/11000001) | ✅ done | 0 ms |
    | `staging` | [`deploy to staging`](https://github.example/acme/shop/actions/runs/11000002) | ✅ done | 0 ms |
    | `production` | [`deploy to production`](https://github.example/acme/shop/actions/runs/11000003) | ✅ done | 0 ms |

    </details>
    ");
    assert!(app.deployments().contains("production api r1 success"));
    app.finish().await;
}
