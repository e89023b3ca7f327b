//! Layer 2: what we ask of GitHub. The only place that speaks its REST API and reads its tokens.
//!
//! Every call is made once: octocrab's retries are not compiled in, because a repeated write may
//! start a workflow twice (reference/dependencies.md §4). [`GitHubError`] tells the caller whether
//! the call certainly did nothing, so that it can decide what repeating means.

mod actions;
mod address;
mod app;
mod artifacts;
mod call;
mod check_list;
mod checks;
mod client;
mod code_owners;
mod comments;
mod contents;
mod deployments;
mod error;
mod jobs;
mod oidc;
mod people;
mod permissions;
mod pulls;
mod settings;
mod spoken;
mod tally;
mod teams;
mod validators;

pub use actions::{Dispatched, WorkflowRun};
pub use app::{AppFacts, DeliveryPage, HookDelivery, InstallationFacts};
pub use artifacts::unzip;
pub use call::RateLimit;
pub use checks::{Annotation, AnnotationLevel, Button, CheckConclusion, CheckRunBody, CheckStatus};
pub use client::{GitHub, Installation};
pub use comments::Reaction;
pub use contents::{Comparison, ComparisonStatus, Tree, TreeEntry};
pub use deployments::{DeploymentBody, DeploymentState, DeploymentStatus};
pub use error::GitHubError;
pub use oidc::{OidcError, OidcVerifier, RunnerClaims};
pub use people::{Person, PersonError};
pub use permissions::Repository;
pub use pulls::{ChangedPaths, PullRequest, PullRequestState};
pub use settings::{GitHubSettings, PrivateKey, SettingsError};

#[cfg(test)]
mod tests;
