//! Layer 1: every word a person reads on GitHub, or of a release on a terminal. Pure: facts in, words out; nothing internal, nothing secret.

mod answers;
mod blocks;
mod comment;
mod commit_check;
mod diagnosis;
mod gates;
mod impact;
mod intent_check;
mod leftovers;
mod limit;
mod machines;
pub mod markdown;
mod origin;
mod outlook;
mod overview;
mod package;
mod places;
mod protection;
mod refusal;
mod release_check;
mod run_check;
mod synced;
mod terminal;
mod waiting;
mod why;

#[cfg(test)]
mod tests;

use crate::model::{Diagnostic, PackageName};

pub use answers::{answers, foreseen, reply, wants_confirmation, wants_option};
pub use comment::{newer_plan, nothing_to_release, result, status_overview, values_set};
pub use commit_check::{CommitSection, Destination, commit_check};
pub use diagnosis::diagnosis;
pub use impact::impact;
pub use intent_check::intent_check;
pub use leftovers::{Leftovers, left_behind};
pub use machines::{for_machines, is_refusal};
pub use origin::{no_origin, origin};
pub use overview::{Overview, overview};
pub use places::places;
pub use refusal::{Refusal, refusal};
pub use release_check::release_check;
pub use run_check::run_check;
pub use synced::{Synced, synced, unheard};
pub use terminal::{
    status_name, terminal_mark, terminal_release, terminal_step, terminal_waiting, terminal_words,
};
pub use why::{Why, rights, why};

/// The name of the check run that tells how a package's release stands.
fn check_name(package: &PackageName) -> String {
    format!("ocuroot / {}", package.short())
}

/// What a check run says.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckText {
    /// The check run's name; required checks are matched by it.
    pub name: String,
    /// How it concluded; `None` while something runs.
    pub conclusion: Option<Conclusion>,
    /// The line next to the name.
    pub title: String,
    /// Markdown below the title.
    pub summary: String,
    /// Places in config files.
    pub annotations: Vec<Diagnostic>,
    /// Buttons, at most three.
    pub buttons: Vec<Button>,
}

/// GitHub's conclusions that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All is done.
    Success,
    /// Something failed.
    Failure,
    /// Neither good nor bad: superseded.
    Neutral,
    /// A person stopped it.
    Cancelled,
    /// It waits for people.
    ActionRequired,
}

impl Conclusion {
    /// GitHub's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Conclusion::Success => "success",
            Conclusion::Failure => "failure",
            Conclusion::Neutral => "neutral",
            Conclusion::Cancelled => "cancelled",
            Conclusion::ActionRequired => "action_required",
        }
    }
}

/// A button on a check run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Give the approvals the release waits for.
    Approve,
    /// Run again what failed.
    Retry,
    /// Stop what is not finished.
    Cancel,
    /// Take away what is not registered any more.
    Remove,
}

impl Button {
    /// What GitHub sends back when it is pressed (at most 20 characters).
    pub fn identifier(self) -> &'static str {
        match self {
            Button::Approve => "approve",
            Button::Retry => "retry",
            Button::Cancel => "cancel",
            Button::Remove => "remove",
        }
    }

    /// The button of an identifier.
    pub fn from_identifier(identifier: &str) -> Option<Button> {
        [
            Button::Approve,
            Button::Retry,
            Button::Cancel,
            Button::Remove,
        ]
        .into_iter()
        .find(|button| button.identifier() == identifier)
    }

    /// The text on it (at most 20 characters).
    pub fn label(self) -> &'static str {
        match self {
            Button::Approve => "Approve",
            Button::Retry => "Retry",
            Button::Cancel => "Cancel",
            Button::Remove => "Remove",
        }
    }

    /// The text beside it (at most 40 characters).
    pub fn description(self) -> &'static str {
        match self {
            Button::Approve => "Give the approval this release needs",
            Button::Retry => "Run again what failed",
            Button::Cancel => "Stop what is not finished",
            Button::Remove => "Empty and remove these environments",
        }
    }
}
