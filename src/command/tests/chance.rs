//! Nothing that is typed breaks the reading.

use crate::command::parse;

/// Lines put together by chance from what matters to the reading: each is read or refused, and what is refused says
/// why in few words.
#[test]
fn whatever_is_typed_is_read_or_refused() {
    const PIECES: [&str; 40] = [
        " ",
        " ",
        " ",
        "deploy",
        "set",
        "lock",
        "help",
        "promote",
        "staging",
        "api",
        "a=1",
        "=",
        ",",
        "--reason",
        "--for",
        "--package",
        "--sha",
        "--",
        "-",
        "—",
        "“",
        "”",
        "„",
        "\"",
        "'",
        "’",
        "\\",
        "*",
        "[",
        "]",
        "{",
        "r7",
        "2h",
        "9d",
        "@/custom/",
        "ä",
        "\u{a0}",
        "\u{200b}",
        "`",
        "👩",
    ];
    let mut state: u32 = 1;
    let mut read = 0;
    for _ in 0..5_000 {
        let mut line = "/ocuroot ".to_owned();
        for _ in 0..12 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            line.push_str(PIECES[(state >> 16) as usize % PIECES.len()]);
        }
        match &parse(&line)[..] {
            [Ok(_)] => read += 1,
            [Err(error)] => assert!((10..500).contains(&error.problem.len()), "{error}"),
            other => panic!("{line}: {other:?}"),
        }
    }
    assert!(read > 0);
}
