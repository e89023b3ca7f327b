//! Moved branches and what follows from them.

use serde_json::json;

use super::refusal::Refusal;
use super::world::World;
use crate::simulator::git::{Change, Commit, GitError, Identity, ZERO};

/// GitHub lists no more commits than this in a push.
const COMMITS_IN_PUSH: usize = 2048;

/// How a push is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushMode {
    /// On top of the branch.
    Append,
    /// Instead of the branch's last commit.
    ReplaceTip,
}

impl World {
    /// Who commits, now.
    pub(crate) fn identity(&mut self, login: &str) -> Identity {
        let user = self.user(login);
        let email = format!("{}+{}@users.noreply.github.com", user.id, user.login);
        Identity {
            name: user.login,
            email,
            time: self.now(),
        }
    }

    /// Commits to a branch without telling anyone. A new branch starts at the default branch.
    pub(crate) fn commit(
        &mut self,
        full_name: &str,
        branch: &str,
        changes: &[Change],
        message: &str,
        login: &str,
        mode: PushMode,
    ) -> Result<(String, String), Refusal> {
        let identity = self.identity(login);
        let now = self.now();
        let repository = self.repository_mut(full_name)?;
        repository.pushed_at = now;
        let git = &repository.git;
        let before = git.branch(branch);
        let start = before.clone().or_else(|| repository.default_tip());
        let parent = match mode {
            PushMode::Append => start,
            PushMode::ReplaceTip => start.and_then(|tip| git.resolve(&format!("{tip}^"))),
        };
        let after = git.commit_files(branch, parent.as_deref(), changes, message, &identity)?;
        Ok((before.unwrap_or_else(|| ZERO.to_owned()), after))
    }

    /// Tells everyone that a ref moved: the push, a new or gone branch, the check suites, and pull requests of the branch.
    pub(crate) fn reference_moved(
        &mut self,
        full_name: &str,
        reference: &str,
        before: &str,
        after: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        if before == after {
            return Ok(());
        }
        self.emit_reference_event(full_name, reference, before, after, login)?;
        self.emit_push(full_name, reference, before, after, login)?;
        if let Some(branch) = reference.strip_prefix("refs/heads/")
            && after != ZERO
        {
            self.request_check_suite(full_name, branch, before, after, login)?;
            self.branch_moved(full_name, branch, before, after, login)?;
        }
        Ok(())
    }

    fn emit_reference_event(
        &mut self,
        full_name: &str,
        reference: &str,
        before: &str,
        after: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let event = match (before == ZERO, after == ZERO) {
            (true, false) => "create",
            (false, true) => "delete",
            _ => return Ok(()),
        };
        let (kind, name) = match reference.strip_prefix("refs/tags/") {
            Some(tag) => ("tag", tag),
            None => ("branch", reference.trim_start_matches("refs/heads/")),
        };
        let master = self.repository(full_name)?.default_branch.clone();
        let mut fields = json!({"ref": name, "ref_type": kind, "pusher_type": "user"});
        if event == "create" {
            fields["master_branch"] = json!(master);
            fields["description"] = json!(null);
        }
        self.emit(full_name, event, None, login, fields)
    }

    fn emit_push(
        &mut self,
        full_name: &str,
        reference: &str,
        before: &str,
        after: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let repository = self.repository(full_name)?;
        let url = format!("{}/{}", self.url, repository.full_name);
        let deleted = after == ZERO;
        let created = before == ZERO;
        let commits = if deleted {
            Vec::new()
        } else {
            self.pushed_commits(full_name, reference, before, after)?
        };
        let forced = !created && !deleted && !repository.git.is_ancestor(before, after);
        let head = repository.git.commit(after).filter(|_| !deleted);
        let email = self.identity(login).email;
        let short = |sha: &str| sha.chars().take(12).collect::<String>();
        let compare = format!("{url}/compare/{}...{}", short(before), short(after));
        let fields = json!({
            "ref": reference, "before": before, "after": after, "base_ref": null,
            "created": created, "deleted": deleted, "forced": forced, "compare": compare,
            "commits": commits.iter().map(|commit| push_commit_json(&url, commit)).collect::<Vec<_>>(),
            "head_commit": head.map(|commit| push_commit_json(&url, &commit)),
            "pusher": {"name": login, "email": email},
        });
        self.emit(full_name, "push", None, login, fields)
    }

    /// The commits a push brought: on a new branch those that no other branch has.
    fn pushed_commits(
        &self,
        full_name: &str,
        reference: &str,
        before: &str,
        after: &str,
    ) -> Result<Vec<Commit>, GitError> {
        let Ok(repository) = self.repository(full_name) else {
            return Ok(Vec::new());
        };
        if before != ZERO {
            return repository
                .git
                .commits(&[after, &format!("^{before}")], COMMITS_IN_PUSH);
        }
        let exclude = format!("--exclude={}", reference.trim_start_matches("refs/heads/"));
        repository
            .git
            .commits(&[after, "--not", &exclude, "--branches"], COMMITS_IN_PUSH)
    }
}

fn push_commit_json(url: &str, commit: &Commit) -> serde_json::Value {
    let person = json!({"name": commit.author_name, "email": commit.author_email, "username": commit.author_name});
    json!({
        "id": commit.sha, "tree_id": commit.tree, "distinct": true, "message": commit.message,
        "timestamp": crate::simulator::timestamp::iso8601(commit.time),
        "url": format!("{url}/commit/{}", commit.sha), "author": person, "committer": person,
        "added": commit.added, "removed": commit.removed, "modified": commit.modified,
    })
}
