//! Commands that only show something.

use super::{Argument, CommandOption, Facts, Group, PACKAGE};

pub(super) const HELP: Facts = Facts {
    group: Group::Look,
    arguments: &[Argument::Topic],
    needs_reason: false,
    meaning: "shows this list, or all about one command",
    details: "`/ocuroot` alone shows the list, too.",
    options: &[],
    examples: &["/ocuroot help deploy"],
};

pub(super) const STATUS: Facts = Facts {
    group: Group::Look,
    arguments: &[Argument::Packages],
    needs_reason: false,
    meaning: "shows how the releases of this pull request stand, and what to do next",
    details: "It lists the steps of each release, what they wait for, and what has failed.",
    options: &[PACKAGE, (CommandOption::Release, "only this release")],
    examples: &["/ocuroot status", "/ocuroot status api"],
};

pub(super) const PLAN: Facts = Facts {
    group: Group::Look,
    arguments: &[],
    needs_reason: false,
    meaning: "shows again what merging this pull request releases",
    details: "It is the preview that the check `ocuroot` shows, for the head commit of now.",
    options: &[],
    examples: &["/ocuroot plan"],
};

pub(super) const WHERE: Facts = Facts {
    group: Group::Look,
    arguments: &[Argument::Packages],
    needs_reason: false,
    meaning: "shows what of this repository is deployed where",
    details: "Without packages it shows every package of the repository, not only those that the pull request changes.",
    options: &[PACKAGE],
    examples: &["/ocuroot where", "/ocuroot where services/*"],
};

pub(super) const WHY: Facts = Facts {
    group: Group::Look,
    arguments: &[Argument::EnvironmentsOrReference, Argument::Packages],
    needs_reason: false,
    meaning: "shows what is live in an environment, what waits there and for what, and who may let it go on",
    details: "It says since when something is live and by whom, and lists locks, freezes, pins, and who may deploy and \
              approve. Of a ref in place of the environment it says where that comes from: which run left it, why that \
              ran, and what it was given from where.",
    options: &[PACKAGE, (CommandOption::Release, "only about this release")],
    examples: &[
        "/ocuroot why production",
        "/ocuroot why production api --release r7",
        "/ocuroot why api/release.ocu.star/@/deploy/production",
    ],
};

pub(super) const IMPACT: Facts = Facts {
    group: Group::Look,
    arguments: &[Argument::Reference],
    needs_reason: false,
    meaning: "shows what is deployed again if something changes",
    details: "It is what is deployed and read it, directly or by what others leave, by what is recorded of each \
              deployment. A ref is the workspace's (`@/custom/token`, `@/environment/staging`), or begins with the \
              package's file.",
    options: &[],
    examples: &[
        "/ocuroot impact @/custom/token",
        "/ocuroot impact api/release.ocu.star/@/deploy/staging",
    ],
};
