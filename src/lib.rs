//! Ocuroot for GitHub.

pub mod model;

pub mod config;

pub mod sandbox;
