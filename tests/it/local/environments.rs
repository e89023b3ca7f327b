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

/// A-26: what is deployed in a changed environment is deployed again with what changed, and elsewhere nothing is.
#[test]
fn a_changed_environment_is_deployed_to_again_once() {
    let place = deployed();
    let value = r#"{"name": "staging", "attributes": {"type": "staging", "region": "eu"}}"#;
    let staging = "@/environment/staging";
    place
        .run(&["state", "set", "-f", "json", staging, value])
        .succeeds();
    let said = place.run(&["work", "any", "--dryrun"]).succeeds();
    assert!(said.output.contains("\"update\""), "{}", said.output);
    for _ in 0..2 {
        place.run(&["work", "any"]).succeeds();
        assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
    }
    for package in PACKAGES {
        let region =
            format!("{package}/@/deploy/staging#input/environment/value/attributes/region");
        assert_eq!(place.get(&region), Some(serde_json::json!("eu")));
        let file = format!(".deploys/staging/{}", package.replace(".ocu.star", ".txt"));
        let text = std::fs::read_to_string(place.path(&file)).unwrap();
        assert!(text.contains("eu"), "{text}");
        place.has_not(&format!("{package}/@r1/deploy/staging/3"));
        place.has_not(&format!("{package}/@r1/deploy/production/2"));
    }
    place.run(&["state", "delete", staging]).succeeds();
    place.run(&["work", "any"]).succeeds();
    place.is_deployed(PACKAGES[0], &["production", "production2"]);
    assert!(!is_at(&place, "package1", "staging"));
}

/// The same by the file that registers it.
#[test]
fn an_environment_is_changed_by_the_file_that_registers_it() {
    let mut place = deployed();
    let file = "environments.ocu.star";
    let text = std::fs::read_to_string(place.path(file)).unwrap();
    place.write(
        file,
        &text.replace("\"type\": \"staging\"", "\"type\": \"test\""),
    );
    place.run(&["release", "new", file, "--cascade"]).succeeds();
    let attribute = place.get("@/environment/staging#attributes/type");
    assert_eq!(attribute, Some(serde_json::json!("test")));
    for package in PACKAGES {
        place.has(&format!("{package}/@r1/deploy/staging/2/status/complete"));
    }
    // What a file does not register any more stays until somebody says otherwise.
    place.at_commit("later");
    place.write(
        file,
        "register_environment(environment(\"staging\", {\"type\": \"test\"}))\n",
    );
    place.run(&["release", "new", file, "--cascade"]).succeeds();
    place.is_deployed(PACKAGES[0], &["staging", "production", "production2"]);
}

/// A-27: gone and back within one pass, with other attributes; pending ups of the one that is gone are not executed.
#[test]
fn an_environment_that_comes_back_changed_is_deployed_to_as_it_is_now() {
    let place = deployed();
    place.run(&["state", "delete", OLD]).succeeds();
    place.run(&["state", "apply", OLD]).succeeds();
    let value = r#"{"name": "production2", "attributes": {"type": "prod", "tier": "gold"}}"#;
    place.run(&["state", "set", OLD, value]).succeeds();
    place.run(&["work", "any"]).succeeds();
    place.run(&["work", "any"]).succeeds();
    for package in PACKAGES {
        place.is_deployed(package, &["staging", "production", "production2"]);
        let file = format!(
            ".deploys/production2/{}",
            package.replace(".ocu.star", ".txt")
        );
        let text = std::fs::read_to_string(place.path(&file)).unwrap();
        assert!(text.contains("gold"), "{text}");
    }
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
    let said = place.run(&["work", "any", "--dryrun"]).succeeds();
    assert_eq!(said.output, "[]\n");
}

/// Q-E3, Q-E13
#[test]
fn what_cannot_be_taken_down_is_tried_once_and_again_only_if_somebody_says_so() {
    let place = deployed();
    let kept = ".deploys/production2/package1.txt";
    let text = std::fs::read_to_string(place.path(kept)).unwrap();
    place.write(kept, "changed by hand");
    place.run(&["state", "delete", OLD]).succeeds();
    for _ in 0..2 {
        let said = place.run(&["work", "any"]).fails();
        assert!(
            said.errors.contains("ocuroot release retry"),
            "{}",
            said.errors
        );
        place.has("package1.ocu.star/@r1/deploy/production2/2/status/failed");
        place.has_not("package1.ocu.star/@r1/deploy/production2/3");
        place.has(OLD);
    }
    assert!(!is_at(&place, "package2", "production2"));
    place.write(kept, &text);
    place
        .run(&["release", "retry", "package1.ocu.star"])
        .succeeds();
    place.has_not(OLD);
    place.run(&["work", "any"]).succeeds();
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
}
