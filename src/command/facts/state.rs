//! Commands that set custom values.

use super::{Argument, CommandOption, Facts, Group, REASON};

const ONLY: (CommandOption, &str) = (
    CommandOption::Package,
    "only for packages that fit; may be given several times",
);
const RELEASE: (CommandOption, &str) = (
    CommandOption::Release,
    "of this release instead of those of the pull request",
);

pub(super) const SET: Facts = Facts {
    group: Group::State,
    arguments: &[Argument::Values],
    needs_reason: false,
    meaning: "gives custom values, which steps read with `ref(\"./custom/<name>\")`",
    details: "They belong to the releases of this pull request; `@/custom/<name>` belongs to the whole workspace. A \
              value is JSON if it reads as JSON, else text. In double quotes it is always text; JSON with spaces goes \
              into single quotes.",
    options: &[ONLY, RELEASE, REASON],
    examples: &[
        "/ocuroot set replicas=3 note=\"all is well\"",
        "/ocuroot set replicas=3 --package api",
        "/ocuroot set @/custom/features='{\"search\": true}'",
    ],
};

pub(super) const UNSET: Facts = Facts {
    group: Group::State,
    arguments: &[Argument::Names],
    needs_reason: false,
    meaning: "takes custom values away",
    details: "A step that reads one without a default waits until it is set again.",
    options: &[ONLY, RELEASE, REASON],
    examples: &["/ocuroot unset replicas"],
};
