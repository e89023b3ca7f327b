//! Starlark's errors in words for the person who wrote the file.

use starlark::codemap::FileSpan;
use starlark::{Error, ErrorKind};

use crate::model::Diagnostic;

/// An error at a place.
pub(super) fn at_span(span: &FileSpan, message: impl Into<String>) -> Diagnostic {
    let begin = span.resolve_span().begin;
    Diagnostic::error(
        span.filename(),
        from_one(begin.line),
        from_one(begin.column),
        message,
    )
}

/// Starlark counts lines and columns from 0, people from 1.
pub(super) fn from_one(position: usize) -> u32 {
    u32::try_from(position + 1).unwrap_or(u32::MAX)
}

/// What went wrong while `entry` was read, at the innermost place that is known.
pub(super) fn diagnostic(error: &Error, entry: &str) -> Diagnostic {
    let message = message(error);
    match error.span() {
        Some(span) if span.filename() == entry => at_span(span, message),
        Some(span) => match caller_in(error, entry) {
            Some(caller) => at_span(span, format!("{message} (called from {caller})")),
            None => at_span(span, message),
        },
        None => match last_place(error) {
            Some(place) => at_span(&place, message),
            None => Diagnostic::error(entry, 0, 0, message),
        },
    }
}

/// The innermost place in `entry` on the way to the error, as `path:line`.
fn caller_in(error: &Error, entry: &str) -> Option<String> {
    let frames = error.call_stack().clone().into_frames();
    let place = frames
        .iter()
        .rev()
        .filter_map(|frame| frame.location.as_ref())
        .find(|location| location.filename() == entry)?;
    let line = from_one(place.resolve_span().begin.line);
    Some(format!("{entry}:{line}"))
}

fn last_place(error: &Error) -> Option<FileSpan> {
    let frames = error.call_stack().clone().into_frames();
    frames.into_iter().rev().find_map(|frame| frame.location)
}

/// What a failed run says: `path:line:column: in function: message`.
pub(super) fn run_message(error: &Error, entry: &str) -> String {
    let mut diagnostic = diagnostic(error, entry);
    if let Some(function) = failing_function(error) {
        diagnostic.message = format!("in {function}: {}", diagnostic.message);
    }
    diagnostic.to_string()
}

/// The innermost function of a config file. A builtin's frame is called from exactly where the error is.
fn failing_function(error: &Error) -> Option<String> {
    let frames = error.call_stack().clone().into_frames();
    let is_builtin =
        |location: &Option<FileSpan>| location.is_some() && location.as_ref() == error.span();
    frames
        .into_iter()
        .rev()
        .find(|frame| !is_builtin(&frame.location))
        .map(|frame| frame.name)
}

/// The message without place, in our words where Starlark's would puzzle.
pub(super) fn message(error: &Error) -> String {
    let text = match error.kind() {
        ErrorKind::Fail(reason) => return format!("fail: {}", reason.to_string().trim_start()),
        ErrorKind::StackOverflow(_) => {
            return "functions call each other too deeply; does one call itself?".to_owned();
        }
        ErrorKind::Internal(_) | ErrorKind::Freeze(_) => {
            return "this cannot be evaluated; try to write it in a simpler way".to_owned();
        }
        kind => kind.to_string(),
    };
    if text.contains("call stack overflow") {
        "functions call each other too deeply; does one call itself?".to_owned()
    } else if text.contains(" ticks has been exceeded") {
        "this takes too long: too many function calls and loop turns".to_owned()
    } else if text.contains("memory limit of") {
        "this needs too much memory".to_owned()
    } else if let Some(instead) = instead_of_helper(&text) {
        format!("{text}: it is a helper that the original Ocuroot did not mean to show; {instead}")
    } else {
        text.strip_prefix("Parse error: ")
            .unwrap_or(&text)
            .to_owned()
    }
}

/// What to write instead of a name of the original that is not there (reference/ocuroot.md §3.3, leaked helpers).
fn instead_of_helper(text: &str) -> Option<&'static str> {
    let (name, _) = text.strip_prefix("Variable `")?.split_once("` not found")?;
    match name {
        "map_from_json" | "vars_from_json" => Some("write json.decode(text)"),
        "normalizeHeaders" => Some("http.get and the like take headers as they are"),
        "check_params" => Some("task, deploy and next check the parameters themselves"),
        "do_work" => Some("write task(function, name), which is called when it is its turn"),
        _ => None,
    }
}
