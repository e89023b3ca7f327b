//! Ocuroot for GitHub.

pub mod model;
