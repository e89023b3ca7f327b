//! Layer 0: the words. Plain data every other layer speaks in; no I/O, no clock, no decisions.

pub mod approval;
pub mod audit;
pub mod codeowners;
pub mod deployment;
pub mod diagnosis;
pub mod diagnostic;
pub mod environment;
pub mod glob;
pub mod id;
pub mod intent_branch;
pub mod invocation;
pub mod lock;
pub mod package;
pub mod progress;
pub mod protection;
pub mod reference;
pub mod release;
pub mod time;
pub mod window;

pub use approval::{Actor, Approval, ApprovalKind, GuardFile};
pub use audit::{AuditBreak, AuditChain, AuditEntry, AuditRecord, Verdict};
pub use codeowners::CodeOwners;
pub use deployment::{Dependent, DeploymentName, LiveDeployment};
pub use diagnosis::{Diagnosis, JobFacts, WorkflowRunFacts};
pub use diagnostic::{Diagnostic, Severity};
pub use environment::{Environment, Presence, Registration};
pub use glob::{Glob, GlobError};
pub use id::{
    CommitSha, DeliveryId, EnvironmentName, PackageName, ReleaseNumber, RepositoryName, RunNumber,
};
pub use intent_branch::{IntentBranch, IntentFile, IntentItem, IntentReport};
pub use invocation::{Invocation, Outcome};
pub use lock::{Hold, Lock, LockKind, LockScope};
pub use package::{Action, FunctionName, Input, Package, Phase, Task, TaskKey, WorkflowCall};
pub use progress::{Limited, Progress};
pub use protection::{EnvironmentSelector, Freeze, Grantee, Guards, Protection, QueuePolicy};
pub use reference::{Reference, ReferenceError, SubPathKind, canonical_repository};
pub use release::{Permission, ReleaseName, RunKind, RunName, RunState, latest_document};
pub use time::Timestamp;
pub use window::{Window, WindowError};
