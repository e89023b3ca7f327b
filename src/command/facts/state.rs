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
    meaning: "gives custom values, which steps read with `ref(\"./custom/<name>\")`, and says what should be",
    details: "Values belong to the releases of this pull request; `@/custom/<name>` belongs to the whole workspace. A \
              value is JSON if it reads as JSON, else text. In double quotes it is always text; JSON with spaces goes \
              into single quotes. With a whole ref, `@/environment/<name>` makes or changes an environment, and \
              `<package file>/@/deploy/<environment>` brings a release there, with other inputs if you like.",
    options: &[ONLY, RELEASE, REASON],
    examples: &[
        "/ocuroot set replicas=3 note=\"all is well\"",
        "/ocuroot set replicas=3 --package api",
        "/ocuroot set @/custom/features='{\"search\": true}'",
        "/ocuroot set @/environment/eu='{\"name\": \"eu\", \"attributes\": {\"type\": \"production\"}}'",
        "/ocuroot set api/release.ocu.star/@/deploy/eu='{\"release\": \"r3\", \"input\": {\"replicas\": 5}}'",
    ],
};

pub(super) const UNSET: Facts = Facts {
    group: Group::State,
    arguments: &[Argument::Names],
    needs_reason: false,
    meaning: "takes custom values away, or environments, or deployments",
    details: "A step that reads a value without a default waits until it is set again. An environment is emptied \
              first, readers before what they read; that wants a second word.",
    options: &[ONLY, RELEASE, REASON],
    examples: &["/ocuroot unset replicas", "/ocuroot unset @/environment/eu"],
};
