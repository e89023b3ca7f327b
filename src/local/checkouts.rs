//! The files a run works on: those of its release's commit, never whatever happens to be checked out.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::project::{Project, git};
use crate::model::CommitSha;

impl Project {
    /// A folder with the files of `commit` of the repository that refs call `repository`: the project's own root if
    /// that is what is checked out there, else a git worktree below Ocuroot's home, else a clone.
    ///
    /// # Errors
    /// When there is no such commit here, or nowhere to get the repository from.
    pub(super) fn checkout(
        &self,
        repository: &str,
        commit: &CommitSha,
        remotes: &[String],
    ) -> anyhow::Result<PathBuf> {
        match repository == self.name {
            true if *commit == self.commit => Ok(self.root.clone()),
            true => self.worktree(commit),
            false => self.clone_of(repository, commit, remotes),
        }
    }

    /// Worktrees are kept: the next run of the same commit finds it, with what the last one left in it taken away.
    fn worktree(&self, commit: &CommitSha) -> anyhow::Result<PathBuf> {
        let is_known = git(
            &self.root,
            &["cat-file", "-e", &format!("{commit}^{{commit}}")],
        );
        is_known.with_context(|| {
            format!(
                "commit {} is not in {}: fetch it and try again",
                commit.short(),
                self.root.display()
            )
        })?;
        // The root may lie deep inside the git repository.
        let inner = git(&self.root, &["rev-parse", "--show-prefix"])?;
        let folder = self.folder_for("worktrees", &self.root.to_string_lossy(), commit)?;
        if folder.join(".git").exists() {
            check_out(&folder, commit)?;
        } else {
            let path = folder.to_string_lossy();
            git(&self.root, &["worktree", "prune"])?;
            let arguments = [
                "worktree",
                "add",
                "--quiet",
                "--force",
                "--detach",
                &path,
                commit.as_str(),
            ];
            git(&self.root, &arguments)?;
        }
        Ok(folder.join(inner))
    }

    fn clone_of(
        &self,
        repository: &str,
        commit: &CommitSha,
        remotes: &[String],
    ) -> anyhow::Result<PathBuf> {
        let folder = self.folder_for("clones", repository, commit)?;
        if !folder.join(".git").exists() {
            let mut problems = Vec::new();
            let is_cloned = remotes.iter().any(|remote| {
                let path = folder.to_string_lossy();
                let cloned = git(
                    &self.root,
                    &["clone", "--quiet", "--no-checkout", "--", remote, &path],
                );
                cloned
                    .map_err(|error| problems.push(format!("{remote}: {error}")))
                    .is_ok()
            });
            if !is_cloned {
                bail!(
                    "{repository} cannot be cloned. {}Give its addresses in its repo.ocu.star: remotes([\"…\"])",
                    problems
                        .iter()
                        .map(|problem| format!("{problem}. "))
                        .collect::<String>()
                );
            }
        }
        if git(&folder, &["cat-file", "-e", commit.as_str()]).is_err() {
            git(&folder, &["fetch", "--quiet", "--all"])?;
        }
        check_out(&folder, commit)?;
        Ok(folder)
    }

    fn folder_for(&self, kind: &str, of: &str, commit: &CommitSha) -> anyhow::Result<PathBuf> {
        use sha2::{Digest, Sha256};
        let digest = hex::encode(Sha256::digest(of));
        let folder = self.home()?.join(kind).join(&digest[..12]);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(folder.join(commit.as_str()))
    }
}

/// Makes the folder what `commit` has, and nothing besides.
fn check_out(folder: &Path, commit: &CommitSha) -> anyhow::Result<()> {
    let arguments = [
        "checkout",
        "--quiet",
        "--force",
        "--detach",
        commit.as_str(),
    ];
    git(folder, &arguments)?;
    git(folder, &["clean", "--quiet", "-ffdx"])?;
    Ok(())
}
