//! State of a branch of a git remote, shared by all clones on the machine (A-14 to A-20).

use std::process::Stdio;

use serde_json::json;

use super::place::Place;

const SETTINGS: &str = r#"
remote_url = host.shell("git remote get-url origin", mute = True).stdout.strip()
state_store = store.git(remote_url, branch = "state", support_files = {"ci.yml": "on: push"})
repo_alias = "acme/shared"

def work(commit):
    print("work at " + commit)
    host.shell("""
        set -e
        rm -rf ../ci
        git clone --quiet ../origin.git ../ci
        cd ../ci
        git checkout --quiet %s
        $OCUROOT_UNDER_TEST work any
    """ % commit)

trigger(work)
"#;

const BACKEND: &str = "//backend/package.ocu.star";
const FRONTEND: &str = "//frontend/package.ocu.star";
const EVERYWHERE: &[&str] = &["staging", "production", "production2"];

/// Two clones of one remote, addressed differently, with environments.
fn clones() -> (Place, Place) {
    let mut origin = Place::of("dependencies");
    origin.write("repo.ocu.star", SETTINGS);
    origin.commit("one");
    origin.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    let one = origin.cloned("origin.git", "one");
    let address = format!("file://{}", origin.path("../origin.git").display());
    let two = origin.cloned(&address, "two");
    one.run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    (one, two)
}

#[test]
fn clones_of_one_remote_share_their_state() {
    let (one, two) = clones();
    two.has("@/environment/staging");
    two.run(&["release", "new", FRONTEND]).succeeds();
    one.run(&["release", "new", BACKEND]).succeeds();
    two.run(&["work", "continue"]).succeeds();
    one.is_deployed(FRONTEND, EVERYWHERE);
    one.put(
        "./-/backend/package.ocu.star/@/custom/credential/staging",
        "new",
    );
    two.run(&["work", "any"]).succeeds();
    let seen = one.get(&format!("{FRONTEND}/@/deploy/staging#output/credential"));
    assert_eq!(seen, Some(json!("new")));
    assert!(!two.path(".store").exists());
}

#[test]
fn another_branch_is_another_state() {
    let (one, two) = clones();
    two.write(
        "repo.ocu.star",
        &SETTINGS.replace("\"state\"", "\"feature/a b'c%?#\""),
    );
    assert_eq!(two.run(&["state", "match"]).succeeds().output, "");
    two.run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    two.put("@/custom/x", "1");
    two.has("@/custom/x");
    one.has_not("@/custom/x");
}

#[test]
fn packages_released_at_once_from_clones_are_all_released_and_numbered_in_order() {
    let (one, two) = clones();
    let release = |place: &Place, file| {
        let arguments = ["release", "new", "--force", file];
        let mut command = place.command("", &arguments);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let all = [
        release(&one, BACKEND),
        release(&two, FRONTEND),
        release(&two, BACKEND),
        release(&one, FRONTEND),
        release(&one, BACKEND),
    ];
    for mut child in all {
        assert!(child.wait().unwrap().success());
    }
    for release in ["r1", "r2", "r3"] {
        one.has(&format!(
            "{BACKEND}/@{release}/deploy/production/1/status/complete"
        ));
    }
    one.has_not(&format!("{BACKEND}/@r4"));
    one.has(&format!("{FRONTEND}/@r2"));
    one.has_not(&format!("{FRONTEND}/@r3"));
    one.run(&["work", "continue"]).succeeds();
    one.is_deployed(FRONTEND, EVERYWHERE);
}

/// Work of another commit is done by whoever the trigger tells, in a clone of its own.
#[test]
fn the_trigger_has_a_clone_at_the_other_commit_do_its_work() {
    let (one, mut two) = clones();
    one.run(&["release", "new", FRONTEND]).succeeds();
    two.write("unrelated.txt", "");
    two.commit("two");
    two.run(&["release", "new", BACKEND]).succeeds();
    let said = two.run(&["work", "any"]).succeeds();
    assert!(said.errors.contains("work at "), "{}", said.errors);
    assert!(two.path("../ci/repo.ocu.star").is_file());
    two.is_deployed(FRONTEND, EVERYWHERE);
    let said = two.run(&["work", "any"]).succeeds();
    assert!(!said.errors.contains("work at "), "{}", said.errors);
}

#[test]
fn a_failing_step_and_a_failing_trigger_are_told_by_the_exit_code() {
    let (one, mut two) = clones();
    one.put(
        "./-/backend/package.ocu.star/@/custom/credential/production",
        "bad",
    );
    let said = one.run(&["release", "new", BACKEND]).fails();
    assert!(
        said.output.contains("the credential is bad"),
        "{}",
        said.output
    );
    two.is_deployed(BACKEND, &["staging", "production2"]);

    let staging = "./-/backend/package.ocu.star/@/custom/credential/staging";
    one.run(&["state", "set", staging, "new"]).succeeds();
    two.write("unrelated.txt", "");
    two.commit("two");
    std::fs::remove_dir_all(two.path("../origin.git")).unwrap();
    let said = two.run(&["work", "any"]).fails();
    assert!(said.errors.contains("exit status 128"), "{}", said.errors);
}

/// State is kept on this machine: the remote need not be there.
#[test]
fn nothing_is_pushed_to_the_remote() {
    let (one, _) = clones();
    one.run(&["release", "new", BACKEND]).succeeds();
    let said = one.shell("git -C ../origin.git branch --format '%(refname:short)'");
    assert_eq!(said.output, "main\n");
}

#[test]
fn the_state_is_below_the_home_that_is_set_whatever_that_is_called() {
    let (mut one, mut two) = clones();
    let home = one.path("../a home with ä ?#%'\"");
    for place in [&mut one, &mut two] {
        place.set("OCUROOT_HOME", home.to_str().unwrap());
    }
    one.run(&["release", "new", "environments.ocu.star"])
        .succeeds();
    two.has("@/environment/production2");
    let states: Vec<_> = std::fs::read_dir(home.join("state")).unwrap().collect();
    assert_eq!(states.len(), 1, "{states:?}");
}
