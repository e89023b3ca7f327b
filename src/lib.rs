//! Ocuroot for GitHub.

pub mod model;

pub mod github;
pub mod webhook;

pub mod simulator;
