use std::collections::BTreeSet;

use ocuroot::github::GitHubError;
use ocuroot::model::CodeOwners;

use super::{MANIFEST, REPOSITORY, World, api};

#[tokio::test]
async fn a_team_has_the_members_of_this_moment() {
    let world = World::new().await;
    let github = world.installation();
    let ask = async |organization: &str, team: &str, login: &str| {
        github.is_team_member(organization, team, login).await
    };
    world
        .simulator
        .set_team("acme", "release-captains", &["alice", "Bob"]);
    world.simulator.set_team("other", "sre", &["alice"]);
    let team = "release-captains";
    assert_eq!(ask("acme", team, "alice").await, Ok(true));
    assert_eq!(ask("ACME", team, "bob").await, Ok(true), "in any case");
    assert_eq!(ask("acme", team, "carol").await, Ok(false));
    assert_eq!(ask("acme", "no-such-team", "alice").await, Ok(false));
    assert_eq!(ask("other", "sre", "alice").await, Ok(false), "not ours");
    world.simulator.set_team("acme", team, &["carol"]);
    assert_eq!(ask("acme", team, "alice").await, Ok(false));
    assert_eq!(ask("acme", team, "carol").await, Ok(true));
    world.assert_clean();
}

#[tokio::test]
async fn without_the_permission_nobody_is_guessed_to_be_a_member() {
    let older = MANIFEST.replace("  members: read\n", "");
    assert_ne!(older, MANIFEST);
    let world = World::with("", &older).await;
    world.simulator.set_team("acme", "sre", &["alice"]);
    let github = world.installation();
    let found = github.is_team_member("acme", "sre", "alice").await;
    let error = found.expect_err("not permitted");
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error:?}");
    assert!(error.to_string().contains("members=read"), "{error}");
    assert_eq!(world.simulator.take_violations().len(), 1);
}

#[tokio::test]
async fn code_owners_are_those_of_the_branch_and_of_the_first_place() {
    let world = World::new().await;
    let github = world.installation();
    let read = async |branch: &str| {
        let text = github.code_owners(&api(), branch).await;
        text.expect("an answer")
    };
    assert_eq!(read("main").await, None);
    for path in ["docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"] {
        let text = format!("* @{}\n", path.len());
        let files = [(path, Some(text.as_str()))];
        world
            .simulator
            .push(REPOSITORY, "release/1", &files, "Own", "alice")
            .expect("a push");
        assert_eq!(read("release/1").await, Some(text), "{path}");
    }
    let asked = world.count("GET", "/contents/.github/CODEOWNERS");
    assert_eq!(asked, 4, "once for each look");
    let asked = world.count("GET", "/contents/docs/CODEOWNERS");
    assert_eq!(asked, 2, "only while it is the first or there is none");
    assert_eq!(read("main").await, None, "nobody owns another branch");
    let text = read("release/1").await.expect("the file");
    let owners = CodeOwners::parse(&text);
    assert_eq!(owners.owners_of("README.md")[0].to_string(), "@18");
    world.assert_clean();
}

#[tokio::test]
async fn a_comparison_tells_who_wrote_its_commits() {
    let world = World::new().await;
    let github = world.installation();
    let base = world.tip();
    for (number, author) in ["alice", "bob", "alice", "carol"].iter().enumerate() {
        let text = number.to_string();
        let files = [("n.txt", Some(text.as_str()))];
        world
            .simulator
            .push(REPOSITORY, "topic", &files, "Count", author)
            .expect("a push");
    }
    let compared = github.compare(&api(), base.as_str(), "topic").await;
    let compared = compared.expect("a comparison");
    let names = ["alice", "bob", "carol"].map(String::from);
    assert_eq!(compared.authors, BTreeSet::from(names));
    assert!(!compared.authors_truncated);
    let behind = github.compare(&api(), "topic", base.as_str()).await;
    assert_eq!(behind.expect("a comparison").authors, BTreeSet::new());
    world.assert_clean();
}

#[tokio::test]
async fn the_author_of_the_oldest_of_many_commits_is_not_forgotten() {
    let world = World::new().await;
    let github = world.installation();
    let base = world.tip();
    for number in 0..101 {
        let author = if number == 0 { "zoe" } else { "alice" };
        let text = number.to_string();
        let files = [("n.txt", Some(text.as_str()))];
        world
            .simulator
            .push(REPOSITORY, "main", &files, "Count", author)
            .expect("a push");
    }
    let head = world
        .simulator
        .push(REPOSITORY, "main", &[("a", Some("a"))], "Last", "yan")
        .expect("a push");
    let compared = github.compare(&api(), base.as_str(), &head).await;
    let compared = compared.expect("a comparison");
    let names = ["alice", "yan", "zoe"].map(String::from);
    assert_eq!(compared.authors, BTreeSet::from(names));
    assert_eq!(compared.changed_paths, ["a", "n.txt"]);
    let requests = world.simulator.requests();
    let comparisons = requests
        .iter()
        .filter(|request| request.path.contains("/compare/"));
    assert_eq!(comparisons.count(), 2);
    world.assert_clean();
}
