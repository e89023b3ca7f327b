//! Commits become releases of what they change.

use super::place::Place;

fn pushed() -> Place {
    let mut place = Place::of("dependencies");
    place.write(".gitignore", ".store/\n");
    place.commit("one");
    place.run(&["push"]).succeeds();
    place
}

const BACKEND: &str = "//backend/package.ocu.star";
const FRONTEND: &str = "//frontend/package.ocu.star";

/// A-37: environments that the same push registers are deployed to.
#[test]
fn the_first_push_releases_everything_and_the_same_commit_once() {
    let place = pushed();
    for file in [BACKEND, FRONTEND] {
        place.is_deployed(file, &["staging", "production", "production2"]);
    }
    let said = place.run(&["push"]).succeeds();
    assert!(
        said.output.contains("nothing is released"),
        "{}",
        said.output
    );
    place.has_not(&format!("{BACKEND}/@r2"));
}

#[test]
fn a_push_releases_what_it_changes_once() {
    let mut place = pushed();
    place.write("backend/source.txt", "changed\n");
    let text = std::fs::read_to_string(place.path("backend/package.ocu.star")).unwrap();
    place.write(
        "backend/package.ocu.star",
        &text.replace("\"backend\"", "\"other\""),
    );
    let said = place.run(&["push"]).fails();
    assert!(
        said.errors.contains("backend/source.txt"),
        "{}",
        said.errors
    );
    place.commit("two");
    let said = place.run(&["push", "--dryrun"]).succeeds();
    assert_eq!(said.output, "backend/package.ocu.star\n");
    place.run(&["push"]).succeeds();
    place.has(&format!("{BACKEND}/@r2"));
    place.has_not(&format!("{BACKEND}/@r3"));
    place.has_not(&format!("{FRONTEND}/@r2"));
}

#[test]
fn a_deleted_file_is_no_failure_and_a_broken_one_stops_no_other() {
    let mut place = pushed();
    std::fs::remove_file(place.path("frontend/package.ocu.star")).unwrap();
    place.commit("two");
    place.run(&["push"]).succeeds();

    place.write("backend/source.txt", "changed\n");
    place.write("broken/package.ocu.star", "task(1 +)\n");
    place.commit("three");
    let said = place.run(&["push"]).fails();
    assert!(
        said.errors.contains("broken/package.ocu.star"),
        "{}",
        said.errors
    );
    place.has(&format!("{BACKEND}/@r2"));

    place.git(&["rm", "--quiet", "broken/package.ocu.star"]);
    place.commit("four");
    place.run(&["push"]).succeeds();
    let said = place.run(&["find-deploys", "HEAD~1", "HEAD"]).succeeds();
    assert!(
        said.output
            .contains("backend/package.ocu.star/@/deploy/staging")
    );
    assert!(!said.output.contains("frontend"), "{}", said.output);
}

const WATCHES: &str = r#"
def build(): return done(watch = ["data", "other/file.txt"])
task(build, "build")
"#;

/// A-38: what a release says it is made of, path by path; not what only begins alike, nor what lies beside.
#[test]
fn what_a_build_watches_releases_it_and_nothing_else_does() {
    let mut place = Place::of("dependencies");
    place.write(".gitignore", ".store/\n");
    place.write("watching.ocu.star", WATCHES);
    place.write("beside.ocu.star", &format!("{WATCHES}\n"));
    for path in ["data/x", "data2", "other/file.txt", "other/file.txt.bak"] {
        place.write(path, "1");
    }
    place.commit("one");
    place.run(&["push"]).succeeds();
    let watching = "beside.ocu.star\nwatching.ocu.star\n";
    for (path, released) in [
        ("data2", ""),
        ("other/file.txt.bak", ""),
        ("data/x", watching),
        ("other/file.txt", watching),
        ("watching.ocu.star", "watching.ocu.star\n"),
        ("environments.ocu.star", "environments.ocu.star\n"),
    ] {
        let text = std::fs::read_to_string(place.path(path)).unwrap();
        place.write(path, &format!("{text}\n"));
        place.commit(path);
        let said = place.run(&["push", "--dryrun"]).succeeds();
        assert_eq!(said.output, released, "{path}");
        place.run(&["push"]).succeeds();
        assert_eq!(place.run(&["push", "-n"]).succeeds().output, "", "{path}");
    }
    place.has("watching.ocu.star/@r4");
    place.has_not("watching.ocu.star/@r5");
}

#[test]
fn what_is_to_be_ignored_is_never_released() {
    let mut place = Place::of("dependencies");
    let settings = std::fs::read_to_string(place.path("repo.ocu.star")).unwrap();
    let ignore = "release_ignore = [\"tests/**\", \"**/draft.ocu.star\"]\n";
    place.write("repo.ocu.star", &format!("{settings}{ignore}"));
    place.write(".gitignore", ".store/\n");
    for path in [
        "tests/deep/a.ocu.star",
        "backend/draft.ocu.star",
        "seen.ocu.star",
    ] {
        place.write(path, WATCHES);
    }
    place.commit("one");
    let all = "backend/package.ocu.star\nenvironments.ocu.star\nfrontend/package.ocu.star\nseen.ocu.star\n";
    assert_eq!(place.run(&["push", "-n"]).succeeds().output, all);
    place.run(&["push"]).succeeds();
    place.write("tests/deep/a.ocu.star", &format!("{WATCHES}\n"));
    place.commit("two");
    assert_eq!(place.run(&["push", "-n"]).succeeds().output, "");
}

/// Q-P3: it is told, and the next push does not do it again.
#[test]
fn a_release_that_fails_fails_the_push_once() {
    let mut place = Place::of("dependencies");
    place.write(".gitignore", ".store/\n");
    place.write(
        "failing/release.ocu.star",
        "def build(): fail(\"no room\")\ntask(build, \"build\")\n",
    );
    place.commit("one");
    let said = place.run(&["push"]).fails();
    assert!(said.output.contains("no room"), "{}", said.output);
    place.is_deployed(FRONTEND, &["staging", "production", "production2"]);
    place.run(&["push"]).succeeds();
    place.write("backend/source.txt", "changed");
    place.commit("two");
    place.run(&["push"]).succeeds();
    place.has_not("failing/release.ocu.star/@r2");
    let retry = ["release", "retry", "failing/release.ocu.star"];
    place.run(&retry).fails();
}
