//! New commits and moved refs.

use super::{Git, GitError};

/// One file of a commit: its new text, or none when it goes away.
pub(crate) type Change = (String, Option<String>);

/// Who writes a commit, and when (seconds since 1970).
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) time: i64,
}

impl Git {
    /// Commits changes on top of `parent` and points the branch there, wherever it was.
    pub(crate) fn commit_files(
        &self,
        branch: &str,
        parent: Option<&str>,
        changes: &[Change],
        message: &str,
        identity: &Identity,
    ) -> Result<String, GitError> {
        let mut stream = format!("commit refs/heads/{branch}\n");
        for role in ["author", "committer"] {
            stream += &format!(
                "{role} {} <{}> {} +0000\n",
                identity.name, identity.email, identity.time
            );
        }
        stream += &format!("data {}\n{message}\n", message.len());
        if let Some(parent) = parent {
            stream += &format!("from {parent}\n");
        }
        for (path, text) in changes {
            match text {
                Some(text) => {
                    // A script is pushed with its executable bit, as its author would have set it.
                    let mode = if text.starts_with("#!") {
                        "100755"
                    } else {
                        "100644"
                    };
                    stream += &format!(
                        "M {mode} inline {}\ndata {}\n{text}\n",
                        quoted(path),
                        text.len()
                    );
                }
                None => stream += &format!("D {}\n", quoted(path)),
            }
        }
        stream += "\ndone\n";
        if parent.is_none() {
            // Otherwise fast-import continues from the branch's tip, and the commit would not be a first one.
            self.delete_reference(&format!("refs/heads/{branch}"))?;
        }
        self.bytes_with_input(
            &["fast-import", "--quiet", "--force", "--done"],
            stream.as_bytes(),
        )?;
        self.text(&["rev-parse", &format!("refs/heads/{branch}")])
    }

    /// Commits a tree that exists already.
    pub(crate) fn commit_tree(
        &self,
        tree: &str,
        parents: &[&str],
        message: &str,
        identity: &Identity,
    ) -> Result<String, GitError> {
        let mut stream = format!("tree {tree}\n");
        for parent in parents {
            stream += &format!("parent {parent}\n");
        }
        for role in ["author", "committer"] {
            stream += &format!(
                "{role} {} <{}> {} +0000\n",
                identity.name, identity.email, identity.time
            );
        }
        stream += &format!("\n{message}\n");
        let output = self.bytes_with_input(
            &["hash-object", "-t", "commit", "-w", "--stdin"],
            stream.as_bytes(),
        )?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }

    /// The tree of merging `theirs` into `ours`; none when they conflict.
    pub(crate) fn merge_tree(
        &self,
        merge_base: Option<&str>,
        ours: &str,
        theirs: &str,
    ) -> Option<String> {
        let base = merge_base.map(|base| format!("--merge-base={base}"));
        let mut arguments = vec!["merge-tree", "--write-tree"];
        arguments.extend(base.as_deref());
        arguments.extend([ours, theirs]);
        self.text(&arguments).ok()
    }

    /// Points a ref at an object.
    pub(crate) fn update_reference(&self, name: &str, sha: &str) -> Result<(), GitError> {
        self.text(&["update-ref", name, sha]).map(drop)
    }

    /// Removes a ref; one that is not there is fine.
    pub(crate) fn delete_reference(&self, name: &str) -> Result<(), GitError> {
        self.text(&["update-ref", "-d", name]).map(drop)
    }

    /// Copies the objects of another repository's branch and points a ref of this one there.
    pub(crate) fn fetch(&self, from: &Git, branch: &str, reference: &str) -> Result<(), GitError> {
        let origin = from.directory().to_string_lossy();
        let mapping = format!("+refs/heads/{branch}:{reference}");
        self.text(&[
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            &origin,
            &mapping,
        ])
        .map(drop)
    }
}

/// A path as fast-import reads it when it holds odd characters.
fn quoted(path: &str) -> String {
    format!(
        "\"{}\"",
        path.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}
