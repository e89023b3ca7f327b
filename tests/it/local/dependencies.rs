//! Packages that read one another.

use serde_json::json;

use super::place::Place;

const BACKEND: &str = "//backend/package.ocu.star";
const FRONTEND: &str = "//frontend/package.ocu.star";
const EVERYWHERE: &[&str] = &["staging", "production", "production2"];

///
#[test]
fn a_reader_waits_for_what_it_reads_and_goes_on() {
    let place = Place::with_environments("dependencies");
    let frontend = "./-/frontend/package.ocu.star";
    place.run(&["release", "new", frontend]).succeeds();
    place.is_deployed(FRONTEND, &[]);
    place
        .run_in("backend", &["release", "new", "package.ocu.star"])
        .succeeds();
    place.is_deployed(BACKEND, EVERYWHERE);
    place.is_deployed(FRONTEND, &[]);

    place.run(&["work", "continue"]).succeeds();
    place.is_deployed(FRONTEND, EVERYWHERE);
    for output in ["credential", "backend_credential"] {
        let found = place.get(&format!("{FRONTEND}/@/deploy/staging#output/{output}"));
        assert_eq!(found, Some(json!("abcd")), "{output}");
    }
}

///
#[test]
fn a_changed_value_reaches_whoever_reads_it_directly_or_through_others() {
    let place = Place::with_environments("dependencies");
    for file in [BACKEND, FRONTEND] {
        place.run(&["release", "new", file]).succeeds();
    }
    let credential = "./-/backend/package.ocu.star/@/custom/credential/staging";
    place.put(credential, "efgh");
    place.run(&["work", "continue"]).succeeds();
    place.run(&["work", "continue"]).succeeds();
    for (file, output, environment, expected) in [
        (BACKEND, "credential", "staging", "efgh"),
        (FRONTEND, "backend_credential", "staging", "efgh"),
        (FRONTEND, "backend_credential", "production", "abcd"),
    ] {
        let found = place.get(&format!("{file}/@/deploy/{environment}#output/{output}"));
        assert_eq!(found, Some(json!(expected)), "{file} {environment}");
    }
    place.has_not(&format!("{FRONTEND}/@r1/deploy/production/2"));
}

#[test]
fn a_release_takes_what_follows_from_it_along_if_asked() {
    let place = Place::with_environments("dependencies");
    place.run(&["release", "new", FRONTEND]).succeeds();
    place
        .run(&["release", "new", BACKEND, "--cascade"])
        .succeeds();
    place.is_deployed(FRONTEND, EVERYWHERE);
}

#[test]
fn the_trigger_is_called_for_the_commit_that_has_work() {
    let mut place = Place::with_environments("dependencies");
    place.run(&["release", "new", FRONTEND]).succeeds();
    place.at_commit("later");
    place.run(&["release", "new", BACKEND]).succeeds();
    place.run(&["work", "trigger"]).succeeds();
    assert!(place.path(".store/triggers/commitid").is_file());
    assert!(!place.path(".store/triggers/later").is_file());

    place.run(&["work", "trigger", "--intent"]).succeeds();
    assert!(place.path(".store/triggers/later").is_file());
}

/// Q-E3
#[test]
fn a_change_that_fails_is_tried_once_and_again_only_if_somebody_says_so() {
    let place = Place::with_environments("dependencies");
    place.run(&["release", "new", BACKEND]).succeeds();
    let credential = format!("{BACKEND}/@/custom/credential/staging");
    place.put(&credential, "bad");
    let said = place.run(&["work", "cascade"]).fails();
    assert!(
        said.errors.contains("the credential is bad"),
        "{}",
        said.errors
    );
    for verb in ["cascade", "any", "continue"] {
        let said = place.run(&["work", verb]).succeeds();
        assert!(!said.errors.contains("running"), "{}", said.errors);
    }
    let failed = format!("{BACKEND}/@r1/deploy/staging/2/status/failed");
    place.has(&failed);
    place.run(&["release", "retry", BACKEND]).fails();
    place.has(&format!("{BACKEND}/@r1/deploy/staging/3/status/failed"));
    place.put(&credential, "good");
    place.run(&["work", "continue"]).succeeds();
    let seen = place.get(&format!("{BACKEND}/@/deploy/staging#output/credential"));
    assert_eq!(seen, Some(json!("good")));
}
