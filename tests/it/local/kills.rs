//! A command that is killed, wherever it is: the next one tells, cleans up, and nothing is lost or done unasked.

use super::place::Place;

/// Each step ends its own command the first time, when all it does is done; `repo.ocu.star` does when it is told to.
const FILE: &str = r#"
def once(name):
    shell("echo %s >> done.txt; [ -e killed-%s ] || { touch killed-%s; kill -9 $PPID; }" % (name, name, name))

def build():
    once("build")
    return done(outputs = {"image": "shop:1"})

def up(environment, image):
    once(environment["name"])
    return done()

def down(environment, image): return done()

phase("build", [task(build, "build")])
phase("deploy", [
    deploy(e, up = up, down = down, inputs = {"image": ref("./task/build#output/image")})
    for e in environments() if e.name == "staging"
])
"#;

const PACKAGE: &str = "minimal/repo/-/killing.ocu.star";

fn place() -> Place {
    let place = Place::with_environments("minimal");
    place.write("killing.ocu.star", FILE);
    place
}

/// How often each step was executed.
fn executed(place: &Place) -> String {
    let text = std::fs::read_to_string(place.path("done.txt")).unwrap_or_default();
    text.replace('\n', " ")
}

#[test]
fn before_anything_is_recorded_nothing_is_there_to_clean_up() {
    let place = place();
    let settings = std::fs::read_to_string(place.path("repo.ocu.star")).unwrap();
    place.write(
        "repo.ocu.star",
        &format!("{settings}\nshell(\"kill -9 $PPID\")\n"),
    );
    let said = place.run(&["release", "new", "tasks.ocu.star"]);
    assert_eq!(said.code, -1, "{}", said.errors);
    place.write("repo.ocu.star", &settings);
    place.has_not("tasks.ocu.star/@r1");
    let said = place.run(&["release", "new", "tasks.ocu.star"]).succeeds();
    assert!(!said.errors.contains("was left"), "{}", said.errors);
}

#[test]
fn what_had_ended_and_was_not_recorded_is_told_and_repeated_only_if_asked() {
    let place = place();
    let said = place.run(&["release", "new", "killing.ocu.star"]);
    assert_eq!(said.code, -1, "{}", said.errors);
    place.has(&format!("{PACKAGE}/@r1/task/build/1/status/running"));
    place.has(&format!("{PACKAGE}/@r1/deploy/staging/1/status/pending"));

    let said = place.run(&["work", "any"]).succeeds();
    let told = format!("{PACKAGE}/@r1/task/build/1 was left running: it is recorded as failed\n");
    assert_eq!(said.errors, told);
    assert_eq!(place.run(&["work", "any"]).succeeds().errors, "");
    let error = place.get(&format!("{PACKAGE}/@r1/task/build/1#error"));
    assert!(error.unwrap().to_string().contains("lost: "));
    assert_eq!(executed(&place), "build ");
}

/// The step is done again, the one after it goes on from there; that one is killed in its turn.
#[test]
fn a_release_is_brought_to_its_end_by_retries_however_often_it_is_killed() {
    let place = place();
    let kill = |arguments: &[&str]| {
        let said = place.run(arguments);
        assert_eq!(said.code, -1, "{}", said.errors);
    };
    kill(&["release", "new", "killing.ocu.star"]);
    kill(&["release", "retry", "killing.ocu.star"]);
    place.has(&format!("{PACKAGE}/@r1/task/build/2/status/complete"));
    place.has(&format!("{PACKAGE}/@r1/deploy/staging/1/status/running"));
    place.is_deployed("killing.ocu.star", &[]);

    // What should be there is known, and not done again by itself.
    let said = place.run(&["work", "any"]).succeeds();
    assert!(said.errors.contains("was left running"), "{}", said.errors);
    assert_eq!(executed(&place), "build build staging ");
    place
        .run(&["release", "retry", "killing.ocu.star"])
        .succeeds();
    place.is_deployed("killing.ocu.star", &["staging"]);
    assert_eq!(executed(&place), "build build staging staging ");
    assert_eq!(place.run(&["state", "diff"]).succeeds().output, "");
}

/// More steps at once than are executed at a time: those that had not begun are as they were, and go on.
#[test]
fn what_had_not_begun_is_executed_by_the_next_command() {
    let place = place();
    let steps = 3 * std::thread::available_parallelism().unwrap().get();
    let tasks = format!("[task(build, \"build%d\" % n) for n in range({steps})]\n");
    let file = FILE.replace("[task(build, \"build\")]", &tasks);
    let file = file.replace("./task/build#", "./task/build0#");
    place.write("killing.ocu.star", &file);
    let said = place.run(&["release", "new", "killing.ocu.star"]);
    assert_eq!(said.code, -1, "{}", said.errors);
    let last = format!("{PACKAGE}/@r1/task/build{}/1/status", steps - 1);
    place.has(&format!("{last}/pending"));
    place.run(&["work", "continue"]).succeeds();
    place.has(&format!("{last}/complete"));
}

/// The state is whole, and a reader needs no lock, at any moment.
#[test]
fn what_is_recorded_is_read_while_a_killed_command_is_not_cleaned_up() {
    let place = place();
    place.run(&["release", "new", "killing.ocu.star"]);
    for arguments in [
        &["state", "match", "**/@r1"][..],
        &["work", "any", "-d"],
        &["state", "diff"],
    ] {
        let said = place.run(arguments).succeeds();
        assert_eq!(said.errors, "", "{arguments:?}");
    }
    // Whoever says what should be finds nobody executing, and cleans up as well.
    let said = place.run(&["state", "set", "@/custom/x", "1"]).succeeds();
    assert!(said.errors.contains("was left running"), "{}", said.errors);
    place.has(&format!("{PACKAGE}/@r1/task/build/1/status/failed"));
}
