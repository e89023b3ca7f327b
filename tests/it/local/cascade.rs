//! Work at other commits.

use serde_json::json;

use super::place::Place;

///
#[test]
fn what_was_released_from_another_commit_runs_from_that_commit() {
    let mut place = Place::of("cascade");
    place.write("a.txt", "Message at commit 1\n");
    place.write("b.txt", "b at commit 1\n");
    place.commit("one");
    for file in ["environments.ocu.star", "a.ocu.star", "b.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    let message = |place: &Place, file: &str| {
        place.get(&format!("{file}/@/deploy/production#output/message"))
    };
    assert_eq!(
        message(&place, "b.ocu.star"),
        Some(json!("Message at commit 1"))
    );

    place.write("a.txt", "Message at commit 2\n");
    place.write("b.txt", "b at commit 2\n");
    place.commit("two");
    place.run(&["release", "new", "a.ocu.star"]).succeeds();
    assert_eq!(
        message(&place, "a.ocu.star"),
        Some(json!("Message at commit 2"))
    );
    assert_eq!(
        message(&place, "b.ocu.star"),
        Some(json!("Message at commit 1"))
    );

    place.run(&["work", "cascade"]).succeeds();
    assert_eq!(
        message(&place, "b.ocu.star"),
        Some(json!("Message at commit 2"))
    );
    let own = place.get("b.ocu.star/@/deploy/production#output/own");
    assert_eq!(own, Some(json!("b at commit 1")));
    place.has_not("b.ocu.star/@r2");
}

#[test]
fn what_was_released_from_another_repository_runs_in_a_clone_of_it() {
    let mut place = Place::of("cascade");
    place.write("a.txt", "one\n");
    place.write("b.txt", "b\n");
    place.commit("one");
    let mut reader = place.beside("reader");
    let address = reader.path("").display().to_string();
    let settings = format!("{STORE}repo_alias(\"reader\")\nremotes([\"{address}\"])\n");
    reader.write("repo.ocu.star", &settings);
    reader.commit("one");
    for file in ["environments.ocu.star", "a.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    reader
        .run(&["release", "new", "release.ocu.star"])
        .succeeds();
    let seen = "reader/-/release.ocu.star/@/deploy/production#output/seen";
    assert_eq!(place.get(seen), Some(json!("one in the reader")));

    place.write("a.txt", "two\n");
    place.commit("two");
    place
        .run(&["release", "new", "a.ocu.star", "--cascade"])
        .succeeds();
    assert_eq!(place.get(seen), Some(json!("two in the reader")));
}

const STORE: &str =
    "store.set(store.git(\"https://example.com/acme/cascade.git\", branch = \"state\"))\n";
