//! The commit that the workflow checked out, and its config files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::SourceTree;
use crate::model::CommitSha;

/// Folders that hold other people's files.
const SKIPPED: [&str; 2] = [".git", "node_modules"];
/// Cargo and others put this into folders that can be made again.
const CACHE_MARK: &str = "CACHEDIR.TAG";
const MAX_DEPTH: usize = 64;
const MAX_ENTRIES: usize = 2_000_000;
const MAX_FILES: usize = 20_000;
const MAX_BYTES: usize = 256 << 20;

/// A folder whose config files cannot be read. Shown to people as it is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CheckoutError(String);

/// All `*.star` files below `root`, except in `.git`, `node_modules` and build folders. Links are not followed.
///
/// # Errors
/// When a folder or file cannot be read, or there are too many.
pub fn source_tree(root: &Path) -> Result<SourceTree, CheckoutError> {
    let mut walk = Walk {
        root,
        tree: SourceTree::new(),
        folders: vec![(root.to_owned(), 0)],
        entries: 0,
        files: 0,
        bytes: 0,
    };
    while let Some((folder, depth)) = walk.folders.pop() {
        walk.visit(&folder, depth)
            .map_err(|reason| CheckoutError(format!("{}: {reason}", folder.display())))?;
    }
    Ok(walk.tree)
}

struct Walk<'a> {
    root: &'a Path,
    tree: SourceTree,
    folders: Vec<(PathBuf, usize)>,
    entries: usize,
    files: usize,
    bytes: usize,
}

impl Walk<'_> {
    fn visit(&mut self, folder: &Path, depth: usize) -> Result<(), String> {
        let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
        for entry in entries {
            let entry = entry.map_err(|error| error.to_string())?;
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(format!("more than {MAX_ENTRIES} files are below it"));
            }
            let (path, name) = (entry.path(), entry.file_name());
            if kind.is_dir() {
                let is_skipped = SKIPPED.iter().any(|skipped| name == *skipped);
                if !is_skipped && depth < MAX_DEPTH && !path.join(CACHE_MARK).exists() {
                    self.folders.push((path, depth + 1));
                }
            } else if kind.is_file() && name.as_encoded_bytes().ends_with(b".star") {
                self.add(&path)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) -> Result<(), String> {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        let Some(name) = relative.to_str() else {
            return Ok(());
        };
        let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        self.files += 1;
        self.bytes += bytes.len();
        if self.files > MAX_FILES || self.bytes > MAX_BYTES {
            return Err("its config files are too many or too large".to_owned());
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.tree.insert(name, text),
            Err(_) => self.tree.insert_path(name),
        }
        Ok(())
    }
}

/// Why a checkout is not the commit that the run is about; `None` when it is.
pub(super) fn mismatch(
    root: &Path,
    wanted: &CommitSha,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    let found = match head(root, environment) {
        Ok(found) => found,
        Err(reason) => {
            return Some(format!(
                "there is no checkout of this run's commit in {}: {reason}. {}",
                root.display(),
                advice()
            ));
        }
    };
    (found != wanted.as_str()).then(|| {
        format!(
            "the job checked out commit {}, but this run is about {}. {}",
            found.get(..7).unwrap_or(&found),
            wanted.short(),
            advice()
        )
    })
}

fn advice() -> &'static str {
    "In the workflow, let the step before this one be\n\n\
     - uses: actions/checkout@v4\n  with:\n    ref: ${{ matrix.run.commit }}\n    persist-credentials: false"
}

fn head(root: &Path, environment: &BTreeMap<String, String>) -> Result<String, String> {
    let output = Command::new("git")
        // In a job container the checkout belongs to another user, which git would not trust.
        .args(["-c", "safe.directory=*", "rev-parse", "--verify", "HEAD"])
        .current_dir(root)
        .env_clear()
        .envs(environment)
        .output()
        .map_err(|error| format!("git cannot be started ({error})"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

#[cfg(test)]
mod tests {
    use super::source_tree;
    use std::fs;

    #[test]
    fn only_the_repositorys_own_config_files_are_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for path in [
            "repo.ocu.star",
            "a/b/lib.star",
            "a/b/lib.txt",
            ".git/x.star",
            "web/node_modules/x.star",
            "made/x.star",
            "target/kept.star",
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "x = 1\n").expect("a file");
        }
        fs::write(root.join("made/CACHEDIR.TAG"), "").expect("a file");
        fs::write(root.join("binary.star"), [0xff, 0xfe]).expect("a file");
        std::os::unix::fs::symlink("a", root.join("link")).expect("a link");
        let tree = source_tree(root).expect("a tree");
        let paths: Vec<&str> = tree.paths().collect();
        assert_eq!(
            paths,
            [
                "a/b/lib.star",
                "binary.star",
                "repo.ocu.star",
                "target/kept.star"
            ]
        );
        assert_eq!(tree.get("binary.star"), None);
        assert!(!tree.is_complete());
    }
}
