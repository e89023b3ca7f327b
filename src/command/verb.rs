//! The verbs.

use std::fmt;

use super::arguments::Argument;
use super::facts::facts;
use crate::model::Permission;

/// One list for the variants, their words and `ALL`, so that none can be forgotten in one of them.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What a command asks for; [`help_about`](super::help::help_about) says what each means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $($(#[$doc])* $name,)+
        }

        impl Verb {
            /// Every verb, in the order of the help.
            pub const ALL: [Verb; [$($word),+].len()] = [$(Verb::$name),+];

            /// The verb as it is typed.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Verb::$name => $word,)+
                }
            }
        }
    };
}

verbs! {
    /// What can be asked for.
    Help = "help",
    /// How the pull request's releases stand.
    Status = "status",
    /// What merging releases.
    Plan = "plan",
    /// What of this repository is deployed where.
    Where = "where",
    /// Why an environment is as it is.
    Why = "why",
    /// What follows if something changes.
    Impact = "impact",
    /// Release up to environments.
    Deploy = "deploy",
    /// Give environments back, or take down what is live there.
    Undeploy = "undeploy",
    /// Bring what is live in one environment to others.
    Promote = "promote",
    /// Bring back what was live before.
    Rollback = "rollback",
    /// Give approvals and awaited values.
    Approve = "approve",
    /// Stop releases where they want to go.
    Reject = "reject",
    /// Carry out what waited for a second word.
    Confirm = "confirm",
    /// Run again what failed.
    Retry = "retry",
    /// Stop what is not finished.
    Cancel = "cancel",
    /// Look at everything of the repository again.
    Sync = "sync",
    /// Let nobody deploy.
    Lock = "lock",
    /// Lift locks and holds.
    Unlock = "unlock",
    /// Stop the line.
    Freeze = "freeze",
    /// Let the line go on.
    Unfreeze = "unfreeze",
    /// Keep what is live.
    Pin = "pin",
    /// Let automation change what is live again.
    Unpin = "unpin",
    /// Give custom values.
    Set = "set",
    /// Take custom values away.
    Unset = "unset",
}

impl Verb {
    /// What the person must at least be allowed to do in the repository. Whatever changes something needs the right
    /// to push: who may change the code may run it, nobody else. Rules of environments can ask for more.
    pub fn needed_permission(self) -> Permission {
        match self {
            Verb::Help | Verb::Status | Verb::Plan | Verb::Where | Verb::Why | Verb::Impact => {
                Permission::Read
            }
            Verb::Sync
            | Verb::Deploy
            | Verb::Undeploy
            | Verb::Promote
            | Verb::Rollback
            | Verb::Approve
            | Verb::Reject
            | Verb::Confirm
            | Verb::Retry
            | Verb::Cancel
            | Verb::Lock
            | Verb::Unlock
            | Verb::Freeze
            | Verb::Unfreeze
            | Verb::Pin
            | Verb::Unpin
            | Verb::Set
            | Verb::Unset => Permission::Write,
        }
    }

    /// How it is written, with what must and may stand behind it.
    pub fn usage(self) -> String {
        facts(self).usage(self)
    }

    /// Whether it is nothing without an environment, or without a record in its place.
    pub fn needs_environments(self) -> bool {
        let names_environments = |argument: &Argument| {
            matches!(
                argument,
                Argument::Environments | Argument::EnvironmentsOrReference | Argument::To
            )
        };
        facts(self).arguments.iter().any(names_environments)
    }

    /// Whether it changes what runs in environments, or what may.
    pub fn changes_environments(self) -> bool {
        match self {
            Verb::Deploy
            | Verb::Undeploy
            | Verb::Promote
            | Verb::Rollback
            | Verb::Lock
            | Verb::Unlock
            | Verb::Freeze
            | Verb::Unfreeze
            | Verb::Pin
            | Verb::Unpin
            | Verb::Set
            | Verb::Unset => true,
            Verb::Help
            | Verb::Status
            | Verb::Plan
            | Verb::Where
            | Verb::Why
            | Verb::Impact
            | Verb::Sync
            | Verb::Approve
            | Verb::Reject
            | Verb::Confirm
            | Verb::Retry
            | Verb::Cancel => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
