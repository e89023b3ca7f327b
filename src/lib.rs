//! Ocuroot for GitHub.
