//! Outputs of the repository's own workflows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::error::RunnerError;
use super::identity::Identity;
use super::protocol::OutputsRequest;
use super::server::{Patience, Server};

/// How long the server may be away.
const PATIENCE: Duration = Duration::from_secs(300);

/// Gives outputs to the run that this workflow run was started for. `environment` holds the job's variables.
///
/// # Errors
/// Without `id-token: write`, when the workflow run belongs to no run of the server's, or when the server stays away.
pub fn send_outputs(
    environment: &BTreeMap<String, String>,
    server: &str,
    outputs: &BTreeMap<String, Value>,
) -> Result<(), RunnerError> {
    let server = Server::new(server)?;
    let identity = Identity::new(environment, server.audience())?;
    let patience = Patience {
        total: PATIENCE,
        stop: None,
    };
    server.send_outputs(&identity, &OutputsRequest { outputs }, &patience)
}
