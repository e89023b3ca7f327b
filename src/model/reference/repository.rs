//! What refs call a repository.

use super::ReferenceError;
use super::parse::check_repository;

/// The name that refs have for the repository at a git remote's URL: `github.com/acme/shop` for
/// `git@github.com:acme/shop.git`, `https://user:token@github.com/acme/shop` and `ssh://git@github.com:22/acme/shop.git`.
/// A local path becomes a name without its first `/` (Q-R3). Who signs in is left out: a token is not a name.
///
/// # Errors
/// When what is left cannot be a name within a ref.
pub fn canonical_repository(url: &str) -> Result<String, ReferenceError> {
    let text = url.trim();
    let name = match text.split_once("://") {
        Some(("file", path)) => path.to_owned(),
        Some((_, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = without_user(host);
            let host = host.split_once(':').map_or(host, |(host, _)| host);
            format!("{}/{path}", host.to_ascii_lowercase())
        }
        None => match text.split_once(':') {
            // `user@host:path`, unless the colon is part of a path.
            Some((host, path)) if !host.contains('/') => {
                format!("{}/{path}", without_user(host).to_ascii_lowercase())
            }
            _ => text.to_owned(),
        },
    };
    let segments = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    let name = segments.collect::<Vec<_>>().join("/");
    let name = name.strip_suffix(".git").unwrap_or(&name);
    match check_repository(name) {
        Ok(()) => Ok(name.to_owned()),
        Err(problem) => Err(ReferenceError {
            text: name.to_owned(),
            problem,
        }),
    }
}

fn without_user(host: &str) -> &str {
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}
