//! What happens in the demo: people act on GitHub, and GitHub shows what came of it.

use super::sample::{PLATFORM, STOREFRONT, push_platform, push_storefront};
use crate::simulator::{CheckRun, NewPullRequest, Refusal, Simulator};

/// Somebody does something, and something comes of it.
pub struct Scene {
    /// What somebody does, in words.
    pub title: &'static str,
    /// What is to come of it, in words.
    pub goal: &'static str,
    /// Does it.
    pub act: fn(&Simulator) -> Result<(), Refusal>,
    /// Whether GitHub shows that it has come.
    pub is_over: fn(&Simulator) -> bool,
}

/// The story, in order.
pub fn scenes() -> [Scene; 6] {
    [
        Scene {
            title: "Alice pushes the environments and the API to acme/platform",
            goal: "the API is on staging and waits for an approval",
            act: push_platform,
            is_over: |github| waits(github, PLATFORM, &tip(github, PLATFORM), "ocuroot / api"),
        },
        Scene {
            title: "Bob pushes the frontend to acme/storefront; it needs the API's URL in each environment",
            goal: "the frontend is on staging and waits for the API in production",
            act: push_storefront,
            is_over: |github| {
                let tip = tip(github, STOREFRONT);
                waits(github, STOREFRONT, &tip, "ocuroot / frontend")
            },
        },
        Scene {
            title: "Alice opens a pull request that changes the API",
            goal: "the pull request shows what would be released",
            act: open_pull_request,
            is_over: |github| {
                check(github, PLATFORM, &head(github), "ocuroot")
                    .is_some_and(|check| check.conclusion.is_some())
            },
        },
        Scene {
            title: "Alice comments `/ocuroot deploy production` on it",
            goal: "the pull request's commit is on staging and waits for an approval",
            act: |github| comment(github, "alice", "/ocuroot deploy production"),
            is_over: |github| waits(github, PLATFORM, &head(github), "ocuroot / api"),
        },
        Scene {
            title: "Alice comments `/ocuroot approve` on it: her own work",
            goal: "the reply says which rule does not let her",
            act: |github| comment(github, "alice", "/ocuroot approve"),
            is_over: |github| said(github, "is your own work"),
        },
        Scene {
            title: "Bob comments `/ocuroot approve` on it",
            goal: "the API is in production, and so is the frontend, which had waited for it",
            act: |github| comment(github, "bob", "/ocuroot approve"),
            is_over: |github| {
                let frontend = tip(github, STOREFRONT);
                succeeded(github, PLATFORM, &head(github), "ocuroot / api")
                    && succeeded(github, STOREFRONT, &frontend, "ocuroot / frontend")
            },
        },
    ]
}

fn open_pull_request(github: &Simulator) -> Result<(), Refusal> {
    let greeting = "Welcome to the API, version VERSION\n".to_owned();
    let new = NewPullRequest {
        title: "Greet more warmly".to_owned(),
        body: "Visitors should feel welcome.".to_owned(),
        branch: "warm-greeting".to_owned(),
        files: vec![("api/greeting.txt".to_owned(), Some(greeting))],
        user: "alice".to_owned(),
        ..NewPullRequest::default()
    };
    github.open_pull_request(PLATFORM, new)?;
    Ok(())
}

/// Whether we have said this on the pull request.
fn said(github: &Simulator, words: &str) -> bool {
    let pulls = github.pull_requests(PLATFORM);
    let number = pulls.first().map(|pull| pull.number).unwrap_or_default();
    let comments = github.comments(PLATFORM, number);
    comments.iter().any(|comment| comment.body.contains(words))
}

fn comment(github: &Simulator, user: &str, body: &str) -> Result<(), Refusal> {
    let number = github
        .pull_requests(PLATFORM)
        .first()
        .map(|pull| pull.number);
    github.comment(PLATFORM, number.unwrap_or_default(), user, body)?;
    Ok(())
}

fn tip(github: &Simulator, repository: &str) -> String {
    github.branch_tip(repository, "main").unwrap_or_default()
}

fn head(github: &Simulator) -> String {
    github
        .branch_tip(PLATFORM, "warm-greeting")
        .unwrap_or_default()
}

fn check(github: &Simulator, repository: &str, commit: &str, name: &str) -> Option<CheckRun> {
    let checks = github.check_runs(repository, commit);
    checks.into_iter().find(|check| check.name == name)
}

/// Whether a release can go no further without a person or another release.
fn waits(github: &Simulator, repository: &str, commit: &str, name: &str) -> bool {
    concluded(github, repository, commit, name, "action_required")
}

fn succeeded(github: &Simulator, repository: &str, commit: &str, name: &str) -> bool {
    concluded(github, repository, commit, name, "success")
}

fn concluded(github: &Simulator, repository: &str, commit: &str, name: &str, end: &str) -> bool {
    check(github, repository, commit, name)
        .is_some_and(|check| check.conclusion.as_deref() == Some(end))
}
