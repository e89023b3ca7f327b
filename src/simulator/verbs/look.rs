//! Looking at the state.

use crate::simulator::gate::{RequestRecord, Violation};
use crate::simulator::start::Simulator;
use crate::simulator::state::check::{CheckApp, CheckRun, CheckSuite};
use crate::simulator::state::comment::{Comment, Reaction};
use crate::simulator::state::deployment::Deployment;
use crate::simulator::state::pull_request::PullRequest;
use crate::simulator::state::repository::Repository;

impl Simulator {
    /// Looks at a repository; nothing is there when there is no such repository.
    fn look<T: Default>(&self, full_name: &str, view: impl FnOnce(&Repository) -> T) -> T {
        self.shared
            .lock()
            .repository(full_name)
            .map(view)
            .unwrap_or_default()
    }

    /// Check runs of the App at a commit, oldest first.
    pub fn check_runs(&self, full_name: &str, sha: &str) -> Vec<CheckRun> {
        let ours = self.all_check_runs(full_name).into_iter();
        ours.filter(|check| check.app == CheckApp::Ours && check.head_sha == sha)
            .collect()
    }

    /// Every check run, those of Actions jobs too, oldest first.
    pub fn all_check_runs(&self, full_name: &str) -> Vec<CheckRun> {
        self.look(full_name, |repository| {
            repository.check_runs.values().cloned().collect()
        })
    }

    /// Every check suite, oldest first.
    pub fn check_suites(&self, full_name: &str) -> Vec<CheckSuite> {
        self.look(full_name, |repository| {
            repository.check_suites.values().cloned().collect()
        })
    }

    /// Comments of a pull request or issue, oldest first.
    pub fn comments(&self, full_name: &str, number: u64) -> Vec<Comment> {
        self.look(full_name, |repository| {
            repository
                .comments
                .values()
                .filter(|comment| comment.number == number)
                .cloned()
                .collect()
        })
    }

    /// Reactions to a comment.
    pub fn reactions(&self, full_name: &str, comment: u64) -> Vec<Reaction> {
        self.look(full_name, |repository| {
            repository
                .comments
                .get(&comment)
                .map(|comment| comment.reactions.clone())
                .unwrap_or_default()
        })
    }

    /// Every deployment with its statuses, oldest first.
    pub fn deployments(&self, full_name: &str) -> Vec<Deployment> {
        self.look(full_name, |repository| {
            repository.deployments.values().cloned().collect()
        })
    }

    /// Every pull request, oldest first.
    pub fn pull_requests(&self, full_name: &str) -> Vec<PullRequest> {
        self.look(full_name, |repository| {
            repository.pull_requests.values().cloned().collect()
        })
    }

    /// The text of a file at a branch, tag or commit.
    pub fn file(&self, full_name: &str, revision: &str, path: &str) -> Option<String> {
        self.look(full_name, |repository| repository.git.file(revision, path))
    }

    /// Id of a repository.
    pub fn repository_id(&self, full_name: &str) -> Option<u64> {
        self.look(full_name, |repository| Some(repository.id))
    }

    /// Id of the installation on a repository.
    pub fn installation_id(&self, full_name: &str) -> Option<u64> {
        self.look(full_name, |repository| repository.installation)
    }

    /// Id of an account.
    pub fn user_id(&self, login: &str) -> Option<u64> {
        self.shared.lock().known_user(login).map(|user| user.id)
    }

    /// Looks again after each change until there is something to see. Without an end if that never comes: give it a
    /// timeout.
    pub async fn wait_for<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Listening before looking: a change between the two is not missed.
            changed.as_mut().enable();
            if let Some(seen) = look(self) {
                return seen;
            }
            changed.await;
        }
    }

    /// Every API request so far.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().requests.clone()
    }

    /// How many they are.
    pub fn request_count(&self) -> usize {
        self.shared.lock().requests.len()
    }

    /// Everything that a correct client would not have done. A test ends by asserting that this is empty.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.lock().violations.clone()
    }

    /// Returns the violations and forgets them.
    pub fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.shared.lock().violations)
    }
}
