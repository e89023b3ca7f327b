//! Ocuroot for GitHub.

pub mod model;

pub mod config;
