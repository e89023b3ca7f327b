//! Replies on pull requests: how things stand.

use std::fmt::Write;

use super::release_check::release_check;
use super::{CheckText, markdown};
use crate::engine::{Release, Snapshot};
use crate::model::{CommitSha, Progress, Timestamp};

/// How a release that a command asked for has settled.
pub fn result(
    release: &Release,
    snapshot: &Snapshot,
    progress: &Progress,
    now: Timestamp,
) -> String {
    let CheckText { title, summary, .. } = release_check(release, snapshot, progress, now);
    markdown::fit(format!(
        "**{}**: {}\n\n<details>\n<summary>Steps</summary>\n\n{summary}\n</details>\n",
        markdown::code(release.name.package.short()),
        markdown::plain(&title)
    ))
}

/// How all releases of a pull request stand.
pub fn status_overview(releases: &[(&Release, &Snapshot, &Progress)], now: Timestamp) -> String {
    if releases.is_empty() {
        return "Nothing of this pull request has been released yet. `/ocuroot deploy <environment>` releases its \
                head commit; merging releases it through all environments."
            .to_owned();
    }
    let mut text = String::new();
    for (release, snapshot, progress) in releases {
        let CheckText { title, summary, .. } = release_check(release, snapshot, progress, now);
        let _ = write!(
            text,
            "#### {}: {}\n\n{summary}\n",
            markdown::code(release.name.package.short()),
            markdown::plain(&title)
        );
    }
    markdown::fit(text)
}

/// Where the plan of the head is, for a release of an older one.
pub fn newer_plan(head: &CommitSha, url: &str) -> String {
    format!(
        "\nThe head of the pull request is {} now: [its plan]({url}). Look at that, and give the command again if it is \
         what you want.\n",
        markdown::code(head.short())
    )
}

/// Custom values were set, or taken away.
pub fn values_set(references: &[String], is_set: bool) -> String {
    let verb = if is_set { "Set" } else { "Taken away" };
    format!("{verb}: {}.", codes(references))
}

/// The pull request changes nothing that a package watches.
pub fn nothing_to_release() -> String {
    "This pull request changes nothing that a package watches, so there is nothing to deploy."
        .to_owned()
}

pub(super) fn codes(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| markdown::code(name)).collect();
    names.join(", ")
}
