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

/// environments that the same push registers are deployed to.
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
