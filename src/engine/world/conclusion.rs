//! The end of a decision: what it changes, and what is told of it.

use std::collections::BTreeSet;

use super::World;
use crate::engine::audit;
use crate::engine::plan::{Answer, Call, Change, Plan};
use crate::engine::status::{self, ReleaseStatus};
use crate::model::{AuditEntry, ReleaseName};

impl World {
    pub(in crate::engine) fn into_plan(mut self) -> Plan {
        self.show_what_settled();
        let mut changes = Vec::new();
        for name in &self.touched_releases {
            if let Some(release) = self.snapshot.releases.get(name) {
                changes.push(Change::PutRelease(Box::new(release.clone())));
            }
        }
        for name in &self.touched_runs {
            if let Some(run) = self.snapshot.run(name) {
                changes.push(Change::PutRun(name.clone(), Box::new(run.clone())));
            }
        }
        changes.append(&mut self.changes);
        let told = changes
            .iter()
            .filter_map(|change| audit::of_change(change, &self.made));
        let told: Vec<AuditEntry> = told.chain(self.records).collect();
        let told = told.into_iter();
        changes.extend(told.map(|entry| Change::Audit(Box::new(entry))));
        Plan {
            changes,
            effects: self.effects,
            answers: self.answers,
            asked: self.asked,
        }
    }

    /// A release's check run is rewritten when a wave starts and when nothing of the release is active any more,
    /// not for each step: GitHub's request budget is what limits us (reference/performance.md §5).
    fn show_what_settled(&mut self) {
        let mut names: BTreeSet<ReleaseName> = self
            .touched_runs
            .iter()
            .map(|run| run.release.clone())
            .collect();
        names.extend(self.touched_releases.iter().cloned());
        for name in names {
            let Some(release) = self.snapshot.releases.get(&name) else {
                continue;
            };
            let status = status::of_release(release, &self.snapshot, self.now);
            let has_settled = status != ReleaseStatus::Running;
            // What goes on by itself has no result yet.
            let has_result = has_settled && status != ReleaseStatus::Waiting;
            let repository_id = release.repository_id;
            let (pull_request, reply_to) = (release.pull_request, release.reply_to);
            if has_settled || self.shown.contains(&name) {
                let release = name.clone();
                self.call(repository_id, Call::ReleaseCheck { release });
            }
            let is_told = has_settled || self.made.contains(&name);
            if let Some(pull_request) = pull_request.filter(|_| is_told) {
                self.overview(repository_id, pull_request);
            }
            if let Some(pull_request) = reply_to.filter(|_| has_result) {
                if let Some(release) = self.release_mut(&name) {
                    release.reply_to = None;
                }
                let call = Call::Result {
                    release: name,
                    pull_request,
                };
                self.call(repository_id, call);
            }
        }
    }
}

impl Plan {
    /// What to tell whoever asked with that trigger, by its place.
    pub fn answers_to(&self, trigger: usize) -> Vec<Answer> {
        let answers = self.asked.iter().zip(&self.answers);
        let own = answers.filter(|(asked, _)| **asked == trigger);
        own.map(|(_, answer)| answer.clone()).collect()
    }
}
