//! Commits and what is between them.

use super::{Git, GitError};

/// A commit and, when it was listed with its files, what it touched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author_name: String,
    pub(crate) author_email: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
    pub(crate) message: String,
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
    pub(crate) modified: Vec<String>,
}

/// How one file differs between two commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// `added`, `removed`, `modified`, `renamed` or `changed`, as GitHub says it.
    pub(crate) status: &'static str,
    pub(crate) path: String,
    pub(crate) previous_path: Option<String>,
    pub(crate) sha: String,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
}

/// Where two commits stand to each other.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) merge_base: String,
    pub(crate) ahead_by: u64,
    pub(crate) behind_by: u64,
}

const FORMAT: &str = "--format=%x1e%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%ct%x1f%B%x1d";

impl Git {
    /// Commits of a range such as `a..b`, oldest first, at most `limit` of the newest ones.
    pub(crate) fn commits(&self, range: &[&str], limit: usize) -> Result<Vec<Commit>, GitError> {
        let limit = format!("--max-count={limit}");
        let mut arguments = vec![
            "-c",
            "core.quotePath=false",
            "log",
            "--no-renames",
            "--name-status",
            FORMAT,
            &limit,
        ];
        arguments.extend(range);
        let mut commits: Vec<Commit> = self
            .text(&arguments)?
            .split('\u{1e}')
            .filter_map(parse_commit)
            .collect();
        commits.reverse();
        Ok(commits)
    }

    /// One commit with the files it touched.
    pub(crate) fn commit(&self, revision: &str) -> Option<Commit> {
        let sha = self.resolve(revision)?;
        self.commits(&[&sha], 1).ok()?.pop()
    }

    /// The files that differ from `base` to `head`.
    pub(crate) fn changes(&self, base: &str, head: &str) -> Result<Vec<FileChange>, GitError> {
        let output = self.bytes(&[
            "diff",
            "--raw",
            "--numstat",
            "-z",
            "--no-abbrev",
            "-M",
            base,
            head,
        ])?;
        Ok(parse_changes(&String::from_utf8_lossy(&output)))
    }

    /// The tree without any entry, to compare a first commit with.
    pub(crate) fn empty_tree(&self) -> Result<String, GitError> {
        self.text(&["hash-object", "-t", "tree", "-w", "--stdin"])
    }

    /// The merge base and how many commits are on each side; none when the histories are unrelated.
    pub(crate) fn compare(&self, base: &str, head: &str) -> Option<Comparison> {
        let merge_base = self.text(&["merge-base", base, head]).ok()?;
        let counts = self
            .text(&[
                "rev-list",
                "--left-right",
                "--count",
                &format!("{base}...{head}"),
            ])
            .ok()?;
        let (behind, ahead) = counts.split_once('\t')?;
        Some(Comparison {
            merge_base,
            ahead_by: ahead.parse().ok()?,
            behind_by: behind.parse().ok()?,
        })
    }

    /// Whether `descendant` has `ancestor` in its history.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        self.text(&["merge-base", "--is-ancestor", ancestor, descendant])
            .is_ok()
    }
}

fn parse_commit(record: &str) -> Option<Commit> {
    let (facts, files) = record.split_once('\u{1d}')?;
    let mut facts = facts.splitn(7, '\u{1f}').map(str::to_owned);
    let mut commit = Commit {
        sha: facts.next()?,
        tree: facts.next()?,
        parents: facts
            .next()?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        author_name: facts.next()?,
        author_email: facts.next()?,
        time: facts.next()?.parse().ok()?,
        message: facts.next()?.trim_end().to_owned(),
        ..Commit::default()
    };
    for (status, path) in files.lines().filter_map(|line| line.split_once('\t')) {
        match status {
            "A" => commit.added.push(path.to_owned()),
            "D" => commit.removed.push(path.to_owned()),
            _ => commit.modified.push(path.to_owned()),
        }
    }
    Some(commit)
}

/// Git prints the raw records first (`:modes shas status NUL path NUL`), then the counted lines of the same files.
fn parse_changes(output: &str) -> Vec<FileChange> {
    let mut changes: Vec<FileChange> = Vec::new();
    let mut fields = output.split('\0').filter(|field| !field.is_empty());
    let mut counted = 0;
    while let Some(field) = fields.next() {
        if let Some(raw) = field.strip_prefix(':') {
            let words: Vec<&str> = raw.split(' ').collect();
            let [_, _, before, after, status] = words[..] else {
                continue;
            };
            changes.push(parse_raw(status, before, after, &mut fields));
        } else if let Some(change) = changes.get_mut(counted) {
            let mut columns = field.splitn(3, '\t');
            change.additions = columns
                .next()
                .and_then(|count| count.parse().ok())
                .unwrap_or(0);
            change.deletions = columns
                .next()
                .and_then(|count| count.parse().ok())
                .unwrap_or(0);
            if columns.next() == Some("") {
                fields.by_ref().take(2).for_each(drop);
            }
            counted += 1;
        }
    }
    changes
}

fn parse_raw<'a>(
    status: &str,
    before: &str,
    after: &str,
    fields: &mut impl Iterator<Item = &'a str>,
) -> FileChange {
    let first = fields.next().unwrap_or_default().to_owned();
    let (status, path, previous_path) = match status.as_bytes().first() {
        Some(b'A') => ("added", first, None),
        Some(b'D') => ("removed", first, None),
        Some(b'R') => (
            "renamed",
            fields.next().unwrap_or_default().to_owned(),
            Some(first),
        ),
        Some(b'T') => ("changed", first, None),
        _ => ("modified", first, None),
    };
    let sha = if status == "removed" { before } else { after };
    FileChange {
        status,
        path,
        previous_path,
        sha: sha.to_owned(),
        additions: 0,
        deletions: 0,
    }
}
