//! Work at other commits.

use serde_json::json;

use super::place::Place;

/// A-32
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

/// A-33
#[test]
fn what_others_change_meanwhile_is_left_to_whoever_asks_for_all_work() {
    let place = Place::of("cascade");
    for file in ["environments.ocu.star", "b.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    place.write("a.txt", "one");
    place.write("b.txt", "b");
    place.write("c.ocu.star", READS_A_VALUE);
    place.run(&["release", "new", "c.ocu.star"]).succeeds();
    place.write("meddling.sh", "$OCUROOT_UNDER_TEST state set @/custom/value 2 && $OCUROOT_UNDER_TEST state apply @/custom/value");
    place.write("a.ocu.star", MEDDLES);

    let arguments = ["release", "new", "a.ocu.star", "--cascade"];
    place.run(&arguments).succeeds();
    let message = place.get("b.ocu.star/@/deploy/production#output/message");
    assert_eq!(message, Some(json!("one")));
    let value = "c.ocu.star/@/deploy/production#output/value";
    assert_eq!(place.get(value), Some(json!(1)));
    assert_eq!(place.get("@/custom/value"), Some(json!(2)));

    place.run(&["work", "cascade"]).succeeds();
    assert_eq!(place.get(value), Some(json!(2)));
}

const READS_A_VALUE: &str = r#"
def up(environment, value): return done(outputs = {"value": value})
def down(environment, value): return done()
phase("deploy", [
    deploy(e, up = up, down = down, inputs = {"value": input(ref = "@/custom/value", default = 1)})
    for e in environments()
])
"#;

/// Others change a value while it is deployed.
const MEDDLES: &str = r#"
def up(environment):
    shell("sh meddling.sh")
    return done(outputs = {"message": read("a.txt")})
def down(environment): return done()
phase("deploy", [deploy(e, up = up, down = down) for e in environments()])
"#;

const FILES: [&str; 3] = ["a.ocu.star", "b.ocu.star", "c.ocu.star"];

/// A-34: three in a row, each released at a commit of its own.
#[test]
fn a_chain_of_three_follows_in_order_each_at_its_own_commit() {
    let mut place = Place::of("cascade");
    place.write("c.ocu.star", THIRD);
    place.write("a.txt", "a1");
    place.write("b.txt", "b1");
    place.commit("one");
    for file in ["environments.ocu.star", "c.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    for (text, file) in [("b2", "b.ocu.star"), ("b3", "a.ocu.star")] {
        place.write("b.txt", text);
        place.commit(text);
        let arguments = ["release", "new", file, "--cascade"];
        place.run(&arguments).succeeds();
    }
    let third = "c.ocu.star/@/deploy/production#output";
    assert_eq!(
        place.get(third),
        Some(json!({"message": "a1", "own": "b1", "second": "b2"}))
    );

    place.write("a.txt", "a2");
    place.commit("a2");
    let arguments = ["release", "new", "a.ocu.star"];
    let said = place.run(&arguments).succeeds();
    assert!(!said.errors.contains("b.ocu.star"), "{}", said.errors);
    let said = place.run(&["work", "cascade", "--dryrun"]).succeeds();
    assert!(said.output.contains("b.ocu.star/@r1/deploy/production/2"));
    place.run(&["work", "cascade"]).succeeds();
    assert_eq!(
        place.get(third),
        Some(json!({"message": "a2", "own": "b1", "second": "b2"}))
    );
    for file in FILES.iter().skip(1) {
        place.has_not(&format!("{file}/@r2"));
        place.has_not(&format!("{file}/@r1/deploy/production/3"));
    }
}

const THIRD: &str = r#"
def up(environment, message, second):
    return done(outputs = {"message": message, "second": second, "own": read("b.txt")})
def down(environment, message, second): return done()
phase("deploy", [
    deploy(e, up = up, down = down, inputs = {
        "message": ref("./-/b.ocu.star/@/deploy/%s#output/message" % e.name),
        "second": ref("./-/b.ocu.star/@/deploy/%s#output/own" % e.name),
    })
    for e in environments()
])
"#;

/// What is not committed in the checkout is no part of a run at another commit, and stays as it is.
#[test]
fn a_run_at_another_commit_leaves_the_checkout_alone() {
    let mut place = Place::of("cascade");
    place.write("a.txt", "one");
    place.write("b.txt", "b1");
    place.commit("one");
    for file in ["environments.ocu.star", "a.ocu.star", "b.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    place.write("a.txt", "two");
    place.commit("two");
    place.write("b.txt", "edited");
    place
        .run(&["release", "new", "a.ocu.star", "--cascade"])
        .succeeds();
    let output = place.get("b.ocu.star/@/deploy/production#output");
    assert_eq!(output, Some(json!({"message": "two", "own": "b1"})));
    assert_eq!(
        std::fs::read_to_string(place.path("b.txt")).unwrap(),
        "edited"
    );
}

/// A-35: in another repository, whose checkout has moved on since.
#[test]
fn a_chain_through_another_repository_runs_there_at_the_commit_of_its_release() {
    let mut place = Place::of("cascade");
    place.write("a.txt", "one");
    place.write("last.ocu.star", LAST);
    place.commit("one");
    let mut reader = place.beside("reader");
    let address = reader.path("").display().to_string();
    let settings = format!("{STORE}repo_alias(\"reader\")\nremotes([\"{address}\"])\n");
    reader.write("repo.ocu.star", &settings);
    reader.commit("one");
    for file in ["environments.ocu.star", "a.ocu.star", "last.ocu.star"] {
        place.run(&["release", "new", file]).succeeds();
    }
    let said = reader
        .run(&["release", "new", "release.ocu.star"])
        .succeeds();
    assert!(!said.output.contains("last"), "{}", said.output);
    place.run(&["work", "continue"]).succeeds();
    let last = "last.ocu.star/@/deploy/production#output/seen";
    assert_eq!(place.get(last), Some(json!("one in the reader")));

    reader.write("where.txt", "elsewhere");
    reader.commit("two");
    place.write("a.txt", "two");
    place.commit("two");
    place.run(&["release", "new", "a.ocu.star"]).succeeds();
    assert_eq!(place.get(last), Some(json!("one in the reader")));
    // Whoever has all work done may be anywhere, also in the other repository.
    reader.run(&["work", "cascade"]).fails();
    place.run(&["work", "cascade"]).succeeds();
    assert_eq!(place.get(last), Some(json!("two in the reader")));
    place.has_not("reader/-/release.ocu.star/@r2");
}

const LAST: &str = r#"
def up(environment, seen): return done(outputs = {"seen": seen})
def down(environment, seen): return done()
phase("deploy", [
    deploy(e, up = up, down = down, inputs = {
        "seen": ref("reader/-/release.ocu.star/@/deploy/%s#output/seen" % e.name),
    })
    for e in environments()
])
"#;
