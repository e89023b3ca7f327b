//! Text → [`Reference`], by the lexing rules of reference/ocuroot.md §1.2.

use std::str::FromStr;

use super::{Reference, SubPathKind};

/// Why a text is not a ref; says where the mistake is and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a ref: {problem}")]
pub struct ReferenceError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        parse(text).map_err(|problem| ReferenceError {
            text: text.to_owned(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<Reference, String> {
    let mut reference = Reference::default();
    if text.is_empty() {
        return Ok(reference);
    }
    if let Some(rest) = text.strip_prefix("//") {
        reference.repository = ".".to_owned();
        return path(reference, rest);
    }
    if let Some(rest) = text.strip_prefix("./@").or(text.strip_prefix("./+")) {
        reference.path = ".".to_owned();
        return release(reference, rest);
    }
    if let Some(rest) = text.strip_prefix("./")
        && !rest.starts_with('-')
        && starts_with_kind(rest)
    {
        reference.path = ".".to_owned();
        return subpath(reference, rest);
    }
    if let Some(rest) = text.strip_prefix(['@', '+']) {
        reference.global = true;
        return release(reference, rest);
    }
    path(reference, text)
}

/// `./task/build` is file-relative, `./tools/build.ocu.star` is a path: the first word decides.
fn starts_with_kind(rest: &str) -> bool {
    let word = rest.split(['/', '#']).next().unwrap_or(rest);
    SubPathKind::parse(word).is_some()
}

/// The repository, the file and what follows them.
fn path(mut reference: Reference, text: &str) -> Result<Reference, String> {
    let mut rest = text;
    if let Some(at) = rest.find("/-") {
        let after = &rest[at + 2..];
        if !after.is_empty() && !after.starts_with('/') {
            return Err("`/-` must be followed by `/` or the end (a repository ends there)".into());
        }
        reference.repository = rest[..at].to_owned();
        rest = after.strip_prefix('/').unwrap_or(after);
        if rest.contains("/-/") {
            return Err("it has two `/-/`; only one repository can be named".into());
        }
    }
    let release_at = if rest.starts_with(['@', '+']) {
        Some(0)
    } else {
        rest.find("/@").or_else(|| rest.find("/+")).map(|at| at + 1)
    };
    let file = &rest[..release_at.unwrap_or(rest.len())];
    if file.contains('@') {
        return Err("`@` must follow a `/` (write `file/@release`)".into());
    }
    reference.path = file.trim_end_matches('/').to_owned();
    check_segments(&reference.path)?;
    match release_at {
        Some(at) => release(reference, &rest[at + 1..]),
        None => Ok(reference),
    }
}

fn release(mut reference: Reference, text: &str) -> Result<Reference, String> {
    let end = text.find(['/', '#']).unwrap_or(text.len());
    reference.release = Some(text[..end].to_owned());
    match text[end..].chars().next() {
        Some('#') => fragment(reference, &text[end + 1..]),
        Some(_) if text.len() > end + 1 => subpath(reference, &text[end + 1..]),
        _ => Ok(reference),
    }
}

fn subpath(mut reference: Reference, text: &str) -> Result<Reference, String> {
    let (before_fragment, after) = match text.split_once('#') {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    };
    let (word, name) = before_fragment
        .split_once('/')
        .unwrap_or((before_fragment, ""));
    let kind = SubPathKind::parse(word).ok_or_else(|| {
        format!("`{word}` is none of task, deploy, custom, environment, commit, push, op")
    })?;
    let name = name.trim_end_matches('/');
    if name.is_empty() {
        return Err(format!("`{word}` needs a name after it: `{word}/<name>`"));
    }
    if name.contains("/@") {
        return Err("a release (`@`) cannot follow a subpath".into());
    }
    if name.contains('=') {
        return Err("`=` is not allowed in a subpath".into());
    }
    check_segments(name)?;
    reference.subpath = Some((kind, name.to_owned()));
    match after {
        Some(after) => fragment(reference, after),
        None => Ok(reference),
    }
}

fn fragment(mut reference: Reference, text: &str) -> Result<Reference, String> {
    if text.contains("/@") {
        return Err("a release (`@`) cannot follow a fragment".into());
    }
    let keys = text.trim_end_matches('/');
    reference.fragment = (!keys.is_empty()).then(|| keys.to_owned());
    Ok(reference)
}

/// Refuses what could climb out of a folder once a ref is used as a path.
fn check_segments(path: &str) -> Result<(), String> {
    let is_climbing = path.split('/').any(|segment| segment == "..");
    if is_climbing {
        return Err("`..` is not allowed".into());
    }
    if path != "." && path.split('/').any(str::is_empty) && !path.is_empty() {
        return Err("it has an empty part (`//`)".into());
    }
    Ok(())
}
