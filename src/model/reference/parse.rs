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
    let release_at = release_at(text);
    let mut file = &text[..release_at.unwrap_or(text.len())];
    if let Some((repository, rest)) = split_repository(file)? {
        check_repository(repository)?;
        if !reference.repository.is_empty() {
            return Err("`//` means this repository, and another one is named".into());
        }
        reference.repository = repository.to_owned();
        file = rest;
    }
    if file.contains('@') {
        return Err("`@` must follow a `/` (write `file/@release`)".into());
    }
    if file.starts_with('/') {
        return Err("a file's path does not begin with `/`".into());
    }
    reference.path = file.strip_suffix('/').unwrap_or(file).to_owned();
    check_segments(&reference.path)?;
    if reference.path.split('/').any(|segment| segment == "-") {
        return Err("`-` ends a repository's name, and none is before it".into());
    }
    match release_at {
        Some(at) => release(reference, &text[at + 1..]),
        None => Ok(reference),
    }
}

/// Where the release begins: at a segment that starts with `@`, or, when there is none, with the `+` of old refs.
fn release_at(text: &str) -> Option<usize> {
    let begins_with = |sign: char| {
        let mut starts = text.match_indices(sign).map(|(at, _)| at);
        starts.find(|at| *at == 0 || text[..*at].ends_with('/'))
    };
    begins_with('@').or_else(|| begins_with('+'))
}

/// The repository ends at the first segment that is `-` and nothing else; segments like `-x` are names as any other.
fn split_repository(text: &str) -> Result<Option<(&str, &str)>, String> {
    let (repository, path) = if let Some(parts) = text.split_once("/-/") {
        parts
    } else if let Some(repository) = text.strip_suffix("/-") {
        (repository, "")
    } else if text.contains("/-") {
        return Err("a repository ends with `/-/`, and nothing here does".into());
    } else {
        return Ok(None);
    };
    if path.split('/').any(|segment| segment == "-") {
        return Err("it has two `/-/`; only one repository can be named".into());
    }
    Ok(Some((repository, path)))
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

/// Refuses a repository that a ref could not name, or not by one name only (Q-R3).
pub(super) fn check_repository(name: &str) -> Result<(), String> {
    let is_odd = |character: char| {
        character.is_whitespace() || character.is_control() || "@#\\".contains(character)
    };
    if name.starts_with('/') {
        return Err(format!(
            "a repository's name does not begin with `/` (`{name}`)"
        ));
    }
    if name.is_empty() || name.contains(is_odd) {
        return Err(format!("`{name}` is not a repository's name"));
    }
    if name.split('/').any(|segment| segment == "-") {
        return Err(format!(
            "`{name}` has a part `-`, which ends a repository's name"
        ));
    }
    check_segments(name)
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
