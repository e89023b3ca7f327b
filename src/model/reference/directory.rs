//! Refs as they are typed in a directory of a checkout.

use super::parse::check_repository;
use super::{Reference, ReferenceError};

impl Reference {
    /// The ref that `text` names when it is typed in `directory` (from the repository's root, empty there) of
    /// `repository`: `../q.star` is a file beside the directory, `//q.star` one of the repository's root, `.` the
    /// directory. A release is not filled in.
    ///
    /// # Errors
    /// When it is no ref, or leads out of the repository.
    pub fn typed_in(
        text: &str,
        repository: &str,
        directory: &str,
    ) -> Result<Reference, ReferenceError> {
        let wrong = |problem: String| ReferenceError {
            text: text.to_owned(),
            problem,
        };
        check_repository(repository).map_err(wrong)?;
        let (up, rest) = climb(text);
        let mut reference: Reference = match rest {
            "" => Reference {
                path: ".".to_owned(),
                ..Reference::default()
            },
            rest => rest
                .parse()
                .map_err(|error: ReferenceError| wrong(error.problem))?,
        };
        if up > 0 && (reference.global || !reference.repository.is_empty()) {
            return Err(wrong("`..` leads nowhere from there".to_owned()));
        }
        if reference.global {
            return Ok(reference);
        }
        let base = parent(directory, up)
            .ok_or_else(|| wrong(format!("`..` leads out of the repository `{repository}`")))?;
        if reference.repository.is_empty() {
            reference.path = join(base, &reference.path);
            reference.repository = repository.to_owned();
        } else if reference.repository == "." {
            reference.repository = repository.to_owned();
            reference.path = join("", &reference.path);
        }
        Ok(reference)
    }
}

/// How many `..` the text begins with, and what follows them.
fn climb(text: &str) -> (usize, &str) {
    let (mut up, mut rest) = (0, text);
    loop {
        let step = rest
            .strip_prefix("./")
            .filter(|after| after.starts_with(".."));
        let step = step.unwrap_or(rest);
        rest = match step.strip_prefix("..") {
            Some("") => "",
            Some(after) if after.starts_with('/') => &after[1..],
            _ => return (up, rest),
        };
        up += 1;
    }
}

/// The directory that many levels above; `None` above the root.
fn parent(directory: &str, up: usize) -> Option<&str> {
    let mut directory = directory.trim_matches('/');
    for _ in 0..up {
        directory = match directory {
            "" => return None,
            below => below.rsplit_once('/').map_or("", |(parent, _)| parent),
        };
    }
    Some(directory)
}

/// A path below a directory, without `.`.
fn join(directory: &str, path: &str) -> String {
    let segments = directory.split('/').chain(path.split('/'));
    let named = segments.filter(|segment| !segment.is_empty() && *segment != ".");
    named.collect::<Vec<_>>().join("/")
}
