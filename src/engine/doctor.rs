//! What is wrong with a workflow run: from what GitHub shows of it, to a diagnosis.

use std::collections::BTreeSet;

use crate::model::{Diagnosis, JobFacts, Timestamp, WorkflowRunFacts};

/// How long a job may wait for a machine, or a run for its jobs, before that is worth telling, in seconds.
const PATIENCE: i64 = 180;

/// After this long GitHub itself gives up a job that no machine has taken, in seconds (reference/github.md §6.5).
const QUEUE_LIMIT: i64 = 24 * 3600;

/// What keeps a workflow run from going on, or how it ended; `None` while it goes on as it should.
pub fn diagnose(run: &WorkflowRunFacts, now: Timestamp) -> Option<Diagnosis> {
    if run.status == "completed" {
        return Some(ended(run));
    }
    let is = |job: &JobFacts, status: &str| job.status == status;
    if run.status == "waiting" || run.jobs.iter().any(|job| is(job, "waiting")) {
        return Some(Diagnosis::WaitsForApproval);
    }
    if run.status == "pending" || run.jobs.iter().any(|job| is(job, "pending")) {
        return Some(Diagnosis::WaitsInLine);
    }
    let is_old = |since: Timestamp| now.since(since) >= PATIENCE * 1000;
    if run.jobs.iter().all(|job| is(job, "completed")) {
        // No jobs at all, or all of them at their end: nothing is left that could bring it to its own.
        return is_old(run.updated_at).then_some(Diagnosis::Zombie);
    }
    let waiting = |job: &&JobFacts| !job.has_machine && is(job, "queued") && is_old(job.created_at);
    let labels = labels(run.jobs.iter().filter(waiting));
    match labels.is_empty() {
        true => None,
        false if labels.iter().any(|label| is_hosted(label)) => {
            Some(Diagnosis::NoMachine { labels })
        }
        false => Some(Diagnosis::NoRunner { labels }),
    }
}

fn ended(run: &WorkflowRunFacts) -> Diagnosis {
    let conclusion = run.conclusion.as_deref().unwrap_or("unknown");
    if has_note(run, &["spending limit", "payments have failed"]) {
        return Diagnosis::Billing;
    }
    match conclusion {
        "startup_failure" => Diagnosis::StartupFailure,
        "timed_out" => Diagnosis::TimedOut,
        "action_required" => Diagnosis::NeverApproved,
        "success" => Diagnosis::SaidNothing,
        "cancelled" if run.is_stopped_by_us => Diagnosis::Cancelled { is_by_us: true },
        "cancelled" if has_note(run, &["higher priority waiting request"]) => {
            Diagnosis::ReplacedInLine
        }
        "cancelled" if was_never_taken(run) => Diagnosis::NeverStarted {
            labels: labels(run.jobs.iter()),
        },
        "cancelled" => Diagnosis::Cancelled { is_by_us: false },
        other => Diagnosis::Ended {
            conclusion: other.to_owned(),
        },
    }
}

/// Whether it waited as long as GitHub lets jobs wait, and no machine came.
fn was_never_taken(run: &WorkflowRunFacts) -> bool {
    let age = run.updated_at.since(run.created_at);
    !run.jobs.is_empty() && run.jobs.iter().all(|job| !job.has_machine) && age >= QUEUE_LIMIT * 1000
}

fn has_note(run: &WorkflowRunFacts, words: &[&str]) -> bool {
    let mut notes = run.jobs.iter().flat_map(|job| &job.notes);
    notes.any(|note| words.iter().any(|word| note.contains(word)))
}

fn labels<'a>(jobs: impl Iterator<Item = &'a JobFacts>) -> BTreeSet<String> {
    jobs.flat_map(|job| job.labels.iter().cloned()).collect()
}

/// Whether it is one of GitHub's own machines that is asked for by its standard name.
fn is_hosted(label: &str) -> bool {
    ["ubuntu-", "windows-", "macos-"]
        .iter()
        .any(|system| label.starts_with(system))
}
