//! Which packages of a repository a set of changed paths concerns.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};

/// What is known of a package from the last time it was evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Globs of `watch(...)`; `None` means `also`, and if that is empty the package file's directory.
    pub watch: Option<Vec<String>>,
    /// Paths that runs asked to watch (`done(watch=...)`): files, or directories with all they contain.
    pub also: Vec<String>,
    /// Files it loads.
    pub loads: BTreeSet<String>,
}

/// Package files (`*.ocu.star` other than `repo.ocu.star`) to look at, each with the reason in words.
///
/// `changed` holds the paths that differ; `None` means that nothing is known to be unchanged. A package that was never
/// seen is looked at whenever it appears, so that a lost push is made up for by the next one.
pub fn affected(
    package_files: &[String],
    changed: Option<&BTreeSet<String>>,
    known: &BTreeMap<String, Known>,
) -> Vec<(String, String)> {
    let unknown = Known::default();
    let mut found = Vec::new();
    for file in package_files {
        let facts = known.get(file).unwrap_or(&unknown);
        let reason = match changed {
            None if known.contains_key(file) => Some("what changed is not known".to_owned()),
            None => Some("first release".to_owned()),
            Some(changed) => reason(file, facts, changed, package_files)
                .or_else(|| (!known.contains_key(file)).then(|| "first release".to_owned())),
        };
        if let Some(reason) = reason {
            found.push((file.clone(), reason));
        }
    }
    found
}

/// The changed paths that one package watches.
pub fn concerning(
    file: &str,
    changed: &BTreeSet<String>,
    known: &BTreeMap<String, Known>,
) -> BTreeSet<String> {
    let unknown = Known::default();
    let facts = known.get(file).unwrap_or(&unknown);
    let package_files: Vec<String> = known.keys().cloned().collect();
    let concerns = concern(file, facts, &package_files);
    let paths = changed.iter();
    paths
        .filter(|path| {
            path.as_str() == file || facts.loads.contains(*path) || concerns(path.as_str())
        })
        .cloned()
        .collect()
}

fn reason(
    file: &str,
    facts: &Known,
    changed: &BTreeSet<String>,
    package_files: &[String],
) -> Option<String> {
    let concerns = concern(file, facts, package_files);
    changed
        .iter()
        .find(|path| {
            path.as_str() == file || facts.loads.contains(*path) || concerns(path.as_str())
        })
        .map(|path| format!("`{path}` changed"))
}

/// Whether a path is one the package watches.
fn concern<'a>(
    file: &'a str,
    facts: &'a Known,
    package_files: &'a [String],
) -> Box<dyn Fn(&str) -> bool + 'a> {
    let also = move |path: &str| facts.also.iter().any(|watched| is_under(path, watched));
    match &facts.watch {
        Some(globs) => {
            let matchers: Vec<GlobMatcher> =
                globs.iter().filter_map(|glob| compile(glob)).collect();
            Box::new(move |path| {
                also(path) || matchers.iter().any(|matcher| matcher.is_match(path))
            })
        }
        // Its runs have said what it is made of.
        None if !facts.also.is_empty() => Box::new(also),
        None => {
            let own = directory(file);
            Box::new(move |path| !is_config(path) && owner(path, package_files) == Some(own))
        }
    }
}

/// The deepest directory with a package file that contains `path`.
fn owner<'a>(path: &str, package_files: &'a [String]) -> Option<&'a str> {
    package_files
        .iter()
        .map(|file| directory(file))
        .filter(|folder| folder.is_empty() || is_under(path, folder))
        .max_by_key(|folder| folder.len())
}

/// Config files concern the package they are, and whoever loads them; not whoever lies beside them.
fn is_config(path: &str) -> bool {
    path.ends_with(".ocu.star")
}

fn is_under(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn directory(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Globs where `*` stays within one path segment. One that does not compile matches nothing: `watch(...)` has
/// refused it when the file was evaluated.
fn compile(glob: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}
