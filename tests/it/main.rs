//! One integration binary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod bombs;
mod github_client;
mod harness;
mod limits;
mod push;
mod runner;
mod simulator;
mod sweep;
mod two_processes;
mod webhook_examples;
mod webhook_intake;
