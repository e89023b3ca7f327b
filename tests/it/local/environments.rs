//! Environments come and go by what should be.

use super::place::Place;

const PACKAGES: [&str; 2] = ["package1.ocu.star", "package2.ocu.star"];
const NEW: &str = "@/environment/production3";
const VALUE: &str = r#"{"name": "production3", "attributes": {"type": "prod"}}"#;
const OLD: &str = "@/environment/production2";

fn deployed() -> Place {
    let place = Place::with_environments("environments");
    for package in PACKAGES {
        place.run(&["release", "new", package]).succeeds();
    }
    place
}

fn is_at(place: &Place, package: &str, environment: &str) -> bool {
    let name = package.trim_end_matches(".ocu.star");
    place
        .path(&format!(".deploys/{environment}/{name}.txt"))
        .is_file()
}

/// A-22
#[test]
fn a_new_environment_is_deployed_to_step_by_step() {
    let place = deployed();
    place
        .run(&["state", "set", "-f=json", NEW, VALUE])
        .succeeds();
    place.run(&["state", "apply", NEW]).succeeds();
    let operation = "package1.ocu.star/@r1/op/check_envs";
    place.has(operation);
    place.run(&["work", "ops"]).succeeds();
    place.has_not(operation);
    assert!(!is_at(&place, "package1", "production3"));
    place.run(&["work", "continue"]).succeeds();
    for package in PACKAGES {
        assert!(
            place
                .get(&format!("{package}/@/deploy/production3"))
                .is_some()
        );
        assert!(is_at(&place, package, "production3"));
    }
}

/// A-23
#[test]
fn a_new_environment_is_deployed_to_in_one_go() {
    let place = deployed();
    place.run(&["state", "set", NEW, VALUE]).succeeds();
    place.run(&["work", "any"]).succeeds();
    place.has("package1.ocu.star/@/deploy/production3");
    place.has_not("package1.ocu.star/@r1/op/check_envs");
}

/// A-24
#[test]
fn an_environment_is_emptied_and_gone() {
    let place = deployed();
    place.run(&["state", "delete", OLD]).succeeds();
    place.run(&["state", "apply", OLD]).succeeds();
    place.run(&["work", "continue"]).succeeds();
    place.has_not(OLD);
    for package in PACKAGES {
        place.is_deployed(package, &["staging", "production"]);
        assert!(!is_at(&place, package, "production2"));
        assert!(is_at(&place, package, "production"));
    }
}

/// A-25
#[test]
fn an_environment_is_emptied_in_one_go_and_that_once() {
    let place = deployed();
    place.run(&["state", "delete", OLD]).succeeds();
    for _ in 0..2 {
        place.run(&["work", "any"]).succeeds();
        place.has_not(OLD);
        for package in PACKAGES {
            place.is_deployed(package, &["staging", "production"]);
            assert!(!is_at(&place, package, "production2"));
            place.has(&format!(
                "{package}/@r1/deploy/production2/2/status/complete"
            ));
            place.has_not(&format!("{package}/@r1/deploy/production2/3"));
        }
    }
}

#[test]
fn an_environment_that_comes_back_is_deployed_to_again() {
    let place = deployed();
    place.run(&["state", "delete", OLD]).succeeds();
    place.run(&["work", "any"]).succeeds();
    let value = r#"{"name": "production2", "attributes": {"type": "prod"}}"#;
    place.run(&["state", "set", OLD, value]).succeeds();
    place.run(&["work", "any"]).succeeds();
    for package in PACKAGES {
        place.is_deployed(package, &["staging", "production", "production2"]);
        assert!(is_at(&place, package, "production2"));
    }
}
