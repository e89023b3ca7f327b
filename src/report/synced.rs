//! What another look at a repository has found.

use super::markdown;
use crate::model::CommitSha;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// The head of the default branch, if it was not released.
    pub head: Option<CommitSha>,
    /// Pull requests that have changed.
    pub pull_requests: Vec<i64>,
    /// Whether files that say what should be have changed.
    pub has_intents: bool,
    /// Workflow runs that GitHub was asked about.
    pub workflow_runs: usize,
    /// Those of them that had ended.
    pub ended: usize,
    /// Webhooks that GitHub was asked to deliver again.
    pub deliveries: u64,
    /// Check runs that are written again.
    pub checks: usize,
}

/// The answer to `/ocuroot sync`.
pub fn synced(found: &Synced) -> String {
    let mut lines = Vec::new();
    if let Some(head) = &found.head {
        let head = markdown::code(head.short());
        lines.push(format!(
            "The default branch is at {head}, which was not seen: it is released now."
        ));
    }
    if !found.pull_requests.is_empty() {
        let numbers = found.pull_requests.iter();
        let numbers: Vec<String> = numbers.map(|number| format!("#{number}")).collect();
        lines.push(format!(
            "Pull requests that have changed are looked at again: {}.",
            markdown::listed(&numbers)
        ));
    }
    if found.has_intents {
        lines.push("The branch that says what should be has changed: it is taken over.".to_owned());
    }
    if found.ended > 0 {
        lines.push(format!(
            "{} had ended without a word.",
            counted(found.ended, "workflow run")
        ));
    }
    if found.deliveries > 0 {
        let count = usize::try_from(found.deliveries).unwrap_or(usize::MAX);
        lines.push(format!(
            "GitHub is asked to deliver {} again.",
            counted(count, "webhook")
        ));
    }
    if found.checks > 0 {
        lines.push(format!(
            "{} did not say what is so: written again.",
            counted(found.checks, "check run")
        ));
    }
    let asked = match found.workflow_runs {
        0 => String::new(),
        count => format!(
            " GitHub was asked about {} under way.",
            counted(count, "workflow run")
        ),
    };
    if lines.is_empty() {
        return format!("Everything is as GitHub shows it: nothing was missed.{asked}");
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
    format!(
        "Looked at everything of this repository again.{asked}\n\n{}",
        lines.join("\n")
    )
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// The answer to a command that nobody heard for so long that it is not carried out any more.
pub fn unheard() -> String {
    "Ocuroot could not be reached when this was said, and that is more than three days ago. Nothing of it was done: say \
     it again if you still want it."
        .to_owned()
}
