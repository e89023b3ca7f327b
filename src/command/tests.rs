//! The command language, as people use it.

mod chance;
mod helps;
mod mistakes;
mod names;
mod phones;
mod talk;
mod verbs;

use super::{Command, Verb, parse};

/// The only command of a line.
#[track_caller]
fn command(line: &str) -> Command {
    match &parse(line)[..] {
        [Ok(command)] => command.clone(),
        other => panic!("{line}: {other:?}"),
    }
}

/// What is wrong with a line.
#[track_caller]
fn problem(line: &str) -> String {
    match &parse(line)[..] {
        [Err(error)] => {
            assert_eq!(error.line, line);
            error.problem.clone()
        }
        other => panic!("{line}: {other:?}"),
    }
}

/// Each line with what is wrong with it.
#[track_caller]
fn problems(lines: &[&str]) -> String {
    let told = lines
        .iter()
        .map(|line| format!("{line}\n    {}", problem(line)));
    told.collect::<Vec<String>>().join("\n")
}

/// What a line was understood to be, in words: only what was given.
#[track_caller]
fn told(line: &str) -> String {
    let command = command(line);
    assert_eq!(command.line, line);
    let mut words = vec![command.verb.to_string()];
    let mut say = |what: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{what}={value}")));
    };
    say("about", command.about.map(|verb| verb.to_string()));
    say("from", command.from.map(|name| name.to_string()));
    for pattern in &command.environments {
        say("environment", Some(pattern.to_string()));
    }
    for pattern in &command.packages {
        say("package", Some(pattern.to_string()));
    }
    say("release", command.release.map(|number| number.to_string()));
    say("sha", command.sha);
    say("reason", command.reason.map(|text| format!("{text:?}")));
    say("seconds", command.seconds.map(|number| number.to_string()));
    say("dry", command.is_dry_run.then(|| "yes".to_owned()));
    say("glass", command.is_break_glass.then(|| "yes".to_owned()));
    for (name, value) in command.values {
        let value = value.map_or("nothing".to_owned(), |value| value.to_string());
        say("value", Some(format!("{name}:{value}")));
    }
    words.join(" ")
}

#[test]
fn a_verb_alone_has_nothing_else() {
    assert_eq!(command("/ocuroot"), Command::new("/ocuroot", Verb::Help));
    assert_eq!(
        command("/ocuroot plan"),
        Command::new("/ocuroot plan", Verb::Plan)
    );
}
