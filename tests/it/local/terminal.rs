//! What people see while releases are executed.

use super::place::Place;
use super::pseudo_terminal::Terminal;

/// Builds when it is told to, side by side with a test; then waits for a person.
const FILE: &str = r#"
def build():
    print("compiling the first of many files of this package, one after the other")
    shell("read line < gate")
    return done(outputs = {"image": "shop:1"})

def lint():
    print("looking at it")
    shell("read line < gate2")
    return done()

def check(image, approval): return done()

phase("build", [task(build, "build"), task(lint, "lint")])
phase("check", [task(check, "check", inputs = {
    "image": ref("./task/build#output/image"),
    "approval": ref("./custom/approval"),
})])
"#;

fn place() -> Place {
    let place = Place::of("minimal");
    place.write("shown.ocu.star", FILE);
    place.shell("mkfifo gate gate2").succeeds();
    place
}

const RELEASE: &[&str] = &["release", "new", "shown.ocu.star"];

/// Lets a step go on.
fn open(place: &Place, gate: &str) {
    std::fs::write(place.path(gate), "go\n").unwrap();
}

/// The screen, with what differs from run to run left out.
fn steady(screen: &str) -> String {
    let lines = screen.lines().map(|line| {
        let words = line.split(' ').filter(|word| !is_spinner(word));
        let words = words.map(|word| match word {
            word if is_duration(word) => "<time>",
            word => word,
        });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_spinner(word: &str) -> bool {
    word.chars().count() == 1 && "⠁⠂⠄⡀⢀⠠⠐⠈⠉⠃⠆⠤⠰⠘⠒ ".contains(word)
}

fn is_duration(word: &str) -> bool {
    let word = word.trim_matches(['(', ')']);
    let number = word.strip_suffix('s').unwrap_or("");
    !number.is_empty() && number.chars().all(|one| one.is_ascii_digit() || one == '.')
}

#[test]
fn each_step_that_runs_has_a_line_with_its_last_words_and_the_end_says_what_is_left() {
    let place = place();
    let mut terminal = Terminal::start(&place, 100, RELEASE);
    let screen = terminal.shows(&["one after the…", "looking at it"]);
    insta::assert_snapshot!(steady(&screen));
    open(&place, "gate2");
    terminal.shows(&["✓ shown r1 Task: lint [1]", "one after the…"]);
    open(&place, "gate");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0);
    insta::assert_snapshot!(steady(&screen));
}

#[test]
fn a_narrow_terminal_shows_a_line_for_each_step_as_far_as_it_fits() {
    let place = place();
    let mut terminal = Terminal::start(&place, 40, RELEASE);
    let screen = terminal.shows(&["comp…", "looki…"]);
    insta::assert_snapshot!(steady(&screen));
    open(&place, "gate");
    open(&place, "gate2");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0);
    assert!(!screen.contains("compiling"), "{screen}");
}

#[test]
fn ctrl_c_ends_what_runs_and_leaves_nothing_running() {
    let place = place();
    let mut terminal = Terminal::start(&place, 100, RELEASE);
    terminal.shows(&["compiling", "looking at it"]);
    terminal.types("\u{3}");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 130, "{screen}");
    // Typing it drops what the terminal has not drawn yet, so the whole screen is not certain.
    for part in [
        "stopping: what runs is asked to end",
        "✗ shown r1 Task: lint [1]",
        "  interrupted\n",
        "/@r1 failed",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    for task in ["build", "lint"] {
        place.has(&format!("shown.ocu.star/@r1/task/{task}/1/status/failed"));
    }
    let said = place.run(&["work", "any"]).succeeds();
    assert_eq!(said.errors, "");
}

#[test]
fn without_a_terminal_each_thing_that_happens_is_a_line() {
    let place = place();
    let line = "(echo go > gate; echo go > gate2) & $OCUROOT_UNDER_TEST release new shown.ocu.star 2>&1 >/dev/null";
    let said = place.shell(line).succeeds();
    let mut lines: Vec<String> = said.output.lines().map(steady).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
}

/// https://no-color.org: and without it, colours are only on terminals.
#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    for (no_color, has_colours) in [(None, true), (Some("1"), false)] {
        let mut place = Place::of("minimal");
        if let Some(value) = no_color {
            place.set("NO_COLOR", value);
        }
        let arguments = ["release", "new", "tasks.ocu.star"];
        let mut terminal = Terminal::start(&place, 100, &arguments);
        let (_, screen) = terminal.ends();
        assert!(screen.contains("✓ Task: build [1]"), "{screen}");
        let is_coloured = terminal.written.contains("\u{1b}[32m");
        assert_eq!(is_coloured, has_colours, "{:?}", terminal.written);
    }
}
