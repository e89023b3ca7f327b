//! What is wrong with a workflow run, and what to do about it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::markdown;
use super::release_check::{shown_runs, step_name};
use crate::engine::{Release, Run};
use crate::model::{Action, Diagnosis, Progress, RunName, RunState};

/// In a few words, for a table.
pub(super) fn short(diagnosis: &Diagnosis) -> &'static str {
    match diagnosis {
        Diagnosis::NoRunner { .. } => "🔌 no runner takes it",
        Diagnosis::NoMachine { .. } => "🔌 waits for a machine of GitHub's",
        Diagnosis::WaitsForApproval => "✋ waits for approval on GitHub",
        Diagnosis::WaitsInLine => "⏳ waits for another run on GitHub",
        Diagnosis::Zombie => "🧟 nothing of it is alive on GitHub",
        _ => "⚠️ it ended on GitHub",
    }
}

/// What is wrong with the workflow run of `workflow`, and what to do next. Plain text but for code marks: also the
/// error of a run that ended so.
pub fn diagnosis(diagnosis: &Diagnosis, workflow: &str) -> String {
    match diagnosis {
        Diagnosis::NoRunner { labels } => format!(
            "No runner has taken the job of `{workflow}`: it asks for {}. Start a runner that has these labels and is \
             online, or change `runs-on` in the workflow, then cancel and retry.",
            of_labels(labels)
        ),
        Diagnosis::NoMachine { labels } => format!(
            "GitHub has no machine free for the job of `{workflow}`, which asks for {}. It starts by itself; if it \
             does not, look at the account's limit of concurrent jobs, at its Actions budget, and at githubstatus.com.",
            of_labels(labels)
        ),
        Diagnosis::WaitsForApproval => format!(
            "The job of `{workflow}` waits for a rule of its environment on GitHub (required reviewers, wait timer). \
             Open the workflow run and press **Review deployments**."
        ),
        Diagnosis::WaitsInLine => format!(
            "GitHub keeps the run of `{workflow}` back until another of its `concurrency` group has ended. Ocuroot \
             keeps order by itself: take `concurrency` out of the workflow."
        ),
        Diagnosis::Zombie => format!(
            "GitHub says that the run of `{workflow}` goes on, but none of its jobs is alive. Ocuroot stops it \
             after half an hour and gives it up if GitHub does not stop it; to do so now, cancel twice, then retry."
        ),
        Diagnosis::StartupFailure => format!(
            "the workflow run of {workflow} could not start: GitHub found the workflow file invalid. Open the run to \
             see the line, correct the file on the default branch, then retry"
        ),
        Diagnosis::ReplacedInLine => format!(
            "the workflow run of {workflow} never ran: GitHub dropped it for a newer run of its `concurrency` group. \
             Ocuroot keeps order by itself: take `concurrency` out of the workflow (or add `queue: max`), then retry"
        ),
        other => ended(other, workflow),
    }
}

fn ended(diagnosis: &Diagnosis, workflow: &str) -> String {
    let what = match diagnosis {
        Diagnosis::Billing => {
            "was not started: the account's payments have failed or its spending limit for Actions is reached. Have \
             the account's billing settings looked at, then retry"
                .to_owned()
        }
        Diagnosis::TimedOut => "ran into GitHub's time limit".to_owned(),
        Diagnosis::NeverApproved => "waits for an approval on GitHub that never came".to_owned(),
        Diagnosis::NeverStarted { labels } => format!(
            "was given up by GitHub: no runner took its job, which asks for {}. Start a runner that has these labels, \
             then retry",
            of_labels(labels)
        ),
        Diagnosis::Cancelled { is_by_us: true } => {
            "was stopped because its time was over".to_owned()
        }
        Diagnosis::Cancelled { is_by_us: false } => "was cancelled on GitHub".to_owned(),
        Diagnosis::Deleted => "was deleted on GitHub".to_owned(),
        Diagnosis::SaidNothing => {
            "ended without telling how the step went: its job did not run `ocuroot run`".to_owned()
        }
        Diagnosis::Ended { conclusion } => format!("ended with `{conclusion}`"),
        // Told above.
        _ => "does not go on".to_owned(),
    };
    format!("the workflow run of {workflow} {what}")
}

fn of_labels(labels: &BTreeSet<String>) -> String {
    let labels: Vec<String> = labels.iter().map(|label| markdown::code(label)).collect();
    match labels.as_slice() {
        [] => "no labels".to_owned(),
        labels => markdown::listed(labels),
    }
}

/// What is in the way of a run on GitHub, if it is one that has to wait for that.
pub(super) fn trouble<'a>(
    progress: &'a Progress,
    name: &RunName,
    run: &Run,
) -> Option<&'a (Diagnosis, String)> {
    let found = progress.troubles.get(name)?;
    let is_native = matches!(run.current().action, Action::Workflow(_));
    // Where a job has taken the run, what keeps other jobs of the wave waiting is none of its business.
    let concerns = match run.state {
        RunState::Starting => true,
        RunState::Running | RunState::Cancelling => is_native || found.0.is_of_all(),
        _ => false,
    };
    concerns.then_some(found)
}

/// The section that tells what is in the way of the release's steps on GitHub.
pub(super) fn section(release: &Release, progress: &Progress) -> String {
    let mut text = String::new();
    for (_, key, number, run) in shown_runs(release) {
        let name = release.run_name(key, number);
        if let Some((found, workflow)) = trouble(progress, &name, run) {
            let step = markdown::code(&step_name(key, run));
            let _ = writeln!(text, "- {step}: {}", diagnosis(found, workflow));
        }
    }
    match text.is_empty() {
        true => text,
        false => format!("\n### In the way on GitHub\n\n{text}"),
    }
}
