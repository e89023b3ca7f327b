//! Reasons to plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::deadline::Step;
use super::intent::Application;
use super::snapshot::Release;
use crate::model::{
    Actor, CommitSha, Diagnostic, Environment, EnvironmentName, GuardFile, Hold, IntentBranch,
    Lock, LockScope, Outcome, Package, PackageName, Reference, ReleaseName, RunName, Timestamp,
};

/// Why something may have to be done now.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Commits arrived, or a person asks to release one: make releases.
    Release(NewReleases),
    /// A commit's config was evaluated only to be shown.
    Preview(NewReleases),
    /// The environments changed and a file with rules was evaluated again with them.
    Guards(GuardFile),
    /// The environments changed: the newest releases of these packages are to be evaluated again.
    Replan(BTreeSet<PackageName>),
    /// The environments changed and a release's config was evaluated again with them.
    Replanned {
        /// The release.
        release: ReleaseName,
        /// What its file says now.
        package: Package,
    },
    /// The server tried a function and it wants the machine of a job.
    NeedsRunner {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// Something stands in the way of the run since it was started, and no job has it yet.
    PutBack {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// A job took the run.
    Claimed {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// A function ended, on the server or in a job.
    Ended {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
        /// How.
        outcome: Outcome,
    },
    /// A start is too long in its state.
    Overdue {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
        /// What is done about it.
        step: Step,
    },
    /// A value was set (`Some`) or removed (`None`).
    SetCustom {
        /// Absolute ref of the value.
        reference: Reference,
        /// The value.
        value: Option<Value>,
    },
    /// Something should be (`Some`), or should not be (`None`), without being so yet.
    Intend {
        /// Absolute ref of it.
        reference: Reference,
        /// What should be there.
        value: Option<Value>,
    },
    /// What is is to follow what should be.
    Apply(Application),
    /// Something should be (`Some`), or should not be (`None`), and is made so at once. Where that is refused it is not
    /// what should be either: nobody else is to make it so.
    Want(Application, Option<Value>),
    /// A person says that releases may go on.
    Approve(Wish),
    /// A person says that they may not.
    Reject(Wish),
    /// A person wants the failed runs again.
    Retry(Wish),
    /// A person stops what is not finished.
    Cancel(Wish),
    /// A person moves a release on to environments it may not have been meant for.
    Bring(Wish),
    /// A person brings an earlier release back to the environments of the wish, until a time if one is given.
    Rollback(Wish, Option<Timestamp>),
    /// A person wants a deployment gone.
    Undeploy {
        /// Whose.
        package: PackageName,
        /// Where.
        environment: EnvironmentName,
        /// The pull request that holds it and gives it back, if one does.
        held_by: Option<i64>,
        /// Who wants it.
        actor: Actor,
    },
    /// A pull request gives an environment of a package back.
    LetGo {
        /// Whose.
        package: PackageName,
        /// Where.
        environment: EnvironmentName,
        /// The pull request, in the package's repository.
        pull_request: i64,
        /// Whether the default branch's release is wanted back at once. It is not after a merge: what comes of that is
        /// on its way.
        is_given_back: bool,
    },
    /// The head of a pull request has moved: what has not begun of older heads is not what anybody looks at any more.
    HeadMoved {
        /// The packages with releases in the pull request's lane.
        packages: BTreeSet<PackageName>,
        /// The pull request, in the packages' repository.
        pull_request: i64,
        /// Its head now.
        head: CommitSha,
        /// What it has claimed.
        holds: Vec<Hold>,
    },
    /// A person locks, freezes or pins.
    Lock(Lock, Actor),
    /// A person takes locks, freezes, pins or holds away.
    Unlock(Unlock),
    /// Something may be able to go on: its time has come, or something it waited for is gone.
    Wake {
        /// Packages to look at.
        packages: BTreeSet<PackageName>,
        /// Environments whose waiting deployments are to be looked at.
        environments: BTreeSet<EnvironmentName>,
        /// Documents: whoever waits for them is to be looked at.
        documents: BTreeSet<Reference>,
    },
}

/// A person's wish about one release.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The release meant.
    pub release: ReleaseName,
    /// The environments meant; `None` means all that apply.
    pub environments: Option<BTreeSet<EnvironmentName>>,
    /// Who wants it.
    pub actor: Actor,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Whether the reason is one to go past every gate for.
    pub breaks_glass: bool,
    /// The pull request to answer in.
    pub reply_to: Option<i64>,
}

impl Wish {
    /// What somebody wants of a whole release, without going past anything and without being answered anywhere.
    pub fn of(release: ReleaseName, actor: Actor) -> Wish {
        Wish {
            release,
            environments: None,
            actor,
            reason: None,
            breaks_glass: false,
            reply_to: None,
        }
    }
}

/// What a person takes away.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlock {
    /// Where.
    pub environment: EnvironmentName,
    /// What it concerns: locks of exactly this scope, holds of the packages it covers.
    pub scope: LockScope,
    /// The kinds of locks to take away, by their words.
    pub kinds: BTreeSet<&'static str>,
    /// The claims of pull requests that go, too.
    pub holds: Vec<Hold>,
    /// Who wants it.
    pub actor: Actor,
    /// The repository the wish is made in, as refs call it.
    pub repository: String,
}

/// Packages of one commit that are to be released or previewed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReleases {
    /// GitHub's id of the repository.
    pub repository_id: i64,
    /// The commit.
    pub commit: CommitSha,
    /// What was found in it, in the order of paths.
    pub packages: Vec<Candidate>,
    /// Environments that files of the commit register.
    pub environments: Vec<Environment>,
    /// Everything the evaluation has to say.
    pub diagnostics: Vec<Diagnostic>,
    /// The environments to go to; `None` means all.
    pub goals: Option<BTreeSet<EnvironmentName>>,
    /// The pull request the commit belongs to.
    pub pull_request: Option<i64>,
    /// Whether that is not merged: its lane is its own.
    pub is_proposed: bool,
    /// Whether a person wants the commit released again although it was.
    pub is_forced: bool,
    /// Where its `repo.ocu.star` says that what should be is kept, if that was read: perhaps nowhere.
    pub intent: Option<Option<IntentBranch>>,
    /// Who asks for it, if a person does.
    pub asked: Option<Actor>,
    /// Why they go past every gate, if they do.
    pub breaks_glass: Option<String>,
    /// Whose work it is, by GitHub login.
    pub authors: BTreeSet<String>,
    /// The commit it was compared with.
    pub base: Option<CommitSha>,
    /// What files of the default branch guard now, if they were looked at: each replaces what the same file guarded.
    pub guards: Vec<GuardFile>,
    /// Whether config files of the default branch have changed: what open pull requests would do is another thing now.
    pub changes_config: bool,
    /// The repository, as refs call it.
    pub repository: Option<String>,
    /// Every config file of the commit, if `guards` is to be believed: what other files guarded is gone.
    pub files: Option<BTreeSet<String>>,
    /// Config files that were there and that the commit has not.
    pub gone: BTreeSet<String>,
    /// The pull request to answer in when a release settles.
    pub reply_to: Option<i64>,
    /// Whether what the check run `ocuroot` says of the commit stays: only one of its packages was looked at.
    pub keeps_report: bool,
    /// Packages elsewhere in the workspace that have releases: they are evaluated again when environments change.
    pub others: BTreeSet<PackageName>,
}

impl NewReleases {
    /// Nothing of a commit yet.
    pub fn of(repository_id: i64, commit: CommitSha) -> NewReleases {
        NewReleases {
            repository_id,
            commit,
            packages: Vec::new(),
            environments: Vec::new(),
            diagnostics: Vec::new(),
            goals: None,
            pull_request: None,
            is_proposed: false,
            is_forced: false,
            intent: None,
            asked: None,
            breaks_glass: None,
            authors: BTreeSet::new(),
            base: None,
            guards: Vec::new(),
            changes_config: false,
            repository: None,
            files: None,
            gone: BTreeSet::new(),
            reply_to: None,
            keeps_report: false,
            others: BTreeSet::new(),
        }
    }

    /// The pull request in whose lane the releases go.
    pub fn lane(&self) -> Option<i64> {
        self.pull_request.filter(|_| self.is_proposed)
    }

    /// The release of one of the packages, without runs.
    pub fn release(&self, candidate: &Candidate, name: ReleaseName, now: Timestamp) -> Release {
        Release {
            name,
            repository_id: self.repository_id,
            commit: self.commit.clone(),
            package: candidate.package.clone(),
            goals: self.goals.clone(),
            pull_request: self.pull_request,
            lane: self.lane(),
            base: self.base.clone(),
            authors: self.authors.clone(),
            reply_to: self.reply_to,
            created_at: now,
            is_again: false,
            runs: BTreeMap::new(),
        }
    }
}

/// One package of a commit, with why it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The package.
    pub name: PackageName,
    /// What its file says at the commit.
    pub package: Package,
    /// The changed path that selected it, or a sentence when no path did.
    pub reason: String,
}
