//! Replies on pull requests.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::release_check::release_check;
use super::{CheckText, markdown};
use crate::command::CommandError;
use crate::engine::{Answer, Release, Snapshot};
use crate::model::{Permission, RunName, Timestamp};

/// Answers that are news at once, for the person who gave the command; `None` when the work itself will answer.
pub fn answers(answers: &[Answer]) -> Option<String> {
    let lines: Vec<String> = answers.iter().filter_map(one_answer).collect();
    (!lines.is_empty()).then(|| lines.join("\n\n"))
}

fn one_answer(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Released(_)
        | Answer::Approved(..)
        | Answer::Retried(..)
        | Answer::Cancelled(..)
        | Answer::GoingDown(..) => None,
        Answer::NothingToApprove(release) => Some(format!(
            "No step of {} {} waits for an approval. `/ocuroot status` shows how it stands.",
            markdown::code(release.package.short()),
            release.number
        )),
        Answer::NothingToRetry(release) => Some(format!(
            "No step of {} {} has failed or was cancelled, so there is nothing to retry.",
            markdown::code(release.package.short()),
            release.number
        )),
        Answer::Overtaken(release, environment, newer) => Some(format!(
            "{} {} is not deployed to {} again: the newer {} is live there. To bring the older code back, revert what \
             came after it.",
            markdown::code(release.package.short()),
            release.number,
            markdown::code(environment.as_str()),
            newer.number
        )),
        Answer::NothingToCancel(release) => Some(format!(
            "Everything of {} {} is finished already.",
            markdown::code(release.package.short()),
            release.number
        )),
        Answer::NotDeployed(package, environment) => Some(format!(
            "{} is not deployed to {}.",
            markdown::code(package.short()),
            markdown::code(environment.as_str())
        )),
    }
}

/// How a release that a command asked for has settled.
pub fn result(
    release: &Release,
    snapshot: &Snapshot,
    links: &BTreeMap<RunName, String>,
    now: Timestamp,
) -> String {
    let CheckText { title, summary, .. } = release_check(release, snapshot, links, now);
    markdown::fit(format!(
        "**{}**: {}\n\n<details>\n<summary>Steps</summary>\n\n{summary}\n</details>\n",
        markdown::code(release.name.package.short()),
        markdown::plain(&title)
    ))
}

/// How all releases of a pull request stand.
pub fn status_overview(releases: &[(&Release, &Snapshot)], now: Timestamp) -> String {
    if releases.is_empty() {
        return "Nothing of this pull request has been released yet. `/ocuroot deploy <environment>` releases its \
                head commit; merging releases it through all environments."
            .to_owned();
    }
    let mut text = String::new();
    for (release, snapshot) in releases {
        let CheckText { title, summary, .. } =
            release_check(release, snapshot, &BTreeMap::new(), now);
        let _ = write!(
            text,
            "#### {}: {}\n\n{summary}\n",
            markdown::code(release.name.package.short()),
            markdown::plain(&title)
        );
    }
    markdown::fit(text)
}

/// Why a command is not carried out.
pub fn refusal(problem: &Refusal) -> String {
    match problem {
        Refusal::NotUnderstood(error) => {
            format!("{}: {}", markdown::code(&error.line), error.problem)
        }
        Refusal::NotAllowed {
            verb,
            login,
            has,
            needs,
        } => format!(
            "@{login}, `/ocuroot {verb}` needs {} permission in this repository, and you have {}.",
            permission_word(*needs),
            permission_word(*has)
        ),
        Refusal::Fork => "The head of this pull request is in a fork. Code from forks can be previewed but never \
                          run: push the commits to a branch of this repository to deploy them."
            .to_owned(),
        Refusal::Closed => "This pull request was closed without a merge, so there is nothing to deploy. Reopen it \
                            to deploy its head commit."
            .to_owned(),
        Refusal::UnknownEnvironment { asked, known } if known.is_empty() => format!(
            "There is no environment {}: none is registered yet. `register_environment(...)` in a `*.ocu.star` file \
             on the default branch registers one.",
            markdown::code(asked)
        ),
        Refusal::UnknownEnvironment { asked, known } => format!(
            "There is no environment {}. There are: {}.",
            markdown::code(asked),
            codes(known)
        ),
        Refusal::UnknownPackage { asked, known } if known.is_empty() => format!(
            "This pull request has no package {}: it releases none.",
            markdown::code(asked)
        ),
        Refusal::UnknownPackage { asked, known } => format!(
            "This pull request has no package {}. It has: {}.",
            markdown::code(asked),
            codes(known)
        ),
        Refusal::NotInPackages { environment } => format!(
            "None of the packages this pull request changes deploys to {}.",
            markdown::code(environment)
        ),
        Refusal::BrokenConfiguration => {
            "The configuration at the head of this pull request has errors; the check `ocuroot` shows them."
                .to_owned()
        }
    }
}

/// What stands against a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// It is no command.
    NotUnderstood(CommandError),
    /// The person may not.
    NotAllowed {
        /// The command's verb.
        verb: String,
        /// Who asked.
        login: String,
        /// What they may do.
        has: Permission,
        /// What it takes.
        needs: Permission,
    },
    /// The code is a stranger's.
    Fork,
    /// The pull request is closed unmerged.
    Closed,
    /// Nobody has registered the environment.
    UnknownEnvironment {
        /// What was typed.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No package of the pull request is called that.
    UnknownPackage {
        /// What was typed.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No package deploys there.
    NotInPackages {
        /// What was typed.
        environment: String,
    },
    /// There is nothing that could be released.
    BrokenConfiguration,
}

/// The pull request changes nothing that a package watches.
pub fn nothing_to_release() -> String {
    "This pull request changes nothing that a package watches, so there is nothing to deploy."
        .to_owned()
}

fn codes(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| markdown::code(name)).collect();
    names.join(", ")
}

fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::None => "none",
        Permission::Read => "read",
        Permission::Triage => "triage",
        Permission::Write => "write",
        Permission::Maintain => "maintain",
        Permission::Admin => "admin",
    }
}
