//! One integration binary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod bombs;
mod claims;
mod commands;
mod crashes;
mod faults;
mod forks;
mod github_client;
mod harness;
mod installations;
mod native;
mod pull_requests;
mod push;
mod releases;
mod runner;
mod simulator;
mod waves;
mod webhook_examples;
mod webhook_intake;
mod whole;
mod workspaces;
