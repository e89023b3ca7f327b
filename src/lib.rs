//! Ocuroot for GitHub.

pub mod model;

pub mod budget;
pub mod command;
pub mod config;
pub mod engine;
pub mod report;

pub mod clock;
pub mod github;
pub mod runner;
pub mod sandbox;
pub mod store;
pub mod webhook;

pub mod worker;

pub mod api;
pub mod cli;
pub mod demo;
pub mod local;
pub mod remote;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod web;

pub mod simulator;

/// `app-manifest.yml`: the permissions and events of the GitHub App.
pub const APP_MANIFEST: &str = include_str!("../app-manifest.yml");

/// `action.yml`: the step of a workflow that executes one run.
pub const ACTION: &str = include_str!("../action.yml");

/// The workflow that executes functions, as `ocuroot init` writes it.
pub const RUNNER_WORKFLOW: &str = include_str!("../templates/.github/workflows/ocuroot.yml");
