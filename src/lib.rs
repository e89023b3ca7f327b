//! Ocuroot for GitHub.

pub mod engine;
pub mod model;

pub mod webhook;
