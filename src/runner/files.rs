//! Files below the repository's root, and nothing else: neither by `..` nor through symbolic links.
//!
//! A function may run any command, so this protects from mistakes, not from the repository's own code; a link that is
//! swapped between the check and the use is accepted.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// `path` of something that exists, all links resolved.
pub(super) fn existing(root: &Path, path: &str) -> Result<PathBuf, String> {
    let joined = joined(root, path)?;
    let resolved = joined
        .canonicalize()
        .map_err(|error| failure(path, &error))?;
    inside(root, resolved, path)
}

pub(super) fn read(root: &Path, path: &str) -> Result<String, String> {
    let file = existing(root, path)?;
    fs::read_to_string(file).map_err(|error| failure(path, &error))
}

/// Replaces a file, creating folders as needed.
pub(super) fn write(root: &Path, path: &str, content: &str) -> Result<(), String> {
    let target = joined(root, path)?;
    let target = match target.symlink_metadata() {
        Ok(_) => existing(root, path)?,
        Err(_) => new_file(root, &target, path)?,
    };
    fs::write(target, content).map_err(|error| failure(path, &error))
}

/// The place of a file that does not exist yet, its folder created.
fn new_file(root: &Path, target: &Path, path: &str) -> Result<PathBuf, String> {
    let name = target
        .file_name()
        .ok_or_else(|| format!("`{path}` names no file"))?;
    let folder = target.parent().unwrap_or(root);
    let mut known = folder;
    while known.symlink_metadata().is_err() {
        known = known.parent().unwrap_or(root);
    }
    let resolved = known
        .canonicalize()
        .map_err(|error| failure(path, &error))?;
    let resolved = inside(root, resolved, path)?;
    let rest = folder.strip_prefix(known).unwrap_or(Path::new(""));
    let folder = resolved.join(rest);
    fs::create_dir_all(&folder).map_err(|error| failure(path, &error))?;
    Ok(folder.join(name))
}

/// The names in a folder, sorted.
pub(super) fn list(root: &Path, path: &str) -> Result<Vec<String>, String> {
    let folder = existing(root, path)?;
    let entries = fs::read_dir(folder).map_err(|error| failure(path, &error))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names
        .collect::<io::Result<Vec<String>>>()
        .map_err(|error| failure(path, &error))?;
    names.sort();
    Ok(names)
}

fn joined(root: &Path, path: &str) -> Result<PathBuf, String> {
    let is_plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    match is_plain {
        true => Ok(root.join(path)),
        false => Err(format!("`{path}` leaves the repository")),
    }
}

fn inside(root: &Path, resolved: PathBuf, path: &str) -> Result<PathBuf, String> {
    match resolved.starts_with(root) {
        true => Ok(resolved),
        false => Err(format!(
            "`{path}` leaves the repository through a symbolic link"
        )),
    }
}

fn failure(path: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("{path}: there is no such file or folder"),
        ErrorKind::NotADirectory => format!("{path}: this is not a folder"),
        ErrorKind::IsADirectory => format!("{path}: this is a folder"),
        ErrorKind::InvalidData => format!("{path}: this is not a text file (UTF-8)"),
        _ => format!("{path}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{list, read, write};
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_outside_the_root_is_reached() {
        let directory = tempfile::tempdir().expect("a directory");
        let outside = directory.path().join("outside");
        let root = directory.path().join("root");
        fs::create_dir_all(&outside).expect("a folder");
        fs::create_dir_all(root.join("inner")).expect("a folder");
        fs::write(outside.join("key"), "hush").expect("a file");
        let root = root.canonicalize().expect("a path");
        symlink(&outside, root.join("away")).expect("a link");
        symlink(outside.join("key"), root.join("key")).expect("a link");
        symlink(outside.join("new"), root.join("dangling")).expect("a link");

        for path in ["away/key", "key", "../outside/key", "/etc/passwd"] {
            let problem = read(&root, path).expect_err(path);
            assert!(problem.contains("leaves the repository"), "{problem}");
        }
        assert!(list(&root, "away").is_err());
        for path in ["away/new", "away/deep/new", "key", "dangling", "../new"] {
            assert!(write(&root, path, "x").is_err(), "{path}");
        }
        assert_eq!(
            fs::read_to_string(outside.join("key")).expect("the file"),
            "hush"
        );
        assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 1);
    }

    #[test]
    fn links_within_the_root_and_new_folders_work() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("a path");
        write(&root, "a/b/c.txt", "one").expect("written");
        symlink("a", root.join("link")).expect("a link");
        write(&root, "link/b/c.txt", "two").expect("written");
        write(&root, "link/d/e.txt", "three").expect("written");
        assert_eq!(read(&root, "a/b/c.txt").expect("a file"), "two");
        assert_eq!(read(&root, "a/d/e.txt").expect("a file"), "three");
        assert_eq!(list(&root, "a").expect("a folder"), ["b", "d"]);
        assert_eq!(
            read(&root, "a/x").expect_err("nothing is there"),
            "a/x: there is no such file or folder"
        );
    }
}
