//! What should be, beside what is.

use serde_json::json;

use super::place::Place;

const FILE: &str = "basic.ocu.star";

/// A-6
#[test]
fn a_deployment_that_should_not_be_is_taken_down() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", FILE]).succeeds();
    let production = "minimal/repo/-/basic.ocu.star/@/deploy/production";
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");

    place.run(&["state", "delete", production]).succeeds();
    let said = place.run(&["state", "diff", "--long"]).succeeds();
    assert_eq!(said.output, format!("delete {production}\n"));
    for line in place.run(&["state", "diff"]).succeeds().output.lines() {
        place.run(&["state", "apply", line]).succeeds();
    }
    place.run(&["work", "continue"]).succeeds();
    place.is_deployed(FILE, &["staging", "production2"]);
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
}

/// A-31
#[test]
fn a_value_comes_and_goes() {
    let place = Place::with_environments("minimal");
    let test = "@/custom/test";
    place.run(&["state", "set", test, "1"]).succeeds();
    place.has_not(test);
    place.run(&["state", "apply", test]).succeeds();
    assert_eq!(place.get(test), Some(json!(1)));
    place.run(&["state", "delete", test]).succeeds();
    place.has(test);
    place.run(&["state", "apply", test]).succeeds();
    place.has_not(test);
}

#[test]
fn a_value_is_json_if_it_reads_so_unless_said_otherwise() {
    let place = Place::with_environments("minimal");
    for (arguments, expected) in [
        (&["1"][..], json!(1)),
        (&["one"], json!("one")),
        (&["-f", "string", "1"], json!("1")),
        (&["-f", "json", "[true]"], json!([true])),
        (
            &["-f", "starlark", "{\"a\": 1 + 1, \"b\": None}"],
            json!({"a": 2, "b": null}),
        ),
    ] {
        let mut command = vec!["state", "set", "@/custom/value"];
        command.extend(arguments);
        place.run(&command).succeeds();
        place.run(&["state", "apply", "@/custom/value"]).succeeds();
        assert_eq!(place.get("@/custom/value"), Some(expected), "{arguments:?}");
    }
    for (format, value) in [("json", "one"), ("starlark", "1 +")] {
        place
            .run(&["state", "set", "-f", format, "@/custom/value", value])
            .fails();
    }
}

#[test]
fn only_what_can_be_intended_is_set() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    for reference in [
        "tasks.ocu.star/@r1/task/build",
        "tasks.ocu.star/@r1",
        "@/environment/staging#attributes",
        "tasks.ocu.star/@r9/custom/x",
    ] {
        place.run(&["state", "set", reference, "1"]).fails();
    }
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
}

/// Q-E12
#[test]
fn an_earlier_release_that_should_be_there_is_brought_back_and_stays() {
    let mut place = Place::with_environments("minimal");
    place.run(&["release", "new", FILE]).succeeds();
    place.at_commit("later");
    place.run(&["release", "new", FILE]).succeeds();
    let production = "basic.ocu.star/@/deploy/production";
    let first = r#"{"release": "minimal/repo/-/basic.ocu.star/@r1"}"#;
    place.run(&["state", "set", production, first]).succeeds();
    place.at_commit("commitid");
    place.run(&["work", "any"]).succeeds();
    let live = place.get(&format!("{production}#release"));
    assert_eq!(live, Some(json!("minimal/repo/-/basic.ocu.star/@r1")));
    let said = place.run(&["work", "any"]).succeeds();
    assert!(!said.text().contains("running"), "{}", said.text());
}

const SIZED: &str = r#"
def up(environment, size):
    return done(outputs = {"size": size})

def down(environment, size):
    return done()

phase("staging", [
    deploy(e, up = up, down = down, inputs = {"size": input(ref = "@/custom/size", default = 1)})
    for e in environments() if e.name == "staging"
])
"#;

#[test]
fn one_work_any_does_not_deploy_because_of_one_intent_what_another_replaces() {
    let mut place = Place::with_environments("minimal");
    place.write("sized.ocu.star", SIZED);
    for commit in ["commitid", "later"] {
        place.at_commit(commit);
        place.run(&["release", "new", "sized.ocu.star"]).succeeds();
    }
    let staging = "sized.ocu.star/@/deploy/staging";
    let first = r#"{"release": "minimal/repo/-/sized.ocu.star/@r1"}"#;
    place.run(&["state", "set", staging, first]).succeeds();
    place
        .run(&["state", "set", "@/custom/size", "2"])
        .succeeds();
    place.at_commit("commitid");
    place.run(&["work", "any"]).succeeds();
    let size = place.get(&format!("{staging}#output/size"));
    assert_eq!(size, Some(json!(2)));
    let done = "minimal/repo/-/sized.ocu.star/@r*/deploy/staging/*/status/complete";
    let done = place.run(&["state", "match", done]).succeeds().output;
    insta::assert_snapshot!(done.replace("minimal/repo/-/", ""), @"
    sized.ocu.star/@r1/deploy/staging/1/status/complete
    sized.ocu.star/@r1/deploy/staging/2/status/complete
    sized.ocu.star/@r2/deploy/staging/1/status/complete
    ");
}

#[test]
fn records_are_found_by_globs() {
    let place = Place::with_environments("minimal");
    place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    let matching = |arguments: &[&str]| {
        let said = place.run(&[&["state", "match"], arguments].concat());
        said.succeeds().output
    };
    insta::assert_snapshot!(matching(&["@/environment/*"]), @r"
    @/environment/production
    @/environment/production2
    @/environment/staging
    ");
    insta::assert_snapshot!(matching(&["**/@*/{task,deploy}/*"]), @r"
    minimal/repo/-/tasks.ocu.star/@/task/build
    minimal/repo/-/tasks.ocu.star/@r1/task/build
    ");
    insta::assert_snapshot!(matching(&["--no-links", "./-/tasks.ocu.star/@*/task/*"]), @"minimal/repo/-/tasks.ocu.star/@r1/task/build");
    assert_eq!(matching(&["**/@/deploy/*"]), "");
    place.run(&["state", "match", "{"]).fails();
}

#[test]
fn globs_are_written_from_where_one_is_and_as_of_old() {
    let place = Place::with_environments("dependencies");
    let file = "//backend/package.ocu.star";
    place.run(&["release", "new", file]).succeeds();
    let build = "github.com/acme/dependencies/-/backend/package.ocu.star/@r1/task/build\n";
    for glob in [
        "package.ocu.star/@r1/task/*",
        "./package.ocu.star/@r1/task/*",
        "*.ocu.star/@r1/task/*",
        "//backend/*.ocu.star/@r1/task/*",
        "./-/backend/package.ocu.star/+r1/call/*",
        "github.com/**/@r1/task/*",
    ] {
        let said = place.run_in("backend", &["state", "match", glob]);
        assert_eq!(said.succeeds().output, build, "{glob}");
    }
    let said = place.run(&["state", "match", "+/environment/staging"]);
    assert_eq!(said.succeeds().output, "@/environment/staging\n");
}

#[test]
fn the_release_that_should_be_there_is_named_as_on_the_command_line() {
    let mut place = Place::with_environments("minimal");
    place.run(&["release", "new", FILE]).succeeds();
    place.at_commit("later");
    place.run(&["release", "new", FILE]).succeeds();
    let production = "basic.ocu.star/@/deploy/production";
    for (value, commit, expected) in [
        (r#"{"release": "basic.ocu.star/@r1"}"#, "commitid", "r1"),
        // By a tag, with an input as documents describe them.
        (
            r#"{"release": "./-/basic.ocu.star/@v2", "input": {"input1": {"ref": "@/custom/x", "value": 5.5}}}"#,
            "later",
            "r2",
        ),
    ] {
        place.put(production, value);
        place.at_commit(commit);
        place.run(&["work", "any"]).succeeds();
        let live = place.get(&format!("{production}#release"));
        let expected = format!("minimal/repo/-/basic.ocu.star/@{expected}");
        assert_eq!(live, Some(json!(expected)), "{value}");
    }
    let said = place.run(&["state", "diff"]).succeeds();
    assert_eq!(said.output, "");
    let none = r#"{"release": "basic.ocu.star/@r9"}"#;
    place.run(&["state", "set", production, none]).fails();
    let said = place.run(&["state", "apply", "@/custom/never"]).fails();
    assert!(said.errors.contains("nothing should be"), "{}", said.errors);
}
