//! Reads reflect real git.

use base64::Engine as _;
use ocuroot::simulator::{MergeMethod, NewPullRequest};
use serde_json::{Value, json};

use super::client::{REPOSITORY, World};

fn field(value: &Value, list: &str, name: &str) -> Vec<String> {
    let items = value[list].as_array().expect(list).iter();
    items
        .map(|item| item[name].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn trees_blobs_and_contents_are_those_of_git() {
    let world = World::new().await;
    let tip = world.tip();
    let tree = world
        .get(&format!("/repos/{REPOSITORY}/git/trees/{tip}?recursive=1"))
        .await;
    assert_eq!(tree.body["truncated"], false);
    assert_eq!(
        field(&tree.body, "tree", "path"),
        [
            ".github",
            ".github/workflows",
            ".github/workflows/ocuroot.yml",
            "README.md"
        ]
    );
    let sha = tree.body["tree"][3]["sha"]
        .as_str()
        .expect("a sha")
        .to_owned();
    let blob = world
        .get(&format!("/repos/{REPOSITORY}/git/blobs/{sha}"))
        .await;
    let text = blob.body["content"]
        .as_str()
        .expect("content")
        .replace('\n', "");
    assert_eq!(
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("base64"),
        b"# API\n"
    );
    let raw = world
        .http
        .get(format!(
            "{}/repos/{REPOSITORY}/contents/README.md?ref={tip}",
            world.simulator.url()
        ))
        .bearer_auth(world.token().await)
        .header("x-github-api-version", world.version)
        .header("accept", "application/vnd.github.raw+json");
    assert_eq!(
        raw.send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text"),
        "# API\n"
    );
    let listing = world
        .get(&format!("/repos/{REPOSITORY}/contents/.github"))
        .await;
    assert_eq!(listing.body[0]["type"], "dir");
    let reference = world
        .get(&format!("/repos/{REPOSITORY}/git/ref/heads/main"))
        .await;
    assert_eq!(reference.body["object"]["sha"], tip);
    assert_eq!(
        world
            .get(&format!("/repos/{REPOSITORY}/git/ref/heads/none"))
            .await
            .status,
        404
    );
    world
        .simulator
        .create_repository("acme/empty", true)
        .expect("a repository");
    assert_eq!(
        world.get("/repos/acme/empty/git/trees/main").await.status,
        409
    );
    let tarball = world
        .get(&format!("/repos/{REPOSITORY}/tarball/{tip}"))
        .await;
    let archive = world
        .http
        .get(tarball.header("location"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(archive.bytes().await.expect("bytes")[..2], [0x1f, 0x8b]);
    world.assert_clean();
}

#[tokio::test]
async fn comparisons_tell_what_changed_since_the_merge_base() {
    let world = World::new().await;
    let github = &world.simulator;
    let base = world.tip();
    let text: String = (0..40).map(|line| format!("line {line}\n")).collect();
    github
        .push(
            REPOSITORY,
            "topic",
            &[("old.txt", Some(&text)), ("a", Some("a\n"))],
            "One",
            "bob",
        )
        .expect("a push");
    let files = [
        ("old.txt", None),
        ("new.txt", Some(text.as_str())),
        ("a", Some("b\n")),
        ("README.md", None),
    ];
    let topic = github
        .push(REPOSITORY, "topic", &files, "Two", "bob")
        .expect("a push");
    let compare = async |range: &str| {
        world
            .get(&format!("/repos/{REPOSITORY}/compare/{range}"))
            .await
            .body
    };

    let ahead = compare("main...topic").await;
    assert_eq!(
        (&ahead["status"], &ahead["ahead_by"]),
        (&json!("ahead"), &json!(2))
    );
    assert_eq!(
        field(&ahead, "files", "filename"),
        ["README.md", "a", "new.txt"]
    );
    assert_eq!(
        field(&ahead, "files", "status"),
        ["removed", "added", "added"]
    );
    assert_eq!(ahead["merge_base_commit"]["sha"], base);
    assert_eq!(compare("topic...main").await["status"], "behind");
    assert_eq!(compare("main...main").await["status"], "identical");

    let commit = world
        .get(&format!("/repos/{REPOSITORY}/commits/{topic}"))
        .await
        .body;
    assert_eq!(
        field(&commit, "files", "status"),
        ["removed", "modified", "renamed"]
    );
    assert_eq!(commit["files"][2]["previous_filename"], "old.txt");
    assert_eq!(commit["files"][1]["additions"], 1);
    github
        .push(REPOSITORY, "main", &[("m", Some("m\n"))], "Three", "alice")
        .expect("a push");
    assert_eq!(compare("main...topic").await["status"], "diverged");
    let forced = github
        .force_push(REPOSITORY, "topic", &[("z", Some("z\n"))], "Instead", "bob")
        .expect("a push");
    assert_eq!(compare(&format!("main...{forced}")).await["ahead_by"], 2);
    world.assert_clean();
}

#[tokio::test]
async fn pull_requests_are_found_by_number_state_and_commit() {
    let mut world = World::new().await;
    let github = &world.simulator;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = github
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let path = format!("/repos/{REPOSITORY}/pulls/{number}");
    let open = world.get(&path).await.body;
    assert_eq!(
        (&open["mergeable"], &open["head"]["ref"]),
        (&json!(true), &json!("change"))
    );
    assert_eq!(
        world.get(&format!("{path}/files")).await.body[0]["filename"],
        "a"
    );
    let head = open["head"]["sha"].as_str().expect("a sha").to_owned();
    let merged = github
        .merge_pull_request(REPOSITORY, number, MergeMethod::Merge, "alice")
        .expect("it merges");
    for sha in [&head, &merged] {
        let found = world
            .get(&format!("/repos/{REPOSITORY}/commits/{sha}/pulls"))
            .await
            .body;
        assert_eq!(found[0]["number"], number);
    }
    assert_eq!(
        world
            .get(&format!("/repos/{REPOSITORY}/pulls?state=open"))
            .await
            .body,
        json!([])
    );
    let newer = world.get(&path).await.body;
    assert_eq!(
        (&newer["merged"], newer.get("merge_commit_sha")),
        (&json!(true), None)
    );
    world.version = "2022-11-28";
    assert_eq!(world.get(&path).await.body["merge_commit_sha"], merged);
    world.assert_clean();
}

#[tokio::test]
async fn a_merge_group_asks_for_checks_on_the_merged_commit() {
    let world = World::new().await;
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        ..NewPullRequest::default()
    };
    let number = world
        .simulator
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    world.simulator.faults().discard_pending_deliveries();
    let head = world
        .simulator
        .enqueue_merge_group(REPOSITORY, number, "alice")
        .expect("it is queued");
    let sent = world.simulator.deliver_all().await;
    let group = sent
        .iter()
        .find(|record| record.event == "merge_group")
        .expect("a merge group")
        .payload();
    assert_eq!(group["merge_group"]["head_sha"], head);
    assert_eq!(group["merge_group"]["base_ref"], "refs/heads/main");
    let expected = format!(
        "refs/heads/gh-readonly-queue/main/pr-{number}-{}",
        world.tip()
    );
    assert_eq!(group["merge_group"]["head_ref"], expected);
    assert!(world.simulator.file(REPOSITORY, &head, "a").is_some());
}

#[tokio::test]
async fn a_comparison_pages_its_commits_and_has_its_files_on_the_first_page() {
    let world = World::new().await;
    for (text, author) in [("1", "alice"), ("2", "bob"), ("3", "alice")] {
        world
            .simulator
            .push(REPOSITORY, "topic", &[("n", Some(text))], text, author)
            .expect("a push");
    }
    let range = format!("/repos/{REPOSITORY}/compare/main...topic");
    let page = async |query: &str| world.get(&format!("{range}{query}")).await;
    let messages = |answer: &super::client::Answer| -> Vec<String> {
        let commits = answer.body["commits"].as_array().expect("commits").iter();
        let told = commits.map(|commit| {
            let (author, message) = (&commit["author"]["login"], &commit["commit"]["message"]);
            format!("{author} {message}").replace('"', "")
        });
        told.collect()
    };
    let whole = page("").await;
    assert_eq!(messages(&whole), ["alice 1", "bob 2", "alice 3"]);
    assert_eq!(whole.header("link"), "");
    let first = page("?per_page=2").await;
    assert_eq!(messages(&first), ["alice 1", "bob 2"]);
    assert_eq!(first.body["total_commits"], 3);
    assert_eq!(first.body["files"][0]["filename"], "n");
    let next = format!("{range}?page=2&per_page=2>; rel=\"next\"");
    assert!(first.header("link").ends_with(&next), "{:?}", first.headers);
    let second = page("?per_page=2&page=2").await;
    assert_eq!(messages(&second), ["alice 3"]);
    assert_eq!(second.body["files"], json!([]));
    assert_eq!(second.header("link"), "");
    let beyond = page("?per_page=2&page=3").await;
    assert_eq!(messages(&beyond), Vec::<String>::new());
    world.assert_clean();
}

#[tokio::test]
async fn a_draft_becomes_ready_and_another_base_is_told() {
    let world = World::new().await;
    let github = &world.simulator;
    let main = world.tip();
    let stable = github
        .push(REPOSITORY, "stable", &[("s", Some("s"))], "Stable", "alice")
        .expect("a push");
    let new = NewPullRequest {
        title: "Change it".to_owned(),
        branch: "change".to_owned(),
        files: vec![("a".to_owned(), Some("a\n".to_owned()))],
        user: "bob".to_owned(),
        draft: true,
        ..NewPullRequest::default()
    };
    let number = github
        .open_pull_request(REPOSITORY, new)
        .expect("a pull request");
    let path = format!("/repos/{REPOSITORY}/pulls/{number}");
    assert_eq!(world.get(&path).await.body["draft"], true);
    github.faults().discard_pending_deliveries();
    github
        .ready_for_review(REPOSITORY, number, "bob")
        .expect("it is ready");
    github
        .edit_base(REPOSITORY, number, "stable", "carol")
        .expect("another base");
    github
        .edit_base(REPOSITORY, number, "no-such-branch", "carol")
        .expect_err("there is no such branch");
    let sent = github.deliver_all().await;
    let actions: Vec<_> = sent.iter().map(|record| record.action.as_deref()).collect();
    assert_eq!(actions, [Some("ready_for_review"), Some("edited")]);
    let edited = sent[1].payload();
    let was = json!({"base": {"ref": {"from": "main"}, "sha": {"from": main}}});
    assert_eq!(edited["changes"], was);
    assert_eq!(edited["pull_request"]["draft"], false);
    let base = &edited["pull_request"]["base"];
    assert_eq!(
        (&base["ref"], &base["sha"]),
        (&json!("stable"), &json!(stable))
    );
    assert_eq!(edited["sender"]["login"], "carol");
    assert_eq!(world.get(&path).await.body["base"]["ref"], "stable");
    github
        .merge_pull_request(REPOSITORY, number, MergeMethod::Merge, "alice")
        .expect("it merges");
    github
        .edit_base(REPOSITORY, number, "main", "carol")
        .expect_err("it is merged");
    world.assert_clean();
}
