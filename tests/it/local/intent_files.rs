//! What should be, in files of a folder or of a branch.

use serde_json::json;

use super::place::Place;

const FOLDER: &str = r#"
store.set(store.fs(".state"), intent = store.fs("intent"))
repo_alias("minimal/repo")
"#;

const BRANCH: &str = r#"
store.set(store.fs(".state"), intent = store.git("../wanted.git", branch = "main"))
repo_alias("minimal/repo")
"#;

#[test]
fn files_of_a_folder_are_made_so() {
    let place = Place::with_environments("minimal");
    place.write("repo.ocu.star", FOLDER);
    place.run(&["work", "any"]).succeeds();
    place.write("intent/@/custom/color.json", "\"red\"");
    place.write(
        "intent/@/environment/qa.json",
        "{\"attributes\": {\"type\": \"qa\"}}",
    );
    place.write("intent/README.md", "What should be.");
    place.run(&["work", "any"]).succeeds();
    assert_eq!(place.get("@/custom/color"), Some(json!("red")));
    assert_eq!(
        place.get("@/environment/qa#attributes/type"),
        Some(json!("qa"))
    );
    place.shell("rm -r intent/@").succeeds();
    place.run(&["work", "any"]).succeeds();
    place.has_not("@/custom/color");
    place.has_not("@/environment/qa");
}

#[test]
fn one_wrong_file_is_told_of_and_stops_no_other() {
    let place = Place::with_environments("minimal");
    place.write("repo.ocu.star", FOLDER);
    place.write("intent/@/custom/color.json", "\"red\"");
    place.write("intent/@/custom/size.json", "{\n");
    let said = place.run(&["work", "any"]).fails();
    assert!(
        said.text().contains("@/custom/size.json:2: it is not JSON"),
        "{}",
        said.text()
    );
    assert_eq!(place.get("@/custom/color"), Some(json!("red")));
    place.write("intent/@/custom/size.json", "1");
    place.run(&["work", "any"]).succeeds();
    assert_eq!(place.get("@/custom/size"), Some(json!(1)));
}

#[test]
fn what_a_command_said_since_is_not_undone() {
    let place = Place::with_environments("minimal");
    place.write("repo.ocu.star", FOLDER);
    place.write("intent/@/custom/color.json", "\"red\"");
    place.run(&["work", "any"]).succeeds();
    place.put("@/custom/color", "green");
    place.write("intent/@/custom/other.json", "1");
    place.run(&["work", "any"]).succeeds();
    assert_eq!(place.get("@/custom/color"), Some(json!("green")));
}

#[test]
fn a_branch_is_followed_as_its_remote_has_it() {
    let place = Place::with_environments("minimal");
    place.write("repo.ocu.star", BRANCH);
    let said = place.run(&["work", "any"]).fails();
    assert!(
        said.text()
            .contains("what should be is kept at ../wanted.git"),
        "{}",
        said.text()
    );
    let push = |file: &str, text: &str| {
        let line = format!(
            "set -e; cd ..; test -d wanted.git || git init -q --bare -b main wanted.git; rm -rf wanted; \
             git clone -q wanted.git wanted 2>/dev/null; cd wanted; git checkout -q -B main; \
             mkdir -p $(dirname {file}); echo '{text}' > {file}; git add .; \
             git -c user.name=a -c user.email=a@b commit -q -m more; git push -q origin main"
        );
        place.shell(&line).succeeds();
    };
    push("@/custom/color.json", "\"red\"");
    place.run(&["work", "any"]).succeeds();
    assert_eq!(place.get("@/custom/color"), Some(json!("red")));
    push("basic.ocu.star/@/custom/size.json", "2");
    place.run(&["work", "any"]).succeeds();
    assert_eq!(
        place.get("minimal/repo/-/basic.ocu.star/@/custom/size"),
        Some(json!(2))
    );
}
