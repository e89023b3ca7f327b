//! Paths inside a repository: joined and resolved without ever leaving it.

/// The folder a file is in; empty for the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Resolves `.` and `..`; `None` when the path climbs out of the repository.
pub(super) fn normalise(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `path` as written in a file of `folder`; absolute paths count from the folder too, as the original SDK has it.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    normalise(&format!("{folder}/{path}"))
}

/// What `load(literal)` in `loading_file` means.
///
/// # Errors
/// A text for people when the path is empty or leaves the repository.
pub(super) fn resolve_load(loading_file: &str, literal: &str) -> Result<String, String> {
    let resolved = match literal.strip_prefix("//") {
        Some(from_root) => normalise(from_root),
        None if literal.starts_with('/') => {
            return Err(format!(
                "load(\"{literal}\"): write `/{literal}` for a path from the repository's root"
            ));
        }
        None => join(folder(loading_file), literal),
    };
    match resolved {
        Some(path) if path.is_empty() => Err("load needs the path of a file".to_owned()),
        Some(path) => Ok(path),
        None => Err(format!("load(\"{literal}\") leaves the repository")),
    }
}
