//! Why a command is not carried out, and what would do.

use super::comment::codes;
use super::markdown;
use crate::command::{CommandError, Verb};
use crate::model::{CommitSha, Permission, ReleaseName};

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
            match has {
                Permission::None => "none".to_owned(),
                has => format!("{} permission", permission_word(*has)),
            }
        ),
        Refusal::Fork => "The head of this pull request is in a fork. Code from forks can be previewed but never \
                          run: push the commits to a branch of this repository to deploy them."
            .to_owned(),
        Refusal::HeadMoved { head } => format!(
            "The head of this pull request has moved to {} since the command was given, so nothing was done. Look at \
             that commit and give the command again if it is what you want.",
            markdown::code(head.short())
        ),
        Refusal::Closed => "This pull request was closed without a merge, so there is nothing to deploy. Reopen it \
                            to deploy its head commit."
            .to_owned(),
        Refusal::UnknownEnvironment { .. }
        | Refusal::PackageNotEnvironment { .. }
        | Refusal::UnknownPackage { .. }
        | Refusal::NotInPackages { .. }
        | Refusal::WhichPackage { .. }
        | Refusal::OtherRepository { .. }
        | Refusal::UnknownRelease { .. } => unknown(problem),
        Refusal::NothingLive { .. }
        | Refusal::NothingBefore { .. }
        | Refusal::Over { .. }
        | Refusal::OtherCommit { .. } => not_there(problem),
        Refusal::NothingToConfirm { login } => format!(
            "@{login}, no command of yours waits to be confirmed here. A command waits for ten minutes; give it again."
        ),
        Refusal::BrokenConfiguration => {
            "The configuration at the head of this pull request has errors; the check `ocuroot` shows them. Push a fix, \
             then give the command again."
                .to_owned()
        }
    }
}

/// What was named is not there to be meant.
fn unknown(problem: &Refusal) -> String {
    match problem {
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
        Refusal::PackageNotEnvironment { asked, verb } => package_instead(asked, *verb),
        Refusal::UnknownPackage { asked, known } if known.is_empty() => format!(
            "There is no package {} here: there are none yet.",
            markdown::code(asked)
        ),
        Refusal::UnknownPackage { asked, known } => format!(
            "There is no package {} here. There are: {}.",
            markdown::code(asked),
            codes(known)
        ),
        Refusal::NotInPackages { environments } => format!(
            "None of the packages this pull request changes deploys to {}. `/ocuroot plan` shows where they go.",
            codes(environments)
        ),
        Refusal::WhichPackage { release } => format!(
            "Which package's {release}? Name one, such as `--package api`: releases are numbered by package."
        ),
        Refusal::OtherRepository {
            reference,
            repository,
        } => format!(
            "{} belongs to {}: who may change it is known there, so say it on a pull request of that repository.",
            markdown::code(reference),
            markdown::code(repository)
        ),
        Refusal::UnknownRelease { release } => format!(
            "There is no release {} of {}.",
            release.number,
            markdown::code(release.package.short())
        ),
        _ => String::new(),
    }
}

/// A package stands where an environment belongs.
fn package_instead(asked: &str, verb: Verb) -> String {
    let what = format!(
        "There is no environment {0}: {0} is a package",
        markdown::code(asked)
    );
    if verb.needs_environments() {
        let usage = markdown::code(&verb.usage());
        return format!("{what}. Environments come before packages: {usage}.");
    }
    let option = markdown::code(&format!("--package {asked}"));
    format!("{what}. To name a package without an environment, write {option}.")
}

/// What was meant is not where it would have to be.
fn not_there(problem: &Refusal) -> String {
    match problem {
        Refusal::NothingLive {
            environment,
            packages,
        } if packages.is_empty() => format!(
            "This pull request changes no package. Name the one in {} that you mean, such as `--package api`.",
            markdown::code(environment)
        ),
        Refusal::NothingLive {
            environment,
            packages,
        } => format!(
            "Nothing of {} is live in {}. `/ocuroot where` shows what is live.",
            codes(packages),
            markdown::code(environment)
        ),
        Refusal::NothingBefore {
            release,
            environment,
        } => format!(
            "{} {} is the first release of {} in {}: there is none before it to go back to.",
            markdown::code(release.package.short()),
            release.number,
            markdown::code(release.package.short()),
            markdown::code(environment)
        ),
        Refusal::Over {
            release,
            pull_request,
        } => format!(
            "{} {} was made for #{pull_request}, which is over: it goes nowhere any more. What the default branch has \
             made of it can be deployed.",
            markdown::code(release.package.short()),
            release.number
        ),
        Refusal::OtherCommit { release, commit } => format!(
            "{} {} is of commit {}, not the one you named. Look at that and say it again if it is what you want.",
            markdown::code(release.package.short()),
            release.number,
            markdown::code(commit.short())
        ),
        _ => String::new(),
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
    /// The head is not the one that was there when the command was given.
    HeadMoved {
        /// The head of now.
        head: CommitSha,
    },
    /// The pull request is closed unmerged.
    Closed,
    /// The release was made for a pull request that is closed by now.
    Over {
        /// The release.
        release: ReleaseName,
        /// The pull request.
        pull_request: i64,
    },
    /// Nobody has registered the environment.
    UnknownEnvironment {
        /// What was typed.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Nobody has registered the environment, but a package is called that.
    PackageNotEnvironment {
        /// What was typed.
        asked: String,
        /// For which command.
        verb: Verb,
    },
    /// None of the packages that can be meant is called that.
    UnknownPackage {
        /// What was typed.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No package deploys there.
    NotInPackages {
        /// Where.
        environments: Vec<String>,
    },
    /// A release number alone does not say of what.
    WhichPackage {
        /// The number.
        release: String,
    },
    /// What is named belongs to another repository.
    OtherRepository {
        /// What was asked for.
        reference: String,
        /// Whose it is.
        repository: String,
    },
    /// There is no such release.
    UnknownRelease {
        /// What was asked for.
        release: ReleaseName,
    },
    /// None of the packages is live there.
    NothingLive {
        /// Where.
        environment: String,
        /// Which packages were meant.
        packages: Vec<String>,
    },
    /// There is nothing to go back to.
    NothingBefore {
        /// What is live.
        release: ReleaseName,
        /// Where.
        environment: String,
    },
    /// The release is not of the commit the person named.
    OtherCommit {
        /// The release.
        release: ReleaseName,
        /// Its commit.
        commit: CommitSha,
    },
    /// No command of the person waits for a second word.
    NothingToConfirm {
        /// Who said it.
        login: String,
    },
    /// There is nothing that could be released.
    BrokenConfiguration,
}

impl Refusal {
    /// The reason for programs that read replies; it does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotUnderstood(_) => "not_understood",
            Refusal::NotAllowed { .. } => "not_allowed",
            Refusal::Fork => "fork",
            Refusal::HeadMoved { .. } => "head_moved",
            Refusal::Closed => "closed",
            Refusal::Over { .. } => "pull_request_over",
            Refusal::UnknownEnvironment { .. } | Refusal::PackageNotEnvironment { .. } => {
                "unknown_environment"
            }
            Refusal::UnknownPackage { .. } => "unknown_package",
            Refusal::NotInPackages { .. } => "no_such_deployment",
            Refusal::BrokenConfiguration => "broken_configuration",
            Refusal::WhichPackage { .. } => "which_package",
            Refusal::OtherRepository { .. } => "other_repository",
            Refusal::UnknownRelease { .. } => "unknown_release",
            Refusal::NothingLive { .. } => "nothing_live",
            Refusal::NothingBefore { .. } => "nothing_before",
            Refusal::OtherCommit { .. } => "other_commit",
            Refusal::NothingToConfirm { .. } => "nothing_to_confirm",
        }
    }
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
