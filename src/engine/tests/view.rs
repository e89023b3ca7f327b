//! A story's state as text, for snapshots.

use super::language::{release_name, short};
use super::story::Story;
use crate::engine::plan::Call;
use crate::engine::status::{self, Waiting};
use crate::engine::{Answer, Change, Release, Run};
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
        let status = status::of_release(release, &self.snapshot);
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
        match status::waiting(release, key, run, &self.snapshot) {
            None => {}
            Some(Waiting::ForNothing) => text.push_str(", ready"),
            Some(Waiting::ForPhase(phase)) => text.push_str(&format!(" after {phase}")),
            Some(Waiting::ForRelease(other)) => {
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
            Change::Replan(package) => Some(format!("replan {package}")),
            Change::Audit(entry) => Some(format!(
                "audit: {} {} {:?} {} {}",
                entry.actor.as_deref().unwrap_or("-"),
                entry.action,
                entry.verdict,
                entry.subject,
                entry.reason_code
            )),
        });
        lines.map(|line| format!("{}\n", short(&line))).collect()
    }

    /// What the last decision tells whoever asked.
    pub(super) fn answers(&self) -> String {
        let lines = self.plan.answers.iter().map(|answer| match answer {
            Answer::Released(releases) => format!("released {}", list(releases)),
            Answer::Approved(release, values) => format!("approved {release}: {}", list(values)),
            Answer::NothingToApprove(release) => format!("nothing to approve in {release}"),
            Answer::Retried(release, keys) => format!("retried {release}: {}", list(keys)),
            Answer::NothingToRetry(release) => format!("nothing to retry in {release}"),
            Answer::Overtaken(release, environment, newer) => {
                format!("{release} is overtaken in {environment} by {newer}")
            }
            Answer::Cancelled(release, keys) => format!("cancelled {release}: {}", list(keys)),
            Answer::NothingToCancel(release) => format!("nothing to cancel in {release}"),
            Answer::GoingDown(package, environment) => {
                format!("{package} goes down in {environment}")
            }
            Answer::NotDeployed(package, environment) => {
                format!("{package} is not in {environment}")
            }
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

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}
