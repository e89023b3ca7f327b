//! Pull requests.

use serde_json::json;

use super::push::PushMode;
use super::refusal::Refusal;
use super::world::World;
use crate::simulator::git::Change;

/// A pull request.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// GitHub's id; the number is per repository.
    pub id: u64,
    /// The number in the URL.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Who opened it.
    pub user: String,
    /// Not closed and not merged.
    pub open: bool,
    /// Not ready for review.
    pub draft: bool,
    /// When it was merged, in seconds since 1970.
    pub merged_at: Option<i64>,
    /// The commit that merged it.
    pub merge_commit: Option<String>,
    /// Who merged it.
    pub merged_by: Option<String>,
    /// The repository of the branch: another one for a fork.
    pub head_repository: String,
    /// The branch.
    pub head_branch: String,
    /// The tip of the branch.
    pub head_sha: String,
    /// The branch it is to be merged into.
    pub base_branch: String,
    /// Where that branch was when the pull request was opened or last changed.
    pub base_sha: String,
    /// Label names.
    pub labels: Vec<String>,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub updated_at: i64,
    /// Seconds since 1970.
    pub closed_at: Option<i64>,
}

/// What is needed to open a pull request.
#[derive(Clone, Debug, Default)]
pub struct NewPullRequest {
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// The branch; created from the default branch when it does not exist.
    pub branch: String,
    /// The branch to merge into; empty for the default branch.
    pub base: String,
    /// Files to commit to the branch first: text, or none to remove one.
    pub files: Vec<(String, Option<String>)>,
    /// Who opens it.
    pub user: String,
    /// The branch lives in that user's fork.
    pub fork: bool,
    /// Not ready for review.
    pub draft: bool,
}

impl World {
    /// Opens a pull request.
    pub(crate) fn open_pull_request(
        &mut self,
        full_name: &str,
        new: NewPullRequest,
    ) -> Result<u64, Refusal> {
        let head_repository = if new.fork {
            self.fork_repository(full_name, &new.user)?
        } else {
            self.repository(full_name)?.full_name.clone()
        };
        if !new.files.is_empty() {
            self.push(
                &head_repository,
                &new.branch,
                &new.files,
                &new.title,
                &new.user,
                PushMode::Append,
            )?;
        }
        let head_sha = self
            .repository(&head_repository)?
            .git
            .branch(&new.branch)
            .ok_or_else(|| Refusal::unprocessable(format!("no branch {}", new.branch)))?;
        let (id, now) = (self.ids.next("pull_request"), self.now());
        self.user(&new.user);
        let repository = self.repository_mut(full_name)?;
        let base_branch = if new.base.is_empty() {
            repository.default_branch.clone()
        } else {
            new.base
        };
        let base_sha = repository
            .git
            .branch(&base_branch)
            .ok_or_else(|| Refusal::unprocessable(format!("no branch {base_branch}")))?;
        repository.last_number += 1;
        let number = repository.last_number;
        repository.pull_requests.insert(
            number,
            PullRequest {
                id,
                number,
                title: new.title,
                body: new.body,
                user: new.user.clone(),
                open: true,
                draft: new.draft,
                merged_at: None,
                merge_commit: None,
                merged_by: None,
                head_repository,
                head_branch: new.branch,
                head_sha,
                base_branch,
                base_sha,
                labels: Vec::new(),
                created_at: now,
                updated_at: now,
                closed_at: None,
            },
        );
        self.publish_head(full_name, number)?;
        self.emit_pull_request(full_name, number, "opened", &new.user, json!({}))?;
        Ok(number)
    }

    /// Commits to a branch and tells everyone.
    pub(crate) fn push(
        &mut self,
        full_name: &str,
        branch: &str,
        changes: &[Change],
        message: &str,
        login: &str,
        mode: PushMode,
    ) -> Result<String, Refusal> {
        let (before, after) = self.commit(full_name, branch, changes, message, login, mode)?;
        self.reference_moved(
            full_name,
            &format!("refs/heads/{branch}"),
            &before,
            &after,
            login,
        )?;
        Ok(after)
    }

    /// Makes the head reachable in the base repository, as `refs/pull/N/head` does on GitHub.
    fn publish_head(&self, full_name: &str, number: u64) -> Result<(), Refusal> {
        let repository = self.repository(full_name)?;
        let pull_request = repository
            .pull_requests
            .get(&number)
            .ok_or_else(Refusal::not_found)?;
        let reference = format!("refs/pull/{number}/head");
        if pull_request
            .head_repository
            .eq_ignore_ascii_case(&repository.full_name)
        {
            repository
                .git
                .update_reference(&reference, &pull_request.head_sha)?;
        } else {
            let fork = self.repository(&pull_request.head_repository)?;
            repository
                .git
                .fetch(&fork.git, &pull_request.head_branch, &reference)?;
        }
        Ok(())
    }

    /// Synchronizes the open pull requests whose head is this branch.
    pub(crate) fn branch_moved(
        &mut self,
        head_repository: &str,
        branch: &str,
        before: &str,
        after: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let mut moved = Vec::new();
        let now = self.now();
        for repository in self.repositories.values_mut() {
            for pull_request in repository.pull_requests.values_mut() {
                let same = pull_request
                    .head_repository
                    .eq_ignore_ascii_case(head_repository);
                if pull_request.open && same && pull_request.head_branch == branch {
                    pull_request.head_sha = after.to_owned();
                    pull_request.updated_at = now;
                    moved.push((repository.full_name.clone(), pull_request.number));
                }
            }
        }
        for (full_name, number) in moved {
            self.publish_head(&full_name, number)?;
            let fields = json!({"before": before, "after": after});
            self.emit_pull_request(&full_name, number, "synchronize", login, fields)?;
        }
        Ok(())
    }

    /// Changes a pull request and tells everyone with this action.
    pub(crate) fn change_pull_request(
        &mut self,
        full_name: &str,
        number: u64,
        action: &str,
        login: &str,
        change: impl FnOnce(&mut PullRequest, i64),
    ) -> Result<(), Refusal> {
        let now = self.now();
        let pull_request = self.pull_request_mut(full_name, number)?;
        change(pull_request, now);
        pull_request.updated_at = now;
        self.emit_pull_request(full_name, number, action, login, json!({}))
    }

    /// Changes the branch that an open pull request is to be merged into.
    pub(crate) fn edit_base(
        &mut self,
        full_name: &str,
        number: u64,
        branch: &str,
        login: &str,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::unprocessable(format!("no branch {branch}"));
        let base_sha = self.repository(full_name)?.git.branch(branch);
        let base_sha = base_sha.ok_or_else(missing)?;
        let now = self.now();
        let pull_request = self.pull_request_mut(full_name, number)?;
        if !pull_request.open {
            return Err(Refusal::unprocessable(
                "Cannot change the base branch of a closed pull request.",
            ));
        }
        let old_branch = std::mem::replace(&mut pull_request.base_branch, branch.to_owned());
        let old_sha = std::mem::replace(&mut pull_request.base_sha, base_sha);
        pull_request.updated_at = now;
        let changes = json!({"base": {"ref": {"from": old_branch}, "sha": {"from": old_sha}}});
        let fields = json!({"changes": changes});
        self.emit_pull_request(full_name, number, "edited", login, fields)
    }

    /// A pull request by its number.
    pub(crate) fn pull_request(
        &self,
        full_name: &str,
        number: u64,
    ) -> Result<&PullRequest, Refusal> {
        self.repository(full_name)?
            .pull_requests
            .get(&number)
            .ok_or_else(Refusal::not_found)
    }

    /// A pull request by its number, to change it.
    pub(crate) fn pull_request_mut(
        &mut self,
        full_name: &str,
        number: u64,
    ) -> Result<&mut PullRequest, Refusal> {
        self.repository_mut(full_name)?
            .pull_requests
            .get_mut(&number)
            .ok_or_else(Refusal::not_found)
    }

    fn emit_pull_request(
        &mut self,
        full_name: &str,
        number: u64,
        action: &str,
        login: &str,
        fields: serde_json::Value,
    ) -> Result<(), Refusal> {
        let mut payload = json!({"number": number, "pull_request": self.pull_request_json(full_name, number, None)?});
        super::installation::merge(&mut payload, fields);
        self.emit(full_name, "pull_request", Some(action), login, payload)
    }
}
