//! What keyboards of phones make of quotes, hyphens and spaces.

use super::{problem, told};

#[test]
fn quotes_of_phones_are_quotes() {
    let means = "lock environment=qa reason=\"it's broken\"";
    for typed in [
        "--reason \"it's broken\"",
        "--reason “it's broken”",
        "--reason=“it's broken”",
        "--reason „it's broken“",
        "--reason ”it's broken”",
        "--reason “it's broken\"",
        "--reason \"it's broken”",
        "--reason 'it's broken'",
        "--reason ‘it's broken’",
        "--reason ‘it's broken'",
        "--reason 'it's broken’",
        "--reason   \"  it's broken \" ",
    ] {
        let line = format!("/ocuroot lock qa {typed}");
        assert_eq!(told(line.trim_end()), means, "{line}");
    }
    assert_eq!(
        told("/ocuroot lock qa --reason ‘it’s broken’"),
        "lock environment=qa reason=\"it’s broken\""
    );
    assert_eq!(
        told("/ocuroot lock qa --reason \"use “new” here\""),
        "lock environment=qa reason=\"use “new” here\""
    );
    assert_eq!(told("/ocuroot set note=“1 2”"), "set value=note:\"1 2\"");
}

#[test]
fn dashes_of_phones_are_two_hyphens() {
    for dash in ["--", "–", "—", "―", "——", "–-", "-–"] {
        let line = format!("/ocuroot pin qa {dash}for 1h {dash}reason=x");
        assert_eq!(
            told(&line),
            "pin environment=qa reason=\"x\" seconds=3600",
            "{line}"
        );
    }
    assert_eq!(
        told("/ocuroot pin qa --reason \"—for\""),
        "pin environment=qa reason=\"—for\""
    );
    assert_eq!(
        told("/ocuroot pin qa --package a–b"),
        "pin environment=qa package=a–b"
    );
}

#[test]
fn spaces_of_any_kind_separate() {
    assert_eq!(
        told("/ocuroot\u{a0}pin \t qa\u{2003}api"),
        "pin environment=qa package=api"
    );
    assert_eq!(
        crate::command::parse("/ocuroot status\r\n/ocuroot plan \r\n").len(),
        2
    );
    let lines = crate::command::parse("/ocuroot status \r\n");
    assert_eq!(
        lines[0].as_ref().expect("a command").line,
        "/ocuroot status"
    );
}

#[test]
fn a_dash_for_one_hyphen_is_a_mistake() {
    insta::assert_snapshot!(problem("/ocuroot pin qa -for 1h"), @"`-for` is neither a name nor an option: options begin with two hyphens, such as `--reason`");
}
