//! What commands came to, for programs that read replies: codes that do not change.

use serde_json::{Value, json};

use crate::engine::Answer;
use crate::model::Lock;

/// Whether the command was not carried out.
pub fn is_refusal(answer: &Answer) -> bool {
    decision(answer).0 == "refused"
}

/// The answers for programs that read comments: `[{"decision": …, "reason_code": …, "subject": …}]`. Codes do not
/// change; words may.
pub fn for_machines(answers: &[Answer]) -> Vec<Value> {
    let entries = answers.iter().map(|answer| {
        let (decision, code, subject) = decision(answer);
        json!({ "decision": decision, "reason_code": code, "subject": subject })
    });
    entries.collect()
}

/// Decision, reason code and subject.
fn decision(answer: &Answer) -> (&'static str, &'static str, String) {
    let (decision, code) = verdict(answer);
    (decision, code, subject(answer))
}

fn verdict(answer: &Answer) -> (&'static str, &'static str) {
    match answer {
        Answer::Released(_) => ("accepted", "released"),
        Answer::Approved(..) => ("accepted", "approved"),
        Answer::Rejected(..) => ("accepted", "rejected"),
        Answer::Retried(..) => ("accepted", "retried"),
        Answer::Cancelled(..) => ("accepted", "cancelled"),
        Answer::Brought(..) => ("accepted", "brought"),
        Answer::RolledBack(..) => ("accepted", "rolled_back"),
        Answer::GoingDown(..) => ("accepted", "going_down"),
        Answer::GivenBack(..) => ("accepted", "given_back"),
        Answer::Locked(_) => ("accepted", "locked"),
        Answer::Unlocked(..) => ("accepted", "unlocked"),
        Answer::Queued(_) => ("accepted", "queued"),
        Answer::Stopped(_) => ("accepted", "head_moved"),
        Answer::Applied(_) => ("accepted", "applied"),
        Answer::Leaving(_) => ("accepted", "environment_leaving"),
        Answer::NothingToApprove(_) => ("nothing", "nothing_to_approve"),
        Answer::NothingToReject(_) => ("nothing", "nothing_to_reject"),
        Answer::NothingToRetry(_) => ("nothing", "nothing_to_retry"),
        Answer::NothingToCancel(_) => ("nothing", "nothing_to_cancel"),
        Answer::AlreadyThere(..) => ("nothing", "already_there"),
        Answer::NotDeployed(..) => ("nothing", "not_deployed"),
        Answer::NothingToUnlock(_) => ("nothing", "nothing_to_unlock"),
        Answer::OwnWork(..) => ("refused", "own_work"),
        Answer::Overtaken(..) => ("refused", "newer_is_live"),
        Answer::NoSuchDeployment(..) => ("refused", "no_such_deployment"),
        Answer::EnvironmentLeaves(..) => ("refused", "environment_closing"),
        Answer::EnvironmentGone(..) => ("refused", "environment_gone"),
        Answer::NeverDeployed(..) => ("refused", "never_deployed"),
        Answer::WouldNeverEnd(_) => ("refused", "would_wait_forever"),
        Answer::OfPullRequest(..) => ("refused", "of_another_pull_request"),
        Answer::LockedElsewhere(_) => ("refused", "locked_elsewhere"),
        Answer::HeldBy(_) => ("refused", "held_by_pull_request"),
        Answer::NotApplied(..) => ("refused", "not_applied"),
        Answer::Denied { .. } => ("refused", "denied_by_rule"),
        Answer::NoPullRequests(..) => ("refused", "no_pull_requests"),
    }
}

/// What it is about, as a ref.
fn subject(answer: &Answer) -> String {
    match answer {
        Answer::Released(releases) | Answer::Stopped(releases) => {
            let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
            names.join(" ")
        }
        Answer::Queued(_) => String::new(),
        Answer::Applied(reference) | Answer::NotApplied(reference, _) => reference.to_string(),
        Answer::Approved(release, ..)
        | Answer::Rejected(release, _)
        | Answer::Retried(release, _)
        | Answer::Cancelled(release, _)
        | Answer::NothingToApprove(release)
        | Answer::NothingToReject(release)
        | Answer::NothingToRetry(release)
        | Answer::NothingToCancel(release)
        | Answer::OfPullRequest(release, _) => release.to_string(),
        Answer::Brought(release, place)
        | Answer::RolledBack(release, place)
        | Answer::AlreadyThere(release, place)
        | Answer::OwnWork(release, place, _)
        | Answer::Overtaken(release, place, _)
        | Answer::NoSuchDeployment(release, place)
        | Answer::EnvironmentLeaves(release, place)
        | Answer::EnvironmentGone(release, place)
        | Answer::NeverDeployed(release, place) => format!("{release}/deploy/{place}"),
        Answer::GoingDown(package, place)
        | Answer::GivenBack(package, place)
        | Answer::NotDeployed(package, place)
        | Answer::NoPullRequests(package, place, _)
        | Answer::Denied {
            package: Some(package),
            environment: place,
            ..
        } => format!("{package}/@/deploy/{place}"),
        Answer::WouldNeverEnd(hold) | Answer::HeldBy(hold) => {
            format!("{}/@/deploy/{}", hold.package, hold.environment)
        }
        Answer::Locked(Lock {
            environment: place, ..
        })
        | Answer::LockedElsewhere(Lock {
            environment: place, ..
        })
        | Answer::Unlocked(place, ..)
        | Answer::NothingToUnlock(place)
        | Answer::Leaving(place)
        | Answer::Denied {
            environment: place, ..
        } => format!("@/environment/{place}"),
    }
}
