//! A GitHub that runs on a laptop: repositories are real git repositories, workflows really run, webhooks are really signed.
//!
//! It serves `ocuroot demo`, `ocuroot simulate` and the tests. It shares no type with the rest of the crate, so that client
//! and fake cannot share a mistake, and it is strict where GitHub is lenient: an unknown route, an unknown field or a missing
//! permission is recorded as a [`Violation`].
//!
//! Everything goes through one table of routes (`route`), one gate (`gate`) and one state (`state`) whose transitions emit
//! the webhooks. The Rust verbs, the REST API and the pages call the same transitions.

mod actions;
mod answer;
mod api;
mod call;
mod deliveries;
mod faults;
mod gate;
mod git;
mod keys;
mod limits;
mod oidc;
mod options;
mod page;
mod payload;
mod remote;
mod route;
mod server;
mod shared;
mod start;
mod state;
mod timestamp;
mod tokens;
mod verbs;

pub use deliveries::DeliveryRecord;
pub use faults::{DeliveryFault, FaultsHandle, RequestFault, RunFault};
pub use gate::{RequestClass, RequestRecord, Violation};
pub use limits::{RequestCounts, RequestLimits};
pub use oidc::Signer;
pub use options::{AppCredentials, Clock, Delivery, Execution, Options, RequestCheck};
pub use start::Simulator;
pub use state::check::{Action, Annotation, CheckApp, CheckRun, CheckSuite};
pub use state::comment::{Comment, Reaction};
pub use state::deployment::{Deployment, DeploymentStatus};
pub use state::merge::MergeMethod;
pub use state::pull_request::{NewPullRequest, PullRequest};
pub use state::refusal::Refusal;
pub use state::repository::Permission;
pub use state::user::User;
pub use state::workflow::{Artifact, Job, Step, WorkflowRun};
