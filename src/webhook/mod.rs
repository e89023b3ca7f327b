//! Layer 2: what GitHub sends us. Checks a delivery's signature, has it recorded before it is
//! acknowledged, and later narrows its bytes to the [`Event`] the rest of the product knows.

mod event;
mod group;
mod intake;
mod parse;
mod payload;
mod signature;

pub use event::{
    Account, CheckRunAction, Comment, Event, HeadAndBase, InstallationAction, MergeGroupAction,
    Parsed, PullRequest, PullRequestAction, Push, RepositoryAction, RepositoryFacts,
    RepositorySummary, Sender, WorkflowRun, WorkflowRunAction,
};
pub use group::{GroupSink, GroupTask, GroupWriter, SinkError, spawn_group_writer};
pub use intake::{Appended, BODY_LIMIT, DeliveryLog, IncomingDelivery, Intake, LogError, routes};
pub use parse::{ParseError, parse, urgency};
pub use signature::{Secrets, SecretsError, SignatureError};
