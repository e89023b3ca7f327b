//! One integration binary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod architecture;
mod bombs;
mod documentation;
mod github_client;
mod harness;
mod limits;
mod manifest;
mod outputs;
mod packaging;
mod push;
mod runner;
mod settings;
mod simulator;
mod sweep;
mod two_processes;
mod webhook_examples;
mod webhook_intake;
