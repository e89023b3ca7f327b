//! Ocuroot for GitHub.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod engine;
pub mod github;
pub mod model;
pub mod report;
pub mod runner;
pub mod sandbox;
pub mod simulator;
pub mod store;
pub mod webhook;
pub mod worker;
