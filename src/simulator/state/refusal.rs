//! Why something was not done.

use serde_json::{Value, json};

use crate::simulator::git::GitError;

/// An answer other than success: the status and the message GitHub would give.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// GitHub's sentence.
    pub message: String,
    /// The `errors` of a 422.
    pub errors: Vec<Value>,
    /// Set when a correct client never causes this, so that a test which did must fail.
    pub violation: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            errors: Vec::new(),
            violation: false,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// A body that is well formed but cannot be carried out.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }

    /// A value that GitHub's documentation rules out.
    pub(crate) fn invalid(resource: &str, field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let error =
            json!({"resource": resource, "field": field, "code": "custom", "message": message});
        Self {
            status: 422,
            message: format!("Invalid request: {resource}.{field}: {message}"),
            errors: vec![error],
            violation: true,
        }
    }
}

impl From<GitError> for Refusal {
    fn from(error: GitError) -> Self {
        Self::new(500, error.to_string())
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::new(500, format!("{error:#}"))
    }
}
