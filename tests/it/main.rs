//! One integration binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod bombs;
mod harness;
mod push;
mod runner;
mod simulator;
mod webhook_examples;
