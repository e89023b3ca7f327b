//! A glob, and on the following lines what it is held against.

use ocuroot::model::{Glob, Reference};

/// The definition is slow: longer texts are only matched, not compared.
const SHORT: usize = 24;

/// Where a choice of `{…}` begins and ends: `*` on both sides of it are not `**`.
const JOINT: char = '\0';

pub fn run(data: &[u8]) {
    let Some((text, others)) = super::first_line_of_text(data) else {
        return;
    };
    exactly(text);
    let Ok(glob) = text.parse::<Glob>() else {
        return;
    };
    assert_eq!(glob.to_string(), text);
    assert!(glob.alternatives().len() <= 64);
    for other in others.lines().take(8) {
        let matches = glob.matches(other);
        if text.len() <= SHORT && other.len() <= SHORT && !text.contains(JOINT) {
            let glob: Vec<char> = text.chars().collect();
            let other_letters: Vec<char> = other.chars().collect();
            let expected = reads(&glob, &other_letters);
            assert_eq!(expected, matches, "`{text}` and `{other}`");
        }
        if matches && let Ok(reference) = other.parse::<Reference>() {
            let document = reference.document().to_string();
            if document == other {
                let mut alternatives = glob.alternatives().iter();
                assert!(alternatives.any(|one| {
                    one.pattern.matches(other) && other.starts_with(&one.bounds.prefix)
                }));
            }
        }
    }
}

/// An escaped text means itself and nothing else.
fn exactly(text: &str) {
    let Ok(glob) = Glob::escaped(text).parse::<Glob>() else {
        return;
    };
    assert!(glob.matches(text));
    assert!(!glob.matches(&format!("{text}x")) && !glob.matches(&format!("x{text}")));
}

/// The definition, word by word: every way to read the text is tried.
fn reads(glob: &[char], text: &[char]) -> bool {
    match glob {
        [] => text.is_empty(),
        [JOINT, rest @ ..] => reads(rest, text),
        ['*', '*', rest @ ..] => (0..=text.len()).any(|skip| reads(rest, &text[skip..])),
        ['*', rest @ ..] => {
            let segment = text.iter().take_while(|letter| **letter != '/').count();
            (0..=segment).any(|skip| reads(rest, &text[skip..]))
        }
        ['?', rest @ ..] => !matches!(text, [] | ['/', ..]) && reads(rest, &text[1..]),
        ['[', rest @ ..] => {
            let (takes, after) = class(rest);
            text.first().is_some_and(|letter| takes(*letter)) && reads(&rest[after..], &text[1..])
        }
        ['{', rest @ ..] => {
            let (choices, after) = choices(rest);
            let mut choices = choices.iter();
            choices.any(|choice| {
                let whole = [choice.as_slice(), &[JOINT], &rest[after..]].concat();
                reads(&[&[JOINT], whole.as_slice()].concat(), text)
            })
        }
        ['\\', own, rest @ ..] | [own, rest @ ..] => {
            text.first() == Some(own) && reads(rest, &text[1..])
        }
    }
}

/// What stands between `[` and `]`, and how long it is with the `]`.
fn class(text: &[char]) -> (impl Fn(char) -> bool + use<>, usize) {
    let is_negated = matches!(text.first(), Some('!' | '^'));
    let mut at = usize::from(is_negated);
    let mut ranges: Vec<(char, char)> = Vec::new();
    let letter = |at: &mut usize, is_escape: bool| {
        *at += usize::from(is_escape && text[*at] == '\\');
        *at += 1;
        text[*at - 1]
    };
    while ranges.is_empty() || text[at] != ']' {
        let first = letter(&mut at, true);
        let is_range = text[at] == '-' && text.get(at + 1).is_some_and(|next| *next != ']');
        let last = if is_range {
            at += 1;
            letter(&mut at, false)
        } else {
            first
        };
        ranges.push((first, last));
    }
    let takes = move |letter: char| {
        let is_in = ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&letter));
        letter != '/' && is_in != is_negated
    };
    (takes, at + 1)
}

/// What stands between the commas of `{…}`, and how long all of it is with the `}`.
fn choices(text: &[char]) -> (Vec<Vec<char>>, usize) {
    let (mut all, mut depth, mut at) = (vec![Vec::new()], 0_usize, 0);
    loop {
        let letter = text[at];
        let length = match letter {
            '\\' => 2,
            '[' => 1 + class(&text[at + 1..]).1,
            _ => 1,
        };
        match letter {
            '}' if depth == 0 => return (all, at + 1),
            ',' if depth == 0 => all.push(Vec::new()),
            _ => {
                depth += usize::from(letter == '{');
                depth -= usize::from(letter == '}');
                let last = all.last_mut().expect("at least one");
                last.extend_from_slice(&text[at..at + length]);
            }
        }
        at += length;
    }
}
