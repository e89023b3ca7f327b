//! People are waited for, and told how to go on.

use serde_json::json;

use super::place::Place;

const FILE: &str = "approvals.ocu.star";
const PACKAGE: &str = "minimal/repo/-/approvals.ocu.star";

fn released() -> Place {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", FILE]).succeeds();
    place.is_deployed(FILE, &["staging"]);
    place
}

///
#[test]
fn two_values_let_a_release_go_on_and_a_tag_means_its_release() {
    let place = released();
    let tagged = format!("{PACKAGE}/@v1/custom/approval");
    place.run(&["state", "set", &tagged, "1"]).succeeds();
    let said = place.run(&["work", "any", "--dryrun"]).succeeds();
    let items: serde_json::Value = serde_json::from_str(&said.output).unwrap();
    let approval = format!("{PACKAGE}/@r1/custom/approval");
    assert_eq!(items, json!([{"ref": approval, "work_type": "create"}]));
    place.run(&["work", "any"]).succeeds();
    place.has(&approval);
    place.has(&format!("{PACKAGE}/@r1/task/prod_approval/1/status/paused"));
    place.is_deployed(FILE, &["staging"]);

    let second = format!("{PACKAGE}/@r1/custom/approval2");
    place.run(&["state", "set", &second, "1"]).succeeds();
    place.run(&["work", "any"]).succeeds();
    place.is_deployed(FILE, &["staging", "production", "production2"]);
    let said = place.run(&["work", "continue"]).succeeds();
    assert!(!said.text().contains("running"), "{}", said.text());
}

///
#[test]
fn the_next_release_waits_for_values_of_its_own() {
    let place = released();
    place.put(&format!("{PACKAGE}/@r1/custom/approval"), "1");
    place.put(&format!("{PACKAGE}/@r1/custom/approval2"), "1");
    place.run(&["work", "any"]).succeeds();

    place.run(&["release", "new", FILE, "--force"]).succeeds();
    place.has(&format!(
        "{PACKAGE}/@r2/task/prod_approval/1/status/pending"
    ));
    let second = format!("{PACKAGE}/@v2");
    for approval in ["approval", "approval2"] {
        place.put(&format!("{second}/custom/{approval}"), "1");
        place.run(&["release", "continue", &second]).succeeds();
    }
    let live = place.get(&format!("{FILE}/@/deploy/production2#release"));
    assert_eq!(live, Some(json!(format!("{PACKAGE}/@r2"))));
}

///
#[test]
fn what_a_release_waits_for_is_named_with_the_command_that_provides_it() {
    let place = Place::with_environments("minimal");
    let said = place.run(&["release", "new", FILE]).succeeds();
    insta::assert_snapshot!(said.output);
    let approval = format!("{PACKAGE}/@r1/custom/approval");
    for approval in [&approval, &format!("{approval}2")] {
        place.run(&["state", "set", approval, "1"]).succeeds();
        let arguments = ["work", "any", "--comprehensive"];
        place.run(&arguments).succeeds();
    }
    place.is_deployed(FILE, &["staging", "production", "production2"]);
    for environment in ["staging", "production", "production2"] {
        let count = place.get(&format!("{FILE}/@/deploy/{environment}#output/count"));
        assert_eq!(count, Some(json!(1)), "{environment}");
    }
}

///
#[test]
fn a_value_of_the_package_unblocks_its_latest_release() {
    let place = Place::of("minimal");
    place
        .run(&["release", "new", "readers.ocu.star"])
        .succeeds();
    place.has("readers.ocu.star/@r1/task/approve/1/status/pending");
    let approve = "readers.ocu.star/@/custom/approve";
    place.run(&["state", "set", approve, "1"]).succeeds();
    place.run(&["work", "any"]).succeeds();
    place.has("readers.ocu.star/@r1/task/approve/1/status/complete");
}
