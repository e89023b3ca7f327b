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

/// A-4
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

/// A-5
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

/// A-40
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

/// A-42
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

/// A-41: versions count on from the latest release, tags name them, and a candidate is promoted by its tag. Written as
/// the original's documentation has it, `ctx` and all.
#[test]
fn a_candidate_is_promoted_by_its_tag_and_the_next_one_counts_on() {
    let mut place = Place::with_environments("minimal");
    place.write("version.ocu.star", VERSIONS);
    let release = ["release", "new", "version.ocu.star"];
    place.run(&release).succeeds();
    place.has_not("version.ocu.star/@0.1.1");
    let promote = "version.ocu.star/@0.1.1-1/custom/promote";
    place.run(&["state", "set", promote, "true"]).succeeds();
    place.run(&["work", "any"]).succeeds();
    let version = place.get("version.ocu.star/@0.1.1/deploy/production#output/version");
    assert_eq!(version, Some(json!("0.1.1")));

    place.at_commit("later");
    place.run(&release).succeeds();
    let candidate = "version.ocu.star/@0.1.2-1/call/version#output/version";
    assert_eq!(place.get(candidate), Some(json!("0.1.2")));
    let live = place.get("version.ocu.star/@/deploy/staging#output/version");
    assert_eq!(live, Some(json!("0.1.2-1")));
    let live = place.get("version.ocu.star/@/deploy/production#output/version");
    assert_eq!(live, Some(json!("0.1.1")));
}

const VERSIONS: &str = r#"
ocuroot("0.3.0")

def next_version(ctx):
    major, minor, patch = [int(part) for part in ctx.inputs.previous.split(".")]
    version = "%d.%d.%d" % (major, minor, patch + 1)
    candidate = version + "-1"
    return done(outputs = {"version": version, "candidate": candidate}, tags = [candidate])

def up(environment, version):
    host.shell("echo {} > deployed-{}.txt".format(version, environment_from_dict(environment).name))
    return done(outputs = {"version": version})

def down(environment, version): return done()

def promote(promote, version): return done(outputs = {"version": version}, tags = [version])

def deployments(kind, source):
    return [
        deploy(up = up, down = down, environment = e, inputs = {"version": input(ref = source)})
        for e in environments() if e.attributes["type"] == kind
    ]

phase("version", work = [call(next_version, name = "version", inputs = {
    "previous": input(ref = "./@/call/version#output/version", default = "0.1.0"),
})])
phase("staging", work = deployments("staging", "./call/version#output/candidate"))
phase("promote", work = [call(promote, name = "promote", inputs = {
    "promote": input(ref = "./custom/promote"),
    "version": input(ref = "./call/version#output/version"),
})])
phase("prod", work = deployments("prod", "./call/promote#output/version"))
"#;
