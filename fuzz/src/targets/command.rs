//! A comment.

use ocuroot::command::{Command, parse};

pub fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
}

pub fn check(comment: &str) {
    let found = parse(comment);
    assert!(found.len() <= 21, "each may cost requests");
    assert!(found.is_empty() || comment.contains("/ocuroot"));
    for command in found.iter().flatten() {
        check_command(command);
    }
    for error in found.iter().filter_map(|found| found.as_ref().err()) {
        super::words::is_inert(&error.problem);
    }
    // Quoted, nothing is a command: an answer may repeat what was said.
    let quoted: Vec<String> = comment.lines().map(|line| format!("> {line}")).collect();
    assert_eq!(parse(&quoted.join("\n")), []);
    // What a phone or Windows sends means the same.
    if !comment.contains('\r') {
        let other = parse(&comment.replace('\n', "\r\n"));
        assert_eq!(other, found);
    }
}

fn check_command(command: &Command) {
    assert!(!command.line.contains('\n'));
    // The line is what is recorded and asked to be confirmed: alone it means the same.
    let alone = parse(&command.line);
    assert_eq!(alone, [Ok(command.clone())]);
    let reason = command.reason.as_deref().unwrap_or_default();
    assert!(reason.chars().count() <= 500 && !reason.contains(char::is_control));
    assert!(
        command
            .seconds
            .is_none_or(|seconds| (60..=90 * 86_400).contains(&seconds))
    );
    let is_digit = |digit: char| digit.is_ascii_digit() || ('a'..='f').contains(&digit);
    let sha = command.sha.as_deref().unwrap_or("0000000");
    assert!((7..=64).contains(&sha.len()) && sha.chars().all(is_digit));
    let mut names: Vec<&str> = command
        .values
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), command.values.len(), "a name twice");
}
