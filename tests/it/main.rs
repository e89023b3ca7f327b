//! One integration binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod bombs;
mod runner;
mod simulator;
mod webhook_examples;
