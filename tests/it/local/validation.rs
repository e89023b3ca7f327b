//! What is not allowed is refused, with words for it.

use super::place::Place;

/// A-30 a, b, c, d, h
#[test]
fn names_that_are_not_allowed_fail_the_command() {
    let place = Place::of("validation");
    for (file, word) in [
        ("input_number.ocu.star", "0startswithnumber"),
        ("input_hyphen.ocu.star", "bad-input"),
        ("input_next.ocu.star", "bad-input"),
        ("tag_slash.ocu.star", "invalid/tag"),
        ("tag_release.ocu.star", "r123"),
        ("missing_parameter.ocu.star", "needed"),
    ] {
        let said = place.run(&["release", "new", file]).fails();
        assert!(said.text().contains(word), "{file}: {}", said.text());
        place.has_not(&format!("{file}/@/task/build"));
    }
}

/// A-30 e
#[test]
fn an_environment_with_a_slash_is_not_registered() {
    let place = Place::of("validation");
    place
        .run(&["release", "new", "environment_name.ocu.star"])
        .fails();
    place
        .run(&["state", "get", "@/environment/invalid/name"])
        .fails();
}

/// A-30 f, g
#[test]
fn what_should_be_an_environment_and_cannot_is_told_and_stops_nothing_else() {
    let place = Place::with_environments("minimal");
    for (name, value) in [
        (
            "bad+environment",
            r#"{"name": "bad+environment", "attributes": {}}"#,
        ),
        (
            "shouldmatch",
            r#"{"name": "non_matching", "attributes": {}}"#,
        ),
        (
            "well",
            r#"{"name": "well", "attributes": {"type": "staging"}}"#,
        ),
    ] {
        let reference = format!("@/environment/{name}");
        place.run(&["state", "set", &reference, value]).succeeds();
    }
    let said = place.run(&["work", "any"]).fails();
    assert!(said.errors.contains("may only contain"), "{}", said.errors);
    assert!(
        said.errors.contains("must match subpath"),
        "{}",
        said.errors
    );
    place.has_not("@/environment/bad+environment");
    place.has_not("@/environment/shouldmatch");
    place.has_not("@/environment/non_matching");
    place.has("@/environment/well");
}
