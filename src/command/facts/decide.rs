//! Commands that let something go on, or not.

use super::{Argument, BREAK_GLASS, CommandOption, Facts, Group, NEEDED_REASON, PACKAGE, REASON};

const RELEASE: (CommandOption, &str) = (CommandOption::Release, "only this release");

pub(super) const APPROVE: Facts = Facts {
    group: Group::Decide,
    arguments: &[Argument::AnyEnvironments, Argument::Packages],
    needs_reason: false,
    meaning: "gives the approvals and values that the releases of this pull request wait for",
    details: "Without an environment it approves what waits now; with one also ahead of time. An approval counts for \
              the plan that was shown. To name packages without an environment, use `--package`.",
    options: &[
        PACKAGE,
        RELEASE,
        (
            CommandOption::Sha,
            "the commit you have seen: refused if the release is of another one",
        ),
        REASON,
        BREAK_GLASS,
    ],
    examples: &["/ocuroot approve", "/ocuroot approve production api"],
};

pub(super) const REJECT: Facts = Facts {
    group: Group::Decide,
    arguments: &[Argument::AnyEnvironments, Argument::Packages],
    needs_reason: true,
    meaning: "stops the releases of this pull request there",
    details: "Without an environment it stops what has not begun to be deployed anywhere. To name packages without an \
              environment, use `--package`.",
    options: &[PACKAGE, RELEASE, NEEDED_REASON],
    examples: &["/ocuroot reject production --reason \"the migration locks the orders table\""],
};

pub(super) const CONFIRM: Facts = Facts {
    group: Group::Decide,
    arguments: &[],
    needs_reason: false,
    meaning: "carries out what was asked for in an environment that wants a second word",
    details: "It must be given within ten minutes.",
    options: &[REASON],
    examples: &["/ocuroot confirm"],
};

pub(super) const RETRY: Facts = Facts {
    group: Group::Decide,
    arguments: &[Argument::Packages],
    needs_reason: false,
    meaning: "runs again what failed or was cancelled in the releases of this pull request",
    details: "It is a new attempt at the same commit.",
    options: &[PACKAGE, RELEASE, REASON],
    examples: &["/ocuroot retry", "/ocuroot retry api"],
};

pub(super) const CANCEL: Facts = Facts {
    group: Group::Decide,
    arguments: &[Argument::Packages],
    needs_reason: false,
    meaning: "stops what is not finished in the releases of this pull request",
    details: "What has not begun is given up at once; what runs keeps its environment until its end is known. Given a \
              second time, it gives up what is being cancelled without waiting.",
    options: &[PACKAGE, RELEASE, REASON],
    examples: &["/ocuroot cancel"],
};

pub(super) const SYNC: Facts = Facts {
    group: Group::Decide,
    arguments: &[],
    needs_reason: false,
    meaning: "looks at everything of this repository again and says what was missed",
    details: "It asks GitHub for the head of the default branch, the open pull requests, what runs, webhooks it could not \
              deliver, and how the checks of what is over look there. Ocuroot does all that by itself, too, within half \
              an hour.",
    options: &[REASON],
    examples: &["/ocuroot sync"],
};
