//! Ocuroot for GitHub.

pub mod simulator;
