//! Ocuroot for GitHub.

pub mod clock;
pub mod command;
pub mod config;
pub mod engine;
pub mod model;
pub mod report;
pub mod store;
pub mod webhook;
