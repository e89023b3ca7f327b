//! What people have said of a release in an environment, and whose word counts.

use super::At;
use crate::engine::rules::plan_of;
use crate::engine::{Release, Snapshot};
use crate::model::{
    Approval, ApprovalKind, EnvironmentName, Protection, RunKind, RunState, TaskKey, Timestamp,
};

/// Whether the release is the person's own work in the environment: what they wrote, or asked for.
pub(in crate::engine) fn is_own_work(
    snapshot: &Snapshot,
    release: &Release,
    environment: &EnvironmentName,
    login: &str,
) -> bool {
    let at = At {
        snapshot,
        release,
        environment,
        now: Timestamp::default(),
    };
    at.is_own_work_of(login)
}

impl At<'_> {
    /// The people whose approvals count: of this very plan, by those who may, not by those whose own work it is.
    pub(super) fn approvers(&self, protection: &Protection) -> Vec<String> {
        let plan = plan_of(self.snapshot, self.release, self.environment);
        let mut people: Vec<String> = self
            .said()
            .filter(|approval| approval.kind == ApprovalKind::Approve && approval.plan == plan)
            .filter(|approval| approval.actor().is_one_of(&protection.approve))
            .filter(|approval| protection.allow_self || !self.is_own_work_of(&approval.by))
            .map(|approval| approval.by.clone())
            .collect();
        people.sort_by_key(|login| login.to_ascii_lowercase());
        people.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        people
    }

    pub(super) fn is_asked_for(&self) -> bool {
        let mut said = self.said();
        self.release.lane.is_some() || said.any(|approval| approval.kind == ApprovalKind::Deploy)
    }

    /// Whether the person wrote the release, or asked for it or for its going here. To want back what has been here
    /// makes it nobody's work.
    fn is_own_work_of(&self, login: &str) -> bool {
        let has_asked = |approval: &Approval| {
            approval.kind == ApprovalKind::Deploy
                && approval.by.eq_ignore_ascii_case(login)
                && !self.has_been_there(|ended| ended <= approval.at)
        };
        self.release.is_work_of(login) || self.said().any(has_asked)
    }

    /// The word is for one deployment: what is locked or frozen after that holds the next one.
    pub(super) fn is_glass_broken(&self) -> bool {
        let breaks =
            |approval: &&Approval| matches!(approval.kind, ApprovalKind::BreakGlass { .. });
        let plan = || plan_of(self.snapshot, self.release, self.environment);
        self.said().filter(breaks).any(|approval| {
            approval.plan == plan() && !self.has_been_there(|ended| ended > approval.at)
        })
    }

    /// Whether the release has got there at such a time.
    fn has_been_there(&self, is_meant: impl Fn(Timestamp) -> bool) -> bool {
        let key = TaskKey::Deploy(self.environment.clone());
        self.release.runs.iter().any(|((of, _), run)| {
            *of == key
                && run.kind == RunKind::Up
                && run.state == RunState::Complete
                && run.finished_at.is_some_and(&is_meant)
        })
    }

    fn said(&self) -> impl Iterator<Item = &Approval> {
        let key = (self.release.name.clone(), self.environment.clone());
        self.snapshot.approvals.get(&key).into_iter().flatten()
    }
}
