//! A bare repository, driven with the `git` command line.

mod history;
mod write;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use history::{Commit, FileChange};
pub(crate) use write::{Change, Identity};

/// The name of nothing: before a branch exists and after it is gone.
pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000";

/// A `git` command that could not start or did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("git {command}: {message}")]
pub(crate) struct GitError {
    command: String,
    message: String,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) mode: String,
    pub(crate) kind: String,
    pub(crate) sha: String,
    pub(crate) size: Option<u64>,
    pub(crate) path: String,
}

/// The directory of a bare repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    directory: PathBuf,
}

impl Git {
    /// Creates an empty bare repository.
    pub(crate) fn initialize(directory: PathBuf, default_branch: &str) -> Result<Self, GitError> {
        let git = Self { directory };
        git.create_directory()?;
        git.text(&[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch",
            default_branch,
            ".",
        ])?;
        // Without it `git http-backend` refuses a push that carries no login.
        git.text(&["config", "http.receivepack", "true"])?;
        // Only the state writes the heads of pull requests.
        git.text(&["config", "receive.hideRefs", "refs/pull"])?;
        // Heads of pull requests and of deployments are asked for by id.
        git.text(&["config", "uploadpack.allowAnySHA1InWant", "true"])?;
        Ok(git)
    }

    /// Creates a bare copy of another repository.
    pub(crate) fn fork(&self, directory: PathBuf) -> Result<Self, GitError> {
        let git = Self { directory };
        git.create_directory()?;
        let origin = self.directory.to_string_lossy();
        git.text(&["clone", "--quiet", "--bare", "--no-hardlinks", &origin, "."])?;
        Ok(git)
    }

    fn create_directory(&self) -> Result<(), GitError> {
        std::fs::create_dir_all(&self.directory).map_err(|error| GitError {
            command: "init".to_owned(),
            message: format!("cannot create {}: {error}", self.directory.display()),
        })
    }

    /// Where the repository is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A `git` command in this repository that neither the user's settings nor the environment can bend.
    pub(crate) fn command(&self) -> Command {
        let mut command = plain_command();
        command.current_dir(&self.directory);
        command
    }

    /// The standard output of a command, trimmed.
    fn text(&self, arguments: &[&str]) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.bytes(arguments)?)
            .trim()
            .to_owned())
    }

    /// The standard output of a command.
    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        self.bytes_with_input(arguments, b"")
    }

    fn bytes_with_input(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let failed = |message: String| GitError {
            command: arguments.join(" "),
            message,
        };
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("cannot start: {error}")))?;
        let mut standard_input = child.stdin.take().expect("the input is piped");
        std::thread::scope(|scope| {
            // A command that reads nothing closes the pipe early: its exit status tells whether that is an error.
            scope.spawn(move || standard_input.write_all(input));
            let output = child
                .wait_with_output()
                .map_err(|error| failed(error.to_string()))?;
            if output.status.success() {
                Ok(output.stdout)
            } else {
                Err(failed(
                    String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                ))
            }
        })
    }

    /// The commit a branch, tag or id names.
    pub(crate) fn resolve(&self, revision: &str) -> Option<String> {
        if revision.is_empty() || revision.starts_with('-') {
            return None;
        }
        self.text(&[
            "rev-parse",
            "--verify",
            "--quiet",
            &format!("{revision}^{{commit}}"),
        ])
        .ok()
    }

    /// The tip of a branch.
    pub(crate) fn branch(&self, name: &str) -> Option<String> {
        self.resolve(&format!("refs/heads/{name}"))
    }

    /// Every ref below a prefix with the object it points at.
    pub(crate) fn references(&self, prefix: &str) -> Result<Vec<(String, String)>, GitError> {
        let listing = self.text(&["for-each-ref", "--format=%(refname) %(objectname)", prefix])?;
        let pairs = listing.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs
            .map(|(name, sha)| (name.to_owned(), sha.to_owned()))
            .collect())
    }

    /// The entries of a tree; with `recursive` those of its subtrees too.
    pub(crate) fn tree(&self, tree: &str, recursive: bool) -> Result<Vec<TreeEntry>, GitError> {
        let mut arguments = vec!["ls-tree", "-z", "-l"];
        if recursive {
            arguments.extend(["-r", "-t"]);
        }
        arguments.push(tree);
        Ok(parse_tree(&self.bytes(&arguments)?))
    }

    /// The entry at a path of a commit.
    pub(crate) fn entry(&self, revision: &str, path: &str) -> Result<Option<TreeEntry>, GitError> {
        let listing = self.bytes(&["ls-tree", "-z", "-l", "--full-tree", revision, "--", path])?;
        Ok(parse_tree(&listing).into_iter().next())
    }

    /// The bytes of a blob.
    pub(crate) fn blob(&self, sha: &str) -> Option<Vec<u8>> {
        self.bytes(&["cat-file", "blob", sha]).ok()
    }

    /// The text of a file at a commit.
    pub(crate) fn file(&self, revision: &str, path: &str) -> Option<String> {
        let bytes = self
            .bytes(&["cat-file", "blob", &format!("{revision}:{path}")])
            .ok()?;
        String::from_utf8(bytes).ok()
    }

    /// A compressed archive of a commit whose files are below `prefix`.
    pub(crate) fn archive(&self, revision: &str, prefix: &str) -> Result<Vec<u8>, GitError> {
        self.bytes(&[
            "archive",
            "--format=tar.gz",
            &format!("--prefix={prefix}/"),
            revision,
        ])
    }
}

/// `git` without the user's settings and without the environment's.
pub(crate) fn plain_command() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    command
}

fn parse_tree(listing: &[u8]) -> Vec<TreeEntry> {
    let records = listing
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty());
    records
        .filter_map(|record| parse_tree_entry(&String::from_utf8_lossy(record)))
        .collect()
}

fn parse_tree_entry(record: &str) -> Option<TreeEntry> {
    let (facts, path) = record.split_once('\t')?;
    let mut facts = facts.split_whitespace();
    Some(TreeEntry {
        mode: facts.next()?.to_owned(),
        kind: facts.next()?.to_owned(),
        sha: facts.next()?.to_owned(),
        size: facts.next()?.parse().ok(),
        path: path.to_owned(),
    })
}
