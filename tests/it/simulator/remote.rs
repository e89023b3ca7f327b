//! The repositories are git remotes; a push to one is a push on GitHub.

use std::path::Path;
use std::process::Command;

use ocuroot::simulator::NewPullRequest;

use super::client::{REPOSITORY, World};

/// Runs git as its user would, away from this machine's settings.
async fn git(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=bob", "-c", "user.email=bob@example.com"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("joined")
        .expect("git runs");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn a_git_push_is_told_like_any_other_push() {
    let world = World::new().await;
    let github = &world.simulator;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a.txt".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = github
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    github.faults().discard_pending_deliveries();
    let directory = tempfile::TempDir::new().expect("a directory");
    let url = format!("{}/{REPOSITORY}.git", github.url());
    git(
        directory.path(),
        &["clone", "--quiet", "--branch", "change", &url, "clone"],
    )
    .await;
    let clone = directory.path().join("clone");
    assert_eq!(
        std::fs::read_to_string(clone.join("README.md")).expect("a file"),
        "# API\n"
    );
    std::fs::write(clone.join("b.txt"), "b\n").expect("written");
    git(&clone, &["add", "."]).await;
    git(&clone, &["commit", "--quiet", "-m", "By hand"]).await;
    git(&clone, &["push", "--quiet"]).await;
    let sha = git(&clone, &["rev-parse", "HEAD"]).await;

    assert_eq!(github.pull_requests(REPOSITORY)[0].head_sha, sha);
    let sent = github.deliver_all().await;
    let told: Vec<_> = sent
        .iter()
        .map(|record| (record.event.as_str(), record.payload()["after"].clone()))
        .collect();
    let kinds: Vec<&str> = told.iter().map(|(event, _)| *event).collect();
    assert_eq!(kinds, ["push", "check_suite", "pull_request"]);
    assert_eq!(sent[0].payload()["after"], sha);
    assert_eq!(sent[0].payload()["pusher"]["name"], "bob");
    assert_eq!(
        (&sent[2].payload()["action"], &sent[2].payload()["number"]),
        (&"synchronize".into(), &number.into())
    );

    git(&clone, &["push", "--quiet", "origin", ":change"]).await;
    assert_eq!(
        github.deliver_next().await.expect("a delivery").payload()["deleted"],
        true
    );
    world.assert_clean();
}
