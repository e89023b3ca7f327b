//! What a decision says: rows to change and calls to make, as data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    Approval, AuditEntry, CommitSha, DeploymentName, Diagnostic, Environment, EnvironmentName,
    GuardFile, Hold, IntentBranch, IntentFile, IntentReport, Lock, PackageName, Reference,
    Registration, ReleaseName, RunName, TaskKey, Timestamp,
};

use super::rules::Denied;
use super::snapshot::{Release, Run};

/// The result of one decision; committed in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Rows to write.
    pub changes: Vec<Change>,
    /// Calls to write down now and to make later.
    pub effects: Vec<Effect>,
    /// What to tell whoever asked.
    pub answers: Vec<Answer>,
    /// Of each answer the trigger that asked, by its place.
    pub asked: Vec<usize>,
}

/// A row to write. Each but [`Change::Audit`] is an upsert by its natural key, so that applying one twice changes
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The release's own row; its runs come as [`Change::PutRun`].
    PutRelease(Box<Release>),
    /// A run's row and what it waits for.
    PutRun(RunName, Box<Run>),
    /// A state document.
    PutDocument(Reference, Value),
    /// A state document is gone.
    DeleteDocument(Reference),
    /// `<package>/@<tag>` means this release from now on.
    PutTag(PackageName, String, ReleaseName),
    /// Further paths whose change releases the package.
    WatchAlso(PackageName, Vec<String>),
    /// What the check run `ocuroot` says about a commit.
    PutCommitReport {
        /// GitHub's id of the repository.
        repository_id: i64,
        /// The commit.
        commit: CommitSha,
        /// The open pull request it is said for; `None` for the default branch and for merge groups.
        pull_request: Option<i64>,
        /// What it says.
        report: Box<CommitReport>,
    },
    /// The package's newest release must be evaluated again with the environments of now.
    Replan(PackageName),
    /// The newest releases of all packages must be evaluated again with the environments of now.
    ReplanAll,
    /// What the package's steps read of other packages (absolute, with the keys that are read), in place of what they
    /// read before.
    PutReaders(PackageName, BTreeSet<Reference>),
    /// What a live deployment reads (absolute documents and the tags they are named by), in place of what it read
    /// before.
    PutReads(DeploymentName, BTreeSet<Reference>),
    /// What should be.
    PutIntent(Reference, Value),
    /// Nothing should be there any more.
    DeleteIntent(Reference),
    /// Where an environment comes from.
    PutRegistration(EnvironmentName, Registration),
    /// The environment is gone.
    DeleteRegistration(EnvironmentName),
    /// Where the files are that say what should be of what belongs to the repository; `None` means nowhere.
    FollowIntent(i64, Option<IntentBranch>),
    /// Files of a branch that says what should be have been taken over, up to a commit.
    PutIntentFiles(Box<IntentFiles>),
    /// What the check run `ocuroot / intent` says about a commit of the repository.
    PutIntentReport(i64, CommitSha, Box<IntentReport>),
    /// The config files of the repository's default branch have changed: what open pull requests would do is to be
    /// worked out again.
    PreviewAgain(i64),
    /// What a config file guards.
    PutGuards(Box<GuardFile>),
    /// The file (repository as refs call it, path) guards nothing any more.
    DeleteGuards(String, String),
    /// A lock, in place of one with the same key.
    PutLock(Lock),
    /// The lock is gone.
    DeleteLock(Lock),
    /// A claim of a pull request.
    PutHold(Hold),
    /// The claim is gone.
    DeleteHold(Hold),
    /// What a person says of a release in an environment.
    PutApproval(ReleaseName, EnvironmentName, Box<Approval>),
    /// Nothing that people have said of a release in an environment counts any more.
    DeleteApprovals(ReleaseName, EnvironmentName),
    /// To be looked at at that time, or as soon as can be.
    Wake {
        /// When.
        at: Option<Timestamp>,
        /// Packages.
        packages: BTreeSet<PackageName>,
        /// Environments whose waiting deployments are meant.
        environments: BTreeSet<EnvironmentName>,
        /// Documents: whoever waits for them is meant, and nobody else.
        documents: BTreeSet<Reference>,
    },
    /// The pull request is over, and its release has become live all the same.
    LetGo(PackageName, EnvironmentName, i64),
    /// An entry of the audit record. Entries keep the order of the changes.
    Audit(Box<AuditEntry>),
}

/// Files that say what should be, as far as a decision takes them over.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentFiles {
    /// GitHub's id of the repository they are in.
    pub repository_id: i64,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub commit: CommitSha,
    /// Those that are new, or are looked at again.
    pub files: Vec<IntentFile>,
    /// The paths of those that are gone.
    pub gone: Vec<String>,
}

/// A call to the outside, written down before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// GitHub's id of the repository it concerns.
    pub repository_id: i64,
    /// Which call.
    pub call: Call,
}

/// Which call, with what it needs to be rendered from the latest truth at the time it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Try the run's function in the sandbox: it may need no machine.
    Attempt {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// Start a job that executes the run's function. Ready ones travel together.
    Dispatch {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// Start the repository's own workflow.
    DispatchWorkflow {
        /// The run.
        run: RunName,
        /// The start it belongs to.
        fence: i64,
    },
    /// Ask GitHub to stop the run's workflow run.
    CancelWorkflow {
        /// The run.
        run: RunName,
        /// The start that is given up.
        fence: i64,
        /// Whether its jobs are not asked.
        is_forced: bool,
    },
    /// Bring the check run `ocuroot` of a commit up to date.
    CommitCheck {
        /// The commit.
        commit: CommitSha,
    },
    /// Bring the check run `ocuroot / intent` of a commit up to date.
    IntentCheck {
        /// The commit.
        commit: CommitSha,
    },
    /// Bring the check run `ocuroot / <package>` up to date.
    ReleaseCheck {
        /// The release.
        release: ReleaseName,
    },
    /// Bring the check run of one step up to date.
    RunCheck {
        /// The run.
        run: RunName,
    },
    /// Record on GitHub what is deployed in an environment now.
    Deployment {
        /// The run that changed it.
        run: RunName,
    },
    /// Tell the pull request how a release it asked for settled.
    Result {
        /// The release.
        release: ReleaseName,
        /// The pull request.
        pull_request: i64,
    },
    /// Bring the comment on a pull request up to date that says where it is.
    Overview {
        /// GitHub's id of the repository: numbers are its own.
        repository_id: i64,
        /// The pull request.
        pull_request: i64,
    },
    /// Answer a command, or somebody who pressed a button in vain.
    Reply {
        /// The pull request.
        pull_request: i64,
        /// What is answered: the number of the comment, or `button` and that of the delivery. Replying twice to one is
        /// prevented by it.
        to: String,
        /// The words.
        body: String,
    },
    /// Acknowledge a command.
    React {
        /// The comment.
        comment: i64,
        /// Whether it is taken on; otherwise a reply says why not.
        is_taken: bool,
    },
}

impl Call {
    /// What makes two calls the same one. A later call with the key of a waiting one is the waiting one: what is
    /// sent is rendered from the truth at that time.
    pub fn key(&self) -> String {
        match self {
            Call::Attempt { run, fence } => format!("attempt {run} {fence}"),
            Call::Dispatch { run, fence } => format!("dispatch {run} {fence}"),
            Call::DispatchWorkflow { run, fence } => format!("workflow {run} {fence}"),
            Call::CancelWorkflow {
                run,
                fence,
                is_forced,
            } => format!(
                "{} {run} {fence}",
                ["cancel", "force cancel"][usize::from(*is_forced)]
            ),
            Call::CommitCheck { commit } => format!("commit check {commit}"),
            Call::IntentCheck { commit } => format!("intent check {commit}"),
            Call::ReleaseCheck { release } => format!("release check {release}"),
            Call::RunCheck { run } => format!("run check {run}"),
            Call::Deployment { run } => format!("deployment {run}"),
            Call::Result { release, .. } => format!("result {release}"),
            Call::Overview {
                repository_id,
                pull_request,
            } => format!("overview {repository_id} {pull_request}"),
            Call::Reply { to, .. } => format!("reply {to}"),
            Call::React { comment, .. } => format!("react {comment}"),
        }
    }

    /// In which order calls go out when several are due: people first, then starts, then records of them
    /// (reference/performance.md §5).
    pub fn lane(&self) -> i64 {
        match self {
            Call::Attempt { .. } => 0,
            Call::React { .. } | Call::Reply { .. } | Call::CancelWorkflow { .. } => 1,
            Call::Dispatch { run, .. } | Call::DispatchWorkflow { run, .. } => {
                let place = run.key.environment().map(|place| place.as_str());
                let is_production = matches!(place, Some("production" | "prod"));
                Call::STARTS[usize::from(!is_production)]
            }
            Call::CommitCheck { .. } | Call::IntentCheck { .. } => 4,
            Call::ReleaseCheck { .. } => 5,
            Call::RunCheck { .. } => 6,
            Call::Result { .. } | Call::Overview { .. } => 7,
            Call::Deployment { .. } => 8,
        }
    }

    /// The lanes of starts: of what goes to production, and of everything else. Lower lanes are people's.
    pub const STARTS: [i64; 2] = [2, 3];
}

/// What a command came to, for the person who gave it.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Releases were made or already existed.
    Released(Vec<ReleaseName>),
    /// These values were provided, and these environments approved.
    Approved(ReleaseName, Vec<Reference>, Vec<EnvironmentName>),
    /// Nothing waits for an approval.
    NothingToApprove(ReleaseName),
    /// Those whose work it is do not approve it there.
    OwnWork(ReleaseName, EnvironmentName, String),
    /// The release does not go to these environments.
    Rejected(ReleaseName, Vec<EnvironmentName>),
    /// Nothing of the release is still to go anywhere.
    NothingToReject(ReleaseName),
    /// These runs start again.
    Retried(ReleaseName, Vec<TaskKey>),
    /// No run has failed.
    NothingToRetry(ReleaseName),
    /// A newer release is live there, so the older one is not brought there.
    Overtaken(ReleaseName, EnvironmentName, ReleaseName),
    /// These runs were stopped.
    Cancelled(ReleaseName, Vec<TaskKey>),
    /// Everything was finished already.
    NothingToCancel(ReleaseName),
    /// The release is on its way there.
    Brought(ReleaseName, EnvironmentName),
    /// The release is live there already.
    AlreadyThere(ReleaseName, EnvironmentName),
    /// The release's file has no deployment to it.
    NoSuchDeployment(ReleaseName, EnvironmentName),
    /// The release comes back and is pinned.
    RolledBack(ReleaseName, EnvironmentName),
    /// The release is of this pull request, which is not merged: it goes only where that holds the environment.
    OfPullRequest(ReleaseName, i64),
    /// The environment is being emptied, so nothing is brought there.
    EnvironmentLeaves(ReleaseName, EnvironmentName),
    /// The environment is not there any more.
    EnvironmentGone(ReleaseName, EnvironmentName),
    /// It never was there.
    NeverDeployed(ReleaseName, EnvironmentName),
    /// The deployment is being taken down.
    GoingDown(PackageName, EnvironmentName),
    /// There is nothing to take down.
    NotDeployed(PackageName, EnvironmentName),
    /// The environment is given back to what the default branch deploys.
    GivenBack(PackageName, EnvironmentName),
    /// The lock is there.
    Locked(Lock),
    /// These were taken away.
    Unlocked(EnvironmentName, Vec<Lock>, Vec<Hold>),
    /// There was none.
    NothingToUnlock(EnvironmentName),
    /// It was put in another repository, whose rules say who may take it away.
    LockedElsewhere(Lock),
    /// A pull request holds what was to be taken down.
    HeldBy(Hold),
    /// The pull request waits for these claims of others.
    Queued(Vec<Hold>),
    /// The pull request would wait for one that waits for it.
    WouldNeverEnd(Hold),
    /// A rule does not let the person.
    Denied {
        /// Whose deployment; `None` means a whole repository's.
        package: Option<PackageName>,
        /// Where.
        environment: EnvironmentName,
        /// The rule.
        denied: Denied,
    },
    /// A rule keeps commits of open pull requests away.
    NoPullRequests(PackageName, EnvironmentName, String),
    /// These were stopped: the pull request's head has moved.
    Stopped(Vec<ReleaseName>),
    /// What is is as it should be from now on.
    Applied(Reference),
    /// It cannot be applied, for this reason.
    NotApplied(Reference, String),
    /// The environment is being emptied, and gone then.
    Leaving(EnvironmentName),
}

/// What the check run `ocuroot` of a commit shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CommitReport {
    /// Whether the commit is only looked at (a pull request, a merge group), not released.
    pub is_preview: bool,
    /// Packages that are, or would be, released.
    pub packages: Vec<PackageReport>,
    /// Environments the commit registers or changes.
    pub environments: Vec<Environment>,
    /// Environments that its files registered before and do not any more. They stay until somebody removes them.
    pub dropped: BTreeSet<EnvironmentName>,
    /// Packages whose files the commit takes away. What is deployed of them stays until somebody takes it down.
    pub gone: BTreeSet<PackageName>,
    /// What the config files have wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// What the commit's files would guard, as far as it changes anything; each in place of what the same file guards
    /// on the default branch.
    pub guards: Vec<GuardFile>,
}

/// One package in a [`CommitReport`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackageReport {
    /// The package.
    pub name: PackageName,
    /// Why it is there.
    pub reason: String,
    /// Its release, unless it is only a preview.
    pub release: Option<ReleaseName>,
    /// Phase names with the tasks in them.
    pub phases: Vec<(String, Vec<TaskKey>)>,
}
