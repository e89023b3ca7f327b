//! Escapes such as `"\d"` that mean themselves here and are an error in the original.

use super::MOST;
use crate::config::source::{end_of_line, end_of_string, end_of_word};
use crate::model::{Diagnostic, Severity};

/// What may follow a backslash in a text.
const KNOWN: &[u8] = b"abfnrtvxuU01234567\\'\"\n\r";

/// A warning for each unknown escape.
pub(super) fn unknown(path: &str, text: &str) -> Vec<Diagnostic> {
    let bytes = text.as_bytes();
    let mut findings = Vec::new();
    let mut at = 0;
    let mut is_raw = false;
    while at < bytes.len() && findings.len() < MOST {
        let mut next = at + 1;
        match bytes[at] {
            b'#' => next = end_of_line(bytes, at),
            b'"' | b'\'' => {
                next = end_of_string(bytes, at).min(bytes.len());
                if !is_raw {
                    findings.extend(in_literal(path, text, at, next));
                }
            }
            byte if byte.is_ascii_alphabetic() => {
                next = end_of_word(bytes, at);
                is_raw = matches!(&text[at..next], "r" | "br" | "rb");
                at = next;
                continue;
            }
            _ => {}
        }
        is_raw = false;
        at = next;
    }
    findings.truncate(MOST);
    findings
}

fn in_literal(path: &str, text: &str, from: usize, to: usize) -> Vec<Diagnostic> {
    let bytes = text.as_bytes();
    let mut findings = Vec::new();
    let mut at = from;
    while at + 1 < to && findings.len() < MOST {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        if !KNOWN.contains(&bytes[at + 1]) {
            findings.push(finding(path, text, at));
        }
        at += 2;
    }
    findings
}

fn finding(path: &str, text: &str, at: usize) -> Diagnostic {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let escaped = text[at + 1..].chars().next().unwrap_or_default();
    let message = format!(
        "`\\{escaped}` is no escape, the original Ocuroot refuses it: write `\\\\{escaped}`, or a raw text r\"…\""
    );
    Diagnostic {
        path: path.to_owned(),
        line: position(before.matches('\n').count()),
        column: position(before[line_start..].chars().count()),
        severity: Severity::Warning,
        message,
    }
}

fn position(from_zero: usize) -> u32 {
    crate::config::error::from_one(from_zero)
}
