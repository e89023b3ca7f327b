//! What failed is tried again.

use super::place::Place;

const FILE: &str = "release.ocu.star";

/// No alias: the repository is called by its address.
fn failed_once() -> Place {
    let place = Place::of("retries");
    place.git(&["init", "--quiet"]);
    place.git(&["remote", "add", "origin", "git@github.com:acme/retries.git"]);
    place
        .run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    place.run(&["release", "new", FILE]).fails();
    place.is_deployed(FILE, &[]);
    place.has_not("release.ocu.star/@r1/task/postrelease/1/status/complete");
    place
}

///
#[test]
fn a_release_is_tried_again_by_its_number() {
    let place = failed_once();
    let release = "github.com/acme/retries/-/release.ocu.star/@r1";
    place.has(release);
    place
        .run(&["release", "retry", "release.ocu.star/@r1"])
        .succeeds();
    place.is_deployed(FILE, &["production"]);
    place.has("release.ocu.star/@r1/task/postrelease/1/status/complete");
    place.has("release.ocu.star/@r1/deploy/production/1/status/failed");
    place.has("release.ocu.star/@r1/deploy/production/2/status/complete");
}

///
#[test]
fn the_latest_release_of_a_package_is_tried_again_once() {
    let place = failed_once();
    place.run(&["release", "retry", FILE]).succeeds();
    place.is_deployed(FILE, &["production"]);
    let said = place.run(&["release", "retry", FILE]).fails();
    assert!(
        said.text().contains("nothing has failed"),
        "{}",
        said.text()
    );
}

#[test]
fn a_release_that_is_not_there_is_not_continued() {
    let place = failed_once();
    let said = place
        .run(&["release", "continue", "release.ocu.star/@r7"])
        .fails();
    assert!(
        said.errors.contains("has no release `r7`"),
        "{}",
        said.errors
    );
}
