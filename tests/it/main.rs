//! One integration binary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod architecture;
mod bombs;
mod github_client;
mod harness;
mod push;
mod runner;
mod simulator;
mod webhook_examples;
mod webhook_intake;
