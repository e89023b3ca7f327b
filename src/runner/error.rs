//! Why a job could not do its work, for the person who reads the job's log.

/// The job did not get to a result that the server knows. The text says what to change.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The server's address cannot be used.
    #[error(
        "the server address `{0}` must start with https:// (http:// only for this machine itself)"
    )]
    Address(String),
    /// The job may not ask GitHub who it is.
    #[error(
        "this job may not ask GitHub for its identity, so the server cannot know which job this is. Add these lines \
         to the workflow:\n\npermissions:\n  contents: read\n  id-token: write"
    )]
    NoIdentity,
    /// GitHub gave no identity token.
    #[error("GitHub gave this job no identity token: {0}")]
    IdentityRefused(String),
    /// The server answered and will answer the same again.
    #[error("{server} refused to {doing}: {reason}")]
    Refused {
        /// Who refused.
        server: String,
        /// What was asked.
        doing: &'static str,
        /// The server's words.
        reason: String,
    },
    /// No usable answer for as long as it was asked.
    #[error(
        "{server} could not be reached to {doing}: {reason}. Is it running, and can this runner reach it?"
    )]
    Unreachable {
        /// Who did not answer.
        server: String,
        /// What was asked.
        doing: &'static str,
        /// What happened the last time.
        reason: String,
    },
    /// GitHub stopped the job before it had claimed its run.
    #[error("cancelled on GitHub before the run was claimed")]
    Cancelled,
    /// The job cannot do HTTP at all.
    #[error("this machine cannot make HTTP requests: {0}")]
    NoClient(String),
}
