//! A story's state as text, for snapshots.

use super::language::{release_name, short};
use super::story::Story;
use super::words::held;
use crate::engine::plan::Call;
use crate::engine::status::{self, Waiting};
use crate::engine::{Change, Release, Run};
use crate::model::{RunKind, RunNumber, TaskKey};

impl Story {
    /// Every release with its status, every run with its state and what it waits for.
    pub(super) fn table(&self) -> String {
        let releases = self.snapshot.releases.values();
        releases.map(|release| self.rows(release)).collect()
    }

    /// The part of [`Story::table`] about one release.
    pub(super) fn table_of(&self, release: &str) -> String {
        self.rows(&self.snapshot.releases[&release_name(release)])
    }

    fn rows(&self, release: &Release) -> String {
        let status = status::of_release(release, &self.snapshot, self.now());
        let mut text = format!("{} {}\n", short_name(release), word(status));
        let mut runs: Vec<_> = release.runs.iter().collect();
        runs.sort_by_key(|((key, _), _)| release.package.phase_of(key).unwrap_or(usize::MAX));
        for ((key, number), run) in runs {
            text.push_str(&format!("  {}\n", self.row(release, key, *number, run)));
        }
        text
    }

    fn row(&self, release: &Release, key: &TaskKey, number: RunNumber, run: &Run) -> String {
        let down = if run.kind == RunKind::Down {
            " (down)"
        } else {
            ""
        };
        let state = word(run.state);
        let mut text = format!("{key}/{number}{down}: {state}");
        if let Some(error) = &run.error {
            text.push_str(&format!(", {error}"));
        }
        match status::waiting(release, key, run, &self.snapshot, self.now()) {
            None => {}
            Some(Waiting::ForGates(gates)) => text.push_str(&format!(" held by {}", held(&gates))),
            Some(Waiting::ForNothing) => text.push_str(", ready"),
            Some(Waiting::ForPhase(phase)) => text.push_str(&format!(" after {phase}")),
            Some(Waiting::ForRelease(other)) => {
                text.push_str(&format!(" behind {}", short(&other.to_string())));
            }
            Some(Waiting::ForDeployment(other)) => {
                text.push_str(&format!(" behind {}", short(&other.to_string())));
            }
            Some(Waiting::ForInputs(missing)) => {
                let missing: Vec<String> = missing
                    .iter()
                    .map(|reference| short(&reference.to_string()))
                    .collect();
                text.push_str(&format!(" without {}", missing.join(" ")));
            }
        }
        text
    }

    /// Who holds what, and who waits for it, in the order of asking.
    pub(super) fn queue(&self) -> String {
        let mut holds = self.snapshot.holds.clone();
        holds.sort_by_key(|hold| (hold.asked_at, hold.pull_request));
        let lines = holds.iter().map(|hold| {
            let word = match hold.granted_at {
                Some(_) => "holds",
                None => "waits for",
            };
            let package = short(&hold.package.to_string());
            format!(
                "#{} {word} {package} {}\n",
                hold.pull_request, hold.environment
            )
        });
        lines.collect()
    }

    /// The calls of the last decision.
    pub(super) fn effects(&self) -> String {
        let lines = self.plan.effects.iter().map(|effect| match &effect.call {
            Call::Result { pull_request, .. } => {
                format!("{} to #{pull_request}\n", short(&effect.call.key()))
            }
            call => format!("{}\n", short(&call.key())),
        });
        lines.collect()
    }

    /// What the last decision keeps besides releases and runs.
    pub(super) fn changes(&self) -> String {
        let lines = self.plan.changes.iter().filter_map(|change| match change {
            Change::PutRelease(_) | Change::PutRun(..) => None,
            Change::PutDocument(reference, value) => Some(format!("{reference} = {value}")),
            Change::DeleteDocument(reference) => Some(format!("{reference} is gone")),
            Change::PutTag(package, tag, release) => Some(format!("{package}/@{tag} is {release}")),
            Change::WatchAlso(package, paths) => {
                Some(format!("{package} watches {}", paths.join(" ")))
            }
            Change::PutCommitReport { commit, .. } => Some(format!("report of {}", commit.short())),
            Change::ReplanAll => Some("replan everything".to_owned()),
            Change::Replan(package) => Some(format!("replan {package}")),
            Change::PutReaders(_, read) if read.is_empty() => None,
            Change::PutReaders(package, read) => {
                let read: Vec<String> = read.iter().map(ToString::to_string).collect();
                Some(format!("{package} reads {}", read.join(" ")))
            }
            Change::PutReads(_, reads) if reads.is_empty() => None,
            Change::PutReads(deployment, reads) => {
                let reads: Vec<String> = reads.iter().map(ToString::to_string).collect();
                Some(format!("{deployment} reads {}", reads.join(" ")))
            }
            Change::PutIntent(reference, value) => Some(format!("{reference} should be {value}")),
            Change::DeleteIntent(reference) => Some(format!("{reference} should not be")),
            Change::PutRegistration(name, registration) if registration.is_leaving() => {
                Some(format!("{name} leaves"))
            }
            Change::PutRegistration(name, _) => Some(format!("{name} is registered")),
            Change::DeleteRegistration(name) => Some(format!("{name} is gone")),
            Change::FollowIntent(_, Some(branch)) => Some(format!(
                "follows {} {}",
                branch.repository,
                branch.branch.as_deref().unwrap_or_default()
            )),
            Change::FollowIntent(_, None)
            | Change::PutIntentFiles(_)
            | Change::PutIntentReport(..) => None,
            Change::PreviewAgain(_) => Some("preview again".to_owned()),
            Change::Wake { at, .. } => Some(format!("wake {}", at.map_or(0, |at| at.0))),
            Change::LetGo(package, environment, pull_request) => Some(format!(
                "#{pull_request} lets go of {package} {environment}"
            )),
            Change::PutGuards(file) => Some(format!("{} guards", file.path)),
            Change::DeleteGuards(_, path) => Some(format!("{path} guards nothing")),
            Change::PutLock(lock) => Some(format!("{} is a {}", lock.environment, lock.kind)),
            Change::DeleteLock(lock) => Some(format!("{} is no {}", lock.environment, lock.kind)),
            Change::PutHold(hold) => {
                let word = if hold.granted_at.is_some() {
                    "holds"
                } else {
                    "asks for"
                };
                let (number, place) = (hold.pull_request, &hold.environment);
                Some(format!("#{number} {word} {} {place}", hold.package))
            }
            Change::DeleteHold(hold) => {
                let (number, place) = (hold.pull_request, &hold.environment);
                Some(format!("#{number} gives back {} {place}", hold.package))
            }
            Change::DeleteApprovals(release, environment) => {
                Some(format!("nothing counts of {release} in {environment}"))
            }
            Change::PutApproval(release, environment, approval) => Some(format!(
                "{} says {} of {release} in {environment}",
                approval.by,
                approval.kind.as_str()
            )),
            Change::Audit(_) => None,
        });
        lines.map(|line| format!("{}\n", short(&line))).collect()
    }
}

fn short_name(release: &Release) -> String {
    short(&release.name.to_string())
}

fn word(state: impl std::fmt::Debug) -> String {
    format!("{state:?}").to_lowercase()
}
