//! Commands that keep environments as they are.

use super::{Argument, CommandOption, Facts, Group, NEEDED_REASON, PACKAGE, REASON};

const FOR: (CommandOption, &str) = (
    CommandOption::For,
    "ends it by itself after a minute to 90 days, such as `30m`, `2h` or `3d`",
);

pub(super) const LOCK: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: true,
    meaning: "lets nobody deploy there until `unlock`, or for a time",
    details: "What runs already is finished. With packages it holds for these only.",
    options: &[PACKAGE, NEEDED_REASON, FOR],
    examples: &["/ocuroot lock production api --reason \"database upgrade\" --for 2h"],
};

pub(super) const UNLOCK: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "ends locks, and frees environments that a pull request holds",
    details: "An environment that is freed gets the release of the default branch back.",
    options: &[PACKAGE, REASON],
    examples: &["/ocuroot unlock production"],
};

pub(super) const FREEZE: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments],
    needs_reason: true,
    meaning: "stops the line: nothing at all is deployed there until `unfreeze`, or for a time",
    details: "It is a lock for every package. What runs already is finished.",
    options: &[NEEDED_REASON, FOR],
    examples: &["/ocuroot freeze type=production --reason \"incident 4711\""],
};

pub(super) const UNFREEZE: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments],
    needs_reason: false,
    meaning: "lets the line go on",
    details: "",
    options: &[REASON],
    examples: &["/ocuroot unfreeze type=production"],
};

pub(super) const PIN: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "keeps what is live: automation does not change it until `unpin`, or for a time",
    details: "",
    options: &[PACKAGE, REASON, FOR],
    examples: &["/ocuroot pin production api --for 3d"],
};

pub(super) const UNPIN: Facts = Facts {
    group: Group::Hold,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "lets automation change what is live there again",
    details: "",
    options: &[PACKAGE, REASON],
    examples: &["/ocuroot unpin production api"],
};
