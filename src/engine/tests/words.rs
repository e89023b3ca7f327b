//! What stands in the way, and what people are told, as text for snapshots.

use super::language::short;
use super::story::Story;
use crate::engine::Answer;
use crate::engine::gates::Gate;
use crate::model::{Hold, Lock, LockKind, Timestamp};

impl Story {
    /// What the last decision tells whoever asked.
    pub(super) fn answers(&self) -> String {
        let lines = self.plan.answers.iter().map(|answer| match answer {
            Answer::Released(releases) => format!("released {}", list(releases)),
            Answer::Approved(release, values, environments) => {
                format!("approved {release}: {}{}", list(values), list(environments))
            }
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
            Answer::OwnWork(release, environment, place) => {
                format!("{release} is their own work in {environment} ({place})")
            }
            Answer::Rejected(release, environments) => {
                format!("rejected {release}: {}", list(environments))
            }
            Answer::NothingToReject(release) => format!("nothing to reject in {release}"),
            other => moved(other),
        });
        lines.map(|line| format!("{}\n", short(&line))).collect()
    }
}

/// Answers about what is where, and what stands there.
fn moved(answer: &Answer) -> String {
    match answer {
        Answer::Brought(release, environment) => format!("{release} goes to {environment}"),
        Answer::AlreadyThere(release, environment) => format!("{release} is in {environment}"),
        Answer::NoSuchDeployment(release, environment) => {
            format!("{release} does not deploy to {environment}")
        }
        Answer::RolledBack(release, environment) => {
            format!("{release} comes back to {environment}")
        }
        Answer::NeverDeployed(release, environment) => {
            format!("{release} never was in {environment}")
        }
        Answer::EnvironmentLeaves(release, environment) => {
            format!("{release} does not go to {environment}, which is being emptied")
        }
        Answer::EnvironmentGone(release, environment) => {
            format!("{release} does not go to {environment}, which is gone")
        }
        Answer::GivenBack(package, environment) => format!("{package} {environment} is given back"),
        Answer::Locked(lock) => format!("{} has a {}", lock.environment, lock_text(lock)),
        Answer::Unlocked(environment, locks, holds) => {
            let locks: Vec<String> = locks.iter().map(lock_text).collect();
            format!(
                "{environment} is free of {}{}",
                list(&locks),
                numbers(holds)
            )
        }
        Answer::NothingToUnlock(environment) => format!("nothing to unlock in {environment}"),
        Answer::Queued(behind) => format!("queued behind {}", numbers(behind)),
        Answer::WouldNeverEnd(other) => {
            let environment = &other.environment;
            format!("#{} waits for it, for {environment}", other.pull_request)
        }
        Answer::Denied {
            package,
            environment,
            denied,
        } => {
            let package = package
                .as_ref()
                .map_or("all".to_owned(), ToString::to_string);
            let (lets, place) = (list(&denied.lets), denied.place.as_deref());
            let place = place.unwrap_or("there is no rule");
            format!("denied for {package} in {environment}: only {lets} ({place})")
        }
        Answer::NoPullRequests(package, environment, place) => {
            format!("no pull requests of {package} in {environment} ({place})")
        }
        Answer::Stopped(releases) => format!("stopped {}", list(releases)),
        other => format!("{other:?}"),
    }
}

/// What stands in the way, each by its name with what is particular about it.
pub(super) fn held(gates: &[Gate]) -> String {
    let gates: Vec<String> = gates.iter().map(gate).collect();
    gates.join(", ")
}

fn gate(gate: &Gate) -> String {
    match gate {
        Gate::Locked(lock) => lock_text(lock),
        Gate::Held(hold) => format!("#{}", hold.pull_request),
        Gate::Queued { ahead, behind } => format!("queue of {ahead}: {}", numbers(behind)),
        Gate::NotHeld(own) => format!("not being held by #{own}"),
        Gate::NoPullRequests { place } => format!("no pull requests ({place})"),
        Gate::Frozen {
            reason,
            until,
            place,
        } => format!("freeze until {} for {reason} ({place})", until.rfc3339()),
        Gate::Closed { opens, place } => {
            let opens = opens.map_or("never".to_owned(), Timestamp::rfc3339);
            format!("window that opens {opens} ({place})")
        }
        Gate::Soaking { until, place } => format!("soak until {} ({place})", until.rfc3339()),
        Gate::NeedsApproval {
            have, need, place, ..
        } => format!("approvals [{}] of {need} ({place})", have.join(" ")),
        Gate::NotAsked { place } => format!("nobody asking ({place})"),
        Gate::Behind(release) => format!("turn of {}", short(&release.to_string())),
    }
}

fn lock_text(lock: &Lock) -> String {
    match &lock.kind {
        LockKind::Pin(release) => format!("pin of {}", short(&release.to_string())),
        kind => format!("{kind} of @{}", lock.by),
    }
}

fn numbers(holds: &[Hold]) -> String {
    let numbers = holds.iter().map(|hold| format!("#{}", hold.pull_request));
    numbers.collect::<Vec<_>>().join(" ")
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}
