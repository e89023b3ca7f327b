//! Merging pull requests, and the merge queue.

use serde_json::json;

use super::refusal::Refusal;
use super::world::World;
use crate::simulator::git::ZERO;

/// How a pull request's commits reach the base branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// With a merge commit.
    Merge,
    /// As one new commit.
    Squash,
    /// Each commit anew, on top of the base branch.
    Rebase,
}

impl World {
    /// Merges an open pull request and returns the new tip of its base branch.
    pub(crate) fn merge_pull_request(
        &mut self,
        full_name: &str,
        number: u64,
        method: MergeMethod,
        login: &str,
    ) -> Result<String, Refusal> {
        let pull_request = self.pull_request(full_name, number)?.clone();
        if !pull_request.open {
            return Err(Refusal::new(405, "Pull Request is not mergeable"));
        }
        let reference = format!("refs/heads/{}", pull_request.base_branch);
        let before = self.base_tip(full_name, &pull_request.base_branch)?;
        let after = match method {
            MergeMethod::Rebase => {
                self.rebase(full_name, &before, &pull_request.head_sha, login)?
            }
            MergeMethod::Squash => {
                let message = format!("{} (#{number})", pull_request.title);
                self.combine(
                    full_name,
                    &before,
                    &pull_request.head_sha,
                    false,
                    &message,
                    // GitHub makes whoever opened the pull request its author.
                    &pull_request.user,
                )?
            }
            MergeMethod::Merge => {
                let message = format!(
                    "Merge pull request #{number} from {}/{}\n\n{}",
                    pull_request.user, pull_request.head_branch, pull_request.title
                );
                self.combine(
                    full_name,
                    &before,
                    &pull_request.head_sha,
                    true,
                    &message,
                    login,
                )?
            }
        };
        self.repository(full_name)?
            .git
            .update_reference(&reference, &after)?;
        self.reference_moved(full_name, &reference, &before, &after, login)?;
        self.change_pull_request(full_name, number, "closed", login, |pull_request, now| {
            pull_request.open = false;
            pull_request.merged_at = Some(now);
            pull_request.closed_at = Some(now);
            pull_request.merged_by = Some(login.to_owned());
            pull_request.merge_commit = Some(after.clone());
        })?;
        Ok(after)
    }

    /// Puts a pull request into the merge queue: a branch with the merged commit, and the question whether it may land.
    pub(crate) fn enqueue_merge_group(
        &mut self,
        full_name: &str,
        number: u64,
        login: &str,
    ) -> Result<String, Refusal> {
        let pull_request = self.pull_request(full_name, number)?.clone();
        let base = self.base_tip(full_name, &pull_request.base_branch)?;
        let message = format!(
            "Merge pull request #{number} from {}",
            pull_request.head_branch
        );
        let head = self.combine(
            full_name,
            &base,
            &pull_request.head_sha,
            true,
            &message,
            login,
        )?;
        let branch = format!(
            "gh-readonly-queue/{}/pr-{number}-{base}",
            pull_request.base_branch
        );
        let reference = format!("refs/heads/{branch}");
        self.repository(full_name)?
            .git
            .update_reference(&reference, &head)?;
        self.reference_moved(full_name, &reference, ZERO, &head, login)?;
        let commit = self
            .repository(full_name)?
            .git
            .commit(&head)
            .unwrap_or_default();
        let person = json!({"name": commit.author_name, "email": commit.author_email});
        let group = json!({
            "head_sha": head, "head_ref": reference, "base_sha": base,
            "base_ref": format!("refs/heads/{}", pull_request.base_branch),
            "head_commit": {
                "id": head, "tree_id": commit.tree, "message": commit.message, "author": person, "committer": person,
                "timestamp": crate::simulator::timestamp::iso8601(commit.time),
            },
        });
        self.emit(
            full_name,
            "merge_group",
            Some("checks_requested"),
            login,
            json!({"merge_group": group}),
        )?;
        Ok(head)
    }

    fn base_tip(&self, full_name: &str, branch: &str) -> Result<String, Refusal> {
        self.repository(full_name)?
            .git
            .branch(branch)
            .ok_or_else(Refusal::not_found)
    }

    /// One commit with both trees merged; with `both` the head is a parent too.
    fn combine(
        &mut self,
        full_name: &str,
        base: &str,
        head: &str,
        both: bool,
        message: &str,
        login: &str,
    ) -> Result<String, Refusal> {
        let identity = self.identity(login);
        let git = &self.repository(full_name)?.git;
        let tree = git.merge_tree(None, base, head).ok_or_else(conflict)?;
        let parents = if both { vec![base, head] } else { vec![base] };
        Ok(git.commit_tree(&tree, &parents, message, &identity)?)
    }

    fn rebase(
        &mut self,
        full_name: &str,
        base: &str,
        head: &str,
        login: &str,
    ) -> Result<String, Refusal> {
        let identity = self.identity(login);
        let git = &self.repository(full_name)?.git;
        let mut tip = base.to_owned();
        for commit in git.commits(&["--no-merges", head, &format!("^{base}")], 250)? {
            let parent = commit.parents.first().ok_or_else(conflict)?;
            let tree = git
                .merge_tree(Some(parent), &tip, &commit.sha)
                .ok_or_else(conflict)?;
            tip = git.commit_tree(&tree, &[&tip], &commit.message, &identity)?;
        }
        Ok(tip)
    }
}

fn conflict() -> Refusal {
    Refusal::new(405, "Merge conflict")
}
