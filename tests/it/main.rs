//! One integration binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod bombs;
mod simulator;
mod webhook_examples;
