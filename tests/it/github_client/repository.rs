use std::collections::BTreeMap;

use ocuroot::github::{ComparisonStatus, GitHubError, PullRequestState};
use ocuroot::model::Permission;
use ocuroot::simulator::MergeMethod;

use super::{REPOSITORY, World, api, unsigned};

#[tokio::test]
async fn files_are_found_and_read_at_a_commit() {
    for prefix in ["", "/api/v3"] {
        let world = World::below(prefix).await;
        let github = world.installation();
        let files = [("apps/web/release.ocu.star", Some("ocuroot(\"0.3.0\")\n"))];
        world
            .simulator
            .push(REPOSITORY, "main", &files, "Add", "alice")
            .expect("a push");
        let head = github.branch_head(&api(), "main").await.expect("a branch");
        assert_eq!(head, world.tip());
        let tree = github.tree(&api(), &head).await.expect("a tree");
        assert!(!tree.truncated);
        let blobs: BTreeMap<_, _> = tree
            .entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry))
            .collect();
        assert_eq!(blobs.len(), 3, "{blobs:?}");
        let config = blobs["apps/web/release.ocu.star"];
        assert_eq!(config.size, 17);
        let text = github.blob_text(&api(), &config.blob_sha).await;
        assert_eq!(text.as_deref(), Ok("ocuroot(\"0.3.0\")\n"));
        let workflow = github.workflow_text(&api(), "ocuroot.yml", "main").await;
        assert_eq!(workflow, Ok(Some(String::from(super::WORKFLOW))));
        let missing = github.workflow_text(&api(), "other.yml", "main").await;
        assert_eq!(missing, Ok(None));
        let branch = github.branch_head(&api(), "no/such").await;
        assert!(matches!(branch, Err(GitHubError::NotFound { .. })));
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_comparison_tells_what_a_branch_changes() {
    let world = World::new().await;
    let github = world.installation();
    let base = world.tip();
    let files = [("docs/moved.md", Some("# API\n")), ("README.md", None)];
    let head = world
        .simulator
        .push(REPOSITORY, "feature/x", &files, "Move", "alice")
        .expect("a push");
    let compared = github.compare(&api(), "main", "feature/x").await;
    let compared = compared.expect("a comparison");
    assert_eq!(compared.status, ComparisonStatus::Ahead);
    assert_eq!(compared.merge_base, base);
    let mut paths = compared.changed_paths;
    paths.sort();
    assert_eq!(paths, ["README.md", "docs/moved.md"]);
    assert!(!compared.truncated);
    let same = github.compare(&api(), &head, &head).await;
    let same = same.expect("a comparison");
    assert_eq!(same.status, ComparisonStatus::Identical);
    let behind = github.compare(&api(), &head, base.as_str()).await;
    let behind = behind.expect("a comparison");
    assert_eq!(behind.status, ComparisonStatus::Behind);
    let unknown = github.compare(&api(), "main", "no-such").await;
    assert!(matches!(unknown, Err(GitHubError::NotFound { .. })));
    world.assert_clean();
}

#[tokio::test]
async fn a_pull_request_is_read_as_it_is_now() {
    for fork in [false, true] {
        let world = World::new().await;
        let github = world.installation();
        let number = world.pull_request(fork, &[("a.txt", Some("a")), ("b/c.txt", Some("c"))]);
        let pull = github.pull_request(&api(), number).await.expect("it");
        assert_eq!((pull.number, pull.is_fork), (number, fork));
        assert_eq!(pull.state, PullRequestState::Open);
        assert_eq!(pull.head_ref, "feature/better");
        assert_eq!(
            (pull.base_ref.as_str(), &pull.base_sha),
            ("main", &world.tip())
        );
        assert_eq!(pull.author.as_deref(), Some("bob"));
        assert!(!pull.merged && !pull.draft && !pull.updated_at.is_empty());
        let files = github.pull_request_files(&api(), number).await;
        let files = files.expect("files");
        assert_eq!(files.paths, ["a.txt", "b/c.txt"]);
        assert!(!files.truncated);
        let open = github.open_pull_requests(&api()).await.expect("a listing");
        assert_eq!(open.len(), 1);
        let of_commit = github.pull_requests_of_commit(&api(), &pull.head_sha).await;
        let of_commit = of_commit.expect("a listing");
        assert_eq!(of_commit, std::slice::from_ref(&pull));
        world
            .simulator
            .merge_pull_request(REPOSITORY, unsigned(number), MergeMethod::Merge, "alice")
            .expect("a merge");
        let pull = github.pull_request(&api(), number).await.expect("it");
        assert!(pull.merged);
        assert_eq!(pull.state, PullRequestState::Closed);
        let open = github.open_pull_requests(&api()).await;
        assert_eq!(open, Ok(Vec::new()));
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_permission_is_the_one_of_this_moment() {
    let world = World::new().await;
    let github = world.installation();
    let ask = async |login: &str| github.permission(&api(), login).await;
    let roles = [
        ("read", Permission::Read),
        ("triage", Permission::Triage),
        ("write", Permission::Write),
        ("maintain", Permission::Maintain),
        ("admin", Permission::Admin),
        ("none", Permission::None),
    ];
    for (role, expected) in roles {
        world
            .simulator
            .set_permission(REPOSITORY, "carol", role)
            .expect("a user");
        assert_eq!(ask("carol").await, Ok(expected), "{role}");
    }
    assert_eq!(ask("nobody-of-that-name").await, Ok(Permission::None));
    assert!(Permission::Maintain > Permission::Write);
    world.assert_clean();
}

#[tokio::test]
async fn every_repository_of_the_installation_is_listed() {
    let world = World::new().await;
    for number in 0..120 {
        let name = format!("acme/r{number}");
        world
            .simulator
            .create_repository(&name, false)
            .expect("a repository");
    }
    let listed = world.installation().repositories().await;
    let listed = listed.expect("a listing");
    assert_eq!(listed.len(), 121);
    let first = listed.iter().find(|repository| repository.name == api());
    let first = first.expect("the first repository");
    assert!(first.private && !first.fork && !first.archived);
    assert_eq!(first.default_branch, "main");
    let id = world.simulator.repository_id(REPOSITORY);
    assert_eq!(Some(unsigned(first.id)), id);
    world.assert_clean();
}

#[tokio::test]
async fn a_renamed_repository_is_still_read_and_written() {
    let world = World::new().await;
    let github = world.installation();
    let number = world.pull_request(false, &[("a.txt", Some("a"))]);
    world
        .simulator
        .rename_repository(REPOSITORY, "backend", "alice")
        .expect("a new name");
    let head = github.branch_head(&api(), "main").await;
    head.expect("the branch below its new name");
    let id = github.create_comment(&api(), number, "hello").await;
    let id = id.expect("a comment below its new name");
    let comments = world.simulator.comments("acme/backend", unsigned(number));
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0].id, unsigned(id));
    world.assert_clean();
}
