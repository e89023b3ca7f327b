//! Commands that change what is live.

use super::{Argument, BREAK_GLASS, CommandOption, DRY_RUN, Facts, Group, PACKAGE, REASON};

pub(super) const DEPLOY: Facts = Facts {
    group: Group::Deploy,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "releases the head commit of this pull request up to these environments",
    details: "The phases before them are done as well. The environments it deploys to on its way are held for this pull \
              request until it is merged or closed, or until `undeploy` or `unlock`; then they get the release of the \
              default branch back. If others hold one of them, the command waits in a queue until it can have all. A \
              push to the pull request stops what has not begun. On a merged pull request it moves the release that \
              the merge made on.",
    options: &[
        PACKAGE,
        (
            CommandOption::Release,
            "moves this release on instead of releasing the head commit",
        ),
        (
            CommandOption::Sha,
            "the head commit you have seen: refused if it is another one by now",
        ),
        REASON,
        DRY_RUN,
        BREAK_GLASS,
    ],
    examples: &[
        "/ocuroot deploy staging",
        "/ocuroot deploy staging,prod-eu api web",
    ],
};

pub(super) const UNDEPLOY: Facts = Facts {
    group: Group::Deploy,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "gives back environments that this pull request holds, or takes down what is live there",
    details: "An environment that is given back gets the release of the default branch. What is taken down is taken \
              down with the program that brought it up.",
    options: &[PACKAGE, REASON, DRY_RUN],
    examples: &["/ocuroot undeploy staging", "/ocuroot undeploy preview api"],
};

pub(super) const PROMOTE: Facts = Facts {
    group: Group::Deploy,
    arguments: &[Argument::From, Argument::To, Argument::Packages],
    needs_reason: false,
    meaning: "brings exactly the release that is live in one environment to others",
    details: "`<from>` is the name of one environment. Approvals and other rules of the environments it goes to hold.",
    options: &[PACKAGE, REASON, DRY_RUN, BREAK_GLASS],
    examples: &[
        "/ocuroot promote staging production",
        "/ocuroot promote staging prod-* api",
    ],
};

pub(super) const ROLLBACK: Facts = Facts {
    group: Group::Deploy,
    arguments: &[Argument::Environments, Argument::Packages],
    needs_reason: false,
    meaning: "brings the release before the live one back, and pins it",
    details: "It runs with its recorded inputs at its own commit. The pin keeps automation from rolling forward again, \
              until `unpin` or for the time you say.",
    options: &[
        PACKAGE,
        (CommandOption::Release, "brings this release back instead"),
        REASON,
        (
            CommandOption::For,
            "ends the pin after a minute to 90 days, such as `30m`, `2h` or `3d`",
        ),
        DRY_RUN,
        BREAK_GLASS,
    ],
    examples: &[
        "/ocuroot rollback production api",
        "/ocuroot rollback production api --release r7 --for 2d --reason \"r8 loses orders\"",
    ],
};
