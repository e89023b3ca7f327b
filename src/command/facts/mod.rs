//! What there is to know of each verb: the reading and the help both follow it.

mod decide;
mod deploy;
mod hold;
mod look;
mod state;

use super::Verb;
use super::arguments::Argument;
use super::options::CommandOption;

/// Everything about a verb.
pub(super) struct Facts {
    /// What it is for.
    pub(super) group: Group,
    /// What may be named after it, in order.
    pub(super) arguments: &'static [Argument],
    /// Whether it is refused without `--reason`.
    pub(super) needs_reason: bool,
    /// What it does: the rest of a sentence that begins with the command.
    pub(super) meaning: &'static str,
    /// More of it, in sentences.
    pub(super) details: &'static str,
    /// The options it has, and what each does to it.
    pub(super) options: &'static [(CommandOption, &'static str)],
    /// Whole lines.
    pub(super) examples: &'static [&'static str],
}

impl Facts {
    /// How `verb`, which these facts are about, is written.
    pub(super) fn usage(&self, verb: Verb) -> String {
        let mut usage = format!("/ocuroot {verb}");
        for argument in self.arguments {
            usage.push(' ');
            usage.push_str(argument.usage());
        }
        if self.needs_reason {
            usage.push(' ');
            usage.push_str(&CommandOption::Reason.usage());
        }
        usage
    }
}

/// What commands are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Look,
    Deploy,
    Decide,
    Hold,
    State,
}

impl Group {
    pub(super) const ALL: [Group; 5] = [
        Group::Look,
        Group::Deploy,
        Group::Decide,
        Group::Hold,
        Group::State,
    ];

    /// The heading of the group.
    pub(super) fn title(self) -> &'static str {
        match self {
            Group::Look => "Look",
            Group::Deploy => "Deploy",
            Group::Decide => "Decide what goes on",
            Group::Hold => "Hold things still",
            Group::State => "Give values",
        }
    }
}

/// The facts of a verb.
pub(super) fn facts(verb: Verb) -> &'static Facts {
    match verb {
        Verb::Help => &look::HELP,
        Verb::Status => &look::STATUS,
        Verb::Plan => &look::PLAN,
        Verb::Where => &look::WHERE,
        Verb::Why => &look::WHY,
        Verb::Impact => &look::IMPACT,
        Verb::Sync => &decide::SYNC,
        Verb::Deploy => &deploy::DEPLOY,
        Verb::Undeploy => &deploy::UNDEPLOY,
        Verb::Promote => &deploy::PROMOTE,
        Verb::Rollback => &deploy::ROLLBACK,
        Verb::Approve => &decide::APPROVE,
        Verb::Reject => &decide::REJECT,
        Verb::Confirm => &decide::CONFIRM,
        Verb::Retry => &decide::RETRY,
        Verb::Cancel => &decide::CANCEL,
        Verb::Lock => &hold::LOCK,
        Verb::Unlock => &hold::UNLOCK,
        Verb::Freeze => &hold::FREEZE,
        Verb::Unfreeze => &hold::UNFREEZE,
        Verb::Pin => &hold::PIN,
        Verb::Unpin => &hold::UNPIN,
        Verb::Set => &state::SET,
        Verb::Unset => &state::UNSET,
    }
}

const PACKAGE: (CommandOption, &str) = (
    CommandOption::Package,
    "only packages that fit, besides those named; may be given several times",
);
const REASON: (CommandOption, &str) = (CommandOption::Reason, "why, for the record");
const NEEDED_REASON: (CommandOption, &str) = (
    CommandOption::Reason,
    "why; needed, and shown to whoever meets it",
);
const DRY_RUN: (CommandOption, &str) = (
    CommandOption::DryRun,
    "says what would happen, and does nothing",
);
const BREAK_GLASS: (CommandOption, &str) = (
    CommandOption::BreakGlass,
    "goes past approvals, windows, soak time, freezes and locks, for those the rules allow; needs `--reason` and is \
     recorded",
);
