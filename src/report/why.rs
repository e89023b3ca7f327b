//! `/ocuroot why`: everything there is to know about a package in an environment, in one answer.

use std::fmt::Write;

use super::answers::by_rule;
use super::diagnosis;
use super::gates::{self, holders, lock_words, whom};
use super::{markdown, release_check};
use crate::engine::rules::{Denied, place, rules_of};
use crate::engine::status::{self, Waiting};
use crate::engine::{Release, Snapshot};
use crate::model::{
    EnvironmentName, Hold, LiveDeployment, Lock, PackageName, Progress, QueuePolicy, TaskKey,
    Timestamp,
};

/// A package in an environment, with what is known of it.
#[derive(Clone, Debug)]
pub struct Why<'a> {
    /// The package.
    pub package: &'a PackageName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// What is live there.
    pub live: Option<&'a LiveDeployment>,
    /// The package's unfinished releases, its live one, and what stands in their way.
    pub snapshot: &'a Snapshot,
    /// How the runs of these releases go on on GitHub.
    pub progress: &'a Progress,
}

/// What is live, what comes next and what it waits for, and who decides.
pub fn why(place: &Why<'_>, now: Timestamp) -> String {
    let mut text = format!(
        "#### {} in {}\n\n",
        markdown::code(place.package.short()),
        markdown::code(place.environment.as_str())
    );
    text.push_str(&live(place, now));
    text.push_str(&standing(place, now));
    text.push_str(&waiting(place, now));
    text.push_str(&deciders(place));
    text
}

fn live(place: &Why<'_>, now: Timestamp) -> String {
    let Some(live) = place.live else {
        return "- Nothing is live there.\n".to_owned();
    };
    let release = place.snapshot.releases.get(&live.release);
    let origin = match release {
        Some(Release {
            lane: Some(number), ..
        }) => format!(" from the open pull request #{number}"),
        Some(Release {
            pull_request: Some(number),
            ..
        }) => format!(" from #{number}"),
        _ => String::new(),
    };
    let commit = release.map(|release| format!(" at {}", markdown::code(release.commit.short())));
    let authors = release.map(|release| {
        let authors: Vec<String> = release
            .authors
            .iter()
            .map(|login| markdown::code(&format!("@{login}")))
            .collect();
        match authors.as_slice() {
            [] => String::new(),
            authors => format!(", the work of {}", markdown::listed(authors)),
        }
    });
    format!(
        "- **{}**{}{origin} has been live since {} ({} ago){}.\n",
        live.release.number,
        commit.unwrap_or_default(),
        markdown::time(live.since),
        markdown::duration(now.since(live.since)),
        authors.unwrap_or_default()
    )
}

fn standing(place: &Why<'_>, now: Timestamp) -> String {
    let mut text = String::new();
    let is_here = |lock: &&Lock| {
        lock.environment == *place.environment
            && lock.scope.covers(place.package)
            && lock.is_valid(now)
    };
    for lock in place.snapshot.locks.iter().filter(is_here) {
        let _ = writeln!(text, "- {}", lock_words(lock));
    }
    let is_claim =
        |hold: &&Hold| hold.package == *place.package && hold.environment == *place.environment;
    let mut holds: Vec<Hold> = place
        .snapshot
        .holds
        .iter()
        .filter(is_claim)
        .cloned()
        .collect();
    holds.sort_by_key(|hold| (hold.granted_at.is_none(), hold.asked_at, hold.pull_request));
    if !holds.is_empty() {
        let _ = writeln!(
            text,
            "- Pull requests, in their order: {}.",
            holders(&holds)
        );
    }
    text
}

fn waiting(place: &Why<'_>, now: Timestamp) -> String {
    let key = TaskKey::Deploy(place.environment.clone());
    let mut text = String::new();
    let releases = place.snapshot.releases.values();
    for release in releases.filter(|release| release.name.package == *place.package) {
        let Some((attempt, run)) = release.standing_run(&key) else {
            continue;
        };
        if run.state.is_finished() {
            continue;
        }
        let number = release.name.number;
        match status::waiting(release, &key, run, place.snapshot, now) {
            Some(Waiting::ForGates(found)) => {
                for gate in found {
                    let words = gates::long(&gate, release, place.environment);
                    let _ = writeln!(text, "- {number} waits. {words}");
                }
            }
            Some(Waiting::ForPhase(phase)) if !phase.is_empty() => {
                let _ = writeln!(text, "- {number} comes after {}.", markdown::code(&phase));
            }
            Some(Waiting::ForPhase(_)) => {
                let _ = writeln!(text, "- {number} comes after the steps before it.");
            }
            Some(Waiting::ForInputs(missing)) => {
                let missing: Vec<String> = missing
                    .iter()
                    .map(|reference| markdown::code(&reference.to_string()))
                    .collect();
                let _ = writeln!(text, "- {number} waits for {}.", markdown::listed(&missing));
            }
            Some(Waiting::ForRelease(other)) => {
                let _ = writeln!(text, "- {number} waits until {} is done.", other.number);
            }
            Some(Waiting::ForDeployment(other)) => {
                let other = markdown::code(&other.to_string());
                let _ = writeln!(text, "- {number} goes after {other}, which is under way.");
            }
            Some(Waiting::ForNothing) | None => {
                let step = release_check::step_name(&key, run);
                let _ = writeln!(text, "- {number} is under way: {}.", markdown::code(&step));
                let name = release.run_name(&key, attempt);
                if let Some((found, workflow)) = diagnosis::trouble(place.progress, &name, run) {
                    let words = diagnosis::diagnosis(found, workflow);
                    let _ = writeln!(text, "- {words}");
                }
            }
        }
    }
    if text.is_empty() {
        text.push_str("- Nothing waits to go there.\n");
    }
    text
}

/// Where a person may deploy, and which rules do not let them elsewhere.
pub fn rights(rights: &[(EnvironmentName, Result<(), Denied>)]) -> String {
    let mut text = String::new();
    let free: Vec<String> = rights
        .iter()
        .filter(|(_, allowed)| allowed.is_ok())
        .map(|(environment, _)| markdown::code(environment.as_str()))
        .collect();
    if !free.is_empty() {
        let _ = writeln!(text, "\nYou may deploy to {}.", free.join(", "));
    }
    for (environment, allowed) in rights {
        if let Err(denied) = allowed {
            let _ = writeln!(
                text,
                "\nNot to {}: that is for {}{}.",
                markdown::code(environment.as_str()),
                whom(&denied.lets),
                by_rule(denied)
            );
        }
    }
    text
}

/// Who may do what there. Without a rule, who can push.
fn deciders(at: &Why<'_>) -> String {
    let rules = rules_of(at.snapshot, at.package, at.environment);
    if rules.protections.is_empty() {
        return "- No rule guards it: those who can push deploy there.\n".to_owned();
    }
    let mut text = String::new();
    for (file, protection) in &rules.protections {
        let mut parts = vec![format!("{} deploy", whom(&protection.deploy))];
        if protection.approvals > 0 {
            parts.push(format!(
                "{} of {} approve",
                protection.approvals,
                whom(&protection.approve)
            ));
        }
        if !protection.windows.is_empty() {
            let windows: Vec<String> = protection
                .windows
                .iter()
                .map(|window| markdown::code(&window.to_string()))
                .collect();
            parts.push(format!("at {}", windows.join(", ")));
        }
        if let Some(soak) = protection.soak_seconds {
            let soak = markdown::duration(soak * 1000);
            parts.push(format!("{soak} after the environments before it"));
        }
        match protection.queue {
            QueuePolicy::Newest => {}
            QueuePolicy::All => parts.push("every release, one after the other".to_owned()),
            QueuePolicy::Manual => parts.push("only what somebody says `deploy` for".to_owned()),
        }
        if !protection.pull_requests {
            parts.push("nothing that is not merged".to_owned());
        }
        if protection.confirm {
            parts.push("commands want `/ocuroot confirm`".to_owned());
        }
        let _ = writeln!(
            text,
            "- {}: {}.",
            markdown::code(&place(file, protection.line)),
            parts.join("; ")
        );
    }
    text
}
