//! Repositories, pushes, pull requests, comments.

use crate::simulator::git::{Change, ZERO};
use crate::simulator::start::Simulator;
use crate::simulator::state::merge::MergeMethod;
use crate::simulator::state::pull_request::NewPullRequest;
use crate::simulator::state::push::PushMode;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::repository::Permission;

/// Files as a caller writes them: path, and text or none to remove it.
type Files<'a> = &'a [(&'a str, Option<&'a str>)];

fn changes(files: Files<'_>) -> Vec<Change> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.map(str::to_owned)))
        .collect()
}

impl Simulator {
    /// Creates an empty repository (`owner/name`) and installs the App on it. Returns its id.
    pub fn create_repository(&self, full_name: &str, private: bool) -> Result<u64, Refusal> {
        let mut world = self.shared.lock();
        world.create_repository(full_name, private)?;
        world.install(full_name)?;
        Ok(world.repository(full_name)?.id)
    }

    /// Creates an empty repository that the App is not installed on. Returns its id.
    pub fn create_repository_without_app(
        &self,
        full_name: &str,
        private: bool,
    ) -> Result<u64, Refusal> {
        let mut world = self.shared.lock();
        world.create_repository(full_name, private)?;
        Ok(world.repository(full_name)?.id)
    }

    /// Installs the App on a repository. Returns the installation's id.
    pub fn install(&self, full_name: &str) -> Result<u64, Refusal> {
        self.shared.lock().install(full_name)
    }

    /// Removes the App from a repository.
    pub fn uninstall(&self, full_name: &str) -> Result<(), Refusal> {
        self.shared.lock().uninstall(full_name)
    }

    /// Suspends an installation, or lifts the suspension.
    pub fn suspend_installation(&self, id: u64, suspended: bool) -> Result<(), Refusal> {
        self.shared.lock().suspend(id, suspended)
    }

    /// Renames a repository within its owner.
    pub fn rename_repository(
        &self,
        full_name: &str,
        name: &str,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared.lock().rename_repository(full_name, name, user)
    }

    /// Gives a person a permission: `admin`, `maintain`, `write`, `triage`, `read` or `none`.
    pub fn set_permission(&self, full_name: &str, user: &str, role: &str) -> Result<(), Refusal> {
        self.shared
            .lock()
            .set_permission(full_name, user, role.parse::<Permission>()?)
    }

    /// A token that a person has made for themselves and that allows nothing but to say who they are. It expires in
    /// `seconds`, which may be over already.
    pub fn user_token(&self, login: &str, seconds: i64) -> String {
        self.shared.lock().issue_user_token(login, seconds)
    }

    /// Every token it has given to the App's installations and to people.
    pub fn issued_tokens(&self) -> Vec<String> {
        let world = self.shared.lock();
        let tokens = world.tokens.keys().chain(world.user_tokens.keys());
        tokens.cloned().collect()
    }

    /// Makes these people the members of a team, which is created when it is new.
    pub fn set_team(&self, organization: &str, slug: &str, members: &[&str]) {
        self.shared.lock().set_team(organization, slug, members);
    }

    /// Commits to a branch and pushes it. A new branch starts at the default branch. Returns the commit.
    pub fn push(
        &self,
        full_name: &str,
        branch: &str,
        files: Files<'_>,
        message: &str,
        user: &str,
    ) -> Result<String, Refusal> {
        self.shared.lock().push(
            full_name,
            branch,
            &changes(files),
            message,
            user,
            PushMode::Append,
        )
    }

    /// The same, but nobody is told: every webhook of it got lost.
    pub fn push_without_delivery(
        &self,
        full_name: &str,
        branch: &str,
        files: Files<'_>,
        message: &str,
        user: &str,
    ) -> Result<String, Refusal> {
        let mut world = self.shared.lock();
        let (_, after) = world.commit(
            full_name,
            branch,
            &changes(files),
            message,
            user,
            PushMode::Append,
        )?;
        Ok(after)
    }

    /// Replaces the last commit of a branch.
    pub fn force_push(
        &self,
        full_name: &str,
        branch: &str,
        files: Files<'_>,
        message: &str,
        user: &str,
    ) -> Result<String, Refusal> {
        self.shared.lock().push(
            full_name,
            branch,
            &changes(files),
            message,
            user,
            PushMode::ReplaceTip,
        )
    }

    /// Deletes a branch.
    pub fn delete_branch(&self, full_name: &str, branch: &str, user: &str) -> Result<(), Refusal> {
        let mut world = self.shared.lock();
        let git = world.repository(full_name)?.git.clone();
        let before = git.branch(branch).ok_or_else(Refusal::not_found)?;
        let reference = format!("refs/heads/{branch}");
        git.delete_reference(&reference)?;
        world.reference_moved(full_name, &reference, &before, ZERO, user)
    }

    /// The tip of a branch.
    pub fn branch_tip(&self, full_name: &str, branch: &str) -> Option<String> {
        self.shared
            .lock()
            .repository(full_name)
            .ok()?
            .git
            .branch(branch)
    }

    /// Opens a pull request and returns its number.
    pub fn open_pull_request(&self, full_name: &str, new: NewPullRequest) -> Result<u64, Refusal> {
        self.shared.lock().open_pull_request(full_name, new)
    }

    /// Pushes to the branch of a pull request, wherever it lives. Returns the commit.
    pub fn push_to_pull_request(
        &self,
        full_name: &str,
        number: u64,
        files: Files<'_>,
        message: &str,
        user: &str,
    ) -> Result<String, Refusal> {
        let mut world = self.shared.lock();
        let pull_request = world.pull_request(full_name, number)?.clone();
        let (repository, branch) = (pull_request.head_repository, pull_request.head_branch);
        world.push(
            &repository,
            &branch,
            &changes(files),
            message,
            user,
            PushMode::Append,
        )
    }

    /// Closes a pull request without merging it.
    pub fn close_pull_request(
        &self,
        full_name: &str,
        number: u64,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared.lock().change_pull_request(
            full_name,
            number,
            "closed",
            user,
            |pull_request, now| {
                pull_request.open = false;
                pull_request.closed_at = Some(now);
            },
        )
    }

    /// Opens a closed pull request again.
    pub fn reopen_pull_request(
        &self,
        full_name: &str,
        number: u64,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared.lock().change_pull_request(
            full_name,
            number,
            "reopened",
            user,
            |pull_request, _| {
                pull_request.open = true;
                pull_request.closed_at = None;
            },
        )
    }

    /// Marks a draft as ready for review.
    pub fn ready_for_review(
        &self,
        full_name: &str,
        number: u64,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared.lock().change_pull_request(
            full_name,
            number,
            "ready_for_review",
            user,
            |pull_request, _| {
                pull_request.draft = false;
            },
        )
    }

    /// Changes the branch that a pull request is to be merged into.
    pub fn edit_base(
        &self,
        full_name: &str,
        number: u64,
        branch: &str,
        user: &str,
    ) -> Result<(), Refusal> {
        self.shared
            .lock()
            .edit_base(full_name, number, branch, user)
    }

    /// Merges a pull request and returns the new tip of its base branch.
    pub fn merge_pull_request(
        &self,
        full_name: &str,
        number: u64,
        method: MergeMethod,
        user: &str,
    ) -> Result<String, Refusal> {
        self.shared
            .lock()
            .merge_pull_request(full_name, number, method, user)
    }

    /// Puts a pull request into the merge queue and returns the commit that is to be checked.
    pub fn enqueue_merge_group(
        &self,
        full_name: &str,
        number: u64,
        user: &str,
    ) -> Result<String, Refusal> {
        self.shared
            .lock()
            .enqueue_merge_group(full_name, number, user)
    }

    /// Opens an issue that is not a pull request and returns its number.
    pub fn open_issue(&self, full_name: &str, title: &str, user: &str) -> Result<u64, Refusal> {
        self.shared.lock().open_issue(full_name, title, user)
    }

    /// Comments on a pull request or an issue and returns the comment's id.
    pub fn comment(
        &self,
        full_name: &str,
        number: u64,
        user: &str,
        body: &str,
    ) -> Result<u64, Refusal> {
        self.shared
            .lock()
            .comment(full_name, number, user, body, false)
    }

    /// Edits a comment; anyone with the right may edit anyone's.
    pub fn edit_comment(
        &self,
        full_name: &str,
        id: u64,
        user: &str,
        body: &str,
    ) -> Result<(), Refusal> {
        self.shared.lock().edit_comment(full_name, id, user, body)
    }

    /// Deletes a comment.
    pub fn delete_comment(&self, full_name: &str, id: u64, user: &str) -> Result<(), Refusal> {
        self.shared.lock().delete_comment(full_name, id, user)
    }
}
